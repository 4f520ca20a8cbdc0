"""Mending what has one right form and no meaning of its own: spaces, dashes, line ends, identifiers, order."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from review_tools.data import git
from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.edit import Change, edit
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.data.schema import Field, Table
from review_tools.data.tables import FORM, parse_table

SPACES = re.compile("[\u00a0\u2007\u202f\u2009]")
NOTHING = re.compile("[\ufeff\u200b\u2060]")
DASHES = re.compile("[\u2010-\u2015\u2212\ufe63\uff0d]")
DOI = re.compile(r"(?i)(?:https?://(?:dx\.)?doi\.org/|doi:\s*)(10\.\d{4,9}/\S+)")
NCT = re.compile(r"(?i)NCT[\s:#-]*(\d{8})")
ENTRY = re.compile(r"^@\w+\{.*?^\}\n", re.MULTILINE | re.DOTALL)
ENTRY_FIELD = re.compile(r"(?P<start>\s*(?P<name>\w+)\s*=\s*\{)(?P<value>.*)(?P<end>\},?\s*)")
PLAIN = ("integer", "number", "date")
SORTED = "sorted by its key"


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing that was mended. ``row`` is its line before the mending."""

    file: str
    what: str
    row: int | None = None
    column: str = ""
    before: str = ""
    after: str = ""


def fix(project: Project) -> list[Fix]:
    """Mend the tables that can be read and the bibliography, all or nothing; return all that was done.

    A cell keeps its meaning: a decimal comma, an unknown term or a wrong number is for a person to mend.
    """
    with edit(project.root) as change:
        fixes = [one for table in change.project.schema.values() for one in _table(change, table)]
        return [*fixes, *_bibliography(change)]


def _table(change: Change, table: Table) -> list[Fix]:
    file = change.project.file_of(table.name)
    try:
        frame = change.project.text(table.name)
    except DataError:
        return []  # nothing can be told of its cells; the check says why
    if list(frame.columns) != table.columns:
        return []  # a cell may stand in the wrong column
    fixes = [*_form(change.project, file), *_cells(file, table, frame)]
    if not table.append_only and not _is_sorted(frame, table) and _was_sorted(change.project, table):
        fixes.append(Fix(file, SORTED))
        frame = frame.sort_values(list(table.primary_key), kind="stable")
    if fixes:
        change.write_table(table.name, frame)
    return fixes


def _form(project: Project, file: str) -> Iterator[Fix]:
    content = project.read(file)
    yield from (Fix(file, done) for mark, _, done in FORM if mark in content)


def _cells(file: str, table: Table, frame: pd.DataFrame) -> Iterator[Fix]:
    """Mend cells in place."""
    for field in table.fields:
        before = frame[field.name]
        after = before.map(lambda text, field=field: tidy(text, field))
        for line in frame.index[after != before]:
            yield Fix(file, "cell", int(line), field.name, str(before[line]), str(after[line]))
        frame[field.name] = after


def tidy(text: str, field: Field) -> str:
    """Return a cell in its right form: no odd or outer spaces, hyphens in figures, bare DOIs and registry numbers."""
    text = NOTHING.sub("", SPACES.sub(" ", text.replace("\r\n", "\n"))).strip()
    if field.type in PLAIN or field.name.endswith(("doi", "_id")):
        text = DASHES.sub("-", text)
    if field.type in PLAIN:
        text = unicodedata.normalize("NFKC", text)  # full-width digits
    if field.name.endswith("doi") and (match := DOI.fullmatch(text)):
        return match[1]
    if field.name == "trial_id" and (match := NCT.fullmatch(text)):
        return f"NCT{match[1]}"
    return text


def _bibliography(change: Change) -> list[Fix]:
    """Mend ``references.bib`` where a field is one line, as all commands write it; what is laid out freely stays."""
    try:
        text = change.project.read(BIBLIOGRAPHY).decode("utf-8-sig").replace("\r\n", "\n")
    except (FileNotFoundError, UnicodeDecodeError):
        return []
    fixes, lines = list(_form(change.project, BIBLIOGRAPHY)), text.split("\n")
    for at, line in enumerate(lines):
        if match := ENTRY_FIELD.fullmatch(line):
            after = tidy(match["value"], Field(match["name"], "string", ""))
            if after != match["value"]:
                fixes.append(Fix(BIBLIOGRAPHY, "field", at + 1, match["name"], match["value"], after))
                lines[at] = f"{match['start']}{after}{match['end']}"
    text, committed = "\n".join(lines), _committed(change.project, BIBLIOGRAPHY).decode("utf-8", "replace")
    if text != (ordered := _by_key(text)) and len(text) == len(ordered) and committed == _by_key(committed) != "":
        fixes.append(Fix(BIBLIOGRAPHY, SORTED))
        text = ordered
    if fixes:
        change.write(BIBLIOGRAPHY, text)
    return fixes


def _by_key(bibliography: str) -> str:
    """Return the entries alone, ordered by key; it is the same text where there is nothing but ordered entries."""
    return "\n".join(sorted(ENTRY.findall(bibliography), key=lambda entry: entry.partition("{")[2].partition(",")[0]))


def _is_sorted(frame: pd.DataFrame, table: Table) -> bool:
    rows = list(frame[list(table.primary_key)].itertuples(index=False, name=None))
    return rows == sorted(rows)


def _was_sorted(project: Project, table: Table) -> bool:
    """Say whether the committed state of a table is sorted by its key, so that its order is meant."""
    try:
        before = parse_table(_committed(project, project.file_of(table.name)), table.path)
    except DataError:
        return False
    return set(table.primary_key) <= set(before.columns) and len(before) > 1 and _is_sorted(before, table)


def _committed(project: Project, file: str) -> bytes:
    """Return the last committed state of a file, empty where there is none."""
    try:
        return git.blobs(project.root, [f"{git.commit(project.root, 'HEAD')}:./{file}"])[0]
    except git.GitError:
        return b""
