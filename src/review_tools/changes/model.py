"""The changes between two states of the review, as plain data."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Generic, TypeVar

import pandas as pd

FORMAT = "review-changes/2"
ADDED, REMOVED, CHANGED = "added", "removed", "changed"
REFERENCES = "references"  # the bibliography, as one more table
State = TypeVar("State")


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


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table at one time, as text."""

    title: str
    key: tuple[str, ...]
    rows: pd.DataFrame
    only_grows: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What changes in one table; ``references`` stands for the bibliography."""

    name: str
    title: str
    rows_before: int
    rows_after: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    rows: tuple[Row, ...]

    def of(self, kind: str) -> tuple[Row, ...]:
        return tuple([row for row in self.rows if row.kind == kind])


@dataclass(frozen=True, slots=True)
class Result:
    """What a comparison gave: figures as a reader knows them (None: nothing to pool, or unbounded), and in words."""

    k: int
    people: int
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Pool:
    """One declared comparison at one time, with the outcomes that are pooled."""

    comparison_id: str
    title: str
    measure: str
    page: str
    result: Result
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One claim at one time, and what the data then say of it."""

    claim_id: str
    statement: str
    chapter: str
    verdict: str
    because: str


@dataclass(frozen=True, slots=True)
class Turn(Generic[State]):
    """A result or a verdict that differs; None where a side does not have it, or cannot compute it."""

    before: State | None
    after: State | None

    @property
    def newest(self) -> State:
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
    pages: dict[str, tuple[str, ...]] = field(default_factory=dict)  # page → why a reader will find it different

    def __bool__(self) -> bool:
        return bool(self.tables or self.pools or self.verdicts or self.pages or self.notes)

    def rows(self, kind: str) -> Iterator[tuple[Table, Row]]:
        """Yield every row of one kind with its table."""
        for table in self.tables:
            for row in table.of(kind):
                yield table, row

    def of(self, name: str, kind: str) -> tuple[Row, ...]:
        """Return the rows of one table and kind."""
        return tuple([row for table in self.tables if table.name == name for row in table.of(kind)])

    @property
    def past_edited(self) -> list[tuple[Table, Row]]:
        """Past lines of logs that were changed or taken out."""
        return [(table, row) for table in self.tables for row in table.rows if row.past]

    def with_pages(self, pages: dict[str, tuple[str, ...]]) -> "Changes":
        return replace(self, pages=pages)

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON; ``format`` names the version of this form."""
        return {"format": FORMAT, **asdict(self)}
