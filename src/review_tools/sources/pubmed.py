"""PubMed through NCBI's E-utilities."""

from collections.abc import Collection, Iterator
from datetime import date
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

from review_tools.sources.http import PUBMED, Client, ServiceError, UnknownRecordError
from review_tools.sources.records import DOI, NCT, YEAR, Notice, Record, RecordError, doi, pages, plain, title

NOTICES = {
    "ErratumIn": "correction",
    "ExpressionOfConcernIn": "expression of concern",
    "RetractionIn": "retraction",
    "PartialRetractionIn": "partial retraction",
    "CorrectedandRepublishedIn": "correction",
    "RetractedandRepublishedIn": "retraction",
}


def work(client: Client, pmid: str) -> Record:
    """One work by its PubMed number.

    Raises:
        UnknownRecordError: no such number.
        ServiceError: anything else.
    """
    params = {"db": "pubmed", "id": pmid, "retmode": "xml", "tool": "msc-living-review"}
    if client.mailto:
        params["email"] = client.mailto
    answer = client.xml(PUBMED, "efetch.fcgi", params)
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


def record(article: Element, url: str, retrieved: date) -> Record:
    """One ``PubmedArticle``.

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
    issue = ".//JournalIssue"
    return Record(
        kind="preprint" if "Preprint" in types else "article",
        title=shown,
        source=PUBMED.name,
        url=url,
        retrieved=retrieved,
        doi=doi(ids.get("doi", "") or _text(article, ".//ELocationID[@EIdType='doi']")),
        pmid=_text(article, "./MedlineCitation/PMID"),
        pmcid=ids.get("pmc", ""),
        trial_id=next((number for number in registered if NCT.fullmatch(number)), ""),
        authors=tuple(_names(article)),
        year=_year(article),
        journal=_text(article, ".//Journal/Title") or _text(article, ".//MedlineTA"),
        volume=_text(article, f"{issue}/Volume"),
        number=_text(article, f"{issue}/Issue"),
        pages=pages(_text(article, ".//MedlinePgn") or _text(article, ".//StartPage")),
        abstract=" ".join(_abstract(article)),
        types=types,
        notices=tuple(_notices(article, types)),
    )


def _text(article: Element, path: str) -> str:
    """All text of an element, that of its italics and superscripts included."""
    found = article.find(path)
    return plain("".join(found.itertext())) if found is not None else ""


def _names(article: Element) -> Iterator[str]:
    for author in article.iterfind(".//AuthorList/Author"):
        last, first = _text(author, "LastName"), _text(author, "ForeName") or _text(author, "Initials")
        yield from filter(None, [f"{last}, {first}" if last and first else last or _text(author, "CollectiveName")])


def _year(article: Element) -> str:
    printed = _text(article, ".//JournalIssue/PubDate/Year") or _text(article, ".//JournalIssue/PubDate/MedlineDate")
    found = YEAR.search(printed)
    return found[0] if found else ""


def _abstract(article: Element) -> Iterator[str]:
    for part in article.iterfind(".//Abstract/AbstractText"):
        label, text = plain(part.get("Label", "")), plain("".join(part.itertext()))
        yield f"{label}: {text}" if label else text


def _notices(article: Element, types: Collection[str]) -> Iterator[Notice]:
    """Notices by their links; a work may also be marked as retracted without a link to the notice."""
    kinds = set()
    for one in article.iterfind("./MedlineCitation/CommentsCorrectionsList/CommentsCorrections"):
        if kind := NOTICES.get(one.get("RefType", "")):
            kinds.add(kind)
            source = _text(one, "RefSource")
            named = DOI.search(source)
            yield Notice(kind, doi(named[0].rstrip(".,;") if named else ""), _text(one, "PMID"), source=source)
    if "Retracted Publication" in types and "retraction" not in kinds:
        yield Notice("retraction")
