"""A record from a file that somebody saved: BibTeX, RIS, PubMed's export, CSL-JSON, JSON of Crossref or a registry."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import rispy

from review_tools.data.problems import DataError
from review_tools.sources import bibtex, clinicaltrials, crossref, pubmed
from review_tools.sources.http import LIMIT
from review_tools.sources.records import Record, RecordError, author, check_year, doi, filled, plain, record_of

KINDS = {"CHAP": "chapter", "ECHAP": "chapter", "BOOK": "book", "EBOOK": "book"}
KINDS |= dict.fromkeys(("JOUR", "EJOUR", "JFULL", "MGZN", "INPR"), "article")
KINDS |= dict.fromkeys(("CONF", "CPAPER", "ABST"), "abstract")
FIELDS = {"title": "TI T1", "year": "PY Y1 DA", "journal": "JF T2 BT JO JA J2"}  # by their tags in RIS
FIELDS |= {"volume": "VL", "number": "IS", "start": "SP C7", "end": "EP", "url": "UR"}
READ = {"TY", "AU", "A1", "DO", "M3", "ER", *" ".join(FIELDS.values()).split()}
FORMS = ".bib (BibTeX), .ris (RIS), .nbib (PubMed) or .json (CSL-JSON, Crossref's or the registry's JSON)"


def read(path: Path, wanted: str = "") -> Record:
    """Return the record in a file: that of the wanted DOI or PubMed number, or the only one, whatever its number.

    Raises:
        DataError: no such file, too large, not of a known form, no such record in it, or several.
    """
    readers: dict[str, tuple[Callable[[str], list[Any]], Callable[[Any], Record]]] = {
        ".bib": (bibtex.entries, bibtex.record),
        ".ris": (_references, _ris),
        ".nbib": (pubmed.exported, pubmed.record_of_export),
        ".json": (objects, _json),
    }
    try:
        if path.suffix.lower() not in readers:
            raise RecordError("the form is not known by the file's ending")
        parse, record = readers[path.suffix.lower()]
        text, seen = text_of(path)
        found = _asked(parse(text), record, wanted)
        return replace(found, retrieved=seen, authors=tuple(filter(None, map(author, found.authors))))
    except (RecordError, ValueError, RecursionError, LookupError, TypeError) as error:
        why = str(error) if isinstance(error, RecordError) else f"cannot be read ({plain(str(error))[:120]})"
        raise DataError(f"{path}: {why}" + ("." if "→" in why else f" → save the record as {FORMS}, UTF-8.")) from error


def text_of(path: Path) -> tuple[str, date]:
    """Return the text of a file and the day it was saved.

    Raises:
        DataError: there is no such file.
        RecordError: it is too large.
        ValueError: it is not UTF-8.
    """
    try:
        if path.stat().st_size > LIMIT:
            raise RecordError(f"larger than {LIMIT // 1_000_000} MB")
        return path.read_text(encoding="utf-8-sig"), datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}) → check the name.") from error


def _asked(found: list[Any], record: Callable[[Any], Record], wanted: str) -> Record:
    """Return the only record, or that of the wanted number, or the only one that names it anywhere."""
    pattern = re.compile(rf"(?:(?<![\w./])|(?<=doi\.org/)){re.escape(wanted)}(?![\w/])", re.IGNORECASE)
    named = found
    if len(found) > 1:
        named = [
            one for one in found if wanted and pattern.search(re.sub(r"[\\{}]", "", str(getattr(one, "raw", one))))
        ]
    if len(named) > 1:
        records = [record(one) for one in named]
        own = [one for one in records if wanted in (one.doi, one.pmid, one.trial_id)]
        if len(own) == 1:
            return own[0]
    if len(named) != 1:
        which = f"{len(named) or 'none'} of them with {wanted}" if wanted else "where one is wanted"
        raise RecordError(f"holds {len(found) or 'no'} records, {which}")
    return record(named[0])


def _references(text: str) -> list[dict[str, list[str]]]:
    """Return the values of each tag of each reference; a tag with one space, or a missing end, is forgiven."""
    text = re.sub(r"(?m)^([A-Z][A-Z0-9]) {1,2}-(?: |$)", r"\1  - ", text)
    text = re.sub(r"(?m)^TY  - ", "ER  - \nTY  - ", text) + "\nER  - \n"
    tags = {tag: tag for tag in (*rispy.TAG_KEY_MAPPING, "BT")}
    found: list[dict[str, Any]] = rispy.loads(
        text, mapping=tags, enforce_list_tags=False, delimiter_tags_mapping={}, skip_unknown_tags=True
    )
    return [{tag: [value] if isinstance(value, str) else value for tag, value in one.items()} for one in found]


def _ris(found: dict[str, list[str]]) -> Record:
    for name, tags in FIELDS.items():
        values = next((found[tag] for tag in tags.split() if any(found.get(tag, []))), [])
        if len(set(values)) > 1 and name != "url":
            raise RecordError(f"{name} stands twice: {' | '.join(values)[:80]} → keep one of them")
    said = filled(FIELDS, found)
    check_year(said["year"])
    numbers = [*found.get("DO", ()), *found.get("M3", ()), *found.get("UR", ())]
    said["doi"] = next(filter(None, map(doi, numbers)), "")
    said["pages"] = "-".join(filter(None, (said.pop("start"), said.pop("end"))))
    kind, authors = KINDS.get(found["TY"][0], "other"), found.get("AU") or found.get("A1", [])
    unread = tuple(tag for tag in found if tag not in READ)
    return record_of(kind, said.pop("title"), "a RIS file", authors, said, unread=unread)


def objects(text: str) -> list[Any]:
    """Return the records in JSON: one, several, or an answer of Crossref that holds them."""
    found = json.loads(text)
    found = found.get("message", found) if isinstance(found, dict) else found
    found = found.get("items", found) if isinstance(found, dict) else found
    return found if isinstance(found, list) else [found]


def _json(found: Any) -> Record:
    if not isinstance(found, dict):
        raise RecordError("holds no record")
    if "protocolSection" in found:
        return clinicaltrials.record(found)
    made = crossref.record(found)
    unread = () if made.year or not re.search(r"\d", str(found.get("issued"))) else ("issued",)
    return replace(made, source="a CSL-JSON file", unread=(*made.unread, *unread))
