"""Crossref's REST API: works by DOI, their reference lists, later notices about them, and searches."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from review_tools.sources.http import CROSSREF, Client
from review_tools.sources.records import (
    Notice,
    Page,
    Record,
    RecordError,
    doi,
    filled,
    list_at,
    page_of,
    person,
    plain,
    record_of,
    text_at,
    title,
    year,
)

KINDS = {"book": "book", "monograph": "book", "book-chapter": "chapter", "chapter": "chapter"}  # also in words of CSL
KINDS |= {"journal-article": "article", "article-journal": "article"}
KINDS |= {"posted-content": "preprint", "article": "preprint"}
KINDS |= {"proceedings-article": "abstract", "paper-conference": "abstract"}
FIELDS = {"doi": "DOI", "pmid": "PMID", "pmcid": "PMCID", "volume": "volume", "number": "issue", "url": "URL"}
FIELDS |= {"journal": "container-title short-container-title", "pages": "page article-number", "abstract": "abstract"}
LAST = ("dropping-particle", "non-dropping-particle", "family")
SYNONYMS = {"corrigendum": "correction", "erratum": "correction", "removal": "withdrawal"}  # of kinds of notices


def work(client: Client, identifier: str) -> Record:
    """Return one work by its DOI. Raises ServiceError, UnknownRecordError among them."""
    path = f"works/{quote(identifier, safe='')}"
    return client.record(CROSSREF, path, {}, lambda answer: record(answer["message"]), identifier)


def references_of(client: Client, identifier: str) -> list[dict[str, str]]:
    """Return the deposited reference list of a work by its DOI. Raises as ``work`` does."""
    path = f"works/{quote(identifier, safe='')}"
    return client.get(CROSSREF, path, {}, lambda answer: references(answer["message"], identifier))


def search(client: Client, query: Mapping[str, str], first: date, last: date, size: int) -> Iterator[Page]:
    """Yield pages of what Crossref took up between two days. Raises ServiceError."""
    params = {**query, "filter": f"from-created-date:{first},until-created-date:{last}", "rows": size, "cursor": "*"}
    params |= {"mailto": client.mailto} if client.mailto else {}

    def page(answer: Any) -> Page:
        found = answer["message"]
        return page_of(found["total-results"], found["items"], record, found.get("next-cursor"))

    return client.search(CROSSREF, "works", params, "cursor", page)


def record(found: dict[str, Any]) -> Record:
    """Return a Crossref record, or CSL-JSON, which has the same shape apart from single titles. Raises RecordError."""
    shown, subtitle = (title(found.get(name)) for name in ("title", "subtitle"))
    if shown and subtitle.casefold() not in shown.casefold():
        shown = f"{shown}: {subtitle}"
    said, names = filled(FIELDS, found) | {"year": _year(found)}, map(_name, list_at(found, "author"))
    kind, later = str(found.get("type", "")), tuple(notices(found))
    more = {"record_id": doi(said["doi"]), "types": (kind,) if kind else (), "notices": later}
    return record_of(KINDS.get(kind, "other"), shown, CROSSREF.name, names, said, **more)


def references(found: dict[str, Any], identifier: str) -> list[dict[str, str]]:
    """Return the deposited reference list in its order, in the service's field names (``key``, ``DOI``, …).

    Raises:
        RecordError: not the record of this DOI.
    """
    if doi(found["DOI"]) != identifier:
        raise RecordError(f"not the record of {identifier}")
    entries = list_at(found, "reference")
    return [{str(k): plain(v) for k, v in entry.items()} for entry in entries if isinstance(entry, dict)]


def notices(found: dict[str, Any]) -> Iterator[Notice]:
    """Yield what was published about a work later, by its publisher or by Retraction Watch.

    Raises:
        RecordError: the list cannot be read, which must not pass for a work without notices.
    """
    updates = found.get("updated-by") or []
    for update in updates if isinstance(updates, list) else [updates]:
        kind = text_at(update, "type").replace("_", " ")
        if not kind:
            raise RecordError("its list of notices (updated-by) cannot be read")
        yield Notice(SYNONYMS.get(kind, kind), doi(str(update.get("DOI") or "")), date=_parts(update.get("updated")))


def _name(one: Any) -> str:
    last = " ".join(filter(None, (text_at(one, name) for name in LAST)))
    first = ", ".join(filter(None, (text_at(one, name) for name in ("suffix", "given"))))
    return person(last, first, text_at(one, "name") or text_at(one, "literal"))


def _year(found: dict[str, Any]) -> str:
    """Return the year from any of the shapes in which CSL-JSON writes a date."""
    dates = (year(str(found.get(name))) for name in ("published-print", "published", "issued", "published-online"))
    return next(filter(None, dates), "")


def _parts(value: object) -> str:
    """Return a date as YYYY[-MM[-DD]]; empty when it cannot be read."""
    try:
        parts = value["date-parts"][0]  # type: ignore[index]
        return "-".join(f"{int(part):02d}" for part in parts) if 1800 < int(parts[0]) < 2200 else ""
    except (KeyError, IndexError, TypeError, ValueError):
        return ""
