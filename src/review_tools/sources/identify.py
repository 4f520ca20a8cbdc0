"""The works behind the 2024 review's reference numbers, from the list its publisher deposited at Crossref.

The deposited ``key`` usually carries the number (``B44``). That is checked, not assumed: numbers that a person
identified from the citing sentence must agree with the entries of the same number before anything is filled.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd
from rapidfuzz import fuzz

from review_tools.check.duplicates import plain_title
from review_tools.data.bibliography import Reference
from review_tools.data.edit import Change
from review_tools.data.problems import DataError, shorten
from review_tools.sources import add, crossref, files
from review_tools.sources.http import CROSSREF, Client, UnknownRecordError
from review_tools.sources.records import Record, doi, filled, person, record_of

SEED = "10.3389/fimmu.2024.1525380"
ADDRESS = f"{CROSSREF.address}/works/{SEED}"
ANCHORS = 5  # fewest confirmed numbers that must agree with the list
ERRING = 0.1  # largest share of comparable confirmed numbers that may disagree
ALIKE = 85.0  # least similarity of two titles, in percent, for the same work
KEY = re.compile(r"(?<!\d)(\d{1,3})$")
FIELDS = {"doi": "DOI", "year": "year", "journal": "journal-title", "volume": "volume", "pages": "first-page"}
AGREEMENT = "named under this number by the publisher's own list; the citing sentence was not yet compared"
Entry = dict[str, str]


@dataclass(slots=True)
class Report:
    """What was found: how many confirmed numbers agree, and lines for a person."""

    agreeing: int = 0
    conflicts: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def saved_list(path: Path) -> tuple[list[Entry], date]:
    """Return the list in Crossref's record of the 2024 review from a file, and when it was saved. Raises DataError."""
    try:
        text, seen = files.text_of(path)
        [found] = files.objects(text)
        return crossref.references(found, SEED), seen
    except (LookupError, AttributeError, TypeError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: {error} → save {ADDRESS} as .json.") from error


def identify(change: Change, listed: list[Entry], client: Client | None, seen: date, by: str = "") -> Report:
    """Fill the unidentified numbers into the change.

    Args:
        listed: the deposited list, as ``crossref.references`` gives it.
        client: asks for the record of a DOI where the list itself names no title; None works offline.

    Raises:
        DataError: the list is empty, or its numbers cannot be verified; the message says why.
    """
    if not listed:
        raise DataError("The record holds no reference list → the publisher may not have opened it; nothing to fill.")
    numbered = _numbered(listed)
    citations = change.table("citations").set_index("seed_number")
    held = citations["study_id"] != ""
    report = _compare(change.project.works, citations[held], numbered)
    for one in listed:
        if one not in numbered.values():
            report.left.append(f"key {shorten(one.get('key', ''))!r} carries no number of its own: {_shown(one)}")
    known = dict(change.project.works_by_doi)
    for number in citations.index[~held]:
        if entry := numbered.get(number):
            _fill(change, known, number, entry, client, seen, report)
        else:
            report.left.append(f"{number}: no entry of the list carries it")
    if report.filled:
        many = ", ".join(line.split(":")[0] for line in report.filled)
        add.note(change, f"Identity of reference {many} of the 2024 review, from its deposited list,", by)
    return report


def _numbered(listed: list[Entry]) -> dict[str, Entry]:
    """Return entries by the number at the end of their key; a number that stands twice identifies nothing."""
    found = [(str(int(match[1])), one) for one in listed if (match := KEY.search(one.get("key", "")))]
    times = Counter(number for number, _ in found)
    return {number: one for number, one in found if times[number] == 1}


def _compare(works: dict[str, Reference], confirmed: pd.DataFrame, numbered: dict[str, Entry]) -> Report:
    """Compare the list with what people identified. Raises DataError when the two disagree too often."""
    report = Report()
    for number, key, match in confirmed[["study_id", "match"]].itertuples(name=None):
        one, work = numbered.get(number, {}), works[key]
        identifier, named = doi(one.get("DOI", "")), one.get("article-title") or one.get("volume-title")
        if identifier and work["doi"]:
            agrees = identifier == work["doi"].lower()
        elif named and work["title"] and not work["title"].startswith("["):
            agrees = fuzz.ratio(plain_title(named), plain_title(work["title"])) >= ALIKE
        else:
            continue  # nothing to compare
        report.agreeing += agrees
        report.conflicts += [] if agrees else [f"{number}: kept {key} ({match}); the list has {_shown(one)}"]
    compared = report.agreeing + len(report.conflicts)
    if report.agreeing < ANCHORS or len(report.conflicts) > ERRING * compared:
        raise DataError(
            f"The keys of the list cannot be tied to the 2024 review's numbers: of {compared} confirmed numbers "
            f"that can be compared, {report.agreeing} agree → look at these by hand:\n  "
            + "\n  ".join(report.conflicts)
        )
    return report


def _fill(
    change: Change,
    known: dict[str, str],
    number: str,
    one: Entry,
    client: Client | None,
    seen: date,
    report: Report,
) -> None:
    """Identify one number; ``known`` are the keys of works by DOI, and grows."""
    identifier = doi(one.get("DOI", ""))
    source = {"source_url": ADDRESS, "source_where": f"field reference, key {one['key']}, seen {seen}"}
    if not identifier:
        report.left.append(f"{number}: the list gives no DOI: {_shown(one)}")
        return
    if identifier not in known:
        record, why = None, "with a network the DOI's own record is asked"
        try:
            if one.get("article-title"):
                record = _record(one, seen)
            elif client:
                record = crossref.work(client, identifier)
        except UnknownRecordError as error:
            why = f"{error.service} has no such record"
        if not record:
            candidates = change.table("citation_candidates")
            if not ((candidates["seed_number"] == number) & (candidates["doi"].str.lower() == identifier)).any():
                change.add_row("citation_candidates", {"seed_number": number, "doi": identifier, **source})
            report.left.append(f"{number}: {identifier} is noted as candidate; the list gives no title; {why}")
            return
        known[identifier] = add.write_entry(change, record)
        row = add.study_row(change, record, known[identifier])
        change.add_row("studies", row | {"kind": row["kind"] or "unknown", "read": "title only"})
    key = known[identifier]
    cells = {"study_id": key, "match": "exact", "agreement": AGREEMENT, **source}
    change.set_cells("citations", "seed_number", number, cells)
    for table in ("findings", "corrections"):
        change.set_cells(table, "seed_number", number, {"study_id": key}, only_empty=True)
    report.filled.append(f"{number}: {key} ({identifier})")


def _record(one: Entry, seen: date) -> Record:
    """Return what the list itself says; it names the first author alone, as “AF Arnsten” or “Arnsten”."""
    words = one.get("author", "").split()
    initials = [word for word in words if word.isupper() and len(word) <= 3]
    surname = " ".join(word for word in words if word not in initials) or " ".join(words)
    names = (person(surname, " ".join(initials)), "others" if surname else "")
    return record_of("article", one["article-title"], CROSSREF.name, names, filled(FIELDS, one), retrieved=seen)


def _shown(one: Entry) -> str:
    parts = (one.get(name, "") for name in ("author", "year", "article-title", "unstructured", "DOI"))
    return shorten(", ".join(filter(None, parts)) or "nothing", 140)
