"""The log keeps to the calendar, and the history of trials to their table."""

from pathlib import Path

import pytest

from review_tools.evidence.checks import Evidence, living

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
