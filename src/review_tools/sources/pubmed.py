"""PubMed through NCBI's E-utilities: works by number, and searches."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

from review_tools.sources.http import PUBMED, Client, UnknownRecordError
from review_tools.sources.records import (
    DOI,
    NCT,
    Notice,
    Page,
    Record,
    RecordError,
    check_year,
    doi,
    filled,
    page_of,
    person,
    plain,
    record_of,
    title,
)

PAGE = "https://pubmed.ncbi.nlm.nih.gov/"
# Kinds of notices by the type of a link, and by its tag in an export.
NOTICES = dict.fromkeys(("ErratumIn", "EIN", "CorrectedandRepublishedIn", "CRI"), "correction")
NOTICES |= dict.fromkeys(("ExpressionOfConcernIn", "ECI"), "expression of concern")
NOTICES |= dict.fromkeys(("RetractionIn", "RIN", "RetractedandRepublishedIn", "RRI"), "retraction")
NOTICES |= dict.fromkeys(("PartialRetractionIn", "PRIN"), "partial retraction")
FIELDS = {"year": "DP", "journal": "JT TA BTI", "volume": "VI", "number": "IP", "pages": "PG"}  # tags of an export
FIELDS |= {"doi": "DOI", "pmid": "PMID", "pmcid": "PMC", "abstract": "AB"}
PATHS = (  # where XML holds what an export has under a tag; the first that holds something counts
    ("PMID", "./MedlineCitation/PMID"),
    ("TI", ".//ArticleTitle"),
    ("TT", ".//VernacularTitle"),
    ("DP", ".//JournalIssue/PubDate/Year"),
    ("DP", ".//JournalIssue/PubDate/MedlineDate"),
    ("JT", ".//Journal/Title"),
    ("TA", ".//MedlineTA"),
    ("VI", ".//JournalIssue/Volume"),
    ("IP", ".//JournalIssue/Issue"),
    ("PG", ".//MedlinePgn"),
    ("PG", ".//StartPage"),
    ("DOI", "./PubmedData/ArticleIdList/ArticleId[@IdType='doi']"),
    ("DOI", ".//ELocationID[@EIdType='doi']"),
    ("PMC", "./PubmedData/ArticleIdList/ArticleId[@IdType='pmc']"),
    ("PT", ".//PublicationType"),
    ("SI", ".//DataBank//AccessionNumber"),
)
NAME = ("LastName", "Suffix", "ForeName", "Initials", "CollectiveName")  # parts of an author in XML
Tags = dict[str, list[str]]  # the values of a record by tag


def work(client: Client, pmid: str) -> Record:
    """Return one work by its PubMed number. Raises ServiceError, UnknownRecordError among them."""

    def only(answer: Element) -> Record:
        for article in answer.iter("PubmedArticle"):
            return record(article)
        # An unknown number gives an empty set, not an error.
        remedy = "check the number; a record that is only in PMC or Europe PMC has a DOI to add it by"
        raise UnknownRecordError(PUBMED, f"{PAGE}{pmid}/", "no such record", remedy)

    return client.record(PUBMED, "efetch.fcgi", {**_who(client), "id": pmid, "retmode": "xml"}, only, pmid)


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
    """Return the record of one ``PubmedArticle``. Raises RecordError: no title."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for tag, path in PATHS:
        found[tag] += filter(None, map(_text, article.iterfind(path)))
    for one in article.iterfind(".//AuthorList/Author"):
        last, suffix, first, initials, group = (_text(one.find(name)) for name in NAME)
        found["FAU"].append(person(", ".join(filter(None, (last, suffix))), first or initials, group))
    parts = ((one.get("Label"), _text(one)) for one in article.iterfind(".//Abstract/AbstractText"))
    found["AB"] = [" ".join(f"{label}: {text}" if label else text for label, text in parts)]
    for one in article.iterfind("./MedlineCitation/CommentsCorrectionsList/CommentsCorrections"):
        found[one.get("RefType", "")].append(f"PMID: {_text(one.find('PMID'))} {_text(one.find('RefSource'))}")
    return _record(found, PUBMED.name)


def exported(text: str) -> list[Tags]:
    """Return the records of PubMed's export: tag, hyphen and value a line, continued on indented lines."""
    found: list[Tags] = []
    for line in re.sub(r"\n {6}", " ", text).splitlines():
        tag, hyphen, value = line[:4].strip(), line[4:6], line[6:].strip()
        if tag == "PMID":
            found.append({})
        if value.endswith(" [doi]"):
            tag, value = "DOI", value.removesuffix(" [doi]")
        if hyphen == "- " and found:
            found[-1].setdefault(tag, []).append(value)
    return found


def record_of_export(found: Tags) -> Record:
    """Return one record of PubMed's export. Raises RecordError: no title, or something would be lost."""
    names = found.get("FAU") or found.get("AU", [])
    check_year(" ".join(found.get("DP", [])))
    return _record({**found, "FAU": [*names, *(f"{{{one}}}" for one in found.get("CN", ()))]}, "a PubMed file")


def _record(found: Tags, source: str) -> Record:
    shown, types = title(found.get("TI")), found.get("PT", [])
    if shown.startswith("[") and shown.endswith("]"):  # a translation
        shown = shown[1:-1].rstrip(".")
    if shown.casefold() in ("not available", "in process citation"):
        shown = title(found.get("TT"))
    notices = [_notice(kind, one) for tag, kind in NOTICES.items() for one in found.get(tag, ())]
    if "Retracted Publication" in types and all(one.kind != "retraction" for one in notices):
        notices.append(Notice("retraction"))  # marked without a link to the notice
    registered = (one.rpartition("/")[2] for one in found.get("SI", ()))
    said = filled(FIELDS, found)
    more = {
        "record_id": said["pmid"] if said["pmid"].isdecimal() else "",
        "trial_id": next((number for number in registered if NCT.fullmatch(number)), ""),
        "types": tuple(types),
        "notices": tuple(notices),
    }
    kind = "preprint" if "Preprint" in types else "article"
    return record_of(kind, shown, source, found.get("FAU", ()), said, **more)


def _text(found: Element | None) -> str:
    """Return all text of an element, with that of its italics and superscripts."""
    return plain("".join(found.itertext())) if found is not None else ""


def _notice(kind: str, said: str) -> Notice:
    """Return a notice from the citation that stands for it."""
    named, number = DOI.search(said), re.search(r"PMID: (\d+)", said)
    return Notice(kind, doi(named[0] if named else ""), number[1] if number else "")
