"""Rows added, removed and changed, found by the key of their table."""

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from review_tools.changes.model import ADDED, CHANGED, REMOVED, Cell, Row, Table
from review_tools.changes.sheets import Sheets

Found = dict[tuple[str, ...], dict[str, str]]
ORDER = {REMOVED: 0, CHANGED: 1, ADDED: 2}  # a loss must not hide behind what is new


def compare(old: Sheets, new: Sheets) -> tuple[Table, ...]:
    """Every table that changes, in the order of the newer data package; tables that went come first."""
    gone = [name for name in old.tables if name not in new.tables]
    found = (_table(name, old, new) for name in (*gone, *new.tables))
    return tuple(table for table in found if table.rows or table.columns_added or table.columns_removed)


def _table(name: str, old: Sheets, new: Sheets) -> Table:
    title, key, only_grows, _ = new.tables.get(name) or old.tables[name]
    empty = pd.DataFrame(columns=list(key), dtype="str")
    before, after = (side.tables[name][3] if name in side.tables else empty for side in (old, new))
    rows = sorted(_rows(before, after, key, only_grows), key=lambda row: ORDER[row.kind])
    lost = [column for column in before.columns if column not in after.columns]
    return Table(
        name,
        title,
        len(before),
        len(after),
        columns_added=tuple(column for column in after.columns if column not in before.columns),
        columns_removed=tuple(lost) if name in new.tables else (),
        rows=tuple(rows),
    )


def _rows(before: pd.DataFrame, after: pd.DataFrame, key: tuple[str, ...], only_grows: bool) -> Iterator[Row]:
    was, now = _by_key(before, key), _by_key(after, key)
    for name, cells in was.items():
        if name not in now:
            yield _row(REMOVED, key, name, cells, {}, past=only_grows)
        # A column that is gone is told once, for the table.
        elif differing := {c: v for c, v in cells.items() if c in after.columns and now[name].get(c, "") != v}:
            shown = {column: now[name].get(column, "") for column in differing}
            extra = {c: v for c, v in now[name].items() if c not in before.columns}
            yield _row(CHANGED, key, name, differing, shown | extra, past=only_grows)
        elif extra := {c: v for c, v in now[name].items() if v and c not in before.columns}:
            yield _row(CHANGED, key, name, {}, extra)
    for name, cells in now.items():
        if name not in was:
            yield _row(ADDED, key, name, {}, cells)


def _row(
    kind: str,
    key: tuple[str, ...],
    name: tuple[str, ...],
    old: dict[str, str],
    new: dict[str, str],
    *,
    past: bool = False,
) -> Row:
    columns = dict.fromkeys((*old, *new))
    cells = (Cell(column, old.get(column, ""), new.get(column, "")) for column in columns)
    filled = tuple(cell for cell in cells if cell.before != cell.after)
    return Row(kind, tuple(zip(key, name, strict=False)), filled, past)


def _by_key(frame: pd.DataFrame, key: tuple[str, ...]) -> Found:
    """Rows by key; a key that stands twice (``review check`` refuses it) gets a number, so that no row is lost."""
    columns = [str(column) for column in frame.columns]
    places = [columns.index(column) if column in columns else None for column in key]
    seen: Counter[tuple[str, ...]] = Counter()
    found: Found = {}
    for values in frame.itertuples(index=False, name=None):
        name = tuple("" if place is None else str(values[place]) for place in places)
        seen[name] += 1
        unique = name if seen[name] == 1 else (*name[:-1], f"{name[-1]} (no. {seen[name]})")
        found[unique] = dict(zip(columns, map(str, values), strict=True))
    return found
