"""The figures of ``make bench`` on the page."""

import json
from pathlib import Path

import pytest

import review_tools as rt
from review_tools.data.problems import DataError

ROW = {"group": "build", "name": "cold <b>", "value": 41.234, "unit": "s", "against": "plain", "ratio": 0.4523}
REPORT = {"date": "2026-01-01", "machine": "two cores", "runs": 3}


@pytest.fixture
def file(copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REVIEW_ROOT", str(copy))
    (copy / "benchmarks").mkdir()
    return copy / "benchmarks" / "results.json"


def test_a_copy_without_figures_says_so(file: Path) -> None:
    assert not file.exists()
    assert rt.tables.benchmarks().caption == "Not measured in this copy"


def test_figures_are_told_with_what_they_stand_against(file: Path) -> None:
    other = {
        **ROW,
        "group": "store",
        "name": "rate",
        "value": 23456.7,
        "unit": "rows/s",
        "against": None,
        "ratio": None,
    }
    tiny = {**other, "name": "tiny", "value": 0.0000466}
    file.write_text(json.dumps({**REPORT, "figures": [ROW, other, tiny]}), encoding="utf-8")
    drawn = rt.tables.benchmarks()
    assert drawn.caption == "Measured on 2026-01-01: two cores; medians where a thing was repeated"
    said = [[cell for _, cell in cells] for _, cells in drawn.rows]
    assert said == [
        ["cold <b>", "41.2 s", "0.452", "plain"],
        ["rate", "23,457 rows/s", "", ""],
        ["tiny", "0.000047 rows/s", "", ""],
    ]
    assert "cold &lt;b&gt;" in drawn._repr_html_()
    assert len(rt.tables.benchmarks("store").rows) == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"date": "2026-01-01"}', '{"figures": [{"group": "x"}]}'])
def test_spoilt_figures_are_refused_in_words(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"benchmarks/results.json: cannot be read .*make bench"):
        rt.tables.benchmarks()
