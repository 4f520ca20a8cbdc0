"""Numbers for prose: counts, cells, percentages and what a version printed, asked for by name.

A chapter writes ``{count}`findings section=2.1``` and never the number itself.
"""

import json
import shlex
from typing import Any

import pandas as pd

from review_tools.data.problems import did_you_mean
from review_tools.data.project import Project, labels, once, snapshot_file

KINDS = ("count", "value", "percent", "released")  # of questions, each a role of the chapters


class UnknownFactError(Exception):
    """The data cannot answer the question as it was put."""


@once
def answer(project: Project, kind: str, question: str) -> str:
    """Return the answer to one question, as text for the page.

    Args:
        kind: ``count`` (table, column=value …), ``value`` (table, row id, column), ``percent`` (table, row id, arm:
            100 × events / n) or ``released`` (version, comparison, ``text``, ``k`` or ``people``).
        question: the words of the question; a value with spaces stands in double quotes.

    Raises:
        UnknownFactError: no such table, column, row, value or version; the message says which.
    """
    try:
        words = shlex.split(question)
    except ValueError as error:
        raise UnknownFactError(f"cannot be read ({error})") from error
    if kind == "released":
        return _released(project, *words)
    table = words[0] if words else ""
    if table not in project.schema:
        raise UnknownFactError(f"no table {table!r}")
    if kind == "count":
        return str(int(matches(project, table, words[1:]).sum()))
    if len(words) != 3:
        raise UnknownFactError(f"{kind} takes three words: table, row id, {'arm' if kind == 'percent' else 'column'}")
    if kind == "percent":
        events, n = (cell(project, table, words[1], f"{what}_{words[2]}") for what in ("events", "n"))
        if not n:
            raise UnknownFactError(f"{table} {words[1]}: nobody in {words[2]}")
        return f"{100 * float(events) / float(n):.0f}"
    return _for_the_page(cell(project, table, words[1], words[2]))


def _released(project: Project, version: str = "", comparison: str = "", part: str = "", *_: str) -> str:
    """Return what a version printed of a comparison, as its snapshot holds it."""
    file = snapshot_file(version)
    if not project.has(file):
        raise UnknownFactError(f"no version {version!r}; there are {', '.join(project.versions)}")
    results = {pool["comparison_id"]: pool["result"] for pool in json.loads(project.read(file))["pools"]}
    if comparison not in results:
        near = did_you_mean(comparison, results)
        raise UnknownFactError(f"version {version} has no comparison {comparison!r}; {near}".rstrip("; "))
    if part not in results[comparison]:
        raise UnknownFactError(f"released takes a version, a comparison and one of {', '.join(results[comparison])}")
    return str(results[comparison][part])


def select(project: Project, table: str, conditions: list[str]) -> pd.DataFrame:
    """Return the rows of a table that meet every ``column=value``. Raises as ``matches`` does."""
    return project.table(table)[matches(project, table, conditions)]


def matches(project: Project, table: str, conditions: list[str]) -> pd.Series:
    """Return a mask of the rows of a table that meet every ``column=value``; a section covers its sub-sections.

    Raises UnknownFactError if there is no such column, or no such term in its vocabulary.
    """
    frame = project.table(table)
    mask = pd.Series(True, index=frame.index)
    for condition in conditions:
        column, equals, value = condition.partition("=")
        if not equals or column not in frame.columns:
            raise UnknownFactError(f"{condition!r} is not column=value of {table}")
        field = project.schema[table].field(column)
        if field.vocabulary and value not in labels(project, field.vocabulary):
            raise UnknownFactError(f"{value!r} is not a term of {field.vocabulary}")
        cells = frame[column]
        mask &= in_section(cells, value) if column == "section" else cells.astype(str) == value
    return mask


def in_section(column: pd.Series, section: str) -> pd.Series:
    """Return a mask of the values that are the section or lie below it: 2.1 covers 2.1.1."""
    return (column == section) | column.str.startswith(f"{section}.")


def cell(project: Project, table: str, row: str, column: str) -> Any:
    """Return one cell of the row that has this key. Raises UnknownFactError if there is none."""
    columns = project.schema[table].columns
    if column not in columns:
        raise UnknownFactError(f"{table} has no column {column!r}; {did_you_mean(column, columns)}".rstrip("; "))
    rows = _places(project, table).get(row, [])
    if len(rows) != 1:
        raise UnknownFactError(f"{table} has {len(rows) or 'no'} row {row!r}")
    value: Any = project.table(table)[column].iloc[rows[0]]
    if pd.isna(value):
        raise UnknownFactError(f"{table} {row}: {column} is empty")
    return value


@once
def _places(project: Project, table: str) -> dict[Any, Any]:
    """Return where in a table the rows of each key stand."""
    keys = project.table(table)[project.schema[table].primary_key[0]].astype(str)
    return keys.groupby(keys).groups


def _for_the_page(value: Any) -> str:
    """Return a cell for the page: whole numbers without a point, dates as YYYY-MM-DD."""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
