"""Records of all services in one form. Text is plain: no tags, no entities, no line breaks."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote

from review_tools.data.problems import shorten

# Markup that services put into titles and abstracts; any other sign of less or greater is the author's.
MARKUP = r"[abiup]|br|em|strong|sub|sup|sc|span|tt|scp|inline-formula|script|style|img|math|(?:jats|mml):[\w-]+"
TAG = re.compile(rf"</?(?:{MARKUP})\b[^<>]*>|<!--.*?-->")
SUPERSCRIPT = re.compile(r"<sup>([^<>]*)</sup>", re.IGNORECASE)
RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
DOI = re.compile(r"10\.\d{4,9}/\S+")
NCT = re.compile(r"NCT\d{8}")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
INITIALS = re.compile(r"([^,]+) (?!(?:II|III|IV)$)([A-Z]{1,3})")  # “Doe J”, as PubMed and Vancouver style write a name
SUFFIX = re.compile(r"^([^,]+), (.+?),? (Jr\.?|Sr\.?|2nd|3rd|4th|II|III|IV)$")  # at the end, as PubMed and RIS write it
SEVERAL = re.compile(r"^[^,]+, [^,]+ (?:and|&) [^,]+,", re.IGNORECASE)
GROUP = re.compile(r",.* and |, (?:Inc|Ltd|LLC|LLP|GmbH|Corp|AG|plc)\b\.?$", re.IGNORECASE)  # in spite of its comma
PUBMED_PAGE = r"https?://(?:pubmed\.ncbi\.nlm\.nih\.gov|(?:www\.)?ncbi\.nlm\.nih\.gov/pubmed|europepmc\.org/\w+/med)/"
NUMBERS = [  # kind of a number, what an address or a spelling of one looks like, and the form of the data
    (kind, re.compile(pattern, re.IGNORECASE), form)
    for kind, pattern, form in (
        ("short", r"^(?:https?://)?(?:doi\.org/)?(10/\w+)$", "{}"),
        ("pmcid", r"^(?:https?://\S+/|pmcid:?\s*)?PMC(\d+)(?:[/?#.]\S*)?$", "PMC{}"),
        ("pmid", rf"^(?:{PUBMED_PAGE}|pmid:?\s*)?([1-9]\d{{0,8}})/?(?:[?#].*)?$", "{}"),
        ("nct", r"\bNCT\s?(\d{8})\b", "NCT{}"),
        ("trial", r"clinicaltrialsregister\.eu/\S*?(\d{4}-\d{6}-\d{2})(?:/results)?$", "EUCTR{}"),
        ("trial", r"clinicaltrialsregister\.eu/\S*?(\d{4}-\d{6}-\d{2})/([A-Z]{2})\b", "EUCTR{}-{}"),
        ("trial", r"euclinicaltrials\.eu/\S*?(\d{4}-\d{6}-\d{2}-\d{2})", "CTIS{}"),
        ("trial", r"^eudract\D{0,12}(\d{4}-\d{6}-\d{2})$", "EUCTR{}"),
        ("trial", r"\bChiCTR([A-Z0-9-]*\d{8,})", "ChiCTR{}"),
        ("trial", r"\bIRCT(\d+)N(\d+)", "IRCT{}N{}"),
        ("trial", r"\bACTRN(\d{14})", "ACTRN{}"),
        ("trial", r"\bKCT(\d{7})", "KCT{}"),
        ("trial", r"\bUMIN(\d{9})", "JPRN-UMIN{}"),
        ("trial", r"\bjRCT(\w?\d{9,10})", "JPRN-jRCT{}"),
    )
]
BY_HAND = "look at the record itself, and enter by hand what it says (see CONTRIBUTING.md)"


def today() -> date:
    """Return the day that it is all over the world."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something published later about a work: a correction, an expression of concern, a retraction."""

    kind: str  # in the vocabulary's word where it has one: correction, retraction, …
    doi: str = ""
    pmid: str = ""
    date: str = ""  # YYYY, YYYY-MM or YYYY-MM-DD


