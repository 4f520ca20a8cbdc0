"""Bibliography and studies describe the same works, each once, and every one of them is used."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from functools import wraps

from review_tools.check.chapters import chapters, cited_keys, merge_marks
from review_tools.check.engine import Sheet, file_rule, table_rule, whole
from review_tools.check.structure import ODD_TEXT, PROXY, RAW_ADDRESS, odd_form
from review_tools.data.bibliography import FILE, START, Reference, swallowed
from review_tools.data.problems import DataError, Problem
from review_tools.data.project import Project, once

FIELD_FORMS = {
    "doi": (re.compile(r"10\.\d{4,9}/\S+"), "write the DOI alone, as 10.1000/xyz"),
    "pmid": (re.compile(r"[1-9]\d*"), "write its digits only"),
    "year": (re.compile(r"(19|20)\d\d"), "write four digits, or leave it out"),
    "url": (re.compile(r"https?://\S+"), "write an address that starts with http:// or https://"),
}
FIELDS = (
    *("author", "editor", "title", "journal", "booktitle", "publisher", "year", "volume", "number", "pages", "doi"),
    *("pmid", "pmcid", "isbn", "url", "shorttitle", "note"),
)
KINDS = (
    *("article", "book", "inbook", "incollection", "inproceedings", "proceedings", "manual", "misc"),
    *("mastersthesis", "phdthesis", "techreport", "unpublished"),
)
TAKEN_BACK = re.compile(r"\[?(retracted|retraction|withdrawn)\b", re.IGNORECASE)
Wrong = tuple[str, str, str]
USERS = ("citations", "findings", "outcomes", "corrections")


def work_rule(function: Callable[[Project, Reference], Iterator[Wrong]]) -> None:
    """Register a rule about single entries: it yields the value at fault, why it is wrong and how to mend it."""

    @wraps(function)
    def find(project: Project) -> Iterator[Problem]:
        for work in project.readable_works[0].values():
            for value, why, remedy in function(project, work):
                yield Problem(FILE, why, remedy, work.line, "" if value == work.key else work.key, value)

    file_rule(FILE)(find)


@file_rule(FILE)
def unreadable_entry(project: Project) -> Iterator[Problem]:
    """Refuse an entry that cannot be read, or a key that stands twice."""
    yield from project.readable_works[1]


@file_rule(FILE)
def bibliography_form(project: Project) -> Iterator[Problem]:
    """Refuse a byte order mark, line ends of Windows, or the marks that git leaves where two changes meet."""
    yield from merge_marks({FILE: _text(project)})
    yield from odd_form(project, FILE)


@table_rule("studies")
def study_without_entry(studies: Sheet) -> Iterator[Problem]:
    """Refuse a study without an entry in references.bib."""
    for key, lines in studies.lines["study_id"].items():
        if key and key not in studies.project.works:
            yield from studies.report(lines, "study_id", f"no entry in {FILE}", f"add its entry to {FILE}")


@work_rule
def entry_without_study(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse an entry without a row in data/studies.csv."""
    if work.key not in whole(project, "studies").lines["study_id"]:
        yield work.key, "no row in data/studies.csv", "add its row to data/studies.csv, or remove the entry"


