"""The flow diagram tells the numbers of the tables, and says so when there has been no search."""

import shutil
from pathlib import Path

import pytest

from review_tools import charts, tables
from review_tools.display import flow

DAYS = "2026-11-25,2026-11-18,2026-11-25"
SEARCHES = ("a-1", "a-1", "a-1", "a-1", "b-1")
NONE: dict[str, list[str]] = {"searches": [], "candidates": [], "screenings": []}
SOME = {
    "searches": [f"a-1,pubmed,main,1,{DAYS},9,4,3,2,complete,", f"b-1,europepmc,main,2,{DAYS},1,1,0,0,complete,"],
    "candidates": [f"c-{n},{s},pubmed,{n},report,,,,T,2026,m,1,,2026-11-25" for n, s in enumerate(SEARCHES)],
    "screenings": ["s-1,c-0,A,2026-11-25,include,,", "s-2,c-1,A,2026-11-25,exclude,no outcome,"],
}


@pytest.fixture
def logged(request: pytest.FixtureRequest, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with these rows in the log of searches."""
    shutil.copytree(root / "data", tmp_path / "data")
    shutil.copy(root / "references.bib", tmp_path)
    for table, lines in request.param.items():
        path = tmp_path / "data" / f"{table}.csv"
        head = path.read_text(encoding="utf-8").splitlines()[0]
        path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    monkeypatch.setenv("REVIEW_ROOT", str(tmp_path))


@pytest.mark.parametrize("logged", [NONE], indirect=True)
@pytest.mark.usefixtures("logged")
def test_without_a_search_the_diagram_says_so() -> None:
    assert "No record has been identified by a search yet" in charts.prisma_flow().to_dict()["description"]
    assert "0 rows" in repr(tables.search_log())
    assert "0 rows" in repr(tables.screening_queue())


@pytest.mark.parametrize("logged", [SOME], indirect=True)
@pytest.mark.usefixtures("logged")
def test_the_boxes_hold_the_numbers() -> None:
    spec = charts.prisma_flow().to_dict()
    told = {row["stage"]: row["records"] for rows in spec["datasets"].values() for row in rows if "stage" in row}
    assert told.pop("Works in the review") > 100
    assert list(told.values()) == [10, 5, 5, 3, 2, 1, 0, 1]
    assert flow.records("europepmc").identified == flow.records(strategy_version=2).waiting == 1
    assert "No outcome of interest: 1" in str(spec)
