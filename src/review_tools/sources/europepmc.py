"""Europe PMC's REST search, asked for one record."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from review_tools.sources.http import EUROPEPMC, Client, UnknownRecordError
from review_tools.sources.records import Record, RecordError, doi, pages, plain, title


def work(client: Client, identifier: str) -> Record:
    """One work by DOI or PubMed number.

    Raises:
        UnknownRecordError: no such record.
        ServiceError: anything else.
    """
    query = f"EXT_ID:{identifier} AND SRC:MED" if identifier.isdecimal() else f'DOI:"{identifier}"'
    params: dict[str, str | int] = {"query": query, "format": "json", "resultType": "core", "pageSize": 1}

    def valid(data: Any) -> bool:
        hits = (data.get("resultList") or {}).get("result") if isinstance(data, dict) else None
        return isinstance(hits, list) and all(isinstance(hit, dict) and title(hit.get("title")) for hit in hits)

    answer = client.json(EUROPEPMC, "search", params, valid=valid)
    hits = answer.data["resultList"]["result"]
    if not hits:
        raise UnknownRecordError(EUROPEPMC.name, answer.url, "no such record", "check the identifier")
    return record(hits[0], answer.url, answer.retrieved)


def record(hit: dict[str, Any], url: str, retrieved: date) -> Record:
    """One hit of a search (``resultType`` lite or core).

    Raises:
        RecordError: no title.
    """
    shown = title(hit.get("title"))
    if not shown:
        raise RecordError("the record has no title")
    journal = hit.get("journalInfo") or {}
    listed = (hit.get("pubTypeList") or {}).get("pubType") or str(hit.get("pubType") or "").split("; ")
    types = tuple(filter(None, map(plain, listed)))
    return Record(
        kind="preprint" if hit.get("source") == "PPR" else "article",
        title=shown,
        source=EUROPEPMC.name,
        url=url,
        retrieved=retrieved,
        doi=doi(str(hit.get("doi") or "")),
        pmid=plain(hit.get("pmid")),
        pmcid=plain(hit.get("pmcid")),
        authors=tuple(_names(hit)),
        year=plain(hit.get("pubYear")),
        journal=plain((journal.get("journal") or {}).get("title") or hit.get("journalTitle")),
        volume=plain(journal.get("volume") or hit.get("journalVolume")),
        number=plain(journal.get("issue") or hit.get("issue")),
        pages=pages(plain(hit.get("pageInfo"))),
        abstract=plain(hit.get("abstractText")),
        types=types,
    )


def _names(hit: dict[str, Any]) -> Iterator[str]:
    listed = (hit.get("authorList") or {}).get("author")
    for author in listed or []:
        last, first = plain(author.get("lastName")), plain(author.get("firstName") or author.get("initials"))
        yield from filter(None, [f"{last}, {first}" if last and first else last or plain(author.get("collectiveName"))])
    if not listed:
        for name in filter(None, plain(hit.get("authorString")).rstrip(".").split(", ")):
            last, _, initials = name.rpartition(" ")
            yield f"{last}, {initials}" if last and initials.isupper() and len(initials) <= 4 else name