@work_rule
def swallowed_field(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a field that holds the one after it, because the comma between them is missing."""
    for name, value in work.raw.items():
        if after := swallowed(value):
            yield name, f"{name} holds the field {after}", f"end {name} with a comma, before {after}"


@work_rule
def retraction_in_title(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a current study whose title says that it was retracted or withdrawn."""
    studies = whole(project, "studies").frame
    current = set(studies.loc[studies["status"] == "current", "study_id"])
    if TAKEN_BACK.match(work["title"]) and work.key in current:
        remedy = "set its status in data/studies.csv, with the notice in data/notices.csv"
        yield work["title"][:60], "the title says that the work was taken back, and its status is current", remedy


@work_rule
def nameless_entry(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse an entry without authors that has no short title to be named by."""
    if not work.authors and not work["shorttitle"]:
        remedy = "add shorttitle: the name of the trial or product, its registry number, or a few words"
        yield work.key, "neither an author nor a short title", remedy


@work_rule
def copy_as_address(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse the address of a bare machine, a proxy or a place of copies as that of a work."""
    if RAW_ADDRESS.match(work["url"]) or PROXY.match(work["url"]):
        yield work["url"], "url is that of a copy, not of the work", "give its DOI, PubMed number or own page"


@work_rule
def unused_entry(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse an entry that no chapter cites and no row uses."""
    if work.key not in _used(project):
        remedy = "cite it in a chapter, use it in data/, or remove it"
        yield work.key, "never cited and used by no row of data/", remedy


@file_rule(FILE)
def unknown_kind(project: Project) -> Iterator[Problem]:
    """Refuse a kind of work that BibTeX does not know."""
    text = _text(project)
    for entry in START.finditer(text):
        if entry[1].lower() not in KINDS:
            row, remedy = text.count("\n", 0, entry.start(1)) + 1, f"write one of {', '.join(KINDS)}"
            yield Problem(FILE, "not a kind of work that BibTeX knows", remedy, row, "", entry[1])


@work_rule
def no_title(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse an entry without a title."""
    if not work["title"]:
        yield work.key, "no title", "add the title"


@work_rule
def malformed_field(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a DOI, PubMed number, year or address of the wrong form."""
    for field, (right, remedy) in FIELD_FORMS.items():
        if work[field] and not right.fullmatch(work[field]):
            yield work[field], f"{field} is not of the right form", remedy


@work_rule
def future_year(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a work of the year after the next."""
    # Issues appear ahead of their year.
    if work["year"].isdecimal() and int(work["year"]) > date.today().year + 1:
        yield work["year"], "a year in the future", "correct the year"


@work_rule
def unknown_field(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a field that no page shows, often a misspelt one."""
    for field in work.fields.keys() - FIELDS:
        yield field, f"no field “{field}” is known here", f"use {', '.join(FIELDS)}"


@work_rule
def odd_field(_: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse a field with invisible characters, with HTML, with the start of a formula, or of great length."""
    for field, value in work.fields.items():
        for rule, (_refuses, pattern, why, remedy) in ODD_TEXT.items():
            if pattern.search(value) and (rule, field) != ("overlong_text", "author"):  # a trial may name 150
                yield value, f"{field} {why}", remedy


@work_rule
def work_twice(project: Project, work: Reference) -> Iterator[Wrong]:
    """Refuse two entries with the same DOI, PubMed number, or title and year."""
    for what, value in _identity(work):
        first = _first(project)[what, value]
        if first is not work:
            yield work.key, f"the same {what} as {first.key} (line {first.line})", "keep one entry and one study"


@once
def _used(project: Project) -> set[str]:
    """Return the works that a row uses or a chapter cites."""
    rows = {key for table in USERS for key in whole(project, table).lines["study_id"]}
    return rows | {key for text in chapters(project).values() for key, _ in cited_keys(text)}


@once
def _first(project: Project) -> dict[tuple[str, str], Reference]:
    """Return the first work of each identity."""
    works = reversed(project.readable_works[0].values())
    return {identity: work for work in works for identity in _identity(work)}


def _identity(work: Reference) -> Iterator[tuple[str, str]]:
    """Yield what tells a work from others, as far as it is known."""
    said = {"DOI": work["doi"].lower(), "title and year": _title_and_year(work), "PMID": work["pmid"]}
    yield from ((what, value) for what, value in said.items() if value)


def _title_and_year(work: Reference) -> str:
    """Return letters and digits of the title, and the year; without a year the title alone says too little.

    A title in square brackets is our description of a work whose title was not seen, so it identifies nothing.
    """
    if work["title"].startswith("["):
        return ""
    title = re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", work["title"]).casefold())
    return f"{title} {work['year']}" if title and work["year"] else ""


def _text(project: Project) -> str:
    if not project.has(FILE):
        raise DataError  # reported as a file that is missing
    return project.read(FILE).decode("utf-8", errors="replace")
