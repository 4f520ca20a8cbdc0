"""`review check --fix`: what spreadsheets, keyboards and copying left in a file is put right.

A cell that a spreadsheet turned gets back what git last committed for its row; what is new gets the one reading that
it has. A wrong number, an unknown word, or a date that may be read in two ways is for a person to mend.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from review_tools.check.engine import past_states
from review_tools.check.spreadsheet import (
    BOOLEANS,
    DASHES,
    ENCODINGS,
    NOTHING,
    SPACES,
    THOUSANDTHS,
    Habit,
    Row,
    day,
    decode,
    iso,
    number,
    split,
    turned,
    word,
)
from review_tools.data import git
from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.problems import DataError, Problem, merge_marks
from review_tools.data.project import Project
from review_tools.data.tables import FORM, NUMERIC, SEPARATOR, Field, Table, csv_bytes, frame_of, with_types

DOI = re.compile(r"(?i)(?:https?://(?:dx\.)?doi\.org/|doi:\s*)(10\.\d{4,9}/\S+)")
NCT = re.compile(r"(?i)NCT[\s:#-]*(\d{8})")
SORTED, RESTORED = "sorted by its key", "as last committed"
BETWEEN = {";": "semicolons", "\t": "tabs", "|": "bars", "lines": "one cell a line"}
PAST = 9  # committed states of a table in which the last sound one is looked for
EITHER = (False, True)
Cells = dict[Any, str]  # of a row, by column
Pairs = dict[Any, tuple[str, str]]  # a cell and its committed text, by line
Ask = Callable[[str, str, list[str]], bool | None]


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing that was mended. ``row`` is its line before the mending."""

    file: str
    what: str
    row: int | None = None
    column: str = ""
    before: str = ""
    after: str = ""


@dataclass
class Repair:
    """A table while it is mended: its rows by the line on which they start, and the last sound ones in git."""

    table: Table
    file: str
    frame: pd.DataFrame
    encoding: str
    committed: pd.DataFrame | None
    fixes: list[Fix]
    past: dict[Any, Cells] = field(default_factory=dict)  # the committed cells of the row on each line
    problems: list[Problem] = field(default_factory=list)  # why the rows cannot be told apart

    @property
    def fields(self) -> list[Field]:
        return [one for one in self.table.fields if one.name in self.frame.columns]

    def turn(self, what: str, column: str, change: Callable[[str], str]) -> None:
        """Change the cells of a column."""
        after = {text: new for text in self.frame[column].unique() if (new := change(text)) != text}
        self.put(what, column, {line: after[text] for line, text in self.frame[column].items() if text in after})

    def put(self, what: str, column: str, cells: dict[Any, str]) -> None:
        """Put texts into a column, by line."""
        before = self.frame[column]
        self.fixes += [Fix(self.file, what, line, column, before[line], text) for line, text in cells.items()]
        self.frame.loc[list(cells), column] = list(cells.values())


def mended(project: Project, names: Iterable[str], ask: Ask = lambda *_: None) -> list[Repair]:
    """Return some tables with all that can be mended in them; nothing is written.

    ``ask`` is called once for a column of dates that may be read in two ways, with its file, its name and these dates;
    it says whether the month comes first, or None to leave them.
    """
    repairs = [repair for name in names if (repair := _read(project, project.schema[name]))]
    sound = [repair for repair in repairs if not repair.problems]
    for repair in sound:
        pairs = _pairs(repair)
        comma = _has_commas(repair, pairs)
        months = {one.name: _months(pairs[one.name].values()) for one in repair.fields if _is_day(one)}
        _restore(repair, pairs, months, comma)
        _type(repair, months, comma, ask)
    tables = project.with_tables({repair.table.name: repair.frame for repair in sound})
    for repair in sound:
        _word(repair, tables)
        _sort(repair)
    return repairs


def at_head(project: Project, files: list[str]) -> list[bytes]:
    """Return the last committed contents of some files; empty where there is none."""
    try:
        return git.blobs(project.root, [f"HEAD:./{file}" for file in files])
    except git.GitError:
        return [b""] * len(files)


