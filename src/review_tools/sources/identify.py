"""Which works the seed review's reference numbers are, from the list its publisher deposited at Crossref.

The deposited ``key`` usually carries the number (``B44``). That is checked, not assumed: numbers that a person
identified from the citing sentence must agree with the entries of the same number before anything is filled.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from rapidfuzz import fuzz

from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.bibliography import Reference
from review_tools.data.edit import Change
from review_tools.data.problems import DataError, shorten
from review_tools.data.project import Project
from review_tools.sources import adding, entries
from review_tools.sources.duplicates import plain_title
from review_tools.sources.http import UnknownRecordError
from review_tools.sources.records import YEAR, Record, doi, title

SEED = "10.3389/fimmu.2024.1525380"
ADDRESS = f"https://api.crossref.org/works/{SEED}"
ANCHORS = 5  # least confirmed numbers that must agree with the list
ERRING = 0.1  # largest share of comparable confirmed numbers that may disagree
ALIKE = 85.0  # least similarity of two titles, in percent, for the same work
Fetch = Callable[[str], Record]
Entry = dict[str, str]


@dataclass(slots=True)
class Report:
    """What was found, in lines for a person."""

    agreeing: list[int] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def identify(
    project: Project, change: Change, listed: list[Entry], fetch: Fetch | None, seen: date, by: str = ""
) -> Report:
    """Fills the unidentified numbers into the change.

    Args:
        listed: the deposited list, as ``crossref.references`` gives it.
        fetch: gets the record of a DOI where the list itself names no title; None works offline.

    Raises:
        DataError: the list is empty, or its numbers cannot be verified; the message says why.
    """
    if not listed:
        raise DataError("The record holds no reference list → the publisher may not have opened it; nothing to fill.")
    numbered, report = _numbered(listed), Report()
    citations = change.table("citations").set_index("seed_number", drop=False)
    report.left += [
        f"key {shorten(one.get('key', ''))!r} carries no number of its own: {_shown(one)}"
        for one in listed
        if one not in numbered.values()
    ]
    works = project.works
    for number, row in citations[citations["study_id"] != ""].iterrows():
        one = numbered.get(int(str(number)))
        agrees = _same(works[row["study_id"]], one) if one and row["study_id"] in works else None
        if agrees:
            report.agreeing.append(int(str(number)))
        elif agrees is False and one:
            report.conflicts.append(f"{number}: kept {row['study_id']} ({row['match']}); the list has {_shown(one)}")
    compared = len(report.agreeing) + len(report.conflicts)
    if len(report.agreeing) < ANCHORS or len(report.conflicts) > ERRING * compared:
        raise DataError(
            f"The keys of the list cannot be tied to the seed's numbers: of {compared} confirmed numbers that can be "
            f"compared, {len(report.agreeing)} agree → look at these by hand:\n  " + "\n  ".join(report.conflicts)
        )
    for number in map(int, citations.index[citations["study_id"] == ""]):
        if number in numbered:
            _fill(change, number, numbered[number], fetch, seen, report)
        else:
            report.left.append(f"{number}: no entry of the list carries it")
    if report.filled:
        many = ", ".join(line.split(":")[0] for line in report.filled)
        adding.note(change, f"Identity of reference {many} of the seed review, from its deposited list,", by)
    return report


def _numbered(listed: list[Entry]) -> dict[int, Entry]:
    """Entries by the number at the end of their key; a number that stands twice identifies nothing."""
    found = [(int(match[1]), one) for one in listed if (match := re.search(r"(?<!\d)(\d{1,3})$", one.get("key", "")))]
    times = Counter(number for number, _ in found)
    return {number: one for number, one in found if times[number] == 1}


def _same(work: Reference, one: Entry) -> bool | None:
    """Whether an entry is the work; None when the two have nothing to compare."""
    number = doi(one.get("DOI", ""))
    if number and work["doi"]:
        return number == work["doi"].lower()
    named = one.get("article-title") or one.get("volume-title") or ""
    if named and work["title"] and not work["title"].startswith("["):
        return fuzz.ratio(plain_title(named), plain_title(work["title"])) >= ALIKE
    return None


def _fill(change: Change, number: int, one: Entry, fetch: Fetch | None, seen: date, report: Report) -> None:
    identifier = doi(one.get("DOI", ""))
    where = f"field reference, key {one['key']}, seen {seen}"
    if not identifier:
        report.left.append(f"{number}: the list gives no DOI: {_shown(one)}")
        return
    taken = _references(change)
    key = next((key for key, known in taken.items() if known == identifier), "")
    if not key:
        record = _record(one, identifier, seen)
        why = "the list gives no title; with a network the DOI's own record is asked"
        if not record.title and fetch:
            try:
                record = fetch(identifier)
            except UnknownRecordError as error:
                why = f"{error.service} has no such record"
        if not record.title:
            _candidate(change, number, identifier, where)
            report.left.append(f"{number}: {identifier} is noted as candidate; {why}")
            return
        key = entries.key(record, taken)
        change.write(BIBLIOGRAPHY, entries.insert(change.read(BIBLIOGRAPHY), entries.entry(record, key), key))
        row = adding.study_row(change, record, key)
        change.add_row("studies", row | {"kind": row["kind"] or "unknown", "read": "title only"})
    told = {
        "study_id": key,
        "match": "exact",
        "agreement": "named under this number by the publisher's own list; the citing sentence was not yet compared",
        "source_url": ADDRESS,
        "source_where": where,
    }
    change.set_cells("citations", "seed_number", str(number), told)
    for table in ("findings", "corrections"):
        change.set_cells(table, "seed_number", str(number), {"study_id": key}, only_empty=True)
    report.filled.append(f"{number}: {key} ({identifier})")


def _references(change: Change) -> dict[str, str]:
    """DOI by key, of the bibliography as the change leaves it."""
    text = change.read(BIBLIOGRAPHY)
    starts = [*entries.START.finditer(text)]
    ends = [match.start() for match in starts[1:]] + [len(text)]
    held = {}
    for match, end in zip(starts, ends, strict=True):
        found = re.search(r"^\s*doi = \{(.*)\}", text[match.start() : end], re.MULTILINE)
        held[match["key"]] = found[1].replace("\\", "").lower() if found else ""
    return held


def _record(one: Entry, identifier: str, seen: date) -> Record:
    """What the list itself says; the first author's name stands in its order “AF Arnsten” or “Arnsten”."""
    words = one.get("author", "").split()
    initials = [word for word in words if word.isupper() and len(word) <= 3]
    surname = " ".join(word for word in words if word not in initials) or " ".join(words)
    first = f"{surname}, {' '.join(initials)}" if initials else surname
    year = YEAR.search(one.get("year", ""))
    empty = Record("article", title(one.get("article-title")), "Crossref", ADDRESS, seen)
    return replace(
        empty,
        doi=identifier,
        authors=(first, "others") if first else (),  # the list names the first author alone
        year=year[0] if year else "",
        journal=one.get("journal-title", ""),
        volume=one.get("volume", ""),
        pages=one.get("first-page", ""),
    )


def _candidate(change: Change, number: int, identifier: str, where: str) -> None:
    candidates = change.table("citation_candidates")
    if not ((candidates["seed_number"] == str(number)) & (candidates["doi"].str.lower() == identifier)).any():
        row = {"seed_number": str(number), "doi": identifier, "source_url": ADDRESS, "source_where": where}
        change.add_row("citation_candidates", row)


def _shown(one: Entry) -> str:
    parts = (one.get(name, "") for name in ("author", "year", "article-title", "unstructured", "DOI"))
    return shorten(", ".join(filter(None, parts)) or "nothing", 140)
