"""Requests to the services: patient, polite, and suspicious of the answer."""

import json
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, TypeVar

import httpx
from defusedxml import ElementTree

from review_tools.data.problems import DataError
from review_tools.sources.records import BY_HAND, Page, Record, RecordError, plain

LIMIT = 20_000_000  # bytes of one answer
ATTEMPTS = 4
PATIENCE = 60.0  # seconds: the longest Retry-After that is waited for
PASSING = {429, 500, 502, 503, 504}
FROM_FILE = "save the record with a browser and name the file with --from FILE"
AGAIN = f"try again later, or {FROM_FILE}"
WEB_PAGE = "answered with a web page instead of a record (often a login or maintenance page)"
SETTINGS = re.compile(r"\w+_PROXY|SSL_CERT_(?:FILE|DIR)|REVIEW_(?:MAILTO|TIMEOUT)", re.IGNORECASE)
Params = Mapping[str, Any]  # text and numbers
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its address (``variable`` in the environment replaces it) and how often it may be asked."""

    name: str
    address: str
    variable: str
    interval: float  # least seconds between two requests
    form: str = "json"  # of its answers: json or xml

    @property
    def base(self) -> str:
        return (os.environ.get(self.variable) or self.address).rstrip("/")


CROSSREF = Service("Crossref", "https://api.crossref.org", "REVIEW_CROSSREF_URL", 0.1)
PUBMED = Service("PubMed", "https://eutils.ncbi.nlm.nih.gov/entrez/eutils", "REVIEW_PUBMED_URL", 0.35, "xml")
CLINICALTRIALS = Service("ClinicalTrials.gov", "https://clinicaltrials.gov/api/v2", "REVIEW_CLINICALTRIALS_URL", 1.0)
EUROPEPMC = Service("Europe PMC", "https://www.ebi.ac.uk/europepmc/webservices/rest", "REVIEW_EUROPEPMC_URL", 0.2)
EUROPEPMC_TEXT = replace(EUROPEPMC, form="xml")


class ServiceError(DataError):
    """A service could not be asked, or its answer cannot be used.

    Args:
        wait: seconds after which another attempt may succeed; None: it will not.
    """

    def __init__(self, service: Service, url: str, why: str, remedy: str = AGAIN, wait: float | None = None) -> None:
        super().__init__(f"{service.name}: {why} ({url}) → {remedy}")
        self.service, self.url, self.why, self.remedy, self.wait = service.name, url, why, remedy, wait


class UnknownRecordError(ServiceError):
    """The service answered, and has no such record."""


class Client:
    """Asks services; one client for one run.

    Environment: ``REVIEW_MAILTO`` (contact named to the services), ``REVIEW_TIMEOUT`` (seconds, default 20).
    """

    def __init__(self) -> None:
        self.mailto = os.environ.get("REVIEW_MAILTO", "").strip()
        contact = f"; mailto:{self.mailto}" if self.mailto else ""
        home = "https://github.com/msc-living-review/msc-living-review"
        try:
            seconds = float(os.environ.get("REVIEW_TIMEOUT") or 20)
            if not 0 < seconds < float("inf"):
                raise ValueError(f"{seconds} seconds")
            self._http = httpx.Client(
                headers={"User-Agent": f"msc-living-review/{version('review-tools')} ({home}{contact})"},
                timeout=seconds,
                follow_redirects=True,
                max_redirects=5,
                event_hooks={"response": [_stay_on_host]},
            )
        except (ImportError, OSError, ValueError, httpx.InvalidURL) as error:  # what httpx makes of its settings
            files = isinstance(error, OSError)  # of certificates
            said = [name for name, value in os.environ.items() if value and SETTINGS.fullmatch(name)]
            held = ", ".join(name for name in said if name.startswith("SSL") == files)
            why = "no proxy of SOCKS is supported here" if isinstance(error, ImportError) else plain(str(error))[:120]
            remedy = f"correct or unset {held or 'the proxy of this machine'}, or work offline: {FROM_FILE}"
            raise DataError(f"The settings of the connection cannot be used ({why}) → {remedy}.") from error
        self._asked: dict[str, float] = {}
        self._silent: set[str] = set()  # services that did not answer, which are waited for only once

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, service: Service, path: str, params: Params, read: Callable[[Any], T]) -> T:
        """Return what ``read`` makes of an answer: parsed JSON, or XML without entities and outside files.

        Raises:
            UnknownRecordError: the service has no such record.
            ServiceError: anything else that went wrong, in ``read`` too.
        """
        try:
            url = str(httpx.URL(f"{service.base}/{path}", params=dict(params) or None))
        except httpx.InvalidURL as error:
            raise ServiceError(service, service.base, f"no address ({error})", f"unset {service.variable}") from error
        body = self._ask(service, url)
        try:
            answer = json.loads(body) if service.form == "json" else ElementTree.fromstring(body)
        except (ValueError, SyntaxError, RecursionError) as error:  # defusedxml's and json's errors are such
            why = f"the answer is not whole or not {service.form.upper()} ({plain(str(error))[:120]})"
            web_page = body.lstrip()[:1] == b"<" and service.form == "json"
            raise ServiceError(service, url, WEB_PAGE if web_page else why) from error
        try:
            return read(answer)
        except RecordError as error:
            raise ServiceError(service, url, str(error), BY_HAND) from error
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            raise ServiceError(service, url, "the answer is of another shape than this service's records") from error

    def record(self, service: Service, path: str, params: Params, read: Callable[[Any], Record], number: str) -> Record:
        """Return the record of a number. Raises as ``get`` does, and where it is that of another."""

        def own(answer: Any) -> Record:
            found = read(answer)
            if found.record_id.casefold() != number.casefold():
                other = found.record_id or "another work"
                raise RecordError(f"the answer is the record of {other}; {number} may be an old number of it")
            return found

        return self.get(service, path, params, own)

    def search(
        self, service: Service, path: str, params: Params, cursor: str, read: Callable[[Any], Page]
    ) -> Iterator[Page]:
        """Yield page after page, up to one that is empty, or that names no next one or itself. Raises as ``get`` does.

        Args:
            cursor: the parameter that asks for the next page.
        """
        while True:
            page = self.get(service, path, params, read)
            yield page
            if not (page.records or page.broken) or page.cursor in ("", params.get(cursor)):
                return
            params = {**params, cursor: page.cursor}

    def _ask(self, service: Service, url: str) -> bytes:
        """Return the body of an answer, of the last attempt if need be."""
        attempt = 1
        while True:
            pause(self._asked.get(service.name, 0.0) + service.interval - time.monotonic())
            self._asked[service.name] = time.monotonic()
            try:
                body = self._fetch(service, url)
                self._silent.discard(service.name)
                return body
            except ServiceError as error:
                if error.wait is None:
                    raise
                if attempt == ATTEMPTS or service.name in self._silent:
                    self._silent.add(service.name)
                    raise
                # Without a Retry-After: twice as long each time, and not in step with other clients.
                pause(error.wait or 2 ** (attempt - 2) * random.uniform(1, 2))  # noqa: S311 (no secret)
                attempt += 1

    def _fetch(self, service: Service, url: str) -> bytes:
        """Return the body, never more than ``LIMIT`` of it."""
        body = bytearray()
        try:
            with self._http.stream("GET", url) as response:
                _refuse(service, response)
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > LIMIT:
                        raise ServiceError(
                            service, url, f"the answer is larger than {LIMIT // 1_000_000} MB", FROM_FILE
                        )
            return bytes(body)
        except httpx.TimeoutException as error:
            raise ServiceError(service, url, "no answer in time", wait=0) from error
        except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
            raise ServiceError(service, url, f"the answer was cut off ({plain(str(error))[:120]})", wait=0) from error
        except httpx.TooManyRedirects as error:
            raise ServiceError(service, url, "redirects in a circle", FROM_FILE) from error
        except _ElsewhereError as error:
            why = f"redirects elsewhere, to {plain(str(error))[:120]}"
            raise ServiceError(service, url, why, f"not followed; {FROM_FILE}") from error
        except httpx.HTTPError as error:
            check = "name your institution's certificate in SSL_CERT_FILE" if "CERTIFICATE" in str(error) else ""
            remedy = f"{check or 'check the connection'} and try again, or work offline: {FROM_FILE}"
            raise ServiceError(service, url, f"cannot be reached ({plain(str(error))[:120]})", remedy, 0) from error


class _ElsewhereError(Exception):
    """A redirect to another host."""


def pause(seconds: float) -> None:
    """Wait, if there is anything to wait for."""
    if seconds > 0:
        time.sleep(seconds)


def _stay_on_host(response: httpx.Response) -> None:
    """Refuse a redirect to another host or a less safe scheme before it is followed."""
    if response.has_redirect_location:
        here, there = response.url, response.url.join(response.headers["location"])
        if (there.host, there.port, there.scheme) != (here.host, here.port, here.scheme):
            raise _ElsewhereError(there.host)


def _refuse(service: Service, response: httpx.Response) -> None:
    """Raise unless the status is good and the content is of the form asked for."""
    status, url = response.status_code, str(response.url)
    if status == 404:
        remedy = "check the identifier, and whether this service is the one that holds it"
        raise UnknownRecordError(service, url, "no such record", remedy)
    if status in PASSING:
        said = response.headers.get("retry-after", "").strip()
        wait = float(said) if said.isdecimal() else 0.0
        why = "too many requests" if status == 429 else f"the service is in trouble (HTTP {status})"
        if wait > PATIENCE:
            why += f"; it asks to wait {wait:.0f} seconds"
            raise ServiceError(service, url, why, "wait that long and try again")
        raise ServiceError(service, url, why, wait=wait)
    if status != 200:
        start = next(response.iter_bytes(500), b"").decode("utf-8", "replace")
        why = f"refused the request (HTTP {status}: {plain(start)[:120]})"
        raise ServiceError(service, url, why, f"check the identifier, or {FROM_FILE}")
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise ServiceError(service, url, WEB_PAGE)
    if service.form not in kind and kind != "text/plain":  # some mirrors serve their answers as text/plain
        raise ServiceError(service, url, f"answered with {kind or 'no content type'}, not {service.form.upper()}")
