"""The sanity gate of a scheduled run: what may change without a person, compared with the state before."""

import csv
import io
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator

from review_tools import check
from review_tools.data.problems import DataError, Problem, in_order
from review_tools.data.project import MARKER, Project
from review_tools.data.retracted import STATUS

Table = list[dict[str, str]]
BOUNDED = {"candidates": "candidates_of_a_run", "trial_history": "changes_of_a_run", "notices": "changes_of_a_run"}
REFUSE = "close the pull request, find out why, and run the watch again"


def gate(project: Project, base: str) -> list[Problem]:
    """What speaks against merging the working tree of ``root`` into the commit ``base`` unseen.

    Append-only tables only grow at their end; no other table loses a row; every changed registry value has its
    row in the history, every changed status of a study its notice; a run grows nothing beyond the bounds in
    ``data/review.yml``; and the data pass all checks.

    Raises:
        DataError: there is no git, or no such commit.
    """
    _git(project, "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}")
    found = list(check.check(project))
    package = json.loads(project.read(MARKER))
    before: dict[str, Table] = {}
    after: dict[str, Table] = {}
    for resource in package["resources"]:
        name, file = resource["name"], f"data/{resource['path']}"
        old = _git(project, "show", f"{base}:{file}", missing_is_empty=True)
        path = project.root / file
        new = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
        before[name], after[name] = _rows(old), _rows(new)
        if resource.get("appendOnly"):
            found += _only_added(file, before[name], after[name])
        else:
            found += _not_shrunk(file, before[name], after[name], resource["schema"]["primaryKey"])
    found += _bounded(project, before, after)
    found += _registry(before["trials"], after["trials"], after["trial_history"][len(before["trial_history"]) :])
    found += _statuses(before["studies"], after["studies"], after["notices"][len(before["notices"]) :])
    return in_order(found)


def _only_added(file: str, old: Table, new: Table) -> Iterator[Problem]:
    for line, row in enumerate(old, 2):
        if line - 2 >= len(new) or new[line - 2] != row:
            why = "this row was changed or removed, and rows of this table are only ever added"
            yield Problem(file, why, REFUSE, row=line, value=next(iter(row.values())))
            return  # all that follow have moved


def _not_shrunk(file: str, old: Table, new: Table, key: str | list[str]) -> Iterator[Problem]:
    columns = [key] if isinstance(key, str) else key
    held, kept = (Counter(tuple(row.get(one, "") for one in columns) for row in table) for table in (old, new))
    lost = held - kept
    if lost:
        named = ", ".join(" ".join(one) for one in sorted(lost)[:5])
        yield Problem(file, f"{lost.total()} rows are missing, among them {named}", REFUSE)


def _bounded(project: Project, before: dict[str, Table], after: dict[str, Table]) -> Iterator[Problem]:
    bounds = project.protocol["bounds"]
    for table, bound in BOUNDED.items():
        more = len(after[table]) - len(before[table])
        if more > bounds[bound]:
            why = f"grows by {more:,} rows, more than {bounds[bound]:,}"
            remedy = f"look whether a query went astray; if they are right, raise bounds.{bound} in data/review.yml"
            yield Problem(f"data/{table}.csv", why, remedy)


def _registry(old: Table, new: Table, history: Table) -> Iterator[Problem]:
    """Changed cells of known trials against the rows added to their history, in both values."""
    told = {(row["trial_id"], row["column"], row["old"], row["new"]) for row in history}
    held = {row["trial_id"]: row for row in old}
    for line, row in enumerate(new, 2):
        for column, value in row.items():
            was = held.get(row["trial_id"], row).get(column, "")
            if value != was and (row["trial_id"], column, was, value) not in told:
                why = f"changed (it was {was or 'empty'}) without a row in data/trial_history.csv"
                yield Problem("data/trials.csv", why, REFUSE, row=line, column=column, value=value)


def _statuses(old: Table, new: Table, notices: Table) -> Iterator[Problem]:
    """Changed statuses of known studies against the notices added."""
    told = {(row["study_id"], STATUS.get(row["kind"])) for row in notices}
    held = {row["study_id"]: row["status"] for row in old}
    for line, row in enumerate(new, 2):
        study, status = row["study_id"], row["status"]
        if status != held.get(study, status) and (study, status) not in told:
            why = f"changed (it was {held[study]}) without a new row in data/notices.csv that says so"
            yield Problem("data/studies.csv", why, REFUSE, row=line, column="status", value=status)


def _rows(text: str) -> Table:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _git(project: Project, *words: str, missing_is_empty: bool = False) -> str:
    git = shutil.which("git")
    if git is None:
        raise DataError("git: not found → install it; the gate compares with a commit.")
    command = [git, "-C", str(project.root), *words]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 (git with fixed words)
    if done.returncode and not missing_is_empty:
        commit = words[-1].removesuffix("^{commit}")
        raise DataError(f"git: there is no commit {commit!r} → name the branch or commit to compare with.")
    return done.stdout.decode("utf-8-sig", "replace") if not done.returncode else ""
