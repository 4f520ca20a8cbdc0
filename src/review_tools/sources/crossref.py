"""Crossref's REST API: works by DOI, their reference lists, later notices about them, and searches."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from review_tools.sources.http import CROSSREF, Answer, Client, ServiceError
from review_tools.sources.records import (
    Notice,
    Page,
    Record,
    RecordError,
    at,
    count,
    doi,
    pages,
    person,
    plain,
    readable,
    title,
)

KINDS = {
    "journal-article": "article",
    "article-journal": "article",  # CSL's word
    "posted-content": "preprint",
    "proceedings-article": "abstract",
    "book-chapter": "chapter",
    "book": "book",
    "monograph": "book",
}


def message(client: Client, identifier: str) -> Answer[dict[str, Any]]:
    """Return the service's own record of one DOI (with ``reference`` and ``updated-by`` where deposited).

    Raises:
        UnknownRecordError: no such DOI at Crossref.
        ServiceError: anything else.
    """

    def valid(data: Any) -> bool:
        return doi(str(at(data, "message", "DOI") or "")) == identifier.lower()

    answer = client.json(CROSSREF, f"works/{quote(identifier, safe='')}", valid=valid)
    return Answer(answer.data["message"], answer.url, answer.retrieved)


def work(client: Client, identifier: str) -> Record:
    """Return one work by its DOI. Raises as ``message`` does."""
    answer = message(client, identifier)
    try:
        return record(answer.data, answer.url, answer.retrieved)
    except RecordError as error:
        remedy = "add the work by hand, see CONTRIBUTING.md"
        raise ServiceError(CROSSREF.name, answer.url, str(error), remedy) from error


def search(client: Client, query: Mapping[str, str], first: date, last: date, cursor: str, size: int) -> Page:
    """Return a page of what Crossref took up between two days. Raises ServiceError."""
    created = f"from-created-date:{first},until-created-date:{last}"
    params = {**query, "filter": created, "rows": str(size), "cursor": cursor or "*"}
    if client.mailto:
        params["mailto"] = client.mailto

    def valid(data: Any) -> bool:
        said = at(data, "message")
        return isinstance(at(said, "items"), list) and count(at(said, "total-results")) is not None

    answer = client.json(CROSSREF, "works", params, valid)
    said = answer.data["message"]
    records, broken = readable(said["items"], lambda one: _with_doi(record(one, answer.url, answer.retrieved)))
    following = plain(said.get("next-cursor")) if said["items"] else ""
    return Page(count(said["total-results"]), records, broken, following)


def _with_doi(found: Record) -> Record:
    if not found.doi:
        raise RecordError("the record has no DOI")
    return found


def record(found: dict[str, Any], url: str, retrieved: date) -> Record:
    """Return a Crossref record, or CSL-JSON, which has the same shape apart from single titles.

    Raises:
        RecordError: no title, or ``notices`` that cannot be read.
    """
    shown = title(_first(found.get("title")))
    if not shown:
        raise RecordError("the record has no title")
    kind, identifier = str(found.get("type", "")), doi(str(found.get("DOI") or ""))
    return Record(
        kind=KINDS.get(kind, "other"),
        title=shown,
        source=CROSSREF.name,
        url=url,
        retrieved=retrieved,
        record_id=identifier,
        doi=identifier,
        pmid=plain(found.get("PMID")),
        authors=tuple(_names(found.get("author"))),
        year=_year(found),
        journal=plain(_first(found.get("container-title"))),
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
        yield from filter(None, [person(plain(at(one, "family")), plain(at(one, "given")), group)])


def _year(found: dict[str, Any]) -> str:
    dates = (_parts(found.get(name)) for name in ("published-print", "published", "issued", "published-online"))
    return next(filter(None, dates), "")[:4]


def _parts(value: object) -> str:
    """Return a date as YYYY[-MM[-DD]]; empty when it cannot be read."""
    try:
        parts = value["date-parts"][0]  # type: ignore[index]
        return "-".join(f"{int(part):02d}" for part in parts) if 1800 < int(parts[0]) < 2200 else ""
    except (KeyError, IndexError, TypeError, ValueError):
        return ""
