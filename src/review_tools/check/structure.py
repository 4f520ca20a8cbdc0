"""Columns, types, required cells, patterns, ranges, vocabularies, keys and links: what the schema says."""

import re
from collections.abc import Iterator

import pandas as pd

from review_tools.check.engine import Evidence
from review_tools.check.fix import DASHES
from review_tools.data.problems import Problem
from review_tools.data.schema import Field, Table
from review_tools.data.suggestions import did_you_mean
from review_tools.data.tables import FORM

TYPE_FORM = {
    "integer": (r"-?[0-9]+", "a whole number", "write digits only, no thousands separator"),
    "number": (r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", "a number", "write digits with a point, no unit, no comma"),
    "boolean": (r"true|false", "true or false", "write true, false, or leave it empty"),
    "date": (r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "a date", "write it as YYYY-MM-DD"),
}
LONGEST = 2000  # characters; the longest true cell has a quarter of that
ODD_TEXT = (  # what no source prints and a reader, a spreadsheet or a browser may trip over
    (
        re.compile(
            r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
        ),
        "holds a character that cannot be seen",
        "type the text anew",
    ),
    (
        re.compile(r"<[A-Za-z/!?]"),
        "holds what a browser takes for HTML",
        "write plain text, with a space after a less-than sign",
    ),
    (
        re.compile(r"\A(?:[=+@]|-(?![\d.]+%?(?:\s|\Z)))"),
        "begins as a formula of a spreadsheet does",
        "put a word before the sign",
    ),
    (
        re.compile(rf"\A(?s:.{{{LONGEST + 1}}})"),
        f"longer than {LONGEST:,} characters",
        "keep one fact, and name its source",
    ),
)
ANY_ODD = re.compile("|".join(f"(?:{odd.pattern})" for odd, _, _ in ODD_TEXT))  # one look for the many cells without


def check(evidence: Evidence) -> Iterator[Problem]:
    """Every cell against the definition of its column, every key and link against its table."""
    for name, frame in evidence.sheets.items():
        table = evidence.schemas[name]
        yield from _header(evidence, table, frame)
        for field in table.fields:
            if field.name in frame.columns:
                yield from _column(evidence, table, field, frame[field.name])
        yield from _keys(evidence, table, frame)
        yield from _links(evidence, table, frame)


def _header(evidence: Evidence, table: Table, frame: pd.DataFrame) -> Iterator[Problem]:
    file = evidence.file(table.name)
    yield from form(evidence, file)
    for column in table.columns:
        if column not in frame.columns:
            yield Problem(
                file, "this column is missing", "add it to the header (datapackage.json tells its place)", 1, column
            )
    missing = [column for column in table.columns if column not in frame.columns]
    for column in frame.columns[~frame.columns.isin(table.columns)]:
        remedy = (
            f"{did_you_mean(column, missing)}rename or remove it, or define it in datapackage.json; the columns are "
        )
        remedy += ", ".join(table.columns)
        yield Problem(file, "this column is not defined", remedy, 1, column)
    known = [column for column in frame.columns if column in table.columns]
    for held, due in zip(known, (column for column in table.columns if column in known), strict=False):
        if held != due:
            why = f"the columns stand in another order: here datapackage.json has {due}"
            yield Problem(file, why, "put the columns, with their cells, in its order", 1, held)
            break


def form(evidence: Evidence, file: str) -> Iterator[Problem]:
    """Marks at the start of a file or at its line ends that programs add without being asked."""
    content = evidence.project.read(file)
    for mark, what, _ in FORM:
        if mark in content:
            row = content[: content.index(mark)].count(b"\n") + 1
            yield Problem(file, f"holds {what}", "run `review check --fix`, and save as plain UTF-8", row=row)


def _column(evidence: Evidence, table: Table, field: Field, column: pd.Series) -> Iterator[Problem]:
    def report(wrong: pd.Series, why: str, remedy: str) -> Iterator[Problem]:
        for line in column.index[wrong] if wrong.any() else ():
            yield evidence.problem(table.name, line, field.name, why, remedy)

    filled = column.where(column != "")
    present = filled.notna()
    if field.required:
        yield from report(~present, "this cell must not be empty", f"fill it: {field.description}")
    if not present.any():
        return
    padded = present & (column != column.str.strip())
    yield from report(padded, "space before or after the value", "remove it")
    if field.type in TYPE_FORM:
        form, what, remedy = TYPE_FORM[field.type]
        fits = filled.str.fullmatch(form).fillna(False).astype(bool)
        if field.type == "date":
            fits &= pd.to_datetime(filled.where(fits), format="%Y-%m-%d", errors="coerce").notna()
        yield from report(present & ~padded & ~fits, f"not {what}", remedy)
        if field.type in ("integer", "number"):
            number = pd.to_numeric(filled.where(fits))
            if field.minimum is not None:
                yield from report(number < field.minimum, f"below {field.minimum:g}", "correct the number")
            if field.maximum is not None:
                yield from report(number > field.maximum, f"above {field.maximum:g}", "correct the number")
    if field.pattern:
        wrong = present & ~padded & ~filled.str.fullmatch(field.pattern).fillna(False).astype(bool)
        example = f", for example {field.example}" if field.example else ""
        yield from report(wrong, "not of the right form", f"{_form(field)}{example}")
    # A log keeps the titles that it was given.
    if field.type == "string" and not table.append_only and _holds(ANY_ODD, column).any():
        for odd, why, remedy in ODD_TEXT:
            yield from report(_holds(odd, column), why, remedy)
    if field.name.endswith(("doi", "url")):
        remedy = "write the hyphen of the keyboard, or copy it anew"
        yield from report(_holds(DASHES, column), "holds a dash that is no hyphen", remedy)
    if field.vocabulary and evidence.has("vocabulary"):
        terms = evidence.sheet("vocabulary")
        allowed = terms.loc[terms["kind"] == field.vocabulary, "term"]
        shown = ", ".join(allowed) if len(allowed) <= 30 else f"one of the {len(allowed)} in data/vocabulary.csv"
        why = f"not a term of the vocabulary “{field.vocabulary}”"
        wrong = present & ~padded & ~filled.isin(allowed)
        for value in column[wrong].unique():
            remedy = f"{did_you_mean(value, allowed)}use {shown}; or add the term to data/vocabulary.csv"
            yield from report(wrong & (column == value), why, remedy)


def _holds(pattern: re.Pattern[str], column: pd.Series) -> pd.Series:
    return pd.Series([pattern.search(text) is not None for text in column.to_numpy()], index=column.index, dtype=bool)


FORMS = {
    "doi": "a DOI starts with 10. and has no https://doi.org/ before it (10.1000/xyz)",
    "trial_id": "a trial is NCT and 8 digits, an IRCT number, or unregistered-name",
    "url": "an address starts with http:// or https:// and holds no space",
}


def _form(field: Field) -> str:
    for ending, text in FORMS.items():
        if field.name.endswith(ending) or (field.name == "also_in" and ending == "url"):
            return text
    return f"{field.description} Form: {field.pattern}"


def _keys(evidence: Evidence, table: Table, frame: pd.DataFrame) -> Iterator[Problem]:
    single = {(field.name,) for field in table.fields if field.unique}
    for key in single | {table.primary_key}:
        if not set(key) <= set(frame.columns):
            continue
        columns = list(key)
        full = frame.loc[(frame[columns] != "").all(axis=1), columns]
        for line in full.index[full.duplicated()]:
            first = full.index[(full == full.loc[line]).all(axis=1)][0]
            why = f"{' and '.join(columns)} already {'stands' if len(columns) == 1 else 'stand'} in row {first}"
            yield evidence.problem(table.name, line, columns[0], why, "give this row its own, or remove the row")


def _links(evidence: Evidence, table: Table, frame: pd.DataFrame) -> Iterator[Problem]:
    for link in table.foreign_keys:
        if link.column not in frame.columns or not evidence.has(link.target):
            continue
        known = {"", *evidence.sheet(link.target)[link.target_column]}
        for line, value in frame[link.column].items():
            if value in known:
                continue
            target = evidence.file(link.target)
            why = f"no such {link.target_column} in {target}"
            remedy = f"{did_you_mean(value, known)}correct it, or add its row to {target}"
            yield evidence.problem(table.name, line, link.column, why, remedy)