@dataclass(frozen=True, slots=True)
class Record:
    """One published work or one registered trial. What the record does not show is an empty string."""

    kind: str  # article, preprint, chapter, book, abstract, other; registration: a trial in a registry
    title: str
    source: str  # name of the service or form of the file
    retrieved: date = field(default_factory=today)
    url: str = ""  # an address that a file names
    record_id: str = ""  # the service's own number, for a candidate
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    trial_id: str = ""
    authors: tuple[str, ...] = ()  # “Last, First”; the name of a group in braces
    year: str = ""
    journal: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    abstract: str = ""
    types: tuple[str, ...] = ()  # publication types in the service's words
    unread: tuple[str, ...] = ()  # fields that do not enter
    notices: tuple[Notice, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)  # of a registration: values for ``data/trials.csv``


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search. ``total`` is what the service announces, None where only the first page says it."""

    total: int | None
    records: list[Record]
    broken: int = 0  # records that cannot be read
    cursor: str = ""  # of the next page; empty after the last


class RecordError(ValueError):
    """A record cannot be read: what is missing or of the wrong kind."""


def record_of(
    kind: str, name: object, source: str, authors: Iterable[str], said: Mapping[str, str], **more: Any
) -> Record:
    """Return a record from its values by field as ``filled`` gives them; those that cannot be used are ``unread``.

    Raises:
        RecordError: no title.
    """
    if not (shown := title(name)):
        raise RecordError("the record has no title")
    forms: dict[str, Callable[[str], str]] = {"doi": doi, "pages": pages, "year": year}
    held: dict[str, Any] = {field: forms.get(field, str)(value) for field, value in said.items()}
    more["unread"] = (*(field for field in said if said[field] and not held[field]), *more.get("unread", ()))
    return Record(kind, shown, source, authors=tuple(filter(None, authors)), **held, **more)


def filled(fields: Mapping[str, str], found: Mapping[str, Any]) -> dict[str, str]:
    """Return each field as plain text, from the first of its names that holds something."""
    held = {name: plain(first(value)) for name, value in found.items()}
    return {field: next(filter(None, map(held.get, names.split())), "") for field, names in fields.items()}


def first(value: Any) -> Any:
    """Return the first of a list; what is no list, as it is."""
    return value[0] if isinstance(value, list) and value else value


def author(name: str) -> str:
    """Return a file's name as “Last, First”, “others” for “et al.”, a group in braces. Raises RecordError: several.

    The file has a group in braces (BibTeX), or with a comma at its end (RIS).
    """
    said, name = plain(name), SUFFIX.sub(r"\1, \3, \2", plain(name).rstrip(",; "))
    parts = [part.strip() for part in name.split(",")]
    group = name.startswith("{") or (said.endswith(",") and len(parts) == 1)
    crowded = ";" in name or len(parts) > 3 or (len(parts) > 1 and all(map(INITIALS.fullmatch, parts)))
    if SEVERAL.search(name) or (crowded and not group):
        raise RecordError(f"the author {shorten(name)!r} may be several → part names as this form of file does")
    if group or GROUP.search(name):
        return f"{{{name.strip('{}')}}}"
    if name.casefold().rstrip(".") in ("et al", "others"):
        return "others"
    return INITIALS.sub(r"\1, \2", name) if INITIALS.fullmatch(name) else name


def year(text: str) -> str:
    """Return the first year of a date; empty where there is none."""
    found = YEAR.search(text)
    return found[0] if found else ""


def check_year(text: str) -> None:
    """Raise RecordError where the date of a file holds a number and no year."""
    if not year(text) and re.search(r"\d", text):
        raise RecordError(f"the date {shorten(text)!r} holds no year of four digits → correct it")


def page_of(total: Any, listed: Iterable[Any], read: Callable[[Any], Record], cursor: object = "") -> Page:
    """Return a page with the records that can be read and have a number of their own.

    Raises:
        TypeError, ValueError: the total is no number, or nothing is listed.
    """
    records, broken = [], 0
    for one in listed:
        try:
            record = read(one)
        except (LookupError, AttributeError, TypeError, ValueError):  # half a record is of any shape
            record = None
        if record and record.record_id:
            records.append(record)
        else:
            broken += 1
    return Page(None if total is None else int(total), records, broken, plain(cursor))


def at(value: Any, path: str) -> Any:
    """Return what stands at a path of keys (``a.b``); None where anything on the way is missing."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text_at(value: Any, path: str) -> str:
    """Return the text at a path of keys, as plain text."""
    return plain(at(value, path))


def list_at(value: Any, path: str) -> list[Any]:
    """Return the list at a path of keys; empty where there is none."""
    found = at(value, path)
    return found if isinstance(found, list) else []


def person(last: str, first: str, group: str = "") -> str:
    """Return a name as “Last, First”, or what there is of it."""
    return f"{last}, {first}" if last and first else last or (group and f"{{{group}}}") or first


def plain(value: object) -> str:
    """Return a service's text as plain text on one line.

    Tags are removed, entities resolved (some deposits escape twice), control and formatting characters dropped.
    """
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    text = str(value)
    for _ in range(3):
        text = html.unescape(text)
    text = SUPERSCRIPT.sub(lambda match: superscript(match[1]), text)
    text = unicodedata.normalize("NFC", TAG.sub("", text))
    text = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(text.split())


def superscript(text: str) -> str:
    """Return a superscript as text: raised where it holds a number (10⁶ is not 106), else as it is (CD4+)."""
    return text.translate(RAISED) if re.search(r"\d", text) else text


def doi(text: str) -> str:
    """Return a DOI alone and in lower case, from a DOI, ``doi:…`` or an address; empty when it is none."""
    alone = re.sub(r"^(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi:\s*)+", "", text.strip(), flags=re.IGNORECASE)
    alone = (unquote(alone) if "%2f" in alone.lower() else alone).rstrip(".,; ")
    return alone.lower() if DOI.fullmatch(alone) else ""


def identified(text: str) -> tuple[str, str]:
    """Return the kind of the number that a text or address holds, and the number; both empty where it holds none.

    The kinds are doi, short (a DOI that stands for another), pmid, pmcid, nct and trial (of another registry).
    """
    if number := doi(text):
        return "doi", number
    found = ((kind, form, pattern.search(text.strip())) for kind, pattern, form in NUMBERS)
    return next(((kind, form.format(*match.groups())) for kind, form, match in found if match), ("", ""))


def trial_id(text: str) -> str:
    """Return a registry number as ``data/trials.csv`` writes it, from an address too; else the text as it is."""
    kind, number = identified(text)
    return number if kind in ("nct", "trial") else text.strip()


def pages(first_to_last: str) -> str:
    """Return pages as ``107-114``; an abbreviated last page (``107-14``) is written out."""
    parts = list(dict.fromkeys(re.split(r"\s*[-–—]+\s*", first_to_last.strip())))
    if len(parts) == 2 and all(part.isdecimal() for part in parts) and len(parts[1]) < len(parts[0]):
        parts[1] = parts[0][: len(parts[0]) - len(parts[1])] + parts[1]
    return "-".join(part for part in parts if part)


def title(text: object) -> str:
    """Return a title, the first of several, without its closing full stop."""
    return re.sub(r"(?<!\.)(?<!\.[A-Z])\.$", "", plain(first(text))) if isinstance(first(text), str) else ""
