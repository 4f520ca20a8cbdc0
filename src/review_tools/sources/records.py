"""Records of all services in one form. Text is plain: no tags, no entities, no line breaks."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

# Markup that services put into titles and abstracts; any other sign of less or greater is the author's.
MARKUP = r"[abiup]|br|em|strong|sub|sup|sc|span|tt|scp|inline-formula|script|style|img|math|(?:jats|mml):[\w-]+"
TAG = re.compile(rf"</?(?:{MARKUP})\b[^<>]*>|<!--.*?-->")
DOI = re.compile(r"10\.\d{4,9}/\S+")
PMID = re.compile(r"[1-9]\d{0,8}")
NCT = re.compile(r"NCT\d{8}")
YEAR = re.compile(r"(?:19|20)\d\d")
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
    authors: tuple[str, ...] = ()  # “Last, First”; a group's name as it stands
    year: str = ""
    journal: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    abstract: str = ""
    types: tuple[str, ...] = ()  # publication types in the service's words
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
    """Return a name as “Last, First”, or what there is of it."""
    return f"{last}, {first}" if last and first else last or group or first


def plain(value: object) -> str:
    """Return a service's text as plain text on one line.

    Tags are removed, entities resolved (some deposits escape twice), control and formatting characters dropped.
    """
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    text = str(value)
    for _ in range(3):
        text = html.unescape(text)
    text = unicodedata.normalize("NFC", TAG.sub("", text))
    text = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(text.split())


def doi(text: str) -> str:
    """Return a DOI alone and in lower case, from a DOI, ``doi:…`` or an address; empty when it is none."""
    text = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", text.strip(), flags=re.IGNORECASE)
    return text.lower() if DOI.fullmatch(text) else ""


def pages(first_to_last: str) -> str:
    """Return pages as ``107-114``; an abbreviated last page (``107-14``) is written out."""
    parts = re.split(r"\s*[-–—]+\s*", first_to_last.strip())
    if len(parts) == 2 and all(part.isdecimal() for part in parts) and len(parts[1]) < len(parts[0]):
        parts[1] = parts[0][: len(parts[0]) - len(parts[1])] + parts[1]
    return "-".join(part for part in parts if part)


def title(text: object) -> str:
    """Return a title without its closing full stop."""
    shown = plain(text) if isinstance(text, str) else ""
    return shown[:-1] if shown.endswith(".") and not shown.endswith("..") else shown
