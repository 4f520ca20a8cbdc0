"""The log of searches and the history of trials agree with the calendar and with the table of trials."""

from collections.abc import Iterator

from review_tools.evidence.checks.evidence import Evidence
from review_tools.evidence.problems import Problem


def check(evidence: Evidence) -> Iterator[Problem]:
    """Days of searches in order, and the latest change of each registry field the value that stands."""
    yield from _days(evidence)
    yield from _trial_history(evidence)


def _days(evidence: Evidence) -> Iterator[Problem]:
    searches = evidence.sheet("searches")
    for earlier, later in (("from_date", "to_date"), ("to_date", "run_on")):
        for line in searches.index[(searches[earlier] > searches[later]) & (searches[later] != "")]:
            why = f"after {later} ({searches[later][line]})"
            yield evidence.problem("searches", line, earlier, why, "restore the row from git, or set the clock right")


def _trial_history(evidence: Evidence) -> Iterator[Problem]:
    history, columns = evidence.sheet("trial_history"), evidence.schemas["trials"].columns
    for line in history.index[~history["column"].isin(columns)]:
        why = "no column of data/trials.csv"
        yield evidence.problem("trial_history", line, "column", why, "name one of its columns")
    trials = evidence.sheet("trials").drop_duplicates("trial_id").set_index("trial_id")
    known = history[history["column"].isin(trials.columns) & history["trial_id"].isin(trials.index)]
    for line, row in known.drop_duplicates(["trial_id", "column"], keep="last").iterrows():
        held = trials[row["column"]][row["trial_id"]]
        if held != row["new"]:
            why = f"not the value in data/trials.csv ({held or 'empty'})"
            remedy = "add a row to data/trial_history.csv for the change, or undo it"
            yield evidence.problem("trial_history", line, "new", why, remedy)
