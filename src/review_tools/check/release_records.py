"""The list of versions, their snapshots and what the review says of its version agree."""

from collections.abc import Iterator

from review_tools.check.engine import Evidence
from review_tools.data import citation, protocol
from review_tools.data.problems import DataError, Problem
from review_tools.data.versions import FOLDER, NUMBER, TABLE, order, sha256, snapshot_file

RESTORE = "restore it from git; only `review release` makes one"


def check(evidence: Evidence) -> Iterator[Problem]:
    """Numbers that go back, snapshots that are missing, changed or unknown, two versions at the same time."""
    if TABLE not in evidence.schemas:
        return
    listed = evidence.sheet(TABLE)
    listed = listed[listed["version"].map(lambda number: bool(NUMBER.fullmatch(number)))]  # others are told already
    before = before_date = ""
    for line, number, date in zip(listed.index, listed["version"], listed["date"], strict=True):
        if before and order(number) <= order(before):
            yield evidence.problem(TABLE, line, "version", f"not newer than {before}, the line before", RESTORE)
        if date < before_date:
            yield evidence.problem(TABLE, line, "date", f"before {before_date}, the date of {before}", RESTORE)
        before, before_date = number, date
    yield from _snapshots(evidence, dict(zip(listed["version"], listed["sha256"], strict=True)))
    if before:
        yield from _said(evidence, before, before_date)


def _snapshots(evidence: Evidence, listed: dict[str, str]) -> Iterator[Problem]:
    project = evidence.project
    held = project.files(FOLDER)
    if not held:
        return  # a copy of the data alone
    for number, hashed in listed.items():
        file = snapshot_file(number)
        if not project.has(file):
            yield Problem(file, f"the snapshot of {number} is missing", "restore it from git")
        elif sha256(project.read(file)) != hashed:
            yield Problem(file, "not the snapshot that was released: its SHA-256 is another one", "restore it from git")
    known = {snapshot_file(number) for number in listed}
    for file in held:
        if file not in known:
            why = f"of no version in {evidence.file(TABLE)}"
            yield Problem(file, why, "remove it; only `review release` makes a snapshot")


def _said(evidence: Evidence, newest: str, date: str) -> Iterator[Problem]:
    """The newest version against those that the protocol and the citation name."""
    try:
        planned, cited = evidence.project.protocol, evidence.project.citation
    except DataError:
        return  # told where they are read
    for file, column, said, right in (
        (protocol.FILE, "version", planned["version"], newest),
        (citation.FILE, "version", cited.version, newest),
        (citation.FILE, "date-released", cited.released, date),
    ):
        if said != right:
            why = f"the newest version in {evidence.file(TABLE)} says {right}"
            yield Problem(file, why, "restore it from git, and run `review release`", column=column, value=said)
