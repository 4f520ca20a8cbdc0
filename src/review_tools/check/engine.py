"""What the checks look at: every table as text, the bibliography, the chapters."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from review_tools.data import schema
from review_tools.data.bibliography import FILE, Reference
from review_tools.data.problems import DataError, Problem
from review_tools.data.project import Project

PLACE = re.compile(r"(?P<file>[^,:]+)(?:, row (?P<row>\d+))?: (?P<why>.+?) → (?P<remedy>.+)", re.DOTALL)


class UnreadError(Exception):
    """A rule asks for what cannot be read. That is told already; what would follow from it misleads."""


@dataclass(frozen=True)
class Evidence:
    """One reading of the project. Frames hold text; their index is the line in the file."""

    project: Project
    schemas: dict[str, schema.Table]
    sheets: dict[str, pd.DataFrame]
    references: dict[str, Reference]
    chapters: dict[str, str]
    unreadable: tuple[Problem, ...]
    _rows: dict[str, dict[Any, dict[Any, Any]]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(cls, project: Project) -> "Evidence":
        """Read all there is; what cannot be read becomes a problem, not an exception."""
        unreadable: list[Problem] = []
        sheets: dict[str, pd.DataFrame] = {}
        for name in project.schema:
            try:
                sheets[name] = project.text(name)
            except DataError as error:
                unreadable.append(_as_problem(error))
        references, problems = project.readable_works
        unreadable += problems
        chapters: dict[str, str] = {}
        for name in project.files("book", ".md"):
            try:
                chapters[name] = project.read(name).decode("utf-8")
            except UnicodeDecodeError:
                unreadable.append(Problem(name, "not UTF-8 text", "save the file as UTF-8"))
        return cls(project, project.schema, sheets, references, chapters, tuple(unreadable))

    def sheet(self, name: str) -> pd.DataFrame:
        """One table as text.

        Raises:
            UnreadError: it cannot be read, or lacks a column.
        """
        if not self.has(name):
            raise UnreadError(name)
        return self.sheets[name]

    def rows(self, name: str) -> dict[Any, dict[Any, Any]]:
        """The same, as a dict of cells for each line: quicker for rules that go row by row. Raises as ``sheet``."""
        if name not in self._rows:
            self._rows[name] = by_line(self.sheet(name))
        return self._rows[name]

    def has(self, name: str) -> bool:
        """Whether a table could be read and has all its columns."""
        return name in self.sheets and set(self.schemas[name].columns) <= set(self.sheets[name].columns)

    def works(self) -> dict[str, Reference]:
        """The bibliography.

        Raises:
            UnreadError: a part of it cannot be read.
        """
        if any(problem.file == FILE for problem in self.unreadable):
            raise UnreadError(FILE)
        return self.references

    def file(self, name: str) -> str:
        return f"data/{self.schemas[name].path}"

    def problem(self, table: str, row: Any, column: str, why: str, remedy: str) -> Problem:
        """A problem with one cell of one table."""
        value = str(self.sheets[table][column].get(row, "")) if column else ""
        return Problem(self.file(table), why, remedy, row=row, column=column, value=value)


Rule = Callable[[Evidence], Iterator[Problem]]


def each_of(evidence: Evidence, *rules: Rule) -> Iterator[Problem]:
    """What the rules say, each as far as what it asks for can be read."""
    for rule in rules:
        try:
            yield from rule(evidence)
        except UnreadError:
            continue


def _as_problem(error: DataError) -> Problem:
    match = PLACE.fullmatch(str(error))
    if match is None:
        return Problem("data", str(error), "see the message")
    row = int(match["row"]) if match["row"] else None
    return Problem(match["file"], match["why"], match["remedy"].rstrip("."), row=row)


def by_line(frame: pd.DataFrame) -> dict[Any, dict[Any, Any]]:
    """A frame of text as a dict of cells for each line; pandas' own ``to_dict`` looks at the type of every cell."""
    columns = list(frame.columns)
    rows = zip(*(frame[column].to_numpy(dtype=object) for column in columns), strict=True)
    return {line: dict(zip(columns, row, strict=True)) for line, row in zip(frame.index, rows, strict=True)}
