"""The registry of rules, and how they run: each as far as what it looks at can be read.

A rule is a function whose docstring says what it refuses. Its name is its id: tests hold a known-bad example of
each, and the methods page lists them all.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import pandas as pd

from review_tools.data import git
from review_tools.data.problems import DataError, Problem, in_order
from review_tools.data.project import Project, once
from review_tools.data.tables import Field, Table, parse_table

Lines = pd.Series | Iterable[Any]
CellTest = Callable[[str], tuple[str, str] | None]
OfSheet = Callable[["Sheet"], Iterator[Problem]]
OfProject = Callable[[Project], Iterator[Problem]]
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the tables or files it is about (none: every table), what it refuses, and how to find that."""

    id: str
    about: tuple[str, ...]
    refuses: str
    find: Callable[[Project, str], Iterator[Problem]]


RULES: dict[str, Rule] = {}


class Sheet:
    """A table as the rules look at it: cells of text, by the line of the file on which their row starts."""

    def __init__(self, project: Project, name: str) -> None:
        self.project, self.table, self.file = project, project.schema[name], project.file_of(name)
        self.frame = project.text(name)

    def __getitem__(self, column: str) -> pd.Series:
        return self.frame[column]

    def numbers(self, column: str) -> pd.Series:
        """Return a column as numbers; what is not a number is missing here, and another rule reports it."""
        return pd.to_numeric(self.frame[column], errors="coerce").astype("float64")

    @cached_property
    def rows(self) -> dict[Any, dict[Hashable, Any]]:
        """The cells of each line, for rules that go row by row."""
        # Quicker than ``to_dict``, which looks at the type of every cell.
        rows = zip(*(self.frame[column].to_numpy(dtype=object) for column in self.frame), strict=True)
        return {line: dict(zip(self.frame, row, strict=True)) for line, row in zip(self.frame.index, rows, strict=True)}

    def by(self, column: str) -> dict[str, dict[Hashable, Any]]:
        """Return the rows by their cell of a column that holds no text twice."""
        return {row[column]: row for row in self.rows.values()}

    @cached_property
    def lines(self) -> dict[str, dict[str, list[int]]]:
        """The lines that hold each distinct value of each column."""
        lines: dict[str, dict[str, list[int]]] = {column: {} for column in self.frame.columns}
        for column, by_value in lines.items():
            for line, value in zip(self.frame.index, self.frame[column].to_numpy(dtype=object), strict=True):
                by_value.setdefault(value, []).append(line)
        return lines

    def flagged(self, *flags: str) -> pd.Series:
        """Return a mask of the outcomes that have one of these flags in ``data/outcome_flags.csv``."""
        given = self.of("outcome_flags")
        return self["outcome_id"].isin(given["outcome_id"][given["flag"].isin(flags)])

    def repeats(self, keys: Iterable[Hashable]) -> Iterator[tuple[int, int]]:
        """Yield each line whose key stands in a line before, with the first of these; an empty key is none."""
        first: dict[Hashable, int] = {}
        for line, key in zip(self.frame.index, keys, strict=True):
            if key and first.setdefault(key, line) != line:
                yield line, first[key]

    def of(self, name: str) -> "Sheet":
        """Return another table. Raises DataError if it cannot be read or lacks a column."""
        return whole(self.project, name)

    def report(self, lines: Lines, column: str, why: str, remedy: str, *shown: pd.Series) -> Iterator[Problem]:
        """Yield a problem for a cell of each of the lines, which may be a mask; ``shown`` fills the gaps in ``why``."""
        for line in lines.index[lines] if isinstance(lines, pd.Series) else lines:
            said = why.format(*(column[line] for column in shown)) if shown else why
            yield Problem(self.file, said, remedy, int(line), column, str(self.frame[column].get(line, "")))


@once
def sheet(project: Project, name: str) -> Sheet:
    """Return a table as it is. Raises DataError if it cannot be read."""
    return Sheet(project, name)


@once
def whole(project: Project, name: str) -> Sheet:
    """Return a table that has all its columns.

    Raises:
        DataError: it cannot be read, or lacks a column: what would follow from it misleads.
    """
    if name not in project.schema:
        raise DataError  # nothing to look at, and nothing wrong
    if problems := list(missing_columns(sheet(project, name))):
        raise DataError(*problems)
    return sheet(project, name)


def missing_columns(rows: Sheet) -> Iterator[Problem]:
    """Yield a problem for each column of the definition that a table does not have."""
    for column in rows.table.columns:
        if column not in rows.frame.columns:
            remedy = "add it to the header, in the place that datapackage.json gives it"
            yield Problem(rows.file, "this column is missing", remedy, 1, column)


def table_rule(*tables: str) -> Callable[[OfSheet], OfSheet]:
    """Register a rule about some tables, each with all its columns; about every table, as it is, if none is named."""
    read = whole if tables else sheet
    return lambda function: _register(function, tables, lambda project, name: function(read(project, name)))


def file_rule(files: str) -> Callable[[OfProject], OfProject]:
    """Register a rule about files that are not tables."""
    return lambda function: _register(function, (files,), lambda project, _: function(project))


def cell_rule(function: Callable[[Project, Table, Field], CellTest | None]) -> None:
    """Register a rule about single cells: a function that returns how to test the cells of a column, or ``None``.

    A test returns why a filled cell is wrong and how to mend it, or ``None``.
    """

    def find(project: Project, name: str) -> Iterator[Problem]:
        rows = sheet(project, name)
        for field in rows.table.fields:
            if field.name not in rows.frame.columns:
                continue
            try:
                test = function(project, rows.table, field)
            except DataError:
                continue  # the column looks into a table that cannot be read
            for value, lines in rows.lines[field.name].items():
                if test and (wrong := test(value)):
                    yield from rows.report(lines, field.name, *wrong)

    _register(function, (), find)


def _register(
    function: Function, about: tuple[str, ...], find: Callable[[Project, str], Iterator[Problem]]
) -> Function:
    refuses = (function.__doc__ or "").partition("\n")[0].removeprefix("Refuse ").removesuffix(".")
    RULES[function.__name__] = Rule(function.__name__, about, refuses, find)
    return function


def run(project: Project, rules: Iterable[Rule]) -> list[Problem]:
    """Return what some rules find, in order; what cannot be read is a problem, and rules that look into it wait."""
    problems: list[Problem] = []
    for rule in rules:
        for place in rule.about or project.schema:
            try:
                problems += (replace(problem, rule=rule.id) for problem in rule.find(project, place))
            except DataError as error:
                problems += (replace(problem, rule=rule.id) for problem in error.problems)
    return in_order(problems)


def past_states(project: Project, file: str, *options: str) -> Iterator[pd.DataFrame]:
    """Yield every committed state of a table that can be read, the newest first; none without git."""
    try:
        commits = git.run(project.root, "log", *options, "--format=%H", "--", file).decode().split()
        contents = git.blobs(project.root, [f"{commit}:./{file}" for commit in commits])
    except git.GitError:
        return
    for content in dict.fromkeys(contents):
        try:
            yield parse_table(content, file)
        except DataError:
            continue  # a broken state of the past; the states around it are compared
