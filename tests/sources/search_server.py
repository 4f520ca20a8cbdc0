"""The searches of the four services, in their formats: dates, pages, cursors, history, and faults of their own."""

import re
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from sources.server import SOURCES, XML, Query, Reply, Services, a_study, a_work, an_article, as_json

DAY = r"(\d{4})[-/](\d{2})[-/](\d{2})"
TWISTS = {
    "repeat": "each page is the first",
    "drop": "one record of each page is left out",
    "half": "one record of each page is cut",
    "million": "a million announced",
    "schema": "the list has another name",
    "endless": "there is always a next page",
    "empty": "a page without records, and a next one",
}


class Searches(Services):
    """``held`` is what each source holds: number → (day, record). ``twist`` spoils the pages of one source."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, dict[str, tuple[date, Any]]] = {source: {} for source in SOURCES}
        self.twist: dict[str, str] = {}
        self._spans: dict[str, tuple[date, date]] = {}
        self.routes |= {
            "/clinicaltrials/studies": self._studies,
            "/pubmed/esearch.fcgi": self._esearch,
            "/pubmed/efetch.fcgi": self._history,
            "/europepmc/search": self._europepmc,
            "/crossref/works": self._works,
        }

    def hold(self, source: str, number: str, day: date, title: str, **more: Any) -> None:
        """One more record; ``more`` holds doi, pmid, nct, abstract, or fields of the registry's status."""
        doi = more.pop("doi", "")
        if source == "clinicaltrials":
            record: Any = a_study(number, title, **{"lastUpdatePostDateStruct": {"date": day.isoformat()}, **more})
        elif source == "pubmed":
            record = an_article(number, escape(title), doi, more.get("nct", ""))
        elif source == "europepmc":
            record = {"id": number, "source": "PPR", "title": title, "pubYear": str(day.year), "doi": doi, **more}
        else:
            record = a_work(number, title, **more)
        self.held[source][number] = (day, record)

    def _page(self, source: str, first: date, last: date, start: int, size: int) -> tuple[int, list[Any], bool]:
        """How many there are, those of this page, and whether there is a next one."""
        held = [record for day, record in self.held[source].values() if first <= day <= last]
        twist = self.twist.get(source, "")
        begin = 0 if twist == "repeat" else start
        shown, more = held[begin : begin + size], start + size < len(held) or twist in ("endless", "empty")
        match twist:
            case "drop":
                shown = shown[:-1]
            case "half" if shown:
                shown = [*shown[:-1], _half(shown[-1])]
            case "empty":
                shown = []
        return 1_000_000 if twist == "million" else len(held), shown, more

    def _name(self, source: str, name: str) -> str:
        return f"new_{name}" if self.twist.get(source) == "schema" else name

    def _studies(self, _: str, query: Query) -> Reply:
        source = "clinicaltrials"
        if "filter.ids" in query:
            wanted = query["filter.ids"].split("|")
            return as_json({"studies": [self.held[source][one][1] for one in wanted if one in self.held[source]]})
        token = query.get("pageToken", "")
        start, size = int(token[1:] or 0), int(query["pageSize"])
        total, shown, more = self._page(source, *_days(query["filter.advanced"]), start, size)
        answer: dict[str, Any] = {self._name(source, "studies"): shown}
        if query.get("countTotal") == "true":
            answer["totalCount"] = total
        return as_json(answer | ({"nextPageToken": f"t{start + size}"} if more else {}))

    def _esearch(self, _: str, query: Query) -> Reply:
        if "[crdt]" not in query.get("term", "") or query.get("usehistory") != "y":
            return 200, XML, b"<eSearchResult><ERROR>Empty term and query_key - nothing todo</ERROR></eSearchResult>"
        webenv = f"MCID_{len(self._spans)}"
        self._spans[webenv] = _days(query["term"])
        total, _shown, _more = self._page("pubmed", *self._spans[webenv], 0, 0)
        count = self._name("pubmed", "Count")
        said = f"<{count}>{total}</{count}><RetMax>0</RetMax><RetStart>0</RetStart><QueryKey>1</QueryKey>"
        return 200, XML, f"<eSearchResult>{said}<WebEnv>{webenv}</WebEnv><IdList/></eSearchResult>".encode()

    def _history(self, path: str, query: Query) -> Reply:
        if "WebEnv" not in query:
            return self._efetch(path, query)
        start, size = int(query["retstart"]), int(query["retmax"])
        _total, shown, _more = self._page("pubmed", *self._spans[query["WebEnv"]], start, size)
        return 200, XML, f"<?xml version='1.0'?><PubmedArticleSet>{''.join(shown)}</PubmedArticleSet>".encode()

    def _europepmc(self, _: str, query: Query) -> Reply:
        mark = query["cursorMark"]
        start, size = (0 if mark == "*" else int(mark[1:])), int(query["pageSize"])
        total, shown, more = self._page("europepmc", *_days(query["query"]), start, size)
        following = f"A{start + size}" if more or start + len(shown) > start else mark
        answer = {"version": "6.9", "hitCount": total, "nextCursorMark": following}
        return as_json(answer | {self._name("europepmc", "resultList"): {"result": shown}})

    def _works(self, _: str, query: Query) -> Reply:
        cursor = query["cursor"]
        start, size = (0 if cursor == "*" else int(cursor[1:])), int(query["rows"])
        total, shown, _more = self._page("crossref", *_days(query["filter"]), start, size)
        said = {"total-results": total, self._name("crossref", "items"): shown, "items-per-page": size}
        said["next-cursor"] = f"D{start + size}"
        return as_json({"status": "ok", "message-type": "work-list", "message-version": "1.0.0", "message": said})


def _half(record: Any) -> Any:
    """What is left of a record when the rest is lost."""
    if isinstance(record, str):
        return re.sub(r"<ArticleTitle>.*?</ArticleTitle>", "", record)
    return {key: value for key, value in record.items() if key in ("id", "DOI", "hasResults")}


def _days(text: str) -> tuple[date, date]:
    """The first and the last day that a query names."""
    found = [date(*map(int, day)) for day in re.findall(DAY, text)]
    return found[-2], found[-1]
