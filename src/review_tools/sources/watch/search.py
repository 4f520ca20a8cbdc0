"""One search of one source, page by page, with the doubts a network deserves."""

from dataclasses import dataclass
from datetime import date, timedelta

from review_tools.sources.http import Client, ServiceError
from review_tools.sources.watch.progress import Progress
from review_tools.sources.watch.sources import SERVICES, Page, Span, page


class WatchError(Exception):
    """A source could not be searched to the end. The message names source, page and remedy."""

    def __init__(self, source: str, where: str, why: str, remedy: str) -> None:
        super().__init__(f"{SERVICES[source].name}, {where}: {why} → {remedy}")


@dataclass(frozen=True, slots=True)
class Strategy:
    """What is asked of one source by which strategy."""

    source: str
    name: str
    version: int
    query: dict[str, str]
    bound: int  # most records of one search

    def asked(self, first: date, last: date) -> list[str]:
        query = sorted(f"{key}={value}" for key, value in self.query.items())
        return [self.source, self.name, str(self.version), *query, first.isoformat(), last.isoformat()]


def run(client: Client, strategy: Strategy, progress: Progress, first: date, last: date) -> tuple[date, date]:
    """Searches from the first day as far as the bound on records allows, at most to the last day.

    An interrupted search of the same strategy that begins on the same day is gone on with. Afterwards ``progress``
    holds the records; the days searched are returned.

    Raises:
        WatchError: the pages received are kept, and the next run goes on after them.
    """
    kept = progress.place.asked
    if kept and kept[:-1] == strategy.asked(first, last)[:-1] and date.fromisoformat(kept[-1]) <= last:
        last = date.fromisoformat(kept[-1])
    if kept != strategy.asked(first, last) or not progress.place.pages:
        last = _first_page(client, strategy, progress, first, last)
    elif not progress.place.done:
        last = _go_on(client, strategy, progress, first, last)
    span = Span(strategy.query, first, last)
    seen = {hit.candidate_id for hit in progress.hits()}
    while not progress.place.done:
        where = progress.place
        received = _ask(client, strategy, span, where.cursor, where.pages + 1)
        _add(strategy, progress, received, seen)
    return first, last


def _first_page(client: Client, strategy: Strategy, progress: Progress, first: date, last: date) -> date:
    """The first page, of as many days as stay within the bound."""
    while True:
        received = _ask(client, strategy, Span(strategy.query, first, last), "", 1)
        total = received.total
        if total is None:
            why = "does not say how many records there are"
            raise WatchError(strategy.source, "page 1", why, _again(strategy.source))
        if total <= strategy.bound:
            break
        if first == last:
            why = f"{total:,} records for {first} alone, more than {strategy.bound:,}"
            remedy = "narrow the query in data/review.yml, or raise bounds.hits_of_a_search there if they are wanted"
            raise WatchError(strategy.source, "page 1", why, remedy)
        last = first + timedelta(days=(last - first).days // 2)
    progress.begin(strategy.asked(first, last))
    _add(strategy, progress, received, set())
    return last


def _go_on(client: Client, strategy: Strategy, progress: Progress, first: date, last: date) -> date:
    """The next page of an interrupted search; cursors age, so where it is refused the search begins anew."""
    where = progress.place
    try:
        received = _ask(client, strategy, Span(strategy.query, first, last), where.cursor, where.pages + 1)
    except WatchError as error:
        try:
            return _first_page(client, strategy, progress, first, last)
        except WatchError:
            raise error from None
    _add(strategy, progress, received, {hit.candidate_id for hit in progress.hits()})
    return last


def _ask(client: Client, strategy: Strategy, span: Span, cursor: str, number: int) -> Page:
    try:
        return page(client, strategy.source, span, cursor)
    except ServiceError as error:
        raise WatchError(
            strategy.source, f"page {number}", f"{error.why} ({error.url})", _again(strategy.source)
        ) from (error)


def _add(strategy: Strategy, progress: Progress, received: Page, seen: set[str]) -> None:
    """Keeps a page, unless it brings nothing that is new to this search. ``seen`` grows by its records."""
    number = progress.place.pages + 1
    fresh = {hit.candidate_id for hit in received.hits} - seen
    if received.hits and not fresh:
        raise WatchError(strategy.source, f"page {number}", "repeats an earlier page", _again(strategy.source))
    if received.cursor and received.cursor == progress.place.cursor:
        raise WatchError(strategy.source, f"page {number}", "names itself as the next page", _again(strategy.source))
    if not received.hits and not received.broken and received.cursor:
        why = "is empty although more pages are announced"
        raise WatchError(strategy.source, f"page {number}", why, _again(strategy.source))
    if len(seen) + len(fresh) > strategy.bound:
        why = f"more than {strategy.bound:,} records, although fewer were announced"
        raise WatchError(strategy.source, f"page {number}", why, _again(strategy.source))
    seen |= fresh
    progress.add(received)


def _again(source: str) -> str:
    return f"nothing received is lost; try again later with review watch --source {source}, which goes on at this page"
