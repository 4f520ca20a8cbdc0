"""The form of files, columns, cells, keys and links: what the schema says."""

import re
from collections.abc import Iterator
from datetime import date

from review_tools.check.engine import CellTest, Sheet, cell_rule, file_rule, missing_columns, table_rule, whole
from review_tools.check.spreadsheet import DASHES, MONTHS
from review_tools.data import protocol
from review_tools.data.problems import Problem, did_you_mean
from review_tools.data.project import MARKER, Project
from review_tools.data.tables import FORM, NUMERIC, SEPARATOR, Field, Table

TYPES = {
    "integer": (r"-?[0-9]+", "a whole number", "write digits only: no percentage, fraction or thousands separator"),
    "number": (r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", "a number", "write digits with a point, no unit, no comma"),
    "boolean": (r"true|false", "true or false", "write true, false, or leave it empty"),
    "date": (
        r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
        "a date",
        "write it as YYYY-MM-DD, or run `review check --fix` (for 01/05/2024 with --dates day or month)",
    ),
}
FORMS = {
    "doi": "a DOI starts with 10. and has no https://doi.org/ before it (10.1000/xyz)",
    "trial_id": "a trial is NCT and 8 digits, a number of IRCT, ChiCTR, EUCTR, CTIS, KCT, JPRN or ACTRN, "
    "or unregistered-name",
    "_date": "write 2024-05-01, 2024-05 or 2024, or run `review check --fix` "
    "(for 01/05/2024 with --dates day or month)",
    "url": "an address starts with http:// or https:// and holds no space",
}
RAW_ADDRESS = re.compile(r"https?://(\d{1,3}\.){3}\d{1,3}\b")
# Library proxies, translating proxies and places where documents are copied or shared, by a part of the host's name.
PROXY = re.compile(
    r"https?://[^/]*(proxy|publicaciones\.saludcastillayleon|koha-ptfs|elogim\.com|davidx\.top|vukou\.com|laibokeji"
    r"|wilddata\.cn|distantreader|slideplayer|scribd\.com|docksci|vdocument|pak1inhibitor)"
)
SHOWN = ("source_url", "link")  # addresses to which readers are sent first
LOCK = re.compile(r"~\$|\.~lock\.")
WORKBOOK = re.compile(r"(?i)\.(xls[xmb]?|ods|fods|numbers|gsheet)$")
LONGEST = 2000  # characters; the longest true cell has a quarter of that
MONTH = rf"(?i:{'|'.join(MONTHS)})[a-z]?\.?"
DATE = rf"\d\d?[-.] ?{MONTH}|{MONTH}[- ]\d\d|\d\d?([./])\d\d?\1\d{{4}}"
ODD_TEXT = {  # what no source prints and a reader, a spreadsheet or a browser may trip over
    "invisible_character": (
        "a character that cannot be seen",
        re.compile(
            r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
        ),
        "holds a character that cannot be seen",
        "retype the text",
    ),
    "html": (
        "what a browser takes for HTML",
        re.compile(r"<(?:[a-z/!?]|[A-Z]+[\s/>])"),  # not IL-6<IL-10
        "holds what a browser takes for HTML",
        "write plain text, with a space after a less-than sign",
    ),
    "formula": (
        "what a spreadsheet takes for a formula",
        re.compile(r"\A(?:[=+@]|-(?!\Z|[\d.]+%?(?:\s|\Z)))"),
        "begins like a spreadsheet formula",
        "put a word before the sign",
    ),
    "line_break": (
        "a tab or a line break inside",
        re.compile(r"(?!\A)[\t\n](?!\Z)"),
        "holds a tab or a line break",
        "write it on one line, with spaces",
    ),
    "entity": (
        "an HTML entity",
        re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+\d*);", re.IGNORECASE),
        "holds an HTML entity",
        "write the letter itself (α, &)",
    ),
    "wrong_encoding": (
        "letters that were read in another encoding",
        re.compile("\ufffd|Ã[\u0080-\u00bf]|Â[\u00a0-\u00bf]|Î[\u00b0-\u00bf]|â€"),
        "holds letters that were read in another encoding (Ã¼ for ü)",
        "open the source as UTF-8, or retype the letters",
    ),
    "no_value": (
        "a placeholder for a missing value",
        re.compile(r"\A(?:n/a|n\.?a\.?|n\.?r\.?|n\.?d\.?|tbd|tba|todo|null|nan|nil|x{2,}|[?.…–—-]+)\Z", re.IGNORECASE),
        "a placeholder, which readers would see",
        "leave it empty; where it must be filled, say that the source does not give it (not stated)",
    ),
    "turned_text": (
        "a date, a number or an error that a spreadsheet made of text",
        re.compile(rf"\A(?:{DATE}|\d[.,]\d+E\+\d\d|#(?:[A-Z/]+[!?]|#+|N/?[AV]))\Z"),
        "is what a spreadsheet makes of text such as 2-3 or 26.1.0, of a long number or of a formula",
        "type what stood there, after setting the column to text",
    ),
    "overlong_text": (
        "a text too long for one fact",
        re.compile(rf"\A(?s:.{{{LONGEST + 1}}})"),
        f"longer than {LONGEST:,} characters",
        "keep one fact, and name its source",
    ),
}
ODD_ADDRESS = {
    "dash": (
        "a dash that is not a hyphen in a DOI or an address",
        DASHES,
        "holds a dash that is not a hyphen",
        "type a plain hyphen, or copy it again",
    ),
    "mark_at_end": (
        "a full stop or comma at the end of a DOI or an address",
        re.compile(r"[.,;]\Z"),
        "ends with a mark of the sentence it was copied from",
        "remove the mark",
    ),
}


