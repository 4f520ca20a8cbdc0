"""The pieces of the disease pages and the front page say what the tables hold, and say so where they hold nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from review_tools.display import trial_tables
from review_tools.display.grid import lines

STATUSES = [  # status, its date, planned end, why it is only what was last known
    ("recruiting", "2026-10-01", "2027-01", ""),
    ("recruiting", "2026-10-01", "2026", ""),
    ("recruiting", "2026-10-01", "2026-10", "past its own end"),
    ("recruiting", "2026-10-01", "2025", "past its own end"),
    ("not yet recruiting", "2025-05-28", "2027-01-01", "status older than 18 months"),
    ("active, not recruiting", "", "", "date of the status not shown"),
    ("completed", "2012-01-01", "2012-01", ""),
    ("not shown", "", "", ""),
]


@pytest.mark.parametrize(("status", "date", "end", "why"), STATUSES)
def test_a_status_that_may_no_longer_hold_is_what_was_last_known(
    trials_with: Callable[..., Any], status: str, date: str, end: str, why: str
) -> None:
    project = trials_with(registered_status=status, status_date=date, completion_date=end)
    trials = project.table("trials").head(1)
    assert list(trial_tables.last_known(project, trials)) == [why]
    words = str(trial_tables.statuses(project, trials)[0])
    assert words.startswith(f"last known as {status}" if why else status)
    assert date in words
    assert lines(why) in words
