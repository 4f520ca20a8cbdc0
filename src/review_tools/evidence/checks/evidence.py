"""What the checks look at: every table as text, the bibliography, the chapters."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from review_tools.evidence import schema
from review_tools.evidence.bibliography import Reference, read_bibliography
from review_tools.evidence.problems import DataError, Problem
from review_tools.evidence.tables import read_text

PLACE = re.compile(r"(?P<file>[^,:]+)(?:, row (?P<row>\d+))?: (?P<why>.+?) → (?P<remedy>.+)", re.DOTALL)


@dataclass(frozen=True)
class Evidence:
    """One reading of the project. Frames hold text; their index is the line in the file."""

    root: Path
    schemas: dict[str, schema.Table]
    sheets: dict[str, pd.DataFrame]
    references: dict[str, Reference]
    chapters: dict[str, str]
    unreadable: tuple[Problem, ...]
    _whole: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(cls, root: Path) -> "Evidence":
        """Reads all there is; what cannot be read becomes a problem, not an exception."""
        schemas = schema.tables(root)
        unreadable: list[Problem] = []
        sheets: dict[str, pd.DataFrame] = {}
        for name, table in schemas.items():
            try:
                sheets[name] = read_text(root / "data" / table.path)
            except DataError as error:
                unreadable.append(_as_problem(error))
        references, problems = read_bibliography(root)
        unreadable += problems
        chapters: dict[str, str] = {}
        for path in sorted((root / "book").rglob("*.md")):
            name = path.relative_to(root).as_posix()
            try:
                chapters[name] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                unreadable.append(Problem(name, "not UTF-8 text", "save the file as UTF-8"))
        return cls(root, schemas, sheets, references, chapters, tuple(unreadable))

    def sheet(self, name: str) -> pd.DataFrame:
        """One table as text, with every column its definition has (missing ones empty)."""
        if name not in self._whole:
            columns = self.schemas[name].columns if name in self.schemas else []
            frame = self.sheets.get(name, pd.DataFrame(columns=columns, dtype="str"))
            more = [column for column in frame.columns if column not in columns]
            self._whole[name] = frame.reindex(columns=[*columns, *more], fill_value="")
        return self._whole[name]

    def file(self, name: str) -> str:
        return f"data/{self.schemas[name].path}"

    def problem(self, table: str, row: Any, column: str, why: str, remedy: str) -> Problem:
        """A problem with one cell of one table."""
        value = str(self.sheet(table)[column].get(row, "")) if column else ""
        return Problem(self.file(table), why, remedy, row=row, column=column, value=value)


def _as_problem(error: DataError) -> Problem:
    match = PLACE.fullmatch(str(error))
    if match is None:
        return Problem("data", str(error), "see the message")
    row = int(match["row"]) if match["row"] else None
    return Problem(match["file"], match["why"], match["remedy"].rstrip("."), row=row)