def _read(project: Project, table: Table) -> Repair | None:
    """Cut a file into its cells, however a spreadsheet saved it; None where it is not a text of this table."""
    file = project.file_of(table.name)
    if not project.has(file):
        return None
    content, committed = project.read(file), _last_sound(project, table)
    try:
        text, encoding = decode(content, _letters(project, committed))
    except UnicodeError:
        return None  # the check says why
    rows, between = split(text, table.columns)
    if not rows:
        return None
    fixes = form(content, file)
    if between != ",":
        fixes.append(Fix(file, f"{BETWEEN[between]} made commas"))
    if encoding != "utf-8":
        lost = "; what it lacks is “?” in new rows" if encoding in ENCODINGS else ""
        fixes.append(Fix(file, f"read as {encoding}{lost}"))
    elif text != content.decode("utf-8-sig"):
        fixes.append(Fix(file, "letters put right that were read in another encoding"))
    repair = Repair(table, file, pd.DataFrame(), encoding, committed, fixes)
    repair.problems = list(merge_marks(file, text))
    try:
        repair.frame = pd.DataFrame() if repair.problems else frame_of(list(_even(repair, rows)), file)
    except DataError as error:
        repair.problems = error.problems
    columns = list(repair.frame.columns)
    if columns != table.columns and sorted(columns) == sorted(table.columns):
        fixes.append(Fix(file, "columns put in order"))
        repair.frame = repair.frame[table.columns]
    return repair


def _letters(project: Project, committed: pd.DataFrame | None) -> Iterator[set[str]]:
    """Yield the letters of the committed state of a table, with those of months, then those of all data."""
    if committed is not None:
        held = set(csv_bytes(committed).decode("utf-8"))
        yield from (held, held | set("äéû"))  # Mär, févr, août
    files = [project.file_of(name) for name in project.schema] + [BIBLIOGRAPHY]
    yield set().union(*(project.read(file).decode("utf-8", "ignore") for file in files if project.has(file)))


def form(content: bytes, file: str) -> list[Fix]:
    """Return what is mended of a file before it is looked into."""
    return [Fix(file, done) for mark, _, done in FORM if mark in content]


def _even(repair: Repair, rows: list[Row]) -> Iterator[Row]:
    """Yield the header and the rows that hold something, all as wide, without columns that hold nothing."""
    names = {word(column): column for column in repair.table.columns}
    needed = {one.name for one in repair.table.fields if one.required}
    header, even = [names.get(word(cell), cell.strip()) for cell in rows[0][1]], []
    for line, row in rows[1:]:
        if not "".join(row).strip():
            repair.fixes.append(Fix(repair.file, "empty row removed", line))
            continue
        if (missing := header[len(row) :]) and needed.isdisjoint(missing):
            repair.fixes.append(Fix(repair.file, "commas put at the end of a row", line))
            row = row + [""] * len(missing)
        even.append((line, row if any(row[len(header) :]) else row[: len(header)]))
    kept = [at for at, name in enumerate(header) if name or any(row[at : at + 1] != [""] for _, row in even)]
    if len(kept) < len(header):
        repair.fixes.append(Fix(repair.file, "columns without a name or a cell removed"))
    for line, row in [(rows[0][0], header), *even]:
        yield line, [row[at] for at in kept if at < len(row)] + row[len(header) :]


def _last_sound(project: Project, table: Table) -> pd.DataFrame | None:
    """Return the newest committed state of a table that has its columns and the types of their cells."""
    file = project.file_of(table.name)
    for frame in past_states(project, file, f"-{PAST}"):
        with suppress(DataError):
            with_types(table, frame, file)
            return frame
    return None


def _pairs(repair: Repair) -> dict[str, Pairs]:
    """Return for each column its cells with their committed texts, which are empty for a new row."""
    repair.past = _past_rows(repair)
    return {
        one.name: {
            line: (text, repair.past.get(line, {}).get(one.name, "")) for line, text in repair.frame[one.name].items()
        }
        for one in repair.fields
    }


