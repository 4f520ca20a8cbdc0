"""The changes between two states of the review, as plain data."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, TypeVar

from review_tools.changes.state import Pool, Verdict

FORMAT = "review-changes/3"
ADDED, REMOVED, CHANGED = "added", "removed", "changed"
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, as the file has it. ``before`` is empty in a row that was added, ``after`` in one that was removed."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row that was added, removed or changed: its key, and the cells that differ (or all that are filled)."""

    kind: str
    key: tuple[tuple[str, str], ...]  # column and value
    cells: tuple[Cell, ...]
    past: bool = False  # a past line of a log that only grows

    @property
    def name(self) -> str:
        return " · ".join([value for _, value in self.key])

    def cell(self, column: str) -> str:
        """Return what a cell says now, or said before it went; empty where it does not differ."""
        return next((cell.after or cell.before for cell in self.cells if cell.column == column), "")


@dataclass(frozen=True, slots=True)
class Table:
    """What changes in one table; ``references`` stands for the bibliography."""

    name: str
    title: str
    columns_removed: tuple[str, ...]
    rows: tuple[Row, ...]

    def of(self, kind: str) -> list[Row]:
        return [row for row in self.rows if row.kind == kind]


@dataclass(frozen=True, slots=True)
class Turn(Generic[Result]):
    """A pooled result or a verdict that differs; None where a side does not have it, or cannot compute it."""

    before: Result | None
    after: Result | None

    @property
    def newest(self) -> Result:
        newest = self.after or self.before
        assert newest is not None  # noqa: S101 (one side has it, or nothing would differ)
        return newest


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that changes between two states of the review, which are called ``before`` and ``after``."""

    before: str
    after: str
    tables: tuple[Table, ...]
    pools: tuple[Turn[Pool], ...]
    pools_compared: int
    verdicts: tuple[Turn[Verdict], ...]
    verdicts_compared: int
    notes: tuple[str, ...] = ()  # what could not be read or computed
    chapters: dict[str, list[str]] = field(default_factory=dict)  # page → why to read it again

    def __bool__(self) -> bool:
        return bool(self.tables or self.pools or self.verdicts or self.chapters or self.notes)

    def rows(self, kind: str) -> Iterator[tuple[Table, Row]]:
        """Yield every row of one kind with its table."""
        for table in self.tables:
            for row in table.of(kind):
                yield table, row

    def of(self, name: str, kind: str) -> list[Row]:
        """Return the rows of one table and kind."""
        return [row for table, row in self.rows(kind) if table.name == name]

    @property
    def past_edited(self) -> list[tuple[Table, Row]]:
        """Past lines of logs that were changed or taken out."""
        return [(table, row) for table in self.tables for row in table.rows if row.past]

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON; ``format`` names the version of this form."""
        return {"format": FORMAT, **asdict(self)}
