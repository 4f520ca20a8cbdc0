"""The log keeps to the calendar, and the history of trials to their table."""

from collections.abc import Callable
from pathlib import Path

import pytest

from review_tools.check import Evidence, living

SetCell = Callable[[str, str, str, str], None]
NONE = "0,0,0,0,complete,\n"
BAD = {
    "ends before it begins": (
        "searches",
        f"pubmed-x,pubmed,main,1,2026-11-09,2026-11-08,2026-11-02,{NONE}",
        "from_date",
    ),
    "ends after it ran": ("searches", f"pubmed-x,pubmed,main,1,2026-11-09,2026-11-02,2027-11-02,{NONE}", "to_date"),
    "not the value that stands": (
        "trial_history",
        "NCT00690066,registered_status,recruiting,withdrawn,2026-11-09,https://example.org/\n",
        "new",
    ),
    "noticed after it was seen": (
        "notices",
        "chen_2020_overexpression,retraction,crossref,record,2026-12,2026-11-09,https://example.org/\n",
        "noticed_on",
    ),
    "no such column": ("trial_history", "NCT00690066,mood,,good,2026-11-09,https://example.org/\n", "column"),
}


@pytest.mark.parametrize(("table", "row", "column"), BAD.values(), ids=BAD.keys())
def test_a_wrong_row_is_named(copy: Path, table: str, row: str, column: str) -> None:
    assert not list(living.check(Evidence.read(copy)))
    path = copy / "data" / f"{table}.csv"
    path.write_text(path.read_text(encoding="utf-8") + row, encoding="utf-8")
    (problem,) = living.check(Evidence.read(copy))
    assert (problem.file, problem.row, problem.column) == (f"data/{table}.csv", 2, column)
    assert problem.remedy


@pytest.mark.parametrize(
    ("kind", "status", "remedy"),
    [
        ("correction", "current", "write corrected"),
        ("expression of concern", "current", "write corrected"),
        ("retraction", "corrected", "write retracted"),
        ("partial retraction", "expression of concern", "write partially retracted"),
        ("retraction", "retracted", ""),
        ("expression of concern", "corrected", ""),
    ],
)
def test_a_notice_is_told_by_the_status(copy: Path, set_cell: SetCell, kind: str, status: str, remedy: str) -> None:
    set_cell("studies", "ni_2024_mesenchymal", "status", status)
    path = copy / "data" / "notices.csv"
    row = f"ni_2024_mesenchymal,{kind},crossref,10.5555/n,2026-10,2026-11-09,https://example.org/\n"
    path.write_text(path.read_text(encoding="utf-8") + row, encoding="utf-8")
    found = list(living.check(Evidence.read(copy)))
    assert [(one.column, one.value, one.remedy) for one in found] == [("status", status, remedy)] * bool(remedy)
