"""PubMed through NCBI's E-utilities: works by number, and searches."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

from review_tools.sources.http import PUBMED, Client, UnknownRecordError
from review_tools.sources.records import (
    DOI,
    NCT,
    PMID,
    YEAR,
    Notice,
    Page,
    Record,
    RecordError,
    doi,
    filled,
    from_file,
    page_of,
    pages,
    person,
    plain,
    title,
)

PAGE = "https://pubmed.ncbi.nlm.nih.gov/"
NOTICES = {  # by the type of a link, and by its tag in an export
    name: kind
    for names, kind in (
        ("ErratumIn EIN CorrectedandRepublishedIn CRI", "correction"),
        ("ExpressionOfConcernIn ECI", "expression of concern"),
        ("RetractionIn RIN RetractedandRepublishedIn RRI", "retraction"),
        ("PartialRetractionIn PRIN", "partial retraction"),
    )
    for name in names.split()
}
FIELDS = {"year": "DP", "journal": "JT TA BTI", "volume": "VI", "number": "IP", "pages": "PG"}  # tags of an export
FIELDS |= {"pmid": "PMID", "pmcid": "PMC"}
SUFFIX = re.compile(r", (.+) (Jr|Sr|2nd|3rd|4th|II|III|IV)$")


def work(client: Client, pmid: str) -> Record:
    """Return one work by its PubMed number.

    Raises:
        UnknownRecordError: no such number.
        ServiceError: anything else.
    """

    def own(answer: Element) -> Record | None:
        found = next(map(record, answer.iter("PubmedArticle")), None)
        if found and found.pmid != pmid:
            raise RecordError(f"the answer is the record of {found.pmid or 'another work'}")
        return found

    found = client.get(PUBMED, "efetch.fcgi", {**_who(client), "id": pmid, "retmode": "xml"}, own)
    if not found:  # an unknown number gives an empty set, not an error
        remedy = "check the number; a record that is only in PMC or Europe PMC has a DOI to add it by"
        raise UnknownRecordError(PUBMED, f"{PAGE}{pmid}/", "no such record", remedy)
    return found


def search(client: Client, query: Mapping[str, str], first: date, last: date, size: int) -> Iterator[Page]:
    """Yield pages of what PubMed took up between two days, from the history server. Raises ServiceError."""
    added = f'"{first:%Y/%m/%d}"[crdt] : "{last:%Y/%m/%d}"[crdt]'
    asked = {**_who(client), "term": f"({query['term']}) AND ({added})", "usehistory": "y", "retmax": 0}

    def history(answer: Element) -> tuple[int, str, str]:
        return int(answer.findtext("Count", "")), answer.findtext("WebEnv", ""), answer.findtext("QueryKey", "")

    total, webenv, key = client.get(PUBMED, "esearch.fcgi", asked, history)

    def page(answer: Element) -> Page:
        if answer.tag != "PubmedArticleSet":
            raise RecordError(f"answered with {answer.tag}: {plain(''.join(answer.itertext()))[:120]}")
        articles = [one for one in answer if one.tag in ("PubmedArticle", "PubmedBookArticle")]
        return page_of(total, articles, record)

    params = {**_who(client), "WebEnv": webenv, "query_key": key, "retmax": size, "retmode": "xml"}
    for start in range(0, total, size):
        yield client.get(PUBMED, "efetch.fcgi", {**params, "retstart": start}, page)
    if not total:
        yield Page(0, [])


def _who(client: Client) -> dict[str, str]:
    return {"db": "pubmed", "tool": "msc-living-review"} | ({"email": client.mailto} if client.mailto else {})


def record(article: Element) -> Record:
    """Return the record of one ``PubmedArticle``.

    Raises:
        RecordError: no title.
    """
    shown = _title(_text(article, ".//ArticleTitle"), _text(article, ".//VernacularTitle"))
    ids = {one.get("IdType", ""): plain(one.text) for one in article.iterfind("./PubmedData/ArticleIdList/ArticleId")}
    registered = (plain(number.text) for number in article.iterfind(".//DataBank//AccessionNumber"))
    types = tuple(plain(one.text) for one in article.iterfind(".//PublicationType"))
    pmid = _text(article, "./MedlineCitation/PMID")
    return Record(
        kind="preprint" if "Preprint" in types else "article",
        title=shown,
        source=PUBMED.name,
        record_id=pmid if PMID.fullmatch(pmid) else "",
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


def exported(text: str) -> list[dict[str, list[str]]]:
    """Return the records of PubMed's export: tag, hyphen and value a line, continued on indented lines."""
    found: list[dict[str, list[str]]] = []
    for line in re.sub(r"\n {6}", " ", text).splitlines():
        tag, hyphen, value = line[:4].strip(), line[4:6], line[6:].strip()
        if tag == "PMID":
            found.append({})
        if hyphen == "- " and found:
            found[-1].setdefault(tag, []).append(value)
    return found


