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
PMID = re.compile(r"[1-9]\d{0,8}")
NCT = re.compile(r"NCT\d{8}")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
INITIALS = re.compile(r"([^,]+) (?!(?:II|III|IV)$)([A-Z]{1,3})")  # “Doe J”, as PubMed and Vancouver style write a name
SEVERAL = re.compile(r"^[^,]+, [^,]+ (?:and|&) [^,]+,", re.IGNORECASE)
GROUP = re.compile(r",.* and |, (?:Inc|Ltd|LLC|LLP|GmbH|Corp|AG|plc)\b\.?$", re.IGNORECASE)  # in spite of its comma
PUBMED_PAGE = r"https?://(?:pubmed\.ncbi\.nlm\.nih\.gov|(?:www\.)?ncbi\.nlm\.nih\.gov/pubmed|europepmc\.org/\w+/med)/"
REGISTRIES = [  # what an address or a spelling holds of a registry number, and the form of data/trials.csv
    (re.compile(pattern, re.IGNORECASE), form)
    for pattern, form in (
        (r"\bNCT\s?(\d{8})\b", "NCT{1}"),
        (r"clinicaltrialsregister\.eu/\S*?(\d{4}-\d{6}-\d{2})(?:/results)?$", "EUCTR{1}"),
        (r"clinicaltrialsregister\.eu/\S*?(\d{4}-\d{6}-\d{2})/([A-Z]{2})\b", "EUCTR{1}-{2}"),
        (r"euclinicaltrials\.eu/\S*?(\d{4}-\d{6}-\d{2}-\d{2})", "CTIS{1}"),
        (r"^eudract\D{0,12}(\d{4}-\d{6}-\d{2})$", "EUCTR{1}"),
        (r"\bChiCTR([A-Z0-9-]*\d{8,})", "ChiCTR{1}"),
        (r"\bIRCT(\d+)N(\d+)", "IRCT{1}N{2}"),
        (r"\bACTRN(\d{14})", "ACTRN{1}"),
        (r"\bKCT(\d{7})", "KCT{1}"),
        (r"\bUMIN(\d{9})", "JPRN-UMIN{1}"),
        (r"\bjRCT(\w?\d{9,10})", "JPRN-jRCT{1}"),
    )
]
BY_HAND = "look at the record itself, and enter by hand what it says (see CONTRIBUTING.md)"
SYNONYMS = {"corrigendum": "correction", "erratum": "correction", "removal": "withdrawal"}  # of kinds of notices


@dataclass(frozen=True, slots=True)
class Notice:
    """Something published later about a work: a correction, an expression of concern, a retraction."""

    kind: str  # correction, expression of concern, retraction, withdrawal, … in the service's word
    doi: str = ""
    pmid: str = ""
    date: str = ""  # YYYY, YYYY-MM or YYYY-MM-DD

    @property
    def term(self) -> str:
        """The kind in the vocabulary's word, where it has one."""
        return SYNONYMS.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Record:
    """One published work or one registered trial. What the record does not show is an empty string."""

    kind: str  # article, preprint, chapter, book, abstract, other; registration: a trial in a registry
    title: str
    source: str  # name of the service or form of the file
    retrieved: date = field(default_factory=lambda: datetime.now(UTC).date())
    url: str = ""  # an address that a file names
    record_id: str = ""  # the service's own number, for a candidate
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    trial_id: str = ""
    authors: tuple[str, ...] = ()  # “Last, First”; a group's name as it stands, in braces if it holds a comma
    year: str = ""
    journal: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    abstract: str = ""
    types: tuple[str, ...] = ()  # publication types in the service's words
    unread: tuple[str, ...] = ()  # fields of a file that do not enter
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


def from_file(source: str, seen: date, kind: str, name: str, authors: Iterable[str], said: Mapping[str, str]) -> Record:
    """Return the record of a file from its raw values; ``said`` holds the other fields by their name.

    Raises:
        RecordError: no title, a year that is none, or several values or names where one belongs.
    """
    if not (shown := title(name)):
        raise RecordError("the record has no title")
    rest: dict[str, Any] = {field: plain(value) for field, value in said.items()}
    rest |= {"doi": doi(rest["doi"]), "pages": pages(rest["pages"]), "year": year(rest["year"])}
    rest["unread"] = tuple(field for field in said if said[field] and not rest[field])
    return Record(kind, shown, source, seen, authors=tuple(filter(None, map(author, authors))), **rest)


