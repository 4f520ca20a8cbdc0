"""Bibliography and studies describe the same works, and every one of them is used."""

import re
from collections.abc import Iterator
from datetime import date

from review_tools.check.chapters import cited_keys
from review_tools.check.engine import Evidence, each_of
from review_tools.check.structure import ODD_TEXT, form
from review_tools.data.bibliography import FILE, START
from review_tools.data.problems import Problem

DOI = re.compile(r"10\.\d{4,9}/\S+")
PMID = re.compile(r"[1-9]\d*")
YEAR = re.compile(r"(19|20)\d\d")
PLAIN_URL = re.compile(r"https?://\S+")
CONFLICT = re.compile(r"^(?:<{7}|>{7}) .*$", re.MULTILINE)
FIELDS = (
    *("author", "editor", "title", "journal", "booktitle", "publisher", "year", "volume", "number", "pages", "doi"),
    *("pmid", "pmcid", "isbn", "url", "note"),
)
KINDS = (
    *("article", "book", "inbook", "incollection", "inproceedings", "proceedings", "manual", "misc"),
    *("mastersthesis", "phdthesis", "techreport", "unpublished"),
)
USERS = ("citations", "findings", "outcomes", "corrections")


def check(evidence: Evidence) -> Iterator[Problem]:
    """Keys that stand on one side only, malformed fields, works that nothing uses."""
    yield from each_of(evidence, _without_entry, _without_row, _unused, _text, _entries)


def _without_entry(evidence: Evidence) -> Iterator[Problem]:
    works = evidence.works()
    for line, key in evidence.sheet("studies")["study_id"].items():
        if key and key not in works:
            yield evidence.problem("studies", line, "study_id", f"no entry in {FILE}", f"add its entry to {FILE}")


def _without_row(evidence: Evidence) -> Iterator[Problem]:
    known = set(evidence.sheet("studies")["study_id"])
    for key, reference in evidence.references.items():
        if key not in known:
            remedy = "add its row to data/studies.csv, or remove the entry"
            yield Problem(FILE, "no row in data/studies.csv", remedy, row=reference.line, value=key)


def _unused(evidence: Evidence) -> Iterator[Problem]:
    used = {key for table in USERS for key in evidence.sheet(table)["study_id"]}
    used |= {key for chapter in evidence.chapters.values() for key, _ in cited_keys(chapter)}
    for key, reference in evidence.references.items():
        if key not in used:
            remedy = "cite it in a chapter, use it in data/, or remove it"
            yield Problem(FILE, "never cited and used by no row of data/", remedy, row=reference.line, value=key)


def _entries(evidence: Evidence) -> Iterator[Problem]:
    """Fields of the bibliography, each in its form."""
    latest = date.today().year + 1  # issues appear ahead of their year
    for reference in evidence.references.values():
        row, key = reference.line, reference.key
        if not reference["title"]:
            yield Problem(FILE, "no title", "add the title", row=row, value=key)
        for field, right, remedy in (
            ("doi", DOI, "write the DOI alone, as 10.1000/xyz"),
            ("pmid", PMID, "write its digits only"),
            ("year", YEAR, "write four digits, or leave it out"),
            ("url", PLAIN_URL, "write an address that starts with http:// or https://"),
        ):
            if reference[field] and not right.fullmatch(reference[field]):
                yield Problem(FILE, f"{field} is not of the right form", remedy, row, key, reference[field])
        if reference["year"].isdecimal() and int(reference["year"]) > latest:
            yield Problem(FILE, "a year in the future", "correct the year", row, key, reference["year"])
        for field, value in reference.fields.items():
            if field not in FIELDS:
                why, remedy = f"no field “{field}” is known here", f"use {', '.join(FIELDS)}"
                yield Problem(FILE, why, remedy, row, key, field)
            for odd, why, remedy in ODD_TEXT:
                if odd.search(value):
                    yield Problem(FILE, f"{field} {why}", remedy, row, key, value)


def _text(evidence: Evidence) -> Iterator[Problem]:
    """What git leaves in a text when two changes meet (a table shows it as a row that does not fit), kinds of work."""
    texts = dict(evidence.chapters)
    if evidence.project.has(FILE):
        yield from form(evidence, FILE)
        texts[FILE] = evidence.project.read(FILE).decode("utf-8", errors="replace")
    for file, text in texts.items():
        for mark in CONFLICT.finditer(text):
            row = text.count("\n", 0, mark.start()) + 1
            yield Problem(file, "two changes meet here", "keep what is right, remove git's marks", row, "", mark[0])
    for entry in START.finditer(texts.get(FILE, "")):
        if entry[1].lower() not in KINDS:
            row, remedy = texts[FILE].count("\n", 0, entry.start(1)) + 1, f"write one of {', '.join(KINDS)}"
            yield Problem(FILE, "not a kind of work that BibTeX knows", remedy, row, "", entry[1])
