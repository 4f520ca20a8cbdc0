"""Crossref's REST API: works by DOI, their reference lists, and what was published about them later."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

from review_tools.sources.http import CROSSREF, Answer, Client, ServiceError
from review_tools.sources.records import Notice, Record, RecordError, doi, pages, plain, title

KINDS = {
    "journal-article": "article",
    "posted-content": "preprint",
    "proceedings-article": "abstract",
    "book-chapter": "chapter",
    "book": "book",
    "monograph": "book",
}


def message(client: Client, identifier: str) -> Answer[dict[str, Any]]:
    """The service's own record of one DOI (with ``reference`` and ``updated-by`` where deposited).

    Raises:
        UnknownRecordError: no such DOI at Crossref.
        ServiceError: anything else.
    """

    def valid(data: Any) -> bool:
        found = data.get("message") if isinstance(data, dict) else None
        return isinstance(found, dict) and doi(str(found.get("DOI", ""))) == identifier.lower()

    answer = client.json(CROSSREF, f"works/{quote(identifier, safe='')}", valid=valid)
    return Answer(answer.data["message"], answer.url, answer.retrieved)


def work(client: Client, identifier: str) -> Record:
    """One work by its DOI. Raises as ``message`` does."""
    answer = message(client, identifier)
    try:
        return record(answer.data, CROSSREF.name, answer.url, answer.retrieved)
    except RecordError as error:
        raise ServiceError(
            CROSSREF.name, answer.url, str(error), "add the work by hand, see CONTRIBUTING.md"
        ) from error


def record(found: dict[str, Any], source: str, url: str, retrieved: date) -> Record:
    """A Crossref record, or CSL-JSON, which has the same shape apart from single titles.

    Raises:
        RecordError: no title, or ``notices`` that cannot be read.
    """
    shown = title(_first(found.get("title")))
    if not shown:
        raise RecordError("the record has no title")
    kind = str(found.get("type", ""))
    return Record(
        kind=KINDS.get(kind, "article" if kind == "article-journal" else "other"),
        title=shown,
        source=source,
        url=url,
        retrieved=retrieved,
        doi=doi(str(found.get("DOI") or "")),
        pmid=plain(found.get("PMID")),
        authors=tuple(_names(found.get("author"))),
        year=_date(found)[:4],
        journal=plain(_first(found.get("container-title"))),
        volume=plain(found.get("volume")),
        number=plain(found.get("issue")),
        pages=pages(plain(found.get("page") or found.get("article-number"))),
        abstract=plain(found.get("abstract")),
        types=(kind,) if kind else (),
        notices=tuple(notices(found)),
    )


def references(found: dict[str, Any]) -> list[dict[str, str]]:
    """The deposited reference list in its order, each entry with the service's field names (``key``, ``DOI``, …)."""
    listed = found.get("reference")
    entries = listed if isinstance(listed, list) else []
    return [{str(k): plain(v) for k, v in entry.items()} for entry in entries if isinstance(entry, dict)]


def notices(found: dict[str, Any]) -> Iterator[Notice]:
    """What was published about a work later, by its publisher or by Retraction Watch.

    Raises:
        RecordError: the list cannot be read, which must not pass for a work without notices.
    """
    updates = found.get("updated-by") or []
    for update in updates if isinstance(updates, list) else [updates]:
        kind = plain(update.get("type")) if isinstance(update, dict) else ""
        if not kind:
            raise RecordError("its list of notices (updated-by) cannot be read")
        yield Notice(
            kind=kind.replace("_", " "),
            doi=doi(str(update.get("DOI") or "")),
            date=_parts(update.get("updated")),
            source=plain(update.get("source")),
        )


def _first(value: object) -> object:
    return (value[0] if value else "") if isinstance(value, list) else value


def _names(people: object) -> Iterator[str]:
    for person in people if isinstance(people, list) else []:
        if isinstance(person, dict):
            last, first = plain(person.get("family")), plain(person.get("given"))
            name = plain(person.get("name") or person.get("literal"))
            yield from filter(None, [f"{last}, {first}" if last and first else last or name or first])


def _date(found: dict[str, Any]) -> str:
    """The earliest of the dates of publication, as YYYY[-MM[-DD]]."""
    dates = (_parts(found.get(name)) for name in ("published-print", "published", "issued", "published-online"))
    return next(filter(None, dates), "")


def _parts(value: object) -> str:
    try:
        parts = value["date-parts"][0]  # type: ignore[index]
        return "-".join(f"{int(part):02d}" for part in parts) if 1800 < int(parts[0]) < 2200 else ""
    except (KeyError, IndexError, TypeError, ValueError):
        return ""
