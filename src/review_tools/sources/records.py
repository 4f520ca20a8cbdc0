"""What a service's record says, in the review's own form. Text is plain: no tags, no entities, no line breaks."""

import html
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

TAG = re.compile(r"</?[A-Za-z!?][^<>]*>")
DOI = re.compile(r"10\.\d{4,9}/\S+")
PMID = re.compile(r"[1-9]\d{0,8}")
NCT = re.compile(r"NCT\d{8}")
YEAR = re.compile(r"(?:19|20)\d\d")
SYNONYMS = {"corrigendum": "correction", "erratum": "correction", "removal": "withdrawal"}  # of kinds of notices


@dataclass(frozen=True, slots=True)
class Notice:
    """Something published later about a work: a correction, an expression of concern, a retraction."""

    kind: str  # correction, expression of concern, retraction, withdrawal, … in the service's word
    doi: str = ""
    pmid: str = ""
    date: str = ""  # YYYY, YYYY-MM or YYYY-MM-DD
    source: str = ""  # who says so, if the record names it

    @property
    def term(self) -> str:
        """The kind as the vocabulary has it, where it has one."""
        return SYNONYMS.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Record:
    """One published work. What the record does not show is an empty string."""

    kind: str  # article, preprint, chapter, book, abstract, other
    title: str
    source: str  # name of the service or form of the file
    url: str  # address at which the service showed it
    retrieved: date
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


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One registered trial; the fields from ``registered_title`` on are named as the columns of ``data/trials.csv``."""

    trial_id: str
    title: str  # brief title
    source: str
    url: str  # address at which the service showed it
    retrieved: date
    countries: tuple[str, ...] = ()
    registered_title: str = ""
    registered_condition: str = ""
    registered_sponsor: str = ""
    registered_country: str = ""
    registered_status: str = ""
    status_date: str = ""
    status_note: str = ""
    registered_phase: str = ""
    enrolment: str = ""
    enrolment_basis: str = ""
    start_date: str = ""
    completion_date: str = ""
    registered_arms: str = ""
    registered_cell_source: str = ""
    route: str = ""
    dose: str = ""
    randomised: str = ""
    masking: str = ""
    primary_outcome: str = ""
    publication_doi: str = ""


class RecordError(Exception):
    """A record cannot be read: what is missing or of the wrong kind."""


def plain(value: object) -> str:
    """Text of a service as plain text on one line.

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
    """A DOI alone and in lower case, from a DOI, ``doi:…`` or an address; empty when it is none."""
    text = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", text.strip(), flags=re.IGNORECASE)
    return text.lower() if DOI.fullmatch(text) else ""


def pages(first_to_last: str) -> str:
    """Pages as ``107-114``; an abbreviated last page (``107-14``) is written out."""
    parts = re.split(r"\s*[-–—]+\s*", first_to_last.strip())
    if len(parts) == 2 and all(part.isdecimal() for part in parts) and len(parts[1]) < len(parts[0]):
        parts[1] = parts[0][: len(parts[0]) - len(parts[1])] + parts[1]
    return "-".join(part for part in parts if part)


def title(text: object) -> str:
    """A title without its closing full stop."""
    shown = plain(text) if isinstance(text, str) else ""
    return shown[:-1] if shown.endswith(".") and not shown.endswith("..") else shown
