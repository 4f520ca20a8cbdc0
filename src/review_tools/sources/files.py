"""A record from a file that somebody saved: BibTeX, RIS, PubMed's export, CSL-JSON, JSON of Crossref or a registry."""

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import bibtexparser
import rispy
from bibtexparser.middlewares import NormalizeFieldKeys
from bibtexparser.middlewares.names import parse_single_name_into_parts
from bibtexparser.model import DuplicateFieldKeyBlock, Entry, ParsingFailedBlock
from pylatexenc.latex2text import LatexNodes2Text  # bibtexparser's own decoder

from review_tools.data.bibliography import is_group, names_of, swallowed
from review_tools.data.problems import DataError
from review_tools.sources import clinicaltrials, crossref
from review_tools.sources.http import LIMIT
from review_tools.sources.records import YEAR, Record, RecordError, doi, pages, plain, title

BIBTEX = {"article": "article", "incollection": "chapter", "inbook": "chapter", "book": "book"}
RIS = {"JOUR": "article", "CHAP": "chapter", "BOOK": "book", "CONF": "abstract"}
MONTHS = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}  # macros of every style
INITIALS = re.compile(r"([^,]+) ([A-Z]{1,3})$")  # “Doe J”, as PubMed and Vancouver style write a name


def read(path: Path, wanted: str = "") -> Record:
    """Return the record of a file that has the wanted DOI or PubMed number, or the only one there, of whatever number.

    Raises:
        DataError: no such file, too large, not of a known form, no such record in it, or several.
    """
    readers: dict[str, tuple[Callable[[str], list[Any]], Callable[[Any, date], Record]]] = {
        ".bib": (_entries, _bibtex),
        ".ris": (rispy.loads, _ris),
        ".nbib": (_medline, _pubmed),
        ".json": (_objects, _json),
    }
    try:
        if path.suffix.lower() not in readers:
            raise RecordError("the form is not known by the file's ending")
        parse, record = readers[path.suffix.lower()]
        text, seen = text_of(path)
        return record(_asked(parse(text), wanted), seen)
    except (RecordError, ValueError, RecursionError, KeyError, TypeError) as error:
        why = str(error) if isinstance(error, RecordError) else f"cannot be read ({plain(str(error))[:120]})"
        raise DataError(f"{path}: {why} → save the record as {FORMS}, UTF-8.") from error


FORMS = ".bib (BibTeX), .ris (RIS), .nbib (PubMed) or .json (CSL-JSON, Crossref's or the registry's JSON)"


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


def _asked(found: list[Any], wanted: str) -> Any:
    """Return the only record, or that which names the wanted number anywhere."""
    if len(found) == 1:
        return found[0]
    pattern = re.compile(rf"(?<![\w./]){re.escape(wanted)}(?![\w/])", re.IGNORECASE)
    named = [one for one in found if wanted and pattern.search(one.raw if isinstance(one, Entry) else str(one))]
    if len(named) != 1:
        which = f"{len(named) or 'none'} of them with {wanted}" if wanted else "where one is wanted"
        raise RecordError(f"holds {len(found) or 'no'} records, {which}")
    return named[0]


def _entries(text: str) -> list[Any]:
    library = bibtexparser.parse_string(text, append_middleware=[NormalizeFieldKeys()])
    for block in library.failed_blocks:
        if isinstance(block, DuplicateFieldKeyBlock):
            fields = " and ".join(sorted(block.duplicate_keys))
            raise RecordError(f"the field {fields} stands twice in one entry: keep one of them")
        if isinstance(block, ParsingFailedBlock) and not library.entries:
            raise RecordError("an entry cannot be read, often because a brace or comma is missing")
    return list(library.entries)


def _bibtex(entry: Entry, seen: date) -> Record:
    raw = {field.key: str(field.value) for field in entry.fields}
    for field in entry.fields:
        if after := swallowed(raw[field.key]):
            raise RecordError(f"a comma is missing at the end of {field.key}, before {after}")
        macro = field.enclosing == "no-enclosing" and not raw[field.key].isdecimal()
        if macro and raw[field.key].lower() not in MONTHS:
            raise RecordError(f"{field.key} is the abbreviation {raw[field.key]}, which the file does not define")
    fields = {name: _plain_tex(value) for name, value in raw.items()}
    names = ("volume", "number", "pages", "doi", "pmid", "url", "abstract")
    return _record(
        "a BibTeX file",
        seen,
        BIBTEX.get(entry.entry_type.lower(), "other"),
        ": ".join(filter(None, (fields.get("title", ""), fields.get("subtitle", "")))),
        [_name(name) for name in names_of(raw.get("author", "")) if name != "others"],
        fields.get("year") or fields.get("date", ""),
        journal=fields.get("journal") or fields.get("journaltitle") or fields.get("booktitle", ""),
        **{name: fields.get(name, "") for name in names},
    )