def record_of_export(found: dict[str, list[str]], seen: date) -> Record:
    """Return one record of PubMed's export. Raises RecordError: no title, or something would be lost."""
    first = {tag: values[0] for tag, values in found.items()}
    numbers = [value for tag in ("LID", "AID") for value in found.get(tag, ()) if value.endswith("[doi]")]
    said = filled(FIELDS, first)
    said["doi"] = numbers[0].removesuffix("[doi]") if numbers else ""
    names = [SUFFIX.sub(r", \2, \1", name) for name in (found.get("FAU") or found.get("AU", []))]
    shown = _title(first.get("TI", ""), first.get("TT", ""))
    types = tuple(found.get("PT", ()))
    registered = (one.rpartition("/")[2] for one in found.get("SI", ()))
    linked = [_notice(kind, one) for tag, kind in NOTICES.items() for one in found.get(tag, ())]
    kind = "preprint" if "Preprint" in types else "article"
    return replace(
        from_file("a PubMed file", seen, kind, shown, [*names, *(f"{{{one}}}" for one in found.get("CN", ()))], said),
        trial_id=next((number for number in registered if NCT.fullmatch(number)), ""),
        types=types,
        notices=tuple(_with_mark(linked, types)),
    )


def _title(text: str, vernacular: str) -> str:
    """Return a title, of a translated one without PubMed's brackets, of one not available that in its own language."""
    shown = title(text)
    if shown.startswith("[") and shown.endswith("]"):
        shown = shown[1:-1].rstrip(".")
    if shown.casefold() in ("not available", "in process citation"):
        shown = title(vernacular)
    if not shown:
        raise RecordError("the record has no title")
    return shown


def _text(article: Element, path: str) -> str:
    """Return all text of an element, with that of its italics and superscripts."""
    found = article.find(path)
    return plain("".join(found.itertext())) if found is not None else ""


def _names(article: Element) -> Iterator[str]:
    for author in article.iterfind(".//AuthorList/Author"):
        last = ", ".join(filter(None, (_text(author, "LastName"), _text(author, "Suffix"))))
        first = _text(author, "ForeName") or _text(author, "Initials")
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
    links = article.iterfind("./MedlineCitation/CommentsCorrectionsList/CommentsCorrections")
    kinds = ((NOTICES.get(one.get("RefType", "")), one) for one in links)
    linked = [_notice(kind, _text(one, "RefSource"), _text(one, "PMID")) for kind, one in kinds if kind]
    yield from _with_mark(linked, types)


def _notice(kind: str, source: str, pmid: str = "") -> Notice:
    """Return a notice from the citation that stands for it."""
    named, number = DOI.search(source), re.search(r"PMID: (\d+)", source)
    return Notice(kind, doi(named[0] if named else ""), pmid or (number[1] if number else ""))


def _with_mark(linked: list[Notice], types: Collection[str]) -> Iterator[Notice]:
    """Yield notices by their links; a work may also be marked as retracted without a link to the notice."""
    yield from linked
    if "Retracted Publication" in types and all(one.kind != "retraction" for one in linked):
        yield Notice("retraction")
