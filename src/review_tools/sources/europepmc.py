"""Europe PMC's REST search."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from review_tools.sources.http import EUROPEPMC, Answer, Client, Params
from review_tools.sources.records import Page, Record, RecordError, at, count, doi, plain, readable, title


def search(client: Client, query: Mapping[str, str], first: date, last: date, cursor: str, size: int) -> Page:
    """Return a page of what Europe PMC took up between two days. Raises ServiceError."""
    words = f"({query['query']}) AND (FIRST_IDATE:[{first} TO {last}])"
    mark = cursor or "*"
    params: Params = {"query": words, "format": "json", "resultType": "core", "pageSize": size, "cursorMark": mark}

    def valid(data: Any) -> bool:
        return isinstance(at(data, "resultList", "result"), list) and count(at(data, "hitCount")) is not None

    answer = client.json(EUROPEPMC, "search", params, valid)
    listed = answer.data["resultList"]["result"]
    records, broken = readable(listed, lambda one: _record(one, answer))
    following = plain(answer.data.get("nextCursorMark"))
    last_page = not listed or following == mark  # the service repeats the mark when there is no more
    return Page(count(answer.data["hitCount"]), records, broken, "" if last_page else following)


def _record(hit: Any, answer: Answer[Any]) -> Record:
    source, number, shown = plain(at(hit, "source")), plain(at(hit, "id")), title(at(hit, "title"))
    if not (source.isalnum() and number.isalnum() and shown):
        raise RecordError("the record has no number or no title")
    return Record(
        kind="preprint" if source == "PPR" else "article",
        title=shown,
        source=EUROPEPMC.name,
        url=answer.url,
        retrieved=answer.retrieved,
        record_id=f"{source}/{number}",
        doi=doi(str(hit.get("doi") or "")),
        pmid=plain(hit.get("pmid")),
        year=plain(hit.get("pubYear")),
        abstract=plain(hit.get("abstractText")),
    )
