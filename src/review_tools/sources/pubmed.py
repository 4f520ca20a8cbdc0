"""PubMed through NCBI's E-utilities: works by number, and searches."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

from review_tools.sources.http import PUBMED, Client, ServiceError, UnknownRecordError
from review_tools.sources.records import (
    DOI,
    NCT,
    YEAR,
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

NOTICES = {
    "ErratumIn": "correction",
    "ExpressionOfConcernIn": "expression of concern",
    "RetractionIn": "retraction",
    "PartialRetractionIn": "partial retraction",
    "CorrectedandRepublishedIn": "correction",
    "RetractedandRepublishedIn": "retraction",
}


def work(client: Client, pmid: str) -> Record:
    """Return one work by its PubMed number.

    Raises:
        UnknownRecordError: no such number.
        ServiceError: anything else.
    """
    answer = client.xml(PUBMED, "efetch.fcgi", {**_who(client), "id": pmid, "retmode": "xml"})
    articles = list(answer.data.iter("PubmedArticle"))
    if not articles:  # an unknown number gives an empty set, not an error
        remedy = "check the number; a record that is only in PMC or Europe PMC has a DOI to add it by"
        raise UnknownRecordError(PUBMED.name, answer.url, "no such record", remedy)
    try:
        found = record(articles[0], answer.url, answer.retrieved)
    except RecordError as error:
        raise ServiceError(PUBMED.name, answer.url, str(error), "add the work by hand, see CONTRIBUTING.md") from error
    if found.pmid != pmid:
        why = f"the answer is the record of {found.pmid or 'another work'}"
        raise ServiceError(PUBMED.name, answer.url, why, "try again later")
    return found


def search(client: Client, query: Mapping[str, str], first: date, last: date, cursor: str, size: int) -> Page:
    """Return a page of what PubMed took up between two days. Raises ServiceError.

    The cursor is what E-utilities' history server needs: environment, key, first record, number of records.
    """
    total = None
    if not cursor:
        added = f'"{first:%Y/%m/%d}"[crdt] : "{last:%Y/%m/%d}"[crdt]'
        params = {**_who(client), "term": f"({query['term']}) AND ({added})", "usehistory": "y", "retmax": "0"}
        found = client.json(PUBMED, "esearch.fcgi", {**params, "retmode": "json"}, _is_esearch).data["esearchresult"]
        total = count(found["count"])
        if not total:
            return Page(total, [], 0, "")
        cursor = f"{found['webenv']} {found['querykey']} 0 {total}"
    webenv, key, start, announced = cursor.split(" ")
    history = {"WebEnv": webenv, "query_key": key, "retstart": start, "retmax": str(size), "retmode": "xml"}
    answer = client.xml(PUBMED, "efetch.fcgi", {**_who(client), **history})
    if answer.data.tag != "PubmedArticleSet":
        said = plain("".join(answer.data.itertext()))[:120]
        raise ServiceError(PUBMED.name, answer.url, f"answered with {answer.data.tag} instead of articles: {said}", "")
    articles = [one for one in answer.data if one.tag in ("PubmedArticle", "PubmedBookArticle")]
    records, broken = readable(articles, lambda one: _with_number(record(one, answer.url, answer.retrieved)))
    following = int(start) + size
    return Page(total, records, broken, f"{webenv} {key} {following} {announced}" if following < int(announced) else "")


def _who(client: Client) -> dict[str, str]:
    return {"db": "pubmed", "tool": "msc-living-review"} | ({"email": client.mailto} if client.mailto else {})


def _is_esearch(data: Any) -> bool:
    found = at(data, "esearchresult")
    words = (at(found, key) for key in ("webenv", "querykey"))
    return count(at(found, "count")) is not None and all(
        isinstance(word, str) and len(word.split()) == 1 for word in words
    )


def _with_number(found: Record) -> Record:
    if not found.pmid.isdecimal():
        raise RecordError("the record has no PubMed number")
    return found


def record(article: Element, url: str, retrieved: date) -> Record:
    """Return the record of one ``PubmedArticle``.

    Raises:
        RecordError: no title.
    """
    shown = title(_text(article, ".//ArticleTitle"))
    if shown.startswith("[") and shown.endswith("]"):
        shown = shown[1:-1].rstrip(".")  # PubMed's sign for a translated title
    if not shown:
        raise RecordError("the record has no title")
    ids = {one.get("IdType", ""): plain(one.text) for one in article.iterfind("./PubmedData/ArticleIdList/ArticleId")}
    registered = (plain(number.text) for number in article.iterfind(".//DataBank//AccessionNumber"))
    types = tuple(plain(one.text) for one in article.iterfind(".//PublicationType"))
    pmid = _text(article, "./MedlineCitation/PMID")
    return Record(
        kind="preprint" if "Preprint" in types else "article",
        title=shown,
        source=PUBMED.name,
        url=url,
        retrieved=retrieved,
        record_id=pmid,
        doi=doi(ids.get("doi", "") or _text(article, ".//ELocationID[@EIdType='doi']")),
        pmid=pmid,
        pmcid=ids.get("pmc", ""),
        trial_id=next((number for number in registered if NCT.fullmatch(number)), ""),
        authors=tuple(_names(article)),
        year=_year(article),
        journal=_text(article, ".//Journal/Title") or _text(article, ".//MedlineTA"),
        volume=_text(article, ".//JournalIssue/Volume"),
        number=_text(article, ".//JournalIssue/Issue"),
        pages=pages(_text(article, ".//MedlinePgn") or _text(article, ".//StartPage")),
        abstract=" ".join(_abstract(article)),
        types=types,
        notices=tuple(_notices(article, types)),
    )


def _text(article: Element, path: str) -> str:
    """Return all text of an element, with that of its italics and superscripts."""
    found = article.find(path)
    return plain("".join(found.itertext())) if found is not None else ""


def _names(article: Element) -> Iterator[str]:
    for author in article.iterfind(".//AuthorList/Author"):
        last, first = _text(author, "LastName"), _text(author, "ForeName") or _text(author, "Initials")
        yield from filter(None, [person(last, first, _text(author, "CollectiveName"))])


def _year(article: Element) -> str:
    printed = _text(article, ".//JournalIssue/PubDate/Year") or _text(article, ".//JournalIssue/PubDate/MedlineDate")
    found = YEAR.search(printed)
    return found[0] if found else ""


def _abstract(article: Element) -> Iterator[str]:
    for part in article.iterfind(".//Abstract/AbstractText"):
        label, text = plain(part.get("Label", "")), plain("".join(part.itertext()))
        yield f"{label}: {text}" if label else text


def _notices(article: Element, types: Collection[str]) -> Iterator[Notice]:
    """Yield notices by their links; a work may also be marked as retracted without a link to the notice."""
    kinds = set()
    for one in article.iterfind("./MedlineCitation/CommentsCorrectionsList/CommentsCorrections"):
        if kind := NOTICES.get(one.get("RefType", "")):
            kinds.add(kind)
            named = DOI.search(_text(one, "RefSource"))
            yield Notice(kind, doi(named[0].rstrip(".,;") if named else ""), _text(one, "PMID"))
    if "Retracted Publication" in types and "retraction" not in kinds:
        yield Notice("retraction")
