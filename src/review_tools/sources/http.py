"""Asking a service over HTTP: patient, polite, and suspicious of the answer."""

import hashlib
import json
import logging
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, TypeVar
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

import httpx
import stamina
from defusedxml import ElementTree

from review_tools.data.edit import replace_bytes

LIMIT = 20_000_000  # bytes of one answer
ATTEMPTS = 4
PATIENCE = 60.0  # seconds: the longest Retry-After that is waited for
REDIRECTS = 5
FRESH = 24 * 3600.0  # seconds for which a cached answer serves
PASSING = {429, 500, 502, 503, 504}
Params = Mapping[str, str | int]
T = TypeVar("T")
logging.getLogger("stamina").addHandler(logging.NullHandler())  # what fails for good is reported as an error


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

    def __init__(self, service: str, url: str, why: str, remedy: str) -> None:
        super().__init__(f"{service}: {why} ({url}) → {remedy}")
        self.service, self.url, self.why, self.remedy = service, url, why, remedy


class UnknownRecordError(ServiceError):
    """The service answered, and has no such record."""


class _Passing(Exception):  # noqa: N818 (never leaves this module)
    """A failure that may pass, with the seconds the service asks to wait, if it does."""

    def __init__(self, error: ServiceError, wait: float | None) -> None:
        self.error, self.wait = error, wait


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a service said, and when."""

    data: T
    url: str
    retrieved: date


class Client:
    """Asks services; one client for one run.

    Args:
        cache: folder for answers, keyed by address; None keeps nothing.
        max_age: seconds for which a kept answer serves.

    Environment: ``REVIEW_MAILTO`` (contact named to the services), ``REVIEW_TIMEOUT`` (seconds, default 20).
    """

    def __init__(self, cache: Path | None = None, max_age: float = FRESH) -> None:
        self.cache, self.max_age = cache, max_age
        self.mailto = os.environ.get("REVIEW_MAILTO", "").strip()
        contact = f"; mailto:{self.mailto}" if self.mailto else ""
        agent = (
            f"msc-living-review/{version('review-tools')} "
            f"(https://github.com/msc-living-review/msc-living-review{contact})"
        )
        self._http = httpx.Client(
            headers={"User-Agent": agent, "Accept-Encoding": "gzip"},
            timeout=float(os.environ.get("REVIEW_TIMEOUT") or 20),
            follow_redirects=False,
        )
        self._asked: dict[str, float] = {}

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def json(
        self, service: Service, path: str, params: Params | None = None, valid: Callable[[Any], object] = bool
    ) -> Answer[Any]:
        """A JSON answer that is ``valid``, that is, of the shape the caller can read.

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
        """An XML answer, parsed without entities or outside files. Raises as ``json`` does."""
        return self._get(service, path, params, "xml", ElementTree.fromstring)

    def _get(
        self, service: Service, path: str, params: Params | None, form: str, parse: Callable[[bytes], T]
    ) -> Answer[T]:
        url = str(httpx.URL(f"{service.base}/{path.lstrip('/')}", params=dict(params) if params else None))
        kept = self.cache and self.cache / f"{hashlib.sha256(url.encode()).hexdigest()}.{form}"
        if kept and kept.is_file() and time.time() - kept.stat().st_mtime < self.max_age:
            try:
                written = datetime.fromtimestamp(kept.stat().st_mtime, UTC).date()
                return Answer(parse(kept.read_bytes()), url, written)
            except (ValueError, SyntaxError, RecursionError):
                kept.unlink()  # a spoiled copy is no answer: ask again
        body = self._patiently(service, url, form)
        try:
            data = parse(body)
        except (ValueError, SyntaxError, RecursionError) as error:  # defusedxml's and json's errors are such
            if body.lstrip()[:1] == b"<" and form == "json":
                raise _web_page(service, url) from error
            why = f"the answer is not whole or not {form.upper()} ({_one_line(str(error))})"
            raise ServiceError(service.name, url, why, _AGAIN) from error
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            replace_bytes(kept, body)
        return Answer(data, url, datetime.now(UTC).date())

    def _patiently(self, service: Service, url: str, form: str) -> bytes:
        def wait(error: Exception) -> bool | float:
            if not isinstance(error, _Passing):
                return False
            return True if error.wait is None else error.wait

        try:
            for attempt in stamina.retry_context(wait, ATTEMPTS, timeout=3 * PATIENCE, wait_initial=0.5, wait_max=8):
                with attempt:
                    return self._once(service, url, form)
        except _Passing as failed:
            raise failed.error from failed
        raise AssertionError("unreachable")

    def _once(self, service: Service, url: str, form: str) -> bytes:
        asked = url
        for _ in range(REDIRECTS):
            self._keep_interval(service)
            try:
                with self._http.stream("GET", asked) as response:
                    if not response.has_redirect_location:
                        _judge(service, asked, response, form)
                        return _read(service, asked, response)
                    asked = _next(service, asked, response)
            except httpx.TimeoutException as error:
                late = ServiceError(service.name, asked, "no answer in time", _AGAIN)
                raise _Passing(late, None) from error
            except httpx.RemoteProtocolError as error:
                cut = ServiceError(service.name, asked, f"the answer was cut off ({_one_line(str(error))})", _AGAIN)
                raise _Passing(cut, None) from error
            except httpx.TransportError as error:
                remedy = f"check the connection and try again, or work offline: {_FROM_FILE}"
                away = ServiceError(service.name, asked, f"cannot be reached ({_one_line(str(error))})", remedy)
                raise _Passing(away, None) from error
        raise ServiceError(service.name, url, "redirects in a circle", _FROM_FILE)

    def _keep_interval(self, service: Service) -> None:
        pause = self._asked.get(service.name, 0.0) + service.interval - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        self._asked[service.name] = time.monotonic()