def _has_commas(repair: Repair, pairs: dict[str, Pairs]) -> bool:
    """Say whether commas begin the decimals of a file: in numbers, or in what was one when it was committed."""
    if any(_reads(text, comma=True) for text in _numbers(repair)):
        return True
    decimal = Habit(month_first=(), comma=(True,))
    every = {pair for cells in pairs.values() for pair in cells.values() if "," in pair[0] and pair[0] != pair[1]}
    return any(turned(text, was, decimal) for text, was in every)


def _restore(repair: Repair, pairs: dict[str, Pairs], months: dict[str, tuple[bool, ...]], comma: bool) -> None:
    """Give turned cells of committed rows back what they were."""
    thousandths = {pair for cells in pairs.values() for pair in cells.values() if THOUSANDTHS.fullmatch(pair[1])}
    # A German spreadsheet takes the point of 0.252 for that of thousands, everywhere.
    shifted = {(text, was) for text, was in thousandths if text == str(int(was.replace(".", "")))}
    shifted = set() if any(text == was for text, was in thousandths) else shifted
    for column, cells in pairs.items():
        habit = Habit(repair.encoding, months.get(column, EITHER), EITHER if comma else (False,))
        differing = {line: pair for line, pair in cells.items() if pair[1] and pair[0] != pair[1]}
        back = {line: pair[1] for line, pair in differing.items() if pair in shifted or turned(*pair, habit)}
        repair.put(RESTORED, column, back)


def _past_rows(repair: Repair) -> dict[Any, Cells]:
    """Return for each line the committed row of the same key, also where a spreadsheet or a person changed the key."""
    key, past = list(repair.table.primary_key), repair.committed
    if past is None or not set(key) <= set(repair.frame.columns):
        return {}
    rest = [column for column in past.columns if column not in key and column in repair.frame.columns]
    free: dict[tuple[str, ...], Cells] = {tuple(row[name] for name in key): row for row in past.to_dict("records")}
    rows: dict[Any, Cells] = repair.frame.to_dict("index")
    found = {}
    for line, row in rows.items():
        if was := free.pop(tuple(row[name] for name in key), None):
            found[line] = was
    # A spreadsheet turned the key, or a person gave the row another one and left the rest as it was.
    for columns, habit in ((key, Habit(repair.encoding)), (rest, None)):
        for line in [line for line in rows if columns and line not in found]:
            pairs = {one: [(rows[line][column], was[column]) for column in columns] for one, was in free.items()}
            like = [
                one
                for one, cells in pairs.items()
                if all(text == was or (habit and turned(text, was, habit)) for text, was in cells)
            ]
            if len(like) == 1:
                found[line] = free.pop(like[0])
    return found


def _is_day(one: Field) -> bool:
    """Say whether a column holds days, or years and months."""
    fits = [bool(one.pattern and re.fullmatch(one.pattern, text)) for text in ("2024-05", "a")]
    return one.type == "date" or fits == [True, False]


def _months(cells: Iterable[tuple[str, str]]) -> tuple[bool, ...]:
    """Return whether the month comes first in a column, by the dates that have one reading; both if it stays open.

    Where none has one reading, the committed dates of the same rows decide.
    """
    only: set[bool] = set()
    votes: Counter[bool] = Counter()
    for text, was in set(cells):
        readings = {first: read for first in EITHER if (read := day(text, first))}
        if len(readings) == 1:
            only.update(readings)
        elif len(set(readings.values())) == 2:
            votes.update(first for first, read in readings.items() if iso(read) == was)
    if not only and votes[False] != votes[True]:
        only = {votes[True] > votes[False]}
    return tuple(only) if len(only) == 1 else EITHER


def _type(repair: Repair, months: dict[str, tuple[bool, ...]], comma: bool, ask: Ask) -> None:
    """Give cells the form of their type where they have one reading."""
    points = any(_reads(text, comma=False) for text in _numbers(repair))
    decimals = EITHER if comma == points else (comma,)
    for one in repair.fields:
        if first := months.get(one.name):
            unsure = [text for text in repair.frame[one.name].unique() if day(text, False) != day(text, True)]
            if len(first) > 1 and unsure and (answer := ask(repair.file, one.name, unsure)) is not None:
                first = (answer,)
            repair.turn("date", one.name, partial(_date, months=first, whole=one.type == "date"))
        elif one.type == "boolean":
            repair.turn("boolean", one.name, lambda text: BOOLEANS.get(text.strip().casefold(), text))
        elif one.type in NUMERIC:
            repair.turn("number", one.name, partial(_number, decimals=decimals, whole=one.type == "integer"))
        repair.turn("form", one.name, partial(tidy, field=one))


