"""Bibliography and studies describe the same works, each once, and every one of them is used."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date

from review_tools.check.chapters import chapters, cited_keys, merge_marks
from review_tools.check.engine import Sheet, file_rule, table_rule, whole
from review_tools.check.structure import ODD_TEXT, odd_form
from review_tools.data.bibliography import FILE, START, Reference
from review_tools.data.problems import DataError, Problem
from review_tools.data.project import Project

FIELD_FORMS = {
    "doi": (re.compile(r"10\.\d{4,9}/\S+"), "write the DOI alone, as 10.1000/xyz"),
    "pmid": (re.compile(r"[1-9]\d*"), "write its digits only"),
    "year": (re.compile(r"(19|20)\d\d"), "write four digits, or leave it out"),
    "url": (re.compile(r"https?://\S+"), "write an address that starts with http:// or https://"),
}
FIELDS = (
    *("author", "editor", "title", "journal", "booktitle", "publisher", "year", "volume", "number", "pages", "doi"),
    *("pmid", "pmcid", "isbn", "url", "note"),
)
KINDS = (
    *("article", "book", "inbook", "incollection", "inproceedings", "proceedings", "manual", "misc"),
    *("mastersthesis", "phdthesis", "techreport", "unpublished"),
)
USERS = ("citations", "findings", "outcomes", "corrections")


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


@file_rule(FILE)
def entry_without_study(project: Project) -> Iterator[Problem]:
    """Refuse an entry without a row in data/studies.csv."""
    studies = whole(project, "studies").lines["study_id"]
    for key, work in project.readable_works[0].items():
        if key not in studies:
            remedy = "add its row to data/studies.csv, or remove the entry"
            yield _wrong(work, "no row in data/studies.csv", remedy, key)


@file_rule(FILE)
def unused_entry(project: Project) -> Iterator[Problem]:
    """Refuse an entry that no chapter cites and no row uses."""
    used = {key for table in USERS for key in whole(project, table).lines["study_id"]}
    used |= {key for text in chapters(project).values() for key, _ in cited_keys(text)}
    for key, work in project.readable_works[0].items():
        if key not in used:
            remedy = "cite it in a chapter, use it in data/, or remove it"
            yield _wrong(work, "never cited and used by no row of data/", remedy, key)


@file_rule(FILE)
def unknown_kind(project: Project) -> Iterator[Problem]:
    """Refuse a kind of work that BibTeX does not know."""
    text = _text(project)
    for entry in START.finditer(text):
        if entry[1].lower() not in KINDS:
            row, remedy = text.count("\n", 0, entry.start(1)) + 1, f"write one of {', '.join(KINDS)}"
            yield Problem(FILE, "not a kind of work that BibTeX knows", remedy, row, "", entry[1])


@file_rule(FILE)
def no_title(project: Project) -> Iterator[Problem]:
    """Refuse an entry without a title."""
    for work in project.readable_works[0].values():
        if not work["title"]:
            yield _wrong(work, "no title", "add the title", work.key)


@file_rule(FILE)
def malformed_field(project: Project) -> Iterator[Problem]:
    """Refuse a DOI, PubMed number, year or address of the wrong form."""
    for work in project.readable_works[0].values():
        for field, (right, remedy) in FIELD_FORMS.items():
            if work[field] and not right.fullmatch(work[field]):
                yield _wrong(work, f"{field} is not of the right form", remedy, work[field], work.key)


@file_rule(FILE)
def future_year(project: Project) -> Iterator[Problem]:
    """Refuse a work of the year after the next."""
    latest = date.today().year + 1  # issues appear ahead of their year
    for work in project.readable_works[0].values():
        if work["year"].isdecimal() and int(work["year"]) > latest:
            yield _wrong(work, "a year in the future", "correct the year", work["year"], work.key)


@file_rule(FILE)
def unknown_field(project: Project) -> Iterator[Problem]:
    """Refuse a field that no page shows, often a misspelt one."""
    for work in project.readable_works[0].values():
        for field in work.fields.keys() - FIELDS:
            yield _wrong(work, f"no field “{field}” is known here", f"use {', '.join(FIELDS)}", field, work.key)


@file_rule(FILE)
def odd_field(project: Project) -> Iterator[Problem]:
    """Refuse a field with invisible characters, with HTML, with the start of a formula, or of great length."""
    for work in project.readable_works[0].values():
        for field, value in work.fields.items():
            for pattern, why, remedy in ODD_TEXT.values():
                if pattern.search(value):
                    yield _wrong(work, f"{field} {why}", remedy, value, work.key)


@file_rule(FILE)
def work_twice(project: Project) -> Iterator[Problem]:
    """Refuse two entries with the same DOI, PubMed number, or title and year."""
    sames: dict[str, Callable[[Reference], str]] = {
        "DOI": lambda work: work["doi"].lower(),
        "title and year": _title_and_year,
        "PMID": lambda work: work["pmid"],
    }
    for what, same in sames.items():
        first: dict[str, Reference] = {}
        for work in project.readable_works[0].values():
            if (value := same(work)) and first.setdefault(value, work) is not work:
                why = f"the same {what} as {first[value].key} (line {first[value].line})"
                yield _wrong(work, why, "keep one entry and one study", work.key)


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


def _wrong(work: Reference, why: str, remedy: str, value: str, key: str = "") -> Problem:
    return Problem(FILE, why, remedy, row=work.line, column=key, value=value)
