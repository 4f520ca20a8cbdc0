"""A record from a file that somebody saved: BibTeX, RIS, CSL-JSON, Crossref's or the registry's JSON."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import bibtexparser
import rispy
from bibtexparser.middlewares import NormalizeFieldKeys
from pylatexenc.latex2text import LatexNodes2Text  # bibtexparser's own decoder

from review_tools.data.problems import DataError
from review_tools.sources import clinicaltrials, crossref, records
from review_tools.sources.http import LIMIT
from review_tools.sources.records import YEAR, Record, RecordError, TrialRecord, doi, pages, plain

FORMS = ".bib (BibTeX), .ris (RIS) or .json (CSL-JSON, Crossref's or the registry's JSON)"
BIBTEX = {"article": "article", "incollection": "chapter", "inbook": "chapter", "book": "book"}
RIS = {"JOUR": "article", "CHAP": "chapter", "BOOK": "book", "CONF": "abstract"}


def read(path: Path) -> Record | TrialRecord:
    """The one record in a file.

    Raises:
        DataError: no such file, too large, not of a known form, no record or several.
    """
    readers = {".bib": _bibtex, ".ris": _ris, ".json": _json}
    reader = readers.get(path.suffix.lower())
    try:
        if reader is None:
            raise RecordError("the form is not known by the file's ending")
        if path.stat().st_size > LIMIT:
            raise RecordError(f"larger than {LIMIT // 1_000_000} MB")
        seen = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        return reader(path.read_text(encoding="utf-8-sig"), seen)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}) → check the name.") from error
    except (RecordError, ValueError, RecursionError, KeyError, TypeError) as error:
        why = str(error) if isinstance(error, RecordError) else f"cannot be read ({plain(str(error))[:120]})"
        raise DataError(f"{path}: {why} → save one record as {FORMS}, UTF-8.") from error


def crossref_message(path: Path, identifier: str) -> tuple[dict[str, Any], date]:
    """Crossref's own record of one DOI, as saved from its address, and when it was saved. Raises as ``read`` does."""
    try:
        if path.stat().st_size > LIMIT:
            raise RecordError(f"larger than {LIMIT // 1_000_000} MB")
        found = json.loads(path.read_text(encoding="utf-8-sig"))
        found = found.get("message", found) if isinstance(found, dict) else {}
        if doi(str(found.get("DOI", ""))) != identifier:
            raise RecordError(f"not the record of {identifier}")
        return found, datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}) → check the name.") from error
    except (RecordError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: {error} → save https://api.crossref.org/works/{identifier} as .json.") from error


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
    fields = {name: LatexNodes2Text().latex_to_text(value) for name, value in raw.items()}
    names = [_name(name) for name in _split(raw.get("author", "")) if name not in ("", "others")]
    return _record(
        "BibTeX file",
        seen,
        kind=BIBTEX.get(found.entry_type.lower(), "other"),
        title=fields.get("title", ""),
        authors=names,
        year=fields.get("year") or fields.get("date", ""),
        journal=fields.get("journal") or fields.get("journaltitle") or fields.get("booktitle", ""),
        volume=fields.get("volume", ""),
        number=fields.get("number", ""),
        pages=fields.get("pages", ""),
        doi=fields.get("doi", ""),
        pmid=fields.get("pmid", ""),
        url=fields.get("url", ""),
    )


def _ris(text: str, seen: date) -> Record:
    found = _one(rispy.loads(text))
    first, last = found.get("start_page", ""), found.get("end_page", "")
    return _record(
        "RIS file",
        seen,
        kind=RIS.get(found.get("type_of_reference", ""), "other"),
        title=found.get("title") or found.get("primary_title", ""),
        authors=[_name(name) for name in found.get("authors") or found.get("first_authors") or []],
        year=found.get("year") or found.get("publication_year") or found.get("date", ""),
        journal=found.get("journal_name") or found.get("secondary_title") or found.get("alternate_title3", ""),
        volume=found.get("volume", ""),
        number=found.get("number", ""),
        pages=f"{first}-{last}" if first and last else first,
        doi=found.get("doi", ""),
        abstract=found.get("abstract", ""),
        url=(found.get("urls") or [""])[0],
    )


def _json(text: str, seen: date) -> Record | TrialRecord:
    found = json.loads(text)
    found = _one(found) if isinstance(found, list) else found
    if not isinstance(found, dict):
        raise RecordError("holds no record")
    if "protocolSection" in found:
        return clinicaltrials.record(found, "", seen)
    found = found.get("message", found)
    return crossref.record(found, "CSL-JSON file", plain(found.get("URL")), seen)


def _record(source: str, seen: date, title: str, authors: list[str], year: str, **said: str) -> Record:
    shown, found = records.title(title), YEAR.search(plain(year))
    if not shown:
        raise RecordError("the record has no title")
    rest: dict[str, Any] = {name: plain(value) for name, value in said.items()}
    rest |= {
        "doi": doi(rest["doi"]),
        "pages": pages(rest["pages"]),
        "authors": tuple(filter(None, map(plain, authors))),
    }
    return Record(title=shown, year=found[0] if found else "", source=source, retrieved=seen, **rest)


def _split(authors: str) -> list[str]:
    """Names of a BibTeX author field: parted by “and” outside braces."""
    names, depth = [""], 0
    for piece in re.split(r"([{}]|\s+and\s+)", authors):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if piece.strip() == "and" and depth == 0:
            names.append("")
        else:
            names[-1] += piece
    return [name.strip() for name in names]


def _name(name: str) -> str:
    """“Last, First” from either order; a name in braces is a group's."""
    name = name.strip()
    if name.startswith("{") and name.endswith("}"):
        return name.strip("{}")
    name = LatexNodes2Text().latex_to_text(name)
    if "," in name or " " not in name:
        return name
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}"