_FROM_FILE = "save the record with a browser and name the file with --from FILE"
_AGAIN = f"try again later, or {_FROM_FILE}"


def _judge(service: Service, url: str, response: httpx.Response, form: str) -> None:
    """Raises unless the status is good and the content is of the form asked for."""
    status = response.status_code
    if status == 404:
        remedy = "check the identifier, and whether this service is the one that holds it"
        raise UnknownRecordError(service.name, url, "no such record", remedy)
    if status in PASSING:
        wait = _retry_after(response)
        why = "too many requests" if status == 429 else f"the service is in trouble (HTTP {status})"
        if wait is not None and wait > PATIENCE:
            why += f"; it asks to wait {wait:.0f} seconds"
            raise ServiceError(service.name, url, why, "wait that long and try again")
        raise _Passing(ServiceError(service.name, url, why, _AGAIN), wait)
    if status != 200:
        why = f"refused the request (HTTP {status}: {_one_line(_start(response))})"
        raise ServiceError(service.name, url, why, f"check the identifier, or {_FROM_FILE}")
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise _web_page(service, url)
    if form not in kind and kind != "text/plain":  # some mirrors serve their answers as text/plain
        raise ServiceError(service.name, url, f"answered with {kind or 'no content type'}, not {form.upper()}", _AGAIN)


def _web_page(service: Service, url: str) -> ServiceError:
    why = "answered with a web page instead of a record (often a login or maintenance page)"
    return ServiceError(service.name, url, why, _AGAIN)


def _read(service: Service, url: str, response: httpx.Response) -> bytes:
    """The body, never more than ``LIMIT`` of it in memory, whatever the headers promise."""
    big = ServiceError(service.name, url, f"the answer is larger than {LIMIT // 1_000_000} MB", _FROM_FILE)
    if int(response.headers.get("content-length") or 0) > LIMIT:
        raise big
    body = bytearray()
    for piece in response.iter_raw():
        body += piece
        if len(body) > LIMIT:
            raise big
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        return bytes(body)
    if coding != "gzip":
        raise ServiceError(service.name, url, f"answered in the coding {coding!r}, which was not asked for", _AGAIN)
    unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unzip.decompress(bytes(body), LIMIT + 1)
    except zlib.error as error:
        raise ServiceError(service.name, url, f"the answer cannot be unpacked ({error})", _AGAIN) from error
    if len(plain) > LIMIT:
        raise big
    if not unzip.eof:
        raise _Passing(ServiceError(service.name, url, "the answer was cut off", _AGAIN), None)
    return plain


def _start(response: httpx.Response) -> str:
    """The first words of an answer, for a message."""
    pieces: Iterator[bytes] = response.iter_raw(500)
    return next(pieces, b"").decode("utf-8", "replace")


def _next(service: Service, url: str, response: httpx.Response) -> str:
    """Where a redirect leads, if that is on the same host and no less safe."""
    here = httpx.URL(url)
    there = here.join(response.headers["location"])
    if (there.host, there.port, there.scheme) != (here.host, here.port, here.scheme):
        why = f"redirects elsewhere, to {_one_line(there.host)}"
        raise ServiceError(service.name, url, why, f"not followed; {_FROM_FILE}")
    return str(there)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that ``Retry-After`` asks for (RFC 9110: a number or a date); None when it says nothing usable."""
    said = response.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _one_line(text: str, limit: int = 120) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
