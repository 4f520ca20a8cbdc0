"""The logs of searches, trials and notices agree with the calendar and with the tables they are about."""

from collections.abc import Iterator

from review_tools.check.engine import Evidence, each_of
from review_tools.data import retracted
from review_tools.data.problems import Problem

DAYS = (  # table, and two of its columns of which the first is not after the second
    ("searches", "from_date", "to_date"),
    ("searches", "to_date", "run_on"),
    ("notices", "noticed_on", "seen_on"),
)


def check(evidence: Evidence) -> Iterator[Problem]:
    """Days in order, the latest change of each registry field the value that stands, notices told by a status."""
    yield from each_of(evidence, _days, _trial_history, _statuses)


def _days(evidence: Evidence) -> Iterator[Problem]:
    for table, earlier, later in filter(lambda one: evidence.has(one[0]), DAYS):
        frame = evidence.sheet(table)
        for line in frame.index[(frame[earlier] > frame[later]) & (frame[later] != "")]:
            why = f"after {later} ({frame[later][line]})"
            yield evidence.problem(table, line, earlier, why, "restore the row from git, or set the clock right")


def _statuses(evidence: Evidence) -> Iterator[Problem]:
    """A work with a notice is not current, and whoever judges a notice mild cannot overrule a retraction."""
    studies, seen = evidence.sheet("studies"), evidence.sheet("notices")
    for line, row in studies[studies["study_id"].isin(seen["study_id"])].iterrows():
        kinds = [kind for kind in seen.loc[seen["study_id"] == row["study_id"], "kind"] if kind in retracted.STATUS]
        void = [kind for kind in kinds if kind in retracted.VOID]
        least = retracted.gravest(map(retracted.STATUS.__getitem__, void or ["correction"] * bool(kinds)))
        if row["status"] in retracted.ORDER and retracted.gravest((row["status"], least)) != row["status"]:
            why = f"data/notices.csv holds a notice of its {', '.join(dict.fromkeys(kinds))}"
            yield evidence.problem("studies", line, "status", why, f"write {least}")


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
