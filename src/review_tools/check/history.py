"""Nothing disappears by accident: studies stay or are withdrawn, and the past lines of a log stay as they were.

Without git, or in a folder git does not track, there is no history to compare with.
"""

from collections.abc import Iterator

import pandas as pd

from review_tools.check.engine import Evidence, each_of
from review_tools.data import git
from review_tools.data.problems import DataError, Problem
from review_tools.data.tables import parse_text


def check(evidence: Evidence) -> Iterator[Problem]:
    """Studies and past lines that the history of ``data/`` knows and the data no longer has."""
    yield from each_of(evidence, _studies)
    for name, table in evidence.schemas.items():
        if table.append_only and evidence.has(name):
            yield from _log(evidence, name)


def _studies(evidence: Evidence) -> Iterator[Problem]:
    kept = set(evidence.sheet("studies")["study_id"]) | set(evidence.sheet("withdrawn")["study_id"])
    known = {key for past in _past(evidence, "studies") if "study_id" in past for key in past["study_id"] if key}
    for key in sorted(known - kept):
        remedy = "restore its row, or say in data/withdrawn.csv when, why and by whom it was taken out"
        why = "this study is in the history but not in the table any more"
        yield Problem(evidence.file("studies"), why, remedy, column="study_id", value=key)


def _log(evidence: Evidence, name: str) -> Iterator[Problem]:
    """Past lines that are gone or changed. Columns may be added to a log; those of then are compared."""
    frame, key = evidence.sheet(name), list(evidence.schemas[name].primary_key)
    now = {tuple(row[key]): (line, row) for line, row in frame.iterrows()}
    told = set()
    for past in _past(evidence, name):
        if not set(key) <= set(past.columns):
            continue
        columns = [column for column in past.columns if column in frame.columns]
        for _, row in past.iterrows():
            subject = tuple(row[key])
            if subject not in now and (subject, "") not in told:
                told.add((subject, ""))
                why = "this line is in the history but not in the table any more; its lines are only added to"
                yield Problem(evidence.file(name), why, "restore it from git", None, key[0], " ".join(subject))
            elif subject in now:
                line, held = now[subject]
                for column in columns:
                    if held[column] != row[column] and (subject, column) not in told:
                        told.add((subject, column))
                        why = f"a past line was changed (it said {row[column]!r}); its lines are only added to"
                        yield evidence.problem(name, line, column, why, "restore it from git, and add a new line")


def _past(evidence: Evidence, name: str) -> Iterator[pd.DataFrame]:
    """Every committed state of a table that can be read, the newest first."""
    file = evidence.file(name)
    try:
        # --full-history: also states that a merge has left behind.
        commits = git.run(evidence.project.root, "log", "--full-history", "--format=%H", "--", file).decode().split()
        contents = git.blobs(evidence.project.root, [f"{commit}:./{file}" for commit in commits])
    except git.GitError:
        return
    for content in dict.fromkeys(contents):
        try:
            yield parse_text(content.decode("utf-8-sig"), file)
        except (DataError, UnicodeDecodeError):
            continue  # a broken state of the past; the states around it are compared
