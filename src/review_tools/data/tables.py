"""The tables as pandas frames."""

import csv
import io
from typing import Any

import pandas as pd

from review_tools.data.problems import DataError
from review_tools.data.schema import Table

FORM = (  # what programs add to a file unasked: bytes, name, what `review check --fix` does about it
    (b"\xef\xbb\xbf", "a byte order mark", "byte order mark removed"),
    (b"\r\n", "line ends of Windows", "line ends made line feeds"),
)
DTYPES: dict[str, Any] = {"string": "str", "integer": "Int64", "number": "float64", "boolean": "boolean"}


def with_types(table: Table, text: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return a table of text with the types of its columns; ``where`` names the file in messages.

    Raises:
        DataError: a column is missing, or a value is of the wrong type.
    """
    missing = [column for column in table.columns if column not in text.columns]
    if missing:
        raise DataError(f"{where}: lacks the columns {', '.join(missing)} → add them to the header.")
    text = text.reset_index(drop=True)
    try:
        return pd.DataFrame({field.name: typed(text[field.name], field.type) for field in table.fields})
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: {error} → run `review check` to see where.") from error


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


def parse_table(content: bytes, where: str) -> pd.DataFrame:
    """Return a CSV file (RFC 4180, UTF-8) as text: the index is the line on which each row starts.

    Raises:
        DataError: the content is empty, not UTF-8, not CSV, or a row has too many or too few cells.
    """
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
