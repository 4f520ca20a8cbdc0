"""Europe PMC's REST search."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from review_tools.sources.http import EUROPEPMC, Client
from review_tools.sources.records import Page, Record, RecordError, doi, page_of, plain, title


def search(client: Client, query: Mapping[str, str], first: date, last: date, size: int) -> Iterator[Page]:
    """Yield pages of what Europe PMC took up between two days. Raises ServiceError."""
    words = f"({query['query']}) AND (FIRST_IDATE:[{first} TO {last}])"
    params = {"query": words, "format": "json", "resultType": "core", "pageSize": size, "cursorMark": "*"}

    def page(answer: Any) -> Page:
        return page_of(answer["hitCount"], answer["resultList"]["result"], record, answer.get("nextCursorMark"))

    return client.search(EUROPEPMC, "search", params, "cursorMark", page)


def record(hit: Any) -> Record:
    """Return the record of one hit. Raises RecordError when it has no number or no title."""
    source, number, shown = plain(hit["source"]), plain(hit["id"]), title(hit["title"])
    if not (source.isalnum() and number.isalnum() and shown):
        raise RecordError("the record has no number or no title")
    return Record(
        kind="preprint" if source == "PPR" else "article",
        title=shown,
        source=EUROPEPMC.name,
        record_id=f"{source}/{number}",
        doi=doi(plain(hit.get("doi"))),
        pmid=plain(hit.get("pmid")),
        year=plain(hit.get("pubYear")),
        abstract=plain(hit.get("abstractText")),
    )
