"""``CHANGELOG.md`` read as releases, newest first."""

import re
from dataclasses import dataclass

from review_tools.data.problems import DataError
from review_tools.data.project import Project

FILE = "CHANGELOG.md"
HEADING = re.compile(r"^## \[?([^\]\s]+)\]? - (\d{4}-\d{2}-\d{2})[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """One version with its date (YYYY-MM-DD) and what it changed, in Markdown."""

    version: str
    date: str
    changes: str


def releases(project: Project) -> list[Release]:
    """All released versions; what is not yet released has no date and is left out.

    Raises:
        DataError: the file is missing or names no release.
    """
    if not project.has(FILE):
        raise DataError(f"{FILE}: the file is missing → restore it from git.")
    text = project.read(FILE).decode("utf-8")
    found = [
        Release(match[1], match[2], text[match.end() :].split("\n## ", 1)[0].strip())
        for match in HEADING.finditer(text)
    ]
    if not found:
        raise DataError(f"{FILE}: names no release → write a heading such as “## [26.1.0] - 2026-11-23”.")
    return found