@table_rule()
def unreadable_table(sheet: Sheet) -> Iterator[Problem]:
    """Refuse a table that is missing, empty, not UTF-8 or not CSV, or a row with too many or too few cells."""
    yield from ()  # reading it has said so


@table_rule()
def file_form(sheet: Sheet) -> Iterator[Problem]:
    """Refuse a byte order mark, or Windows line endings."""
    yield from odd_form(sheet.project, sheet.file)


def odd_form(project: Project, file: str) -> Iterator[Problem]:
    """Yield what programs add without being asked: a byte order mark, line endings of another kind."""
    content = project.read(file)
    for mark, what, _ in FORM:
        if mark in content:
            row = content[: content.index(mark)].count(b"\n") + 1
            yield Problem(file, f"holds {what}", "run `review check --fix`, and save as plain UTF-8", row=row)


@table_rule()
def saved_by_spreadsheet(sheet: Sheet) -> Iterator[Problem]:
    """Refuse a table whose cells a spreadsheet separated, turned or lost in its own way."""
    yield from ()  # mending it has said so


@file_rule("data")
def stray_file(project: Project) -> Iterator[Problem]:
    """Refuse a file in data/ that is not a table: a workbook, a copy, what a program leaves while it is open."""
    known = {MARKER, protocol.FILE, *map(project.file_of, project.schema)}
    for file in project.files("data"):
        name = file.rpartition("/")[2]
        if file in known or (name.startswith(".") and not LOCK.match(name)) or name in ("Thumbs.db", "desktop.ini"):
            continue
        tables = [one for one in project.schema if re.search(rf"(?<![a-z]){one}(?![a-z])", name.casefold())]
        table = project.file_of(max(tables, key=len)) if tables else "the file of its table"
        if LOCK.match(name):
            why, remedy = "a spreadsheet has a table open", "save and close it there; if none is open, remove this file"
        elif WORKBOOK.search(name):
            why, remedy = "a workbook, not a table", f"save its sheet as “CSV UTF-8” in {table}, and remove it"
        else:
            why, remedy = "not the name of a table", f"bring its rows into {table}, and remove it"
        yield Problem(file, why, remedy)


@table_rule()
def missing_column(sheet: Sheet) -> Iterator[Problem]:
    """Refuse a table without one of its columns."""
    yield from missing_columns(sheet)


@table_rule()
def undefined_column(sheet: Sheet) -> Iterator[Problem]:
    """Refuse a column that datapackage.json does not define."""
    columns, held = sheet.table.columns, list(sheet.frame.columns)
    for column in held:
        if column not in columns:
            near = did_you_mean(column, [one for one in columns if one not in held])
            remedy = f"{near}rename or remove it, or define it in datapackage.json; the columns are "
            yield Problem(sheet.file, "this column is not defined", remedy + ", ".join(columns), 1, column)


@table_rule()
def column_order(sheet: Sheet) -> Iterator[Problem]:
    """Refuse columns in another order than that of datapackage.json."""
    columns = [column for column in sheet.frame.columns if column in sheet.table.columns]
    wanted = [column for column in sheet.table.columns if column in columns]
    for held, due in zip(columns, wanted, strict=True):
        if held != due:
            why = f"the columns stand in another order: here datapackage.json has {due}"
            yield Problem(sheet.file, why, "put the columns, with their cells, in its order", 1, held)
            return


@cell_rule
def empty_cell(_: Project, table: Table, field: Field) -> CellTest | None:
    """Refuse an empty cell in a column that must be filled."""
    wrong = "this cell must not be empty", f"fill it: {field.description}"
    return (lambda text: None if text else wrong) if field.required else None


@cell_rule
def outer_space(_: Project, table: Table, field: Field) -> CellTest:
    """Refuse a space before or after a value."""
    return lambda text: None if text == text.strip() else ("space before or after the value", "remove it")


@cell_rule
def wrong_type(_: Project, table: Table, field: Field) -> CellTest | None:
    """Refuse a cell that is not of the type of its column."""
    if field.type not in TYPES:
        return None
    what, remedy = TYPES[field.type][1:]
    return lambda text: (f"not {what}", remedy) if _trimmed(text) and not _of_type(text, field.type) else None


