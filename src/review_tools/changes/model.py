"""Changes as plain data: what a person or another program reads, and its JSON form."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from review_tools.data.problems import DataError

FORMAT = "review-changes/1"
ADDED, REMOVED, CHANGED = "added", "removed", "changed"
Made = TypeVar("Made")


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
        return " · ".join(value for _, value in self.key)


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
        return tuple(row for row in self.rows if row.kind == kind)


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
class PoolState:
    """One declared comparison at one time."""

    comparison_id: str
    title: str
    measure: str
    page: str
    result: Result
    outcomes: tuple[str, ...]  # that are pooled


@dataclass(frozen=True, slots=True)
class VerdictState:
    """One claim at one time, and what the data then say of it."""

    claim_id: str
    statement: str
    chapter: str
    verdict: str
    because: str


@dataclass(frozen=True, slots=True)
class Pool:
    """One declared comparison whose result moved. A side is None where the comparison is not declared there."""

    comparison_id: str
    title: str
    measure: str
    page: str
    before: Result | None
    after: Result | None
    entered: tuple[str, ...]  # outcomes pooled after and not before
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the data say of one claim; a side is empty where there is no such claim, or its test cannot run."""

    claim_id: str
    statement: str
    chapter: str
    before: str
    after: str
    because: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page that a reader will find different, with the reasons."""

    page: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that changes between two states of the review."""

    before: str
    after: str
    tables: tuple[Table, ...]
    pools: tuple[Pool, ...]
    pools_compared: int
    verdicts: tuple[Verdict, ...]
    verdicts_compared: int
    pages: tuple[Page, ...]
    notes: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.tables or self.pools or self.verdicts or self.pages or self.notes)

    def table(self, name: str) -> Table | None:
        return next((table for table in self.tables if table.name == name), None)

    def rows(self, kind: str) -> Iterator[tuple[Table, Row]]:
        """Every row of one kind with its table."""
        for table in self.tables:
            for row in table.of(kind):
                yield table, row

    @property
    def past_edited(self) -> list[tuple[Table, Row]]:
        """Past lines of logs that were changed or taken out."""
        return [(table, row) for table in self.tables for row in table.rows if row.past]

    @property
    def corrections_opened(self) -> tuple[Row, ...]:
        table = self.table("corrections")
        return table.of(ADDED) if table else ()

    @property
    def corrections_closed(self) -> tuple[Row, ...]:
        table = self.table("corrections")
        return table.of(REMOVED) if table else ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON; ``format`` names the version of this form."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, data: Any) -> "Changes":
        """The inverse of ``as_dict``, also after a way through JSON.

        Raises:
            DataError: the data are not of this form or version.
        """
        return from_json(cls, FORMAT, data, "change list")


def from_json(kind: type[Made], form: str, data: Any, what: str) -> Made:
    """A dataclass from its JSON form; ``format`` in the data must be ``form``.

    Raises:
        DataError: the data are not of this form or version.
    """
    said = data.get("format") if isinstance(data, dict) else None
    if said != form:
        raise DataError(f"a {what} of the form {said!r}; this version reads {form!r} → make it anew.")
    try:
        made = _build(kind, {name: value for name, value in data.items() if name != "format"})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"a {what} that is not of the form {form}: {error} → make it anew.") from error
    assert isinstance(made, kind)  # noqa: S101 (for the type checker)
    return made


def _build(kind: Any, value: Any) -> Any:
    """A value from JSON in the type that a dataclass declares."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        unknown = set(value) - set(hints)
        if unknown:
            raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
        return kind(**{field.name: _build(hints[field.name], value[field.name]) for field in fields(kind)})
    if get_origin(kind) is UnionType:  # only “… | None” occurs
        return None if value is None else _build(get_args(kind)[0], value)
    if get_origin(kind) is tuple:
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"{value!r} is not a list")
        inner = get_args(kind)
        parts = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_build(part, one) for part, one in zip(parts, value, strict=True))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not of the type {kind.__name__}")
    return value
