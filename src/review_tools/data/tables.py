"""The tables: what their columns are (``data/datapackage.json``), and their CSV files as text and as typed frames."""

import csv
import io
import json
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from review_tools.data.problems import DataError, Problem, merge_marks

SEPARATOR = "; "
FORM = (  # what programs add to a file unasked: bytes, name, what `review check --fix` does about it
    (b"\xef\xbb\xbf", "a byte order mark", "byte order mark removed"),
    (b"\r", "line endings of Windows or an old Mac", "line endings made line feeds"),
)
NUMERIC: dict[str, Any] = {"integer": "Int64", "number": "float64"}  # types of columns that hold numbers


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    ``vocabulary`` names the kind of terms it accepts, if it is controlled; ``several`` allows more than one of them,
    joined by ``SEPARATOR``.
    """

    name: str
    type: str
    description: str
    required: bool = False
    unique: bool = False
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    vocabulary: str = ""
    several: bool = False
    unit: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """``column`` of this table holds values of ``target_column`` of ``target``."""

    column: str
    target: str
    target_column: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns in order, its key and its links to other tables."""

    name: str
    title: str
    description: str
    path: str
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    append_only: bool  # a log: its past lines stay as they are

    @property
    def columns(self) -> list[str]:
        return [field.name for field in self.fields]

    def field(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"Table {self.name} has no column {name!r}; it has {', '.join(self.columns)}.")


def parse_schema(content: bytes) -> dict[str, Table]:
    """Return all tables by name, in the order of the data package. Raises DataError if the content is not one."""
    try:
        return {resource["name"]: _table(**resource) for resource in json.loads(content)["resources"]}
    except (ValueError, KeyError, TypeError) as error:
        why = f"cannot be read as a data package ({error!r})"
        raise DataError(Problem("data/datapackage.json", why, "restore it from git")) from error


def _table(name: str, title: str, description: str, path: str, schema: dict[str, Any], **more: Any) -> Table:
    known, key = {field.name for field in fields(Field)}, schema["primaryKey"]
    columns = [field | field.get("constraints", {}) for field in schema["fields"]]
    links = [(link["fields"], link["reference"]) for link in schema.get("foreignKeys", ())]
    return Table(
        name,
        title,
        description,
        path,
        tuple([Field(**{part: column[part] for part in known & column.keys()}) for column in columns]),
        (key,) if isinstance(key, str) else tuple(key),
        tuple([ForeignKey(column, target["resource"], target["fields"]) for column, target in links]),
        append_only=more.get("appendOnly", False),
    )


def parse_table(content: bytes, where: str) -> pd.DataFrame:
    """Return a CSV file (RFC 4180, UTF-8) as text: the index is the line on which each row starts.

    Raises DataError if it is empty, not UTF-8, not CSV, holds an unresolved conflict, or a row has too many or too few
    cells.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why, line = f"not UTF-8 text (byte {error.start})", content[: error.start].count(b"\n") + 1
        remedy = "save the file as UTF-8; in a spreadsheet choose “CSV UTF-8”"
        raise DataError(Problem(where, why, remedy, row=line)) from None
    if marks := list(merge_marks(where, text)):
        raise DataError(*marks)
    try:
        rows = cells(text)
    except csv.Error as error:
        remedy = "close the quotation mark, and double a quotation mark inside a cell"
        raise DataError(Problem(where, f"not CSV ({error.args[0]})", remedy, row=error.args[1])) from None
    return frame_of(rows, where)


def cells(text: str, separator: str = ",") -> list[tuple[int, list[str]]]:
    """Return each row, without empty lines, and the line on which it starts. Raises csv.Error with that line."""
    reader, start = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator), 1
    rows = []
    try:
        for row in reader:
            if row:
                rows.append((start, row))
            start = reader.line_num + 1
    except csv.Error as error:
        raise csv.Error(str(error), start) from None
    return rows


def frame_of(rows: list[tuple[int, list[str]]], where: str) -> pd.DataFrame:
    """Return rows, the header first, as a table of text: the index is the line on which each row starts.

    Raises DataError if there is no row, a column stands twice, or a row has too many or too few cells.
    """
    if not rows:
        raise DataError(Problem(where, "the file is empty", "write at least the header"))
    (_, header), *rows = rows
    if twice := sorted({column for column in header if header.count(column) > 1}):
        why = f"the column {', '.join(twice)} stands twice"
        raise DataError(Problem(where, why, "remove one of the two", row=1))
    for line, row in rows:
        if len(row) != len(header):
            why = f"{len(row)} cells where the header has {len(header)}"
            remedy = "put a cell that holds a comma in quotation marks, and give every column its comma"
            raise DataError(Problem(where, why, remedy, row=line))
    lines = pd.Index([line for line, _ in rows], name="line", dtype="int64")
    return pd.DataFrame([row for _, row in rows], columns=header, index=lines, dtype="str")


def csv_bytes(frame: pd.DataFrame, *, header: bool = True) -> bytes:
    """Return a frame of text as CSV, in the form of all tables: UTF-8, line feeds, quotes only where needed."""
    return frame.to_csv(index=False, header=header, lineterminator="\n").encode("utf-8")


def with_types(table: Table, text: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return a table of text with the types of its columns; ``where`` names the file in messages.

    Raises DataError if a column is missing, or a value is of the wrong type.
    """
    if missing := [column for column in table.columns if column not in text.columns]:
        raise DataError(Problem(where, f"lacks the columns {', '.join(missing)}", "add them to the header", row=1))
    frame = text.where(text != "").reset_index(drop=True)[table.columns]
    try:
        for field in table.fields:
            if field.type != "string":
                frame[field.name] = _typed(frame[field.name], field.type)
        return frame
    except (ValueError, TypeError) as error:
        raise DataError(Problem(where, str(error), "run `review check` to see where")) from error


def _typed(values: pd.Series, kind: str) -> pd.Series:
    if kind == "date":
        return pd.to_datetime(values, format="%Y-%m-%d")
    if kind == "boolean":
        if not values.dropna().isin(["true", "false"]).all():
            raise ValueError(f"column {values.name}: a value is neither true nor false")
        return values.map({"true": True, "false": False}).astype("boolean")
    converted: pd.Series = pd.to_numeric(values).astype(NUMERIC[kind])
    return converted
