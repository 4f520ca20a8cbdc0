"""A record from a file that somebody saved: BibTeX, RIS, CSL-JSON, Crossref's or the registry's JSON."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import bibtexparser
import rispy
from bibtexparser.middlewares import NormalizeFieldKeys
from pylatexenc.latex2text import LatexNodes2Text  # bibtexparser's own decoder

from review_tools.data.bibliography import names_of
from review_tools.data.problems import DataError
from review_tools.sources import clinicaltrials, crossref
from review_tools.sources.http import LIMIT
from review_tools.sources.records import YEAR, Record, RecordError, doi, pages, plain, title

FORMS = ".bib (BibTeX), .ris (RIS) or .json (CSL-JSON, Crossref's or the registry's JSON)"
BIBTEX = {"article": "article", "incollection": "chapter", "inbook": "chapter", "book": "book"}
RIS = {"JOUR": "article", "CHAP": "chapter", "BOOK": "book", "CONF": "abstract"}


def read(path: Path) -> Record:
    """Return the one record in a file.

    Raises:
        DataError: no such file, too large, not of a known form, no record or several.
    """
    readers = {".bib": _bibtex, ".ris": _ris, ".json": _json}
    try:
        if path.suffix.lower() not in readers:
            raise RecordError("the form is not known by the file's ending")
        return readers[path.suffix.lower()](*text_of(path))
    except (RecordError, ValueError, RecursionError, KeyError, TypeError) as error:
        why = str(error) if isinstance(error, RecordError) else f"cannot be read ({plain(str(error))[:120]})"
        raise DataError(f"{path}: {why} → save one record as {FORMS}, UTF-8.") from error


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


def _one(found: list[Any]) -> Any:
    if len(found) != 1:
        raise RecordError(f"holds {len(found) or 'no'} records where one is wanted")
    return found[0]


def _bibtex(text: str, seen: date) -> Record:
    library = bibtexparser.parse_string(text, append_middleware=[NormalizeFieldKeys()])
    if library.failed_blocks:
        raise RecordError("an entry cannot be read, often because a brace or comma is missing")
    found = _one(library.entries)
    raw = {field.key: str(field.value) for field in found.fields}
    fields = {name: _plain_tex(value) for name, value in raw.items()}
    names = ("volume", "number", "pages", "doi", "pmid", "url")
    return _record(
        "BibTeX file",
        seen,
        BIBTEX.get(found.entry_type.lower(), "other"),
        fields.get("title", ""),
        [_name(name) for name in names_of(raw.get("author", "")) if name != "others"],
        fields.get("year") or fields.get("date", ""),
        journal=fields.get("journal") or fields.get("journaltitle") or fields.get("booktitle", ""),
        **{name: fields.get(name, "") for name in names},
    )


def _ris(text: str, seen: date) -> Record:
    found = _one(rispy.loads(text))
    return _record(
        "RIS file",
        seen,
        RIS.get(found.get("type_of_reference", ""), "other"),
        found.get("title") or found.get("primary_title", ""),
        [_name(name) for name in found.get("authors") or found.get("first_authors") or []],
        found.get("year") or found.get("publication_year") or found.get("date", ""),
        journal=found.get("journal_name") or found.get("secondary_title") or found.get("alternate_title3", ""),
        pages="-".join(filter(None, (found.get("start_page"), found.get("end_page")))),
        url=(found.get("urls") or [""])[0],
        **{name: found.get(name, "") for name in ("volume", "number", "doi", "abstract")},
    )


def _json(text: str, seen: date) -> Record:
    found = json.loads(text)
    found = _one(found) if isinstance(found, list) else found
    if not isinstance(found, dict):
        raise RecordError("holds no record")
    if "protocolSection" in found:
        return replace(clinicaltrials.record(found), retrieved=seen)
    found = found.get("message", found)
    record = crossref.record(found)
    return replace(record, source="CSL-JSON file", retrieved=seen, url=plain(found.get("URL")))


def _record(source: str, seen: date, kind: str, name: str, authors: list[str], year: str, **said: str) -> Record:
    shown, found = title(name), YEAR.search(plain(year))
    if not shown:
        raise RecordError("the record has no title")
    rest: dict[str, Any] = {field: plain(value) for field, value in said.items()}
    rest |= {"doi": doi(rest["doi"]), "pages": pages(rest["pages"]), "year": found[0] if found else ""}
    rest["authors"] = tuple(filter(None, map(plain, authors)))
    return Record(kind, shown, source, seen, **rest)


def _name(name: str) -> str:
    """Return “Last, First” from either order; a name in braces is a group's."""
    name = name.strip()
    if name.startswith("{") and name.endswith("}"):
        return name.strip("{}")
    name = _plain_tex(name)
    if "," in name or " " not in name:
        return name
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}"


def _plain_tex(text: str) -> str:
    shown: str = LatexNodes2Text().latex_to_text(text)
    return shown
