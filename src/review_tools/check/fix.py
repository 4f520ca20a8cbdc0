"""Mends what has one right form and no meaning of its own: spaces, dashes, line ends, identifiers, order."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from review_tools.data import git, schema
from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.edit import csv_bytes, replace_bytes
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.data.tables import FORM, parse_text

SPACES = re.compile("[\u00a0\u2007\u202f\u2009]")
NOTHING = re.compile("[\ufeff\u200b\u2060]")
DASHES = re.compile("[\u2010-\u2015\u2212\ufe63\uff0d]")
DOI = re.compile(r"(?i)(?:https?://(?:dx\.)?doi\.org/|doi:\s*)(10\.\d{4,9}/\S+)")
NCT = re.compile(r"(?i)NCT[\s:#-]*(\d{8})")
ENTRY = re.compile(r"^@\w+\{.*?^\}\n", re.MULTILINE | re.DOTALL)
ENTRY_FIELD = re.compile(r"(?P<start>\s*(?P<name>\w+)\s*=\s*\{)(?P<value>.*)(?P<end>\},?\s*)")
PLAIN = ("integer", "number", "date")


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
    """Mends every table that can be read and the bibliography, each whole or not at all; says all that was done.

    A cell keeps its meaning: a decimal comma, an unknown term or a wrong number is for a person to mend.
    """
    done = []
    for table in project.schema.values():
        path = project.root / "data" / table.path
        try:
            frame = project.text(table.name)
        except DataError:
            continue  # nothing can be told of its cells; the check says why
        if list(frame.columns) != table.columns:
            continue  # a cell may stand in the wrong column
        found = [*_form(path), *_cells(table, frame), *_order(project, table, frame)]
        if found:
            by_key = any(one.what == "sorted by its key" for one in found)
            ordered = frame.sort_values(list(table.primary_key), kind="stable") if by_key else frame
            replace_bytes(path, csv_bytes(ordered))
            done += found
    return [*done, *_bibliography(project)]


def _form(path: Path, file: str = "") -> list[Fix]:
    content = path.read_bytes()
    return [Fix(file or f"data/{path.name}", done) for mark, _, done in FORM if mark in content]


def _bibliography(project: Project) -> list[Fix]:
    """Mends ``references.bib`` where a field is one line, as all commands write it; what is laid out freely stays."""
    path = project.root / BIBLIOGRAPHY
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (FileNotFoundError, UnicodeDecodeError):
        return []
    found, lines = _form(path, BIBLIOGRAPHY), text.split("\n")
    for at, line in enumerate(lines):
        if match := ENTRY_FIELD.fullmatch(line):
            after = mended(match["value"], schema.Field(match["name"], "string", ""))
            if after != match["value"]:
                found.append(Fix(BIBLIOGRAPHY, "field", at + 1, match["name"], match["value"], after))
                lines[at] = f"{match['start']}{after}{match['end']}"
    text = "\n".join(lines)
    entries = sorted(ENTRY.findall(text), key=_key)
    if text != (ordered := "\n".join(entries)) and len(text) == len(ordered) and _was_ordered(project):
        found.append(Fix(BIBLIOGRAPHY, "sorted by its key"))
        text = ordered
    if found:
        replace_bytes(path, text.encode("utf-8"))
    return found


def _was_ordered(project: Project) -> bool:
    """Whether the committed bibliography held nothing but entries, ordered by key."""
    try:
        [held] = git.blobs(project.root, [f"{git.commit(project.root, 'HEAD')}:./{BIBLIOGRAPHY}"])
        text = held.decode("utf-8")
    except (git.GitError, UnicodeDecodeError):
        return False
    return bool(text) and text == "\n".join(sorted(ENTRY.findall(text), key=_key))


def _key(entry: str) -> str:
    return entry.partition("{")[2].partition(",")[0]


def _cells(table: schema.Table, frame: pd.DataFrame) -> list[Fix]:
    """Mends cells in place."""
    found = []
    for field in table.fields:
        after = frame[field.name].map(lambda text, field=field: mended(text, field))
        for line in frame.index[after != frame[field.name]]:
            before = str(frame[field.name][line])
            found.append(Fix(f"data/{table.path}", "cell", int(line), field.name, before, str(after[line])))
        frame[field.name] = after
    return found


def mended(text: str, field: schema.Field) -> str:
    """One cell in its right form: no odd or outer spaces, hyphens in figures, bare DOIs and registry numbers."""
    text = NOTHING.sub("", SPACES.sub(" ", text.replace("\r\n", "\n"))).strip()
    identifier = field.name.endswith(("doi", "_id"))
    if field.type in PLAIN or identifier:
        text = DASHES.sub("-", text)
    if field.type in PLAIN:
        text = unicodedata.normalize("NFKC", text)  # full-width digits
    if field.name.endswith("doi") and (match := DOI.fullmatch(text)):
        return match[1]
    if field.name == "trial_id" and (match := NCT.fullmatch(text)):
        return f"NCT{match[1]}"
    return text


def _order(project: Project, table: schema.Table, frame: pd.DataFrame) -> list[Fix]:
    """Whether to sort: only a table whose committed state is sorted by its key, and never a log."""
    key = list(table.primary_key)
    if table.append_only or _sorted(frame, key):
        return []
    try:
        [held] = git.blobs(project.root, [f"{git.commit(project.root, 'HEAD')}:./data/{table.path}"])
        before = parse_text(held.decode("utf-8-sig"), table.path)
    except (git.GitError, DataError, UnicodeDecodeError):
        return []
    known = set(key) <= set(before.columns) and len(before) > 1
    return [Fix(f"data/{table.path}", "sorted by its key")] if known and _sorted(before, key) else []


def _sorted(frame: pd.DataFrame, key: list[str]) -> bool:
    rows = list(frame[key].itertuples(index=False, name=None))
    return rows == sorted(rows)
