"""One page of a search of each source, in one form.

Dates are those on which the source took a record up (PubMed, Europe PMC, Crossref) or last changed it (the registry).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from hashlib import sha256
from typing import Any

from review_tools.sources import clinicaltrials, crossref, europepmc, pubmed
from review_tools.sources.http import (
    CLINICALTRIALS,
    CROSSREF,
    EUROPEPMC,
    PUBMED,
    Answer,
    Client,
    Params,
    Service,
    ServiceError,
)
from review_tools.sources.records import NCT, Record, RecordError, plain

SIZE = 100  # records of a page
SERVICES: dict[str, Service] = {
    "clinicaltrials": CLINICALTRIALS,
    "pubmed": PUBMED,
    "europepmc": EUROPEPMC,
    "crossref": CROSSREF,
}


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked of one source: its query, from the first to the last day, both included."""

    query: dict[str, str]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Hit:
    """One record of a search. ``changed`` are the registry's values for the table of trials, for a registration."""

    candidate_id: str
    record_id: str
    kind: str  # report or registration
    title: str
    doi: str = ""
    pmid: str = ""
    trial_id: str = ""
    year: int | None = None
    abstract: str = ""
    url: str = ""
    changed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``total`` is what the source announces (None where only the first page says it)."""

    total: int | None
    hits: list[Hit]
    broken: list[str]  # what is wrong with each record that cannot be read
    cursor: str  # of the next page; empty after the last


Ask = Callable[[Client, Span, str], Page]


def page(client: Client, source: str, span: Span, cursor: str) -> Page:
    """The page at ``cursor``; the first one at an empty cursor.

    Raises:
        ServiceError: the source cannot be asked, or its answer cannot be read.
    """
    return ASK[source](client, span, cursor)


def studies(client: Client, numbers: list[str]) -> list[Hit]:
    """The registry's records of these trials; one that the registry does not have is missing. Raises as ``page``."""
    found: list[Hit] = []
    for start in range(0, len(numbers), SIZE):
        params: Params = {"filter.ids": "|".join(numbers[start : start + SIZE]), "pageSize": SIZE, "format": "json"}
        answer = client.json(CLINICALTRIALS, "studies", params, valid=_is_studies)
        found += _read(answer.data["studies"], partial(_registration, answer=answer))[0]
    return found


def _clinicaltrials(client: Client, span: Span, cursor: str) -> Page:
    updated = f"AREA[LastUpdatePostDate]RANGE[{span.first},{span.last}]"
    params = {**span.query, "filter.advanced": updated, "pageSize": str(SIZE), "format": "json"}
    params |= {"pageToken": cursor} if cursor else {"countTotal": "true"}
    answer = client.json(CLINICALTRIALS, "studies", params, valid=_is_studies)
    hits, broken = _read(answer.data["studies"], partial(_registration, answer=answer))
    return Page(_number(answer.data.get("totalCount")), hits, broken, plain(answer.data.get("nextPageToken")))


def _is_studies(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("studies"), list)


def _registration(study: Any, answer: Answer[Any]) -> Hit:
    found = clinicaltrials.record(study, answer.url, answer.retrieved)
    protocol = study["protocolSection"]
    summary = plain((protocol.get("descriptionModule") or {}).get("briefSummary"))
    first = plain((protocol.get("statusModule") or {}).get("studyFirstSubmitDate")) or found.start_date
    columns = ("registered_status", "status_date", "enrolment", "enrolment_basis", "start_date", "completion_date")
    changed = {column: getattr(found, column) for column in columns} | clinicaltrials.results(study)
    return Hit(
        candidate_id=f"clinicaltrials-{found.trial_id.lower()}",
        record_id=found.trial_id,
        kind="registration",
        title=found.registered_title or found.title,
        trial_id=found.trial_id,
        year=_year(first),
        abstract=" ".join(filter(None, (summary, found.registered_condition, found.registered_arms))),
        url=f"{clinicaltrials.PAGE}{found.trial_id}",
        changed=changed,
    )


def _pubmed(client: Client, span: Span, cursor: str) -> Page:
    """The cursor is what E-utilities' history server needs: environment, key and first record."""
    who = {"db": "pubmed", "tool": "msc-living-review", **({"email": client.mailto} if client.mailto else {})}
    total = None
    if not cursor:
        added = f'"{span.first:%Y/%m/%d}"[crdt] : "{span.last:%Y/%m/%d}"[crdt]'
        params = {**who, "term": f"({span.query['term']}) AND ({added})", "usehistory": "y", "retmax": "0"}
        answer = client.json(PUBMED, "esearch.fcgi", params | {"retmode": "json"}, valid=_is_esearch)
        said = answer.data["esearchresult"]
        total = int(said["count"])
        cursor = f"{said['webenv']} {said['querykey']} 0 {total}"
        if not total:
            return Page(0, [], [], "")
    webenv, key, start, announced = cursor.split(" ")
    params = {**who, "WebEnv": webenv, "query_key": key, "retstart": start, "retmax": str(SIZE), "retmode": "xml"}
    fetched = client.xml(PUBMED, "efetch.fcgi", params)
    if fetched.data.tag != "PubmedArticleSet":
        said = plain("".join(fetched.data.itertext()))[:120]
        raise ServiceError(
            PUBMED.name, fetched.url, f"answered with {fetched.data.tag} instead of articles: {said}", ""
        )
    articles = [one for one in fetched.data if one.tag in ("PubmedArticle", "PubmedBookArticle")]
    hits, broken = _read(articles, lambda one: _pubmed_hit(pubmed.record(one, fetched.url, fetched.retrieved)))
    after = int(start) + SIZE
    return Page(total, hits, broken, f"{webenv} {key} {after} {announced}" if after < int(announced) else "")


