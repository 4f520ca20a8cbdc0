"""The versions of the review, as ``data/releases.csv`` lists them: year of the search . change of data . fix."""

import re
from dataclasses import dataclass

from review_tools.data.project import Project

TABLE = "releases"
FOLDER = "releases"  # of the project: a snapshot of each version
NUMBER = re.compile(r"\d{2}\.\d+\.\d+")


@dataclass(frozen=True)
class Version:
    """One released version: its number, its date (YYYY-MM-DD), the SHA-256 of its snapshot."""

    number: str
    date: str
    sha256: str


def versions(project: Project) -> list[Version]:
    """Return every released version, the oldest first; none in a project that keeps no list.

    Raises:
        DataError: the list cannot be read.
    """
    if TABLE not in project.schema:
        return []
    rows = project.table(TABLE).itertuples(index=False)
    return [Version(str(row.version), f"{row.date:%Y-%m-%d}", str(row.sha256)) for row in rows]


def with_snapshot(project: Project) -> list[Version]:
    """Return those whose snapshot is here: a copy of the data alone has none."""
    return [one for one in versions(project) if project.has(snapshot_file(one.number))]


def snapshot_file(number: str) -> str:
    """Return where the snapshot of a version lies, from the root of the project."""
    return f"{FOLDER}/{number}.json"


def order(number: str) -> tuple[int, ...]:
    """Return a number as something that sorts: 26.10.0 is newer than 26.9.0."""
    return tuple(int(part) for part in number.split("."))
