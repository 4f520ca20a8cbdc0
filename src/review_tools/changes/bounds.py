"""What a change may not do: more than a person can read, rewrite the past, or lose something with nobody looking."""

from collections.abc import Iterator, Mapping

from review_tools.changes.compare import ADDED, CHANGED, REMOVED, Changes
from review_tools.data.problems import Problem
from review_tools.data.retracted import STATUS

OF_A_RUN = {"candidates": "candidates_of_a_run", "trial_history": "changes_of_a_run", "notices": "changes_of_a_run"}
REFUSE = "close the pull request, find out why, and run the watch again"


def bounded(changes: Changes, bounds: Mapping[str, int]) -> list[str]:
    """Return what speaks against a change that a person judges: too many rows, or an edit of what is past."""
    rows, most = sum(len(table.rows) for table in changes.tables), bounds["rows_of_a_change"]
    refusals = []
    if rows > most:
        remedy = "send it in parts, or first raise bounds.rows_of_a_change in data/review.yml in a change of its own"
        refusals.append(f"{rows:,} rows change, more than {most:,} → {remedy}.")
    if past := len(changes.past_edited):
        refusals.append(f"Lines of a log changed or removed: {past} → restore them from git, and add new lines.")
    return refusals


def unattended(changes: Changes, bounds: Mapping[str, int]) -> Iterator[Problem]:
    """Find what else speaks against the change of a scheduled run, which nobody has looked at.

    No table loses a row; every changed registry value has its row in the history, every changed status of a study
    its notice; a run adds no more than the bounds in ``data/review.yml``; and all of it can be read.
    """
    for note in changes.notes:
        yield Problem("data", note, REFUSE)
    for table in changes.tables:
        file = f"data/{table.name}.csv"
        if gone := [row.name for row in table.of(REMOVED)]:
            yield Problem(file, f"{len(gone)} rows are missing, among them {', '.join(sorted(gone)[:5])}", REFUSE)
        bound = OF_A_RUN.get(table.name, "")
        if bound and len(table.of(ADDED)) > bounds[bound]:
            why = f"grows by {len(table.of(ADDED)):,} rows, more than {bounds[bound]:,}"
            remedy = f"look whether a query went astray; if they are right, raise bounds.{bound} in data/review.yml"
            yield Problem(file, why, remedy)
    logged = {
        tuple([row.cell(column) for column in ("trial_id", "column", "old", "new")])
        for row in changes.of("trial_history", ADDED)
    }
    for row in changes.of("trials", CHANGED):
        for cell in row.cells:
            if (row.name, cell.column, cell.before, cell.after) not in logged:
                why = f"{row.name}: changed (it was {cell.before or 'empty'}) without a row in data/trial_history.csv"
                yield Problem("data/trials.csv", why, REFUSE, column=cell.column, value=cell.after)
    noticed = {(row.cell("study_id"), STATUS.get(row.cell("kind"))) for row in changes.of("notices", ADDED)}
    for row in changes.of("studies", CHANGED):
        for cell in row.cells:
            if cell.column == "status" and (row.name, cell.after) not in noticed:
                why = f"{row.name}: changed (it was {cell.before}) without a new row in data/notices.csv that says so"
                yield Problem("data/studies.csv", why, REFUSE, column="status", value=cell.after)
