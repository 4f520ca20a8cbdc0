"""The tables as pandas frames."""

import csv
import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from review_tools.data import reads, schema
from review_tools.data.paths import project_root
from review_tools.data.problems import DataError

FORM = (  # what programs add to a file unasked: bytes, name, what `review check --fix` does about it
    (b"\xef\xbb\xbf", "a byte order mark", "byte order mark removed"),
    (b"\r\n", "line ends of Windows", "line ends made line feeds"),
)
State = tuple[schema.Table, Path, int]
DTYPES: dict[str, Any] = {"string": "str", "integer": "Int64", "number": "float64", "boolean": "boolean"}


def load(name: str, root: Path | None = None) -> pd.DataFrame:
    """One table as a typed frame: one row a fact, columns as ``data/datapackage.json`` defines them.

    Text columns are ``str`` (missing: NaN), integers ``Int64``, numbers ``float64``, booleans
    ``boolean``, dates ``datetime64``.

    Raises:
        KeyError: no such table (the message lists them).
        DataError: the file is missing, not UTF-8, or holds a value of the wrong type.
    """
    return of(state(name, root))


def of(state: State) -> pd.DataFrame:
    """The table in that state. Raises what ``load`` raises."""
    return _load(*state).copy(deep=False)  # pandas copies a column when somebody writes to it


def state(name: str, root: Path | None = None) -> State:
    """What tells one state of a table from another: its definition, its file, and when that was changed.

    For what is worked out once from a table and kept; whoever asks rests on the table, as with ``load``.

    Raises:
        KeyError: no such table (the message lists them).
    """
    known = schema.tables(root)
    if name not in known:
        raise KeyError(f"No table {name!r}; there are {', '.join(known)}.")
    table = known[name]
    path = project_root(root) / "data" / table.path
    large = path.with_suffix(".parquet")
    for part in (path, *(sorted(large.rglob("*.parquet")) if large.is_dir() else ())):
        reads.note(part)
    return table, path, sum(part.stat().st_mtime_ns for part in (path, large) if part.exists())


@lru_cache(maxsize=64)
def _load(table: schema.Table, path: Path, _changed: int) -> pd.DataFrame:
    text = read_text(path)
    missing = [column for column in table.columns if column not in text.columns]
    if missing:
        raise DataError(f"data/{table.path}: lacks the columns {', '.join(missing)} → add them to the header.")
    text = text.reset_index(drop=True)
    try:
        return pd.DataFrame({field.name: typed(text[field.name], field.type) for field in table.fields})
    except (ValueError, TypeError) as error:
        raise DataError(f"data/{table.path}: {error} → run `review check` to see where.") from error


def typed(column: pd.Series, kind: str) -> pd.Series:
    """A column of text in the type ``kind`` of the schema; empty cells become missing.

    Raises:
        ValueError: a value cannot be read as that type.
    """
    values = column.where(column != "")
    if kind == "date":
        return pd.to_datetime(values, format="%Y-%m-%d")
    if kind == "boolean":
        if not values.dropna().isin(["true", "false"]).all():
            raise ValueError(f"column {column.name}: a value is neither true nor false")
        return values.map({"true": True, "false": False}).astype("boolean")
    if kind in ("integer", "number"):
        values = pd.to_numeric(values)
    converted: pd.Series = values.astype(DTYPES[kind])
    return converted


def read_text(path: Path) -> pd.DataFrame:
    """A CSV file (RFC 4180, UTF-8) as text: the index is the line of the file on which each row starts.

    Raises:
        DataError: the file is missing, empty, not UTF-8, not CSV, or a row has too many or too few cells.
    """
    reads.note(path)
    try:
        found = path.stat()
    except FileNotFoundError:
        raise DataError(f"data/{path.name}: the file is missing → restore it from git.") from None
    text = _read_text(path, found.st_ino, found.st_mtime_ns, found.st_size).copy(deep=False)
    return _with_parts(text, path.with_suffix(".parquet"))


@lru_cache(maxsize=64)  # the check reads each table as text and then as values
def _read_text(path: Path, *_changed: int) -> pd.DataFrame:
    where, content = f"data/{path.name}", path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{where}, row {line}: not UTF-8 text (byte {error.start}) → save the file as UTF-8; "
            "in a spreadsheet choose “CSV UTF-8”."
        ) from None
    return parse_text(text, where)


def parse_text(text: str, where: str) -> pd.DataFrame:
    """The same of a text that was read already; ``where`` names it in messages. Raises as ``read_text`` does."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    start = 1
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{where}, row {start}: not CSV ({error}) → close the quotation mark, "
            "and double a quotation mark inside a cell."
        ) from None
    if not rows:
        raise DataError(f"{where}: the file is empty → write at least the header.")
    header, rows, lines = rows[0], rows[1:], lines[1:]
    if twice := sorted({column for column in header if header.count(column) > 1}):
        raise DataError(f"{where}, row 1: the column {', '.join(twice)} stands twice → remove one of the two.")
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(header):
            raise DataError(
                f"{where}, row {line}: {len(row)} cells where the header has {len(header)} → "
                "put a cell that holds a comma in quotation marks, and give every column its comma."
            )
    return pd.DataFrame(rows, columns=header, index=pd.Index(lines, name="line"), dtype="str")


def _with_parts(frame: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The rows that a large table keeps in Parquet files beside its CSV file (``living/store.py``) follow its own."""
    parts = sorted(folder.glob("part-*.parquet")) if folder.is_dir() else []
    if not parts:
        return frame
    more = pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True).astype("str")
    first = int(frame.index[-1]) + 1 if len(frame) else 2
    more.index = pd.RangeIndex(first, first + len(more), name="line")
    return pd.concat([frame, more])
