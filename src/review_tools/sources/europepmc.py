"""Europe PMC's REST search, and the full texts that it holds."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from review_tools.sources.http import EUROPEPMC, EUROPEPMC_TEXT, Client
from review_tools.sources.records import Page, Record, RecordError, filled, page_of, plain, record_of

FIELDS = {"doi": "doi", "pmid": "pmid", "year": "pubYear", "abstract": "abstractText"}


def search(client: Client, query: Mapping[str, str], first: date, last: date, size: int) -> Iterator[Page]:
    """Yield pages of what Europe PMC took up between two days. Raises ServiceError."""
    words = f"({query['query']}) AND (FIRST_IDATE:[{first} TO {last}])"
    params = {"query": words, "format": "json", "resultType": "core", "pageSize": size, "cursorMark": "*"}

    def page(answer: Any) -> Page:
        return page_of(answer["hitCount"], answer["resultList"]["result"], record, answer.get("nextCursorMark"))

    return client.search(EUROPEPMC, "search", params, "cursorMark", page)


def record(hit: Any) -> Record:
    """Return the record of one hit. Raises RecordError when it has no number or no title."""
    source, number = plain(hit["source"]), plain(hit["id"])
    if not (source.isalnum() and number.isalnum()):
        raise RecordError("the record has no number")
    kind = "preprint" if source == "PPR" else "article"
    return record_of(kind, hit["title"], EUROPEPMC.name, (), filled(FIELDS, hit), record_id=f"{source}/{number}")


def full_text(client: Client, wanted: str) -> str:
    """Return the full text of a work by its DOI. Raises ServiceError when Europe PMC does not hold it."""
    pmcid = number(client, "doi", wanted, "pmcid")
    return client.get(EUROPEPMC_TEXT, f"{pmcid}/fullTextXML", {}, lambda article: "".join(article.itertext()))


def number(client: Client, known: str, value: str, wanted: str) -> str:
    """Return another number of a work, by one that is known (doi, pmid, pmcid). Raises ServiceError: there is none."""

    def read(answer: Any) -> str:
        for hit in answer["resultList"]["result"]:
            if plain(hit.get(known)).lower() == value.lower() and plain(hit.get(wanted)):
                return plain(hit[wanted])
        raise RecordError(f"holds no {wanted} of {value}")

    params = {"query": f'{known.upper()}:"{value}"', "format": "json", "resultType": "core"}
    return client.get(EUROPEPMC, "search", params, read)