def _numbers(repair: Repair) -> list[str]:
    return [text for one in repair.fields if one.type in NUMERIC for text in repair.frame[one.name].unique()]


def _reads(text: str, comma: bool) -> bool:
    """Say whether a number with a comma is one in this reading alone."""
    return "," in text and bool(number(text, comma)) and not number(text, not comma)


def _date(text: str, months: tuple[bool, ...], whole: bool) -> str:
    """Return a day, or a month where no ``whole`` day is needed, if the text is one in one reading; else the text."""
    read = {found for first in months if (found := day(text.strip(), first)) and (found[2] or not whole)}
    return iso(read.pop()) if len(read) == 1 else text


def _number(text: str, decimals: tuple[bool, ...], whole: bool) -> str:
    """Return a number if the text is one in one reading; else the text."""
    plain = DASHES.sub("-", unicodedata.normalize("NFKC", text.strip()))
    if number(plain, comma=False) == plain and not whole:
        return text
    read = {found for comma in decimals if (found := number(plain, comma))}
    read = read or {found for comma in EITHER if (found := number(plain, comma))}
    if whole:
        read = {found.split(".")[0] for found in read if re.fullmatch(r"-?\d+(\.0+)?", found)}
    return read.pop() if len(read) == 1 else text


def _word(repair: Repair, tables: Project) -> None:
    """Give words of a vocabulary, links, and what only looks like a date, the form of the one that they are like."""
    links = {link.column: link for link in repair.table.foreign_keys}
    for one in repair.fields:
        try:
            if one.vocabulary:
                terms = tables.text("vocabulary")
                known = set(terms["term"][terms["kind"] == one.vocabulary])
            elif link := links.get(one.name):
                known = set(tables.text(link.target)[link.target_column])
            elif repair.committed is not None and one.type == "string" and not _is_day(one):
                known = {text for text in repair.committed[one.name].unique() if day(text, month_first=False)}
            else:
                continue
        except (DataError, KeyError):
            continue  # the table of its words cannot be read
        repair.turn("word", one.name, partial(_like, known=known, several=one.several))


def _like(text: str, known: set[str], several: bool) -> str:
    """Return the one known word of which this may be another form; else the text."""
    if several and SEPARATOR in text:
        return SEPARATOR.join(_like(one, known, several=False) for one in text.split(SEPARATOR))
    if not text or text in known:
        return text
    near = {one for one in known if word(one) == word(text)} or {one for one in known if turned(text, one, Habit())}
    return near.pop() if len(near) == 1 else text


def _sort(repair: Repair) -> None:
    """Sort a table whose committed state is sorted by its key, so that its order is meant."""
    key, past = list(repair.table.primary_key), repair.committed
    if repair.table.append_only or past is None or len(past) < 2 or not set(key) <= set(repair.frame.columns):
        return
    (were, held) = (list(zip(*(rows[name] for name in key), strict=True)) for rows in (past, repair.frame))
    if were == sorted(were) and held != sorted(held):
        repair.fixes.append(Fix(repair.file, SORTED))
        repair.frame = repair.frame.sort_values(key, kind="stable")


def tidy(text: str, field: Field) -> str:
    """Return a cell in its right form: no odd or outer spaces, hyphens in figures, bare DOIs and registry numbers."""
    text = NOTHING.sub("", SPACES.sub(" ", text.replace("\r\n", "\n"))).strip()
    if field.type in (*NUMERIC, "date") or field.name.endswith(("doi", "_id")):
        text = DASHES.sub("-", text)
    if field.type in (*NUMERIC, "date"):
        text = unicodedata.normalize("NFKC", text)  # full-width digits
    if field.name.endswith("doi") and (match := DOI.fullmatch(text)):
        return match[1]
    if field.name == "trial_id" and (match := NCT.fullmatch(text)):
        return f"NCT{match[1]}"
    return text