def _ris(found: Mapping[str, Any], seen: date) -> Record:
    return _record(
        "a RIS file",
        seen,
        RIS.get(found.get("type_of_reference", ""), "other"),
        found.get("title") or found.get("primary_title", ""),
        [INITIALS.sub(r"\1, \2", name) for name in found.get("authors") or found.get("first_authors") or []],
        found.get("year") or found.get("publication_year") or found.get("date", ""),
        journal=found.get("journal_name") or found.get("secondary_title") or found.get("alternate_title3", ""),
        pages="-".join(filter(None, (found.get("start_page"), found.get("end_page")))),
        url=(found.get("urls") or [""])[0],
        **{name: found.get(name, "") for name in ("volume", "number", "doi", "abstract")},
    )


def _medline(text: str) -> list[dict[str, list[str]]]:
    """Return the records of PubMed's export: tag, hyphen and value a line, continued on indented lines."""
    found: list[dict[str, list[str]]] = []
    for line in re.sub(r"\r?\n {6}", " ", text).splitlines():
        tag, hyphen, value = line[:4].strip(), line[4:6], line[6:].strip()
        if tag == "PMID":
            found.append({})
        if hyphen == "- " and found:
            found[-1].setdefault(tag, []).append(value)
    return found


def _pubmed(found: dict[str, list[str]], seen: date) -> Record:
    first = {tag: values[0] for tag, values in found.items()}
    numbers = [
        value.removesuffix(" [doi]") for tag in ("LID", "AID") for value in found.get(tag, []) if "[doi]" in value
    ]
    record = _record(
        "PubMed file",
        seen,
        "article",
        first.get("TI", ""),
        [*found.get("FAU", []), *found.get("CN", [])],
        first.get("DP", ""),
        journal=first.get("JT") or first.get("TA", ""),
        volume=first.get("VI", ""),
        number=first.get("IP", ""),
        pages=first.get("PG", ""),
        pmid=first["PMID"],
        doi=next(iter(numbers), "").removesuffix(" [doi]"),
        abstract=first.get("AB", ""),
    )
    return replace(record, types=tuple(found.get("PT", [])))


def _objects(text: str) -> list[Any]:
    found = json.loads(text)
    return found if isinstance(found, list) else [found]


def _json(found: Any, seen: date) -> Record:
    if not isinstance(found, dict):
        raise RecordError("holds no record")
    if "protocolSection" in found:
        return replace(clinicaltrials.record(found), retrieved=seen)
    found = found.get("message", found)
    record = crossref.record(found)
    return replace(record, source="a CSL-JSON file", retrieved=seen, url=plain(found.get("URL")))


def _record(source: str, seen: date, kind: str, name: str, authors: list[str], year: str, **said: str) -> Record:
    shown, found = title(name), YEAR.search(plain(year))
    if not shown:
        raise RecordError("the record has no title")
    rest: dict[str, Any] = {field: plain(value) for field, value in said.items()}
    rest |= {"doi": doi(rest["doi"]), "pages": pages(rest["pages"]), "year": found[0] if found else ""}
    rest["authors"] = tuple(filter(None, map(plain, authors)))
    return Record(kind, shown, source, seen, **rest)


def _name(name: str) -> str:
    """Return “Last, First” from either order, by BibTeX's rules for particles and suffixes; a group's name as it is."""
    if is_group(name):
        return _plain_tex(name)
    parts = parse_single_name_into_parts(name, strict=False)
    last, suffix, first = (" ".join(one) for one in (parts.von + parts.last, parts.jr, parts.first))
    return _plain_tex(", ".join(filter(None, (last, suffix, first))))


def _plain_tex(text: str) -> str:
    """Return TeX as plain text; a sign that an export left as it was means itself."""
    kept = re.sub(r"(?<!\\)([%&#])", r"\\\1", html.unescape(text))
    shown: str = LatexNodes2Text().latex_to_text(re.sub(r"\\url\{([^}]*)\}", r"\1", kept))
    return shown.replace("\xa0", " ")
