"""The four services on 127.0.0.1: their formats and error shapes, invented records, faults on demand.

Records are made up; their DOIs lie under 10.5555, the prefix kept for examples.
"""

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, quoteattr

Query = dict[str, str]
Reply = tuple[int, str, bytes]  # status, content type, body
SOURCES = ("clinicaltrials", "pubmed", "europepmc", "crossref")
JSON, XML, TEXT = "application/json", "text/xml; charset=UTF-8", "text/plain;charset=utf-8"


class Services:
    """A running server; a context manager.

    ``works``, ``articles``, ``studies`` and ``texts`` are what Crossref, PubMed, ClinicalTrials.gov and Europe PMC
    hold and may be changed by a test; ``fault`` spoils the next answers to addresses that contain a text; ``asked``
    lists the requests; ``routes`` maps the start of a path to what answers it.
    """

    def __init__(self) -> None:
        self.works: dict[str, dict[str, Any]] = {}
        self.articles: dict[str, str] = {}
        self.studies: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, str] = {}  # full texts that Europe PMC holds, by DOI
        self.asked: list[str] = []
        self.agents: list[str] = []
        self._faults: defaultdict[str, list[str]] = defaultdict(list)
        self.routes: dict[str, Callable[[str, Query], Reply]] = {
            "/crossref/works/": self._work,
            "/pubmed/efetch.fcgi": self._efetch,
            "/clinicaltrials/studies/": self._study,
            "/europepmc/search": self._find_text,
            "/europepmc/PMC": self._full_text,
        }
        services = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each answer waits 40 ms to be acknowledged

            def do_GET(self) -> None:
                services._serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._closed = threading.Event()

    def __enter__(self) -> "Services":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        return {f"REVIEW_{name.upper()}_URL": f"{self.base}/{name}" for name in SOURCES}

    def fault(self, where: str, kind: str, times: int = 100) -> None:
        """Spoils the next ``times`` answers to addresses that contain ``where`` (see ``_spoil`` for the kinds)."""
        self._faults[where] += [kind] * times

    # What the services answer ------------------------------------------------------------------------------

    def _work(self, path: str, _: Query) -> Reply:
        found = self.works.get(unquote(path.removeprefix("/crossref/works/")).lower())
        if found is None:
            return 404, TEXT, b"Resource not found."
        return as_json({"status": "ok", "message-type": "work", "message-version": "1.0.0", "message": found})

    def _efetch(self, _: str, query: Query) -> Reply:
        if not query.get("id", "").isdecimal():
            return 400, XML, b"<eFetchResult><ERROR>ID list is empty!</ERROR></eFetchResult>"
        articles = self.articles.get(query["id"], "")
        head = '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, '
        head += '1st January 2025//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
        return 200, XML, f"{head}<PubmedArticleSet>{articles}</PubmedArticleSet>".encode()

    def _study(self, path: str, _: Query) -> Reply:
        number = path.removeprefix("/clinicaltrials/studies/")
        if not number.upper().startswith("NCT"):
            return 400, TEXT, b"Parameter `nctId` has incorrect format"
        if number not in self.studies:
            return 404, TEXT, f"NCT number {number} not found".encode()
        return as_json(self.studies[number])

    def _find_text(self, _: str, query: Query) -> Reply:
        wanted = query["query"].partition(":")[2].strip('"')  # of DOI or PMCID
        hits = [
            {"id": f"{at}", "source": "MED", "pmcid": f"PMC{at}", "pmid": f"{at}", "doi": doi, "title": "Made up"}
            for at, doi in enumerate(self.texts, 1)
            if wanted in (doi, f"PMC{at}")
        ]
        return as_json({"version": "6.9", "hitCount": len(hits), "resultList": {"result": hits}})

    def _full_text(self, path: str, _: Query) -> Reply:
        texts = dict(enumerate(self.texts.values(), 1))
        number = int(path.removeprefix("/europepmc/PMC").removesuffix("/fullTextXML"))
        if number not in texts:
            return 404, TEXT, b"not found"
        return 200, "application/xml", f"<article><body>{texts[number]}</body></article>".encode()

    # Serving and spoiling ------------------------------------------------------------------------------------

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        self.agents.append(handler.headers.get("User-Agent", ""))
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        reply: Reply = (404, TEXT, b"not found")
        for start, answer in self.routes.items():
            if parts.path.startswith(start):
                reply = answer(parts.path, query)
                break
        for where, kinds in self._faults.items():
            if kinds and where in unquote(handler.path):
                self._spoil(handler, kinds.pop(0), reply)
                return
        _send(handler, *reply)

    def _spoil(self, handler: BaseHTTPRequestHandler, kind: str, reply: Reply) -> None:
        status, content, body = reply
        match kind:
            case "500":
                _send(handler, 500, TEXT, b"Internal server error")
            case "429":
                _send(handler, 429, JSON, b'{"error": "API rate limit exceeded"}', {"Retry-After": "1"})
            case "429 for an hour":
                _send(handler, 429, JSON, b"{}", {"Retry-After": "3600"})
            case "slow":
                self._closed.wait(3)
            case "cut":
                _send(handler, status, content, body, {"Content-Length": str(len(body))}, body[: len(body) // 2])
            case "cut without length":
                handler.protocol_version = "HTTP/1.0"
                _send(handler, status, content, body[: len(body) // 2])
            case "page":
                _send(handler, 200, "text/html", b"<!doctype html><title>Maintenance</title><script>alert(1)</script>")
            case "page as json":
                _send(handler, 200, JSON, b"<!doctype html><title>Sign in</title>")
            case "wrong json":
                _send(handler, 200, JSON, b'{"status":"ok","message":["unexpected"]}')
            case "wrong type":
                _send(handler, 200, "application/pdf", b"%PDF-1.7")
            case "deep":
                _send(handler, 200, content, b"[" * 200_000)
            case "bomb":
                doctype = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
                _send(handler, 200, XML, f"{doctype}<PubmedArticleSet>&b;</PubmedArticleSet>".encode())
            case "redirect":
                _send(handler, 302, TEXT, b"", {"Location": "http://localhost:9/elsewhere"})
            case "circle":
                _send(handler, 302, TEXT, b"", {"Location": handler.path})
            case "huge":
                _send(handler, 200, content, b"", {"Content-Length": "50000000"}, b"")
                for _ in range(50):
                    handler.wfile.write(b"x" * 1_000_000)
            case _:
                raise ValueError(f"no such fault: {kind}")


def as_json(answer: Any) -> Reply:
    return 200, JSON, json.dumps(answer).encode()


def _send(
    handler: BaseHTTPRequestHandler,
    status: int,
    content: str,
    body: bytes,
    headers: dict[str, str] | None = None,
    sent: bytes | None = None,
) -> None:
    """One answer; ``sent`` are the bytes that really go out before the connection closes."""
    handler.send_response(status)
    for name, value in ({"Content-Type": content, "Content-Length": str(len(body))} | (headers or {})).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body if sent is None else sent)
    if sent is not None:
        handler.close_connection = True


# Records, made up ------------------------------------------------------------------------------------------


def a_work(doi: str, title: str, **more: Any) -> dict[str, Any]:
    """A Crossref record of an article; ``more`` replaces or adds fields (None removes one)."""
    found = {
        "DOI": doi,
        "type": "journal-article",
        "title": [title],
        "author": [
            {"given": "Jane Q.", "family": "Example", "sequence": "first", "affiliation": []},
            {"given": "Sören", "family": "Prüfer", "sequence": "additional", "affiliation": []},
        ],
        "container-title": ["Journal of Invented Results & Methods"],
        "volume": "12",
        "issue": "3",
        "page": "107-114",
        "published": {"date-parts": [[2025, 3, 21]]},
        "abstract": "<jats:p>Made up for a test.</jats:p>",
        "source": "Crossref",
        **more,
    }
    return {name: value for name, value in found.items() if value is not None}


def an_article(
    pmid: str, title: str, doi: str = "", nct: str = "", types: tuple[str, ...] = ("Journal Article",), links: str = ""
) -> str:
    """A ``PubmedArticle``; the title is XML already, and so are ``links`` (its CommentsCorrections)."""
    bank = "<DataBankList><DataBank><DataBankName>ClinicalTrials.gov</DataBankName><AccessionNumberList>"
    bank += f"<AccessionNumber>{nct}</AccessionNumber></AccessionNumberList></DataBank></DataBankList>"
    kinds = "".join(f"<PublicationType UI={quoteattr('D0')}>{escape(one)}</PublicationType>" for one in types)
    return f"""<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{pmid}</PMID>
<Article PubModel="Print"><Journal><JournalIssue CitedMedium="Internet"><Volume>5</Volume><Issue>2</Issue>
<PubDate><Year>2024</Year><Month>Jul</Month></PubDate></JournalIssue><Title>Annals of Invention</Title></Journal>
<ArticleTitle>{title}</ArticleTitle><Pagination><MedlinePgn>107-14</MedlinePgn></Pagination>
<Abstract><AbstractText Label="RESULTS">Made up.</AbstractText></Abstract>
<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>Invented</LastName><ForeName>Ida</ForeName></Author>
<Author ValidYN="Y"><CollectiveName>Pretend and Sons Study Group</CollectiveName></Author></AuthorList>
{bank if nct else ""}<PublicationTypeList>{kinds}</PublicationTypeList></Article>
{f"<CommentsCorrectionsList>{links}</CommentsCorrectionsList>" if links else ""}</MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId>
{f'<ArticleId IdType="doi">{escape(doi)}</ArticleId>' if doi else ""}</ArticleIdList></PubmedData></PubmedArticle>"""


def a_study(nct: str, title: str, **status: Any) -> dict[str, Any]:
    """A study of the registry; ``status`` replaces or adds fields of its status module."""
    return {
        "protocolSection": {
            "identificationModule": {"nctId": nct, "briefTitle": title, "officialTitle": f"{title}, Randomised"},
            "statusModule": {
                "overallStatus": "RECRUITING",
                "startDateStruct": {"date": "2025-02-01", "type": "ACTUAL"},
                "completionDateStruct": {"date": "2027-12", "type": "ESTIMATED"},
                "lastUpdatePostDateStruct": {"date": "2025-11-03", "type": "ACTUAL"},
                **status,
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Invented University Hospital", "class": "OTHER"}},
            "conditionsModule": {"conditions": ["Crohn Disease", "Perianal Fistula"]},
            "designModule": {
                "studyType": "INTERVENTIONAL",
                "phases": ["PHASE1", "PHASE2"],
                "designInfo": {"allocation": "RANDOMIZED", "maskingInfo": {"masking": "QUADRUPLE"}},
                "enrollmentInfo": {"count": 60, "type": "ESTIMATED"},
            },
            "armsInterventionsModule": {
                "armGroups": [
                    {"label": "MSC", "type": "EXPERIMENTAL", "description": "made up"},
                    {"label": "Saline", "type": "PLACEBO_COMPARATOR"},
                ],
                "interventions": [{"type": "BIOLOGICAL", "name": "MSC"}],
            },
            "outcomesModule": {"primaryOutcomes": [{"measure": "Closure of the fistula", "timeFrame": "24 weeks"}]},
            "contactsLocationsModule": {"locations": [{"city": "Lisbon", "country": "Portugal"}]},
        },
        "hasResults": False,
    }