@cell_rule
def out_of_range(_: Project, table: Table, field: Field) -> CellTest:
    """Refuse a number below or above what its column allows."""
    least, most = field.minimum, field.maximum

    def test(text: str) -> tuple[str, str] | None:
        if field.type not in NUMERIC or not _of_type(text, field.type):
            return None
        if least is not None and float(text) < least:
            return f"below {least:g}", "correct the number"
        return (f"above {most:g}", "correct the number") if most is not None and float(text) > most else None

    return test


@cell_rule
def wrong_form(_: Project, table: Table, field: Field) -> CellTest | None:
    """Refuse an identifier, DOI, registry number or address that is not of the form of its column."""
    if not field.pattern:
        return None
    pattern, ending = re.compile(field.pattern), "url" if field.name == "also_in" else field.name
    remedy = next((words for end, words in FORMS.items() if ending.endswith(end)), "")
    remedy = remedy or f"{field.description} Form: {field.pattern}"
    wrong = "not of the right form", remedy + (f", for example {field.example}" if field.example else "")
    return lambda text: wrong if _trimmed(text) and not pattern.fullmatch(text) else None


def _pattern_rule(name: str, refuses: str, pattern: re.Pattern[str], why: str, remedy: str) -> None:
    """Register a rule about what a pattern finds in addresses, or in text; a log keeps the titles that it was given."""

    def test(_: Project, table: Table, field: Field) -> CellTest | None:
        text = field.type == "string" and not table.append_only
        looked_at = field.name.endswith(("doi", "url")) if name in ODD_ADDRESS else text
        return (lambda text: (why, remedy) if pattern.search(text) else None) if looked_at else None

    test.__name__, test.__doc__ = name, f"Refuse {refuses}."
    cell_rule(test)


for rule, said in (ODD_TEXT | ODD_ADDRESS).items():
    _pattern_rule(rule, *said)


@cell_rule
def copy_as_source(_: Project, table: Table, field: Field) -> CellTest | None:
    """Refuse an address of a bare machine, and a proxy or a place of copies where the source itself should stand."""
    if field.name not in (*SHOWN, "also_in", "url"):
        return None
    remedy = "name the DOI, PubMed, the registry, the regulator or the work's own page; say “read in a copy” beside it"

    def test(text: str) -> tuple[str, str] | None:
        if RAW_ADDRESS.match(text):
            return "the address of a machine, not of a source", remedy
        return ("a proxy or a copy, not the source", remedy) if field.name in SHOWN and PROXY.match(text) else None

    return test


@cell_rule
def unknown_term(project: Project, table: Table, field: Field) -> CellTest | None:
    """Refuse a term that the vocabulary of its column does not have."""
    if not field.vocabulary:
        return None
    rows = whole(project, "vocabulary").rows.values()
    terms = {row["term"]: None for row in rows if row["kind"] == field.vocabulary}
    shown = ", ".join(terms) if len(terms) <= 30 else f"one of the {len(terms)} in data/vocabulary.csv"
    why, remedy = f"not a term of the vocabulary “{field.vocabulary}”", f"use {shown}; or add the term to "

    def test(text: str) -> tuple[str, str] | None:
        for term in text.split(SEPARATOR) if field.several else [text]:
            if term not in terms and _trimmed(term):
                return why, f"{did_you_mean(term, terms)}{remedy}data/vocabulary.csv"
        return None

    return test


@cell_rule
def broken_link(project: Project, table: Table, field: Field) -> CellTest | None:
    """Refuse a link to a row that does not exist."""
    link = next((key for key in table.foreign_keys if key.column == field.name), None)
    if link is None:
        return None
    target = whole(project, link.target)
    keys = target.lines[link.target_column]

    def test(text: str) -> tuple[str, str] | None:
        if not text or text in keys:
            return None
        remedy = f"{did_you_mean(text, keys)}correct it, or add its row to {target.file}"
        return f"no such {link.target_column} in {target.file}", remedy

    return test


@table_rule()
def doubled_key(sheet: Sheet) -> Iterator[Problem]:
    """Refuse a key that stands twice."""
    unique = {(field.name,) for field in sheet.table.fields if field.unique} | {sheet.table.primary_key}
    for columns in sorted(unique):
        if set(columns) <= set(sheet.frame.columns):
            stands = f"{' and '.join(columns)} already stand{'s' * (len(columns) == 1)}"
            keys = zip(*(sheet[column].to_numpy(dtype=object) for column in columns), strict=True)
            for line, first in sheet.repeats(key if all(key) else None for key in keys):
                why, remedy = f"{stands} in row {first}", "give this row its own, or remove the row"
                yield from sheet.report([line], columns[0], why, remedy)


def _trimmed(text: str) -> bool:
    return bool(text) and text == text.strip()


def _of_type(text: str, kind: str) -> bool:
    if not re.fullmatch(TYPES[kind][0], text):
        return False
    try:
        return kind != "date" or bool(date.fromisoformat(text))
    except ValueError:
        return False
