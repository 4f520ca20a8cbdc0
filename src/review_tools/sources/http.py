"""Requests to the services: patient, polite, and suspicious of the answer."""

import json
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

import httpx
from defusedxml import ElementTree

LIMIT = 20_000_000  # bytes of one answer
ATTEMPTS = 4
PATIENCE = 60.0  # seconds: the longest Retry-After that is waited for
PASSING = {429, 500, 502, 503, 504}
FROM_FILE = "save the record with a browser and name the file with --from FILE"
AGAIN = f"try again later, or {FROM_FILE}"
Params = Mapping[str, str | int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its address (``variable`` in the environment replaces it) and how often it may be asked."""

    name: str
    address: str
    variable: str
    interval: float  # least seconds between two requests

    @property
    def base(self) -> str:
        return (os.environ.get(self.variable) or self.address).rstrip("/")


CROSSREF = Service("Crossref", "https://api.crossref.org", "REVIEW_CROSSREF_URL", 0.1)
PUBMED = Service("PubMed", "https://eutils.ncbi.nlm.nih.gov/entrez/eutils", "REVIEW_PUBMED_URL", 0.35)
CLINICALTRIALS = Service("ClinicalTrials.gov", "https://clinicaltrials.gov/api/v2", "REVIEW_CLINICALTRIALS_URL", 1.0)
EUROPEPMC = Service("Europe PMC", "https://www.ebi.ac.uk/europepmc/webservices/rest", "REVIEW_EUROPEPMC_URL", 0.2)


class ServiceError(Exception):
    """A service could not be asked, or its answer cannot be used. Nothing was changed."""

    def __init__(self, service: str, url: str, why: str, remedy: str, wait: float | None = None) -> None:
        super().__init__(f"{service}: {why} ({url}) → {remedy}")
        self.service, self.url, self.why, self.remedy = service, url, why, remedy
        self.wait = wait  # seconds after which another attempt may succeed; None: it will not


class UnknownRecordError(ServiceError):
    """The service answered, and has no such record."""


class Answer(NamedTuple, Generic[T]):
    """What a service answered, and when."""

    data: T
    url: str
    retrieved: date


class Client:
    """Asks services; one client for one run.

    Environment: ``REVIEW_MAILTO`` (contact named to the services), ``REVIEW_TIMEOUT`` (seconds, default 20).
    """

    def __init__(self) -> None:
        self.mailto = os.environ.get("REVIEW_MAILTO", "").strip()
        contact = f"; mailto:{self.mailto}" if self.mailto else ""
        home = "https://github.com/msc-living-review/msc-living-review"
        self._http = httpx.Client(
            headers={"User-Agent": f"msc-living-review/{version('review-tools')} ({home}{contact})"},
            timeout=float(os.environ.get("REVIEW_TIMEOUT") or 20),
            follow_redirects=True,
            max_redirects=5,
            event_hooks={"response": [_stay_on_host]},
        )
        self._asked: dict[str, float] = {}

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def json(
        self, service: Service, path: str, params: Params | None = None, valid: Callable[[Any], object] = bool
    ) -> Answer[Any]:
        """Return a JSON answer that is ``valid``, that is, of the shape the caller can read.

        Raises:
            UnknownRecordError: the service has no such record.
            ServiceError: anything else that went wrong.
        """

        def parse(body: bytes) -> Any:
            data = json.loads(body)
            if not valid(data):
                raise ValueError("of another shape than this service's records")
            return data

        return self._get(service, path, params, "json", parse)

    def xml(self, service: Service, path: str, params: Params | None = None) -> Answer[Element]:
        """Return an XML answer, parsed without entities or outside files. Raises as ``json`` does."""
        return self._get(service, path, params, "xml", ElementTree.fromstring)

    def _get(
        self, service: Service, path: str, params: Params | None, form: str, parse: Callable[[bytes], T]
    ) -> Answer[T]:
        url = str(httpx.URL(f"{service.base}/{path.lstrip('/')}", params=dict(params) if params else None))
        for attempt in range(1, ATTEMPTS + 1):
            pause(self._asked.get(service.name, 0.0) + service.interval - time.monotonic())
            self._asked[service.name] = time.monotonic()
            try:
                body = self._fetch(service, url, form)
                break
            except ServiceError as error:
                if error.wait is None or attempt == ATTEMPTS:
                    raise
                # Without a Retry-After: twice as long each time, and not in step with other clients.
                pause(error.wait or 2 ** (attempt - 2) * random.uniform(1, 2))  # noqa: S311 (no secret)
        try:
            return Answer(parse(body), url, datetime.now(UTC).date())
        except (ValueError, SyntaxError, RecursionError) as error:  # defusedxml's and json's errors are such
            if body.lstrip()[:1] == b"<" and form == "json":
                raise _web_page(service, url) from error
            why = f"the answer is not whole or not {form.upper()} ({_one_line(str(error))})"
            raise ServiceError(service.name, url, why, AGAIN) from error

    def _fetch(self, service: Service, url: str, form: str) -> bytes:
        """Return the body, never more than ``LIMIT`` of it, whatever the headers promise."""
        try:
            with self._http.stream("GET", url) as response:
                _refuse(service, response, form)
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > LIMIT:
                        _too_large(service, url)
                return bytes(body)
        except httpx.TimeoutException as error:
            raise ServiceError(service.name, url, "no answer in time", AGAIN, 0) from error
        except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
            why = f"the answer was cut off ({_one_line(str(error))})"
            raise ServiceError(service.name, url, why, AGAIN, 0) from error
        except httpx.TooManyRedirects as error:
            raise ServiceError(service.name, url, "redirects in a circle", FROM_FILE) from error
        except _ElsewhereError as error:
            why = f"redirects elsewhere, to {_one_line(str(error))}"
            raise ServiceError(service.name, url, why, f"not followed; {FROM_FILE}") from error
        except httpx.HTTPError as error:
            remedy = f"check the connection and try again, or work offline: {FROM_FILE}"
            raise ServiceError(service.name, url, f"cannot be reached ({_one_line(str(error))})", remedy, 0) from error


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


def _refuse(service: Service, response: httpx.Response, form: str) -> None:
    """Raise unless the status is good and the content is of the form asked for, and not too large."""
    status, url = response.status_code, str(response.url)
    if status == 404:
        remedy = "check the identifier, and whether this service is the one that holds it"
        raise UnknownRecordError(service.name, url, "no such record", remedy)
    if status in PASSING:
        wait = _retry_after(response)
        why = "too many requests" if status == 429 else f"the service is in trouble (HTTP {status})"
        if wait > PATIENCE:
            why += f"; it asks to wait {wait:.0f} seconds"
            raise ServiceError(service.name, url, why, "wait that long and try again")
        raise ServiceError(service.name, url, why, AGAIN, wait)
    if status != 200:
        start = next(response.iter_bytes(500), b"").decode("utf-8", "replace")
        why = f"refused the request (HTTP {status}: {_one_line(start)})"
        raise ServiceError(service.name, url, why, f"check the identifier, or {FROM_FILE}")
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise _web_page(service, url)
    if form not in kind and kind != "text/plain":  # some mirrors serve their answers as text/plain
        raise ServiceError(service.name, url, f"answered with {kind or 'no content type'}, not {form.upper()}", AGAIN)
    if int(response.headers.get("content-length") or 0) > LIMIT:
        _too_large(service, url)


def _too_large(service: Service, url: str) -> NoReturn:
    raise ServiceError(service.name, url, f"the answer is larger than {LIMIT // 1_000_000} MB", FROM_FILE)


def _web_page(service: Service, url: str) -> ServiceError:
    why = "answered with a web page instead of a record (often a login or maintenance page)"
    return ServiceError(service.name, url, why, AGAIN)


def _retry_after(response: httpx.Response) -> float:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110: a number or a date); 0 when it says nothing."""
    said = response.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _one_line(text: str, limit: int = 120) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