def filled(fields: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Return each field from the first of its names in a file that holds something."""
    return {field: next(filter(None, map(found.get, names.split())), "") for field, names in fields.items()}


def author(name: str) -> str:
    """Return “Last, First” from “Last F” too, “others” for “et al.”, and the name of a group as it is.

    A group stands in braces (BibTeX), or with a comma at its end (RIS).

    Raises:
        RecordError: these are several.
    """
    said, name = plain(name), plain(name).rstrip(",; ")
    parts, group = [part.strip() for part in name.split(",")], name.startswith("{")
    group = group or (said.endswith(",") and len(parts) == 1)
    crowded = ";" in name or len(parts) > 3 or (len(parts) > 1 and all(map(INITIALS.fullmatch, parts)))
    if SEVERAL.search(name) or (crowded and not group):
        raise RecordError(f"the author {shorten(name)!r} may be several → part names as this form of file does")
    if group or GROUP.search(name):
        return person("", "", name.strip("{}"))
    if name.casefold().rstrip(".") in ("et al", "others"):
        return "others"
    return INITIALS.sub(r"\1, \2", name) if INITIALS.fullmatch(name) else name


def year(text: str) -> str:
    """Return the first year of a date; empty where it holds no number. Raises RecordError for another number."""
    found = YEAR.search(text)
    if not found and re.search(r"\d", text):
        raise RecordError(f"the date {shorten(text)!r} holds no year of four digits → correct it")
    return found[0] if found else ""


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


def today() -> date:
    """Return the day that it is all over the world."""
    return datetime.now(UTC).date()


def at(value: Any, *path: str) -> Any:
    """Return what stands at a path of keys; None where anything on the way is missing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def person(last: str, first: str, group: str = "") -> str:
    """Return a name as “Last, First”, or what there is of it; a group's name with a comma stands in braces."""
    alone = last or group or first
    return f"{last}, {first}" if last and first else f"{{{alone}}}" if "," in alone and alone == group else alone


def plain(value: object) -> str:
    """Return a service's text as plain text on one line.

    Tags are removed, entities resolved (some deposits escape twice), control and formatting characters dropped.
    """
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    text = str(value)
    for _ in range(3):
        text = html.unescape(text)
    text = SUPERSCRIPT.sub(lambda match: raised(match[1]), text)
    text = unicodedata.normalize("NFC", TAG.sub("", text))
    text = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(text.split())


def raised(text: str) -> str:
    """Return a superscript: raised where it holds a number (10⁶), for else it would be another; CD4+ stays."""
    return text.translate(RAISED) if re.search(r"\d", text) else text


def doi(text: str) -> str:
    """Return a DOI alone and in lower case, from a DOI, ``doi:…`` or an address; empty when it is none."""
    alone = re.sub(r"^(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi:\s*)+", "", text.strip(), flags=re.IGNORECASE)
    alone = (unquote(alone) if "%2f" in alone.lower() else alone).rstrip(".,; ")
    return alone.lower() if DOI.fullmatch(alone) else ""


def pmid(text: str) -> str:
    """Return a PubMed number, from ``PMID: …`` or an address too; empty when it is none."""
    found = re.fullmatch(rf"(?:{PUBMED_PAGE}|pmid:?\s*)?({PMID.pattern})/?(?:[?#].*)?", text.strip(), re.IGNORECASE)
    return found[1] if found else ""


def pmcid(text: str) -> str:
    """Return the number that PubMed Central has given, from an address too; empty when there is none."""
    found = re.fullmatch(r"(?:https?://\S+/|pmcid:?\s*)?(PMC\d+)(?:[/?#.]\S*)?", text.strip(), re.IGNORECASE)
    return found[1].upper() if found else ""


def trial_id(text: str) -> str:
    """Return a registry number as ``data/trials.csv`` writes it, from an address too; else the text as it is."""
    found = ((form, pattern.search(text)) for pattern, form in REGISTRIES)
    return next((form.format(match[0], *match.groups()) for form, match in found if match), text.strip())


def identified(text: str) -> tuple[str, str]:
    """Return the number that a text or address holds and its kind; both empty where it holds none.

    The kinds are doi, short (a DOI that stands for another), pmid, pmcid, nct and trial (of another registry).
    """
    text = text.strip()
    trial = next((trial_id(text) for pattern, _ in REGISTRIES if pattern.search(text)), "")
    short = re.fullmatch(r"(?:https?://)?(?:doi\.org/)?(10/\w+)", text, re.IGNORECASE)
    found = {"doi": doi(text), "short": short[1] if short else "", "pmcid": pmcid(text), "pmid": pmid(text)}
    found |= {"nct" if NCT.fullmatch(trial) else "trial": trial}
    return next(((kind, number) for kind, number in found.items() if number), ("", ""))


def pages(first_to_last: str) -> str:
    """Return pages as ``107-114``; an abbreviated last page (``107-14``) is written out."""
    parts = list(dict.fromkeys(re.split(r"\s*[-–—]+\s*", first_to_last.strip())))
    if len(parts) == 2 and all(part.isdecimal() for part in parts) and len(parts[1]) < len(parts[0]):
        parts[1] = parts[0][: len(parts[0]) - len(parts[1])] + parts[1]
    return "-".join(part for part in parts if part)


def title(text: object) -> str:
    """Return a title without its closing full stop."""
    return re.sub(r"(?<!\.)(?<!\.[A-Z])\.$", "", plain(text)) if isinstance(text, str) else ""