def _is_esearch(data: Any) -> bool:
    said = data.get("esearchresult") if isinstance(data, dict) else None
    return isinstance(said, dict) and plain(said.get("count")).isdecimal() and _one_word(said, "webenv", "querykey")


def _one_word(said: dict[str, Any], *keys: str) -> bool:
    return all(isinstance(said.get(key), str) and len(said[key].split()) == 1 for key in keys)


def _pubmed_hit(found: Record) -> Hit:
    if not found.pmid.isdecimal():
        raise RecordError("the record has no PubMed number")
    return _report("pubmed", found.pmid, found)


def _europepmc(client: Client, span: Span, cursor: str) -> Page:
    query = f"({span.query['query']}) AND (FIRST_IDATE:[{span.first} TO {span.last}])"
    params = {"query": query, "format": "json", "resultType": "core", "pageSize": str(SIZE)}
    answer = client.json(EUROPEPMC, "search", params | {"cursorMark": cursor or "*"}, valid=_is_europepmc)
    listed = answer.data["resultList"]["result"]
    hits, broken = _read(listed, partial(_europepmc_hit, answer=answer))
    following = plain(answer.data.get("nextCursorMark"))
    last = not listed or following == (cursor or "*")  # the service repeats the mark when there is no more
    return Page(_number(answer.data.get("hitCount")), hits, broken, "" if last else following)


def _is_europepmc(data: Any) -> bool:
    found = data.get("resultList") if isinstance(data, dict) else None
    known = isinstance(found, dict) and isinstance(found.get("result"), list)
    return known and _number(data.get("hitCount")) is not None


def _europepmc_hit(one: Any, answer: Answer[Any]) -> Hit:
    if not isinstance(one, dict) or not plain(one.get("id")).isalnum() or not plain(one.get("source")).isalnum():
        raise RecordError("the record has no number")
    number = f"{plain(one['source'])}/{plain(one['id'])}"
    return _report("europepmc", number, europepmc.record(one, answer.url, answer.retrieved))


def _crossref(client: Client, span: Span, cursor: str) -> Page:
    created = f"from-created-date:{span.first},until-created-date:{span.last}"
    params = {**span.query, "filter": created, "rows": str(SIZE), "cursor": cursor or "*"}
    if client.mailto:
        params["mailto"] = client.mailto
    answer = client.json(CROSSREF, "works", params, valid=_is_crossref)
    said = answer.data["message"]
    hits, broken = _read(said["items"], partial(_crossref_hit, answer=answer))
    following = plain(said.get("next-cursor"))
    return Page(_number(said["total-results"]), hits, broken, following if len(said["items"]) else "")


def _is_crossref(data: Any) -> bool:
    said = data.get("message") if isinstance(data, dict) else None
    if not isinstance(said, dict):
        return False
    return isinstance(said.get("items"), list) and _number(said.get("total-results")) is not None


def _crossref_hit(one: Any, answer: Answer[Any]) -> Hit:
    if not isinstance(one, dict):
        raise RecordError("not a record")
    found = crossref.record(one, CROSSREF.name, answer.url, answer.retrieved)
    if not found.doi:
        raise RecordError("the record has no DOI")
    return _report("crossref", found.doi, found)


def _report(source: str, number: str, found: Record) -> Hit:
    short = sha256(number.encode()).hexdigest()[:16] if source == "crossref" else number.replace("/", "-").lower()
    return Hit(
        candidate_id=f"{source}-{short}",
        record_id=number,
        kind="report",
        title=found.title,
        doi=found.doi,
        pmid=found.pmid if found.pmid.isdecimal() else "",
        trial_id=found.trial_id if NCT.fullmatch(found.trial_id) else "",
        year=_year(found.year),
        abstract=found.abstract,
        url=found.url,
    )


def _read(listed: Any, make: Callable[[Any], Hit]) -> tuple[list[Hit], list[str]]:
    """The records that can be read, and what is wrong with the others."""
    hits: list[Hit] = []
    broken: list[str] = []
    for place, one in enumerate(listed, 1):
        try:
            hits.append(make(one))
        except (RecordError, AttributeError, TypeError, ValueError) as error:  # half a record is of any shape
            why = str(error) if isinstance(error, RecordError) else "a part of the record is of another kind"
            broken.append(f"record {place}: {why}")
    return hits, broken


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _year(text: str) -> int | None:
    return int(text[:4]) if text[:4].isdecimal() and 1900 <= int(text[:4]) <= 2100 else None


ASK: dict[str, Ask] = {
    "clinicaltrials": _clinicaltrials,
    "pubmed": _pubmed,
    "europepmc": _europepmc,
    "crossref": _crossref,
}
