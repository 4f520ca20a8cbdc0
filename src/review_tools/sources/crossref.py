"""Crossref's REST API: works by DOI, their reference lists, later notices about them, and searches."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

from review_tools.sources.http import CROSSREF, Client
from review_tools.sources.records import (
    YEAR,
    Notice,
    Page,
    Record,
    RecordError,
    at,
    doi,
    page_of,
    pages,
    person,
    plain,
    title,
)

KINDS = {
    "journal-article": "article",
    "posted-content": "preprint",
    "proceedings-article": "abstract",
    "book-chapter": "chapter",
    "article-journal": "article",  # here and below, words of CSL
    "article": "preprint",
    "paper-conference": "abstract",
    "chapter": "chapter",
    "book": "book",
    "monograph": "book",
}


T = TypeVar("T")


def message(client: Client, identifier: str, read: Callable[[dict[str, Any]], T]) -> T:
    """Return what ``read`` makes of the service's own record of one DOI.

    Raises:
        UnknownRecordError: no such DOI at Crossref.
        ServiceError: anything else.
    """

    def own(answer: Any) -> T:
        if doi(answer["message"]["DOI"]) != identifier.lower():
            raise RecordError("the answer is the record of another work")
        return read(answer["message"])

    return client.get(CROSSREF, f"works/{quote(identifier, safe='')}", {}, own)


def work(client: Client, identifier: str) -> Record:
    """Return one work by its DOI. Raises as ``message`` does."""
    return message(client, identifier, record)


def notices_about(client: Client, identifier: str) -> list[Notice]:
    """Return the later notices about one work by its DOI. Raises as ``message`` does."""
    return message(client, identifier, lambda found: list(notices(found)))


def search(client: Client, query: Mapping[str, str], first: date, last: date, size: int) -> Iterator[Page]:
    """Yield pages of what Crossref took up between two days. Raises ServiceError."""
    params = {**query, "filter": f"from-created-date:{first},until-created-date:{last}", "rows": size, "cursor": "*"}
    params |= {"mailto": client.mailto} if client.mailto else {}

    def page(answer: Any) -> Page:
        found = answer["message"]
        return page_of(found["total-results"], found["items"], record, found.get("next-cursor"))

    return client.search(CROSSREF, "works", params, "cursor", page)


def record(found: dict[str, Any]) -> Record:
    """Return a Crossref record, or CSL-JSON, which has the same shape apart from single titles.

    Raises:
        RecordError: no title, or ``notices`` that cannot be read.
    """
    shown = title(_first(found.get("title")))
    if not shown:
        raise RecordError("the record has no title")
    subtitle = title(_first(found.get("subtitle") or ""))
    if subtitle and subtitle.casefold() not in shown.casefold():
        shown = f"{shown}: {subtitle}"
    kind, identifier = str(found.get("type", "")), doi(str(found.get("DOI") or ""))
    return Record(
        kind=KINDS.get(kind, "other"),
        title=shown,
        source=CROSSREF.name,
        record_id=identifier,
        doi=identifier,
        pmid=plain(found.get("PMID")),
        pmcid=plain(found.get("PMCID")),
        authors=tuple(_names(found.get("author"))),
        year=_year(found),
        journal=plain(_first(found.get("container-title") or found.get("short-container-title"))),
        volume=plain(found.get("volume")),
        number=plain(found.get("issue")),
        pages=pages(plain(found.get("page") or found.get("article-number"))),
        abstract=plain(found.get("abstract")),
        types=(kind,) if kind else (),
        notices=tuple(notices(found)),
    )


def references(found: dict[str, Any]) -> list[dict[str, str]]:
    """Return the deposited reference list in its order, in the service's field names (``key``, ``DOI``, …)."""
    listed = found.get("reference")
    entries = listed if isinstance(listed, list) else []
    return [{str(k): plain(v) for k, v in entry.items()} for entry in entries if isinstance(entry, dict)]


def notices(found: dict[str, Any]) -> Iterator[Notice]:
    """Yield what was published about a work later, by its publisher or by Retraction Watch.

    Raises:
        RecordError: the list cannot be read, which must not pass for a work without notices.
    """
    updates = found.get("updated-by") or []
    for update in updates if isinstance(updates, list) else [updates]:
        kind = plain(at(update, "type")).replace("_", " ")
        if not kind:
            raise RecordError("its list of notices (updated-by) cannot be read")
        yield Notice(kind, doi(str(update.get("DOI") or "")), date=_parts(update.get("updated")))


def _first(value: object) -> object:
    return (value[0] if value else "") if isinstance(value, list) else value


def _names(people: object) -> Iterator[str]:
    for one in people if isinstance(people, list) else []:
        group = plain(at(one, "name") or at(one, "literal"))
        particles = [at(one, f"{name}-particle") for name in ("dropping", "non-dropping")]
        last = " ".join(filter(None, map(plain, [*particles, at(one, "family")])))
        first = ", ".join(filter(None, map(plain, [at(one, "suffix"), at(one, "given")])))
        yield from filter(None, [person(last, first, group)])


def _year(found: dict[str, Any]) -> str:
    """Return the year from any of the shapes in which CSL-JSON writes a date."""
    names = ("published-print", "published", "issued", "published-online")
    dates = (YEAR.search(str(found.get(name))) for name in names)
    return next((match[0] for match in dates if match), "")


def _parts(value: object) -> str:
    """Return a date as YYYY[-MM[-DD]]; empty when it cannot be read."""
    try:
        parts = value["date-parts"][0]  # type: ignore[index]
        return "-".join(f"{int(part):02d}" for part in parts) if 1800 < int(parts[0]) < 2200 else ""
    except (KeyError, IndexError, TypeError, ValueError):
        return ""
