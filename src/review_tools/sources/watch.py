"""``review watch``: every source since its last complete search, what it holds sorted out and put into the tables.

Each search that came to its end is in the tables before the next begins, so a run that was interrupted begins
again with the source that it was at, and gives what one run would have given.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pandas as pd

from review_tools.check import check
from review_tools.data.edit import Change, edit
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.sources import abstracts, clinicaltrials, crossref, europepmc, pubmed, report
from review_tools.sources.duplicates import Entry, Index
from review_tools.sources.http import CLINICALTRIALS, CROSSREF, EUROPEPMC, PUBMED, Client, Service, ServiceError
from review_tools.sources.records import NCT, YEAR, Page, Record

SIZE = 100  # records of a page
Search = Callable[[Client, Mapping[str, str], date, date, str, int], Page]
SOURCES: dict[str, tuple[Service, Search]] = {
    "clinicaltrials": (CLINICALTRIALS, clinicaltrials.search),
    "pubmed": (PUBMED, pubmed.search),
    "europepmc": (EUROPEPMC, europepmc.search),
    "crossref": (CROSSREF, crossref.search),
}
PARAMETERS = ("query.", "term", "query")  # how keys of a source in the protocol begin that its service is sent
WRITTEN = ("searches", "candidates", "trial_history", "trials")
# Columns of ``trials`` in which a change at the registry is followed.
FOLLOWED: tuple[str, ...] = ("registered_status", "status_date", "enrolment", "enrolment_basis", "start_date")
FOLLOWED += ("completion_date", "results_posted", "publication_doi")
Row = dict[str, str]


class WatchError(Exception):
    """A source could not be searched to the end. The message names source, page and remedy."""

    def __init__(self, source: str, where: str, why: str, remedy: str = "") -> None:
        remedy = remedy or f"nothing of it was entered; try again later with review watch --source {source}"
        super().__init__(f"{SOURCES[source][0].name}, {where}: {why} → {remedy}")


@dataclass(slots=True)
class Result:
    """What one search adds to the tables, or the reason why it does not."""

    search: Row = field(default_factory=dict)
    candidates: list[Row] = field(default_factory=list)
    abstracts: dict[str, str] = field(default_factory=dict)
    changes: list[Row] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Received:
    """The records of a whole search, up to the day that the bound on records allows."""

    records: list[Record]
    last: date
    announced: int
    broken: int

    @property
    def shortfall(self) -> str:
        """What is missing; empty when all records came."""
        if len(self.records) >= self.announced and not self.broken:
            return ""
        unread = f", {self.broken} that could not be read" if self.broken else ""
        return f"{self.announced} records announced, {len(self.records)} received{unread}."


def today() -> date:
    """Return the last day searched, the same all over the world."""
    return datetime.now(UTC).date()


def watch(project: Project, only: str | None = None, since: date | None = None, dry: bool = False) -> Iterator[Result]:
    """Search the sources one after the other; each result is in the tables before it is returned.

    Args:
        only: the one source to search.
        since: first day, instead of that of the last complete search.
        dry: search, and change no table.

    Raises:
        DataError: the log or the protocol is wrong. Nothing was searched.
    """
    # The log says where to begin: one that was edited into nonsense must not be trusted.
    files = {project.file_of(table) for table in WRITTEN}
    if problems := [problem for problem in check(project) if problem.file in files]:
        raise DataError(*problems)
    strategies = project.protocol["strategies"]
    with Client() as client:
        for source in [only] if only else SOURCES:
            for name in strategies:
                run = _Run(project, client, source, name, dry)
                try:
                    yield from run.results(since)
                except WatchError as error:
                    yield Result(error=str(error))
                project = run.project


@dataclass(slots=True)
class _Run:
    """The searches of one source by one strategy. ``project`` is the state that they left behind."""

    project: Project
    client: Client
    source: str
    strategy: str
    dry: bool

    def results(self, since: date | None) -> Iterator[Result]:
        """Yield search after search up to today: the bound on records may cut the days into several."""
        strategy = self.project.protocol["strategies"][self.strategy]
        ended = _last_day(self.project.text("searches"), self.source, self.strategy, strategy["version"])
        first = since or ended or strategy["first_day"]
        if first > today():
            why = f"its search would begin on {first}, and today is {today()}"
            remedy = "set the clock of this computer, or mend to_date in data/searches.csv"
            raise WatchError(self.source, "data/searches.csv", why, remedy)
        if ended == today() and not since:
            return  # by this run, before it was interrupted
        changes = self._changes() if self.source == "clinicaltrials" else []
        while True:
            received = self._receive(strategy, first)
            # The last day of a complete search is searched again: it may have been young then.
            with nullcontext(Change(self.project)) if self.dry else edit(self.project.root) as change:
                result = self._enter(change, strategy, first, received, changes)
            self.project, changes = change.after, []
            yield result
            if received.shortfall:
                remedy = f"what came is entered; the next review watch --source {self.source} searches these days again"
                where = f"{first} to {received.last}"
                raise WatchError(self.source, where, f"not complete: {received.shortfall}", remedy)
            if received.last >= today():
                return
            first = received.last if received.last > first else received.last + timedelta(days=1)

    def _changes(self) -> list[Row]:
        """Return rows of ``trial_history``: registry values of known trials that are not those of the table.

        What the registry leaves empty or the review has no word for is no change, and neither is an older copy.
        """
        held = self.project.text("trials").set_index("trial_id", drop=False).to_dict("index")
        try:
            found = clinicaltrials.trials(self.client, [str(one) for one in held if NCT.fullmatch(str(one))], SIZE)
        except ServiceError as error:
            raise WatchError(self.source, "known trials", f"{error.why} ({error.url})") from error
        rows = {}
        for record in found:
            old, new = held.get(record.trial_id), record.columns
            if old is None or new["status_date"] < old["status_date"]:
                continue
            for column in FOLLOWED:
                if new[column] not in ("", "not shown", old[column]):
                    row = {"trial_id": record.trial_id, "column": column, "old": old[column], "new": new[column]}
                    row |= {"seen_on": f"{today()}", "source_url": f"{clinicaltrials.PAGE}{record.trial_id}"}
                    rows[record.trial_id, column] = row
        return list(rows.values())

    def _receive(self, strategy: dict[str, Any], first: date) -> _Received:
        """Ask for page after page, with the doubts a network deserves."""
        query = {key: said for key, said in strategy["sources"][self.source].items() if key.startswith(PARAMETERS)}
        bound, last = self.project.protocol["bounds"]["hits_of_a_search"], today()
        while True:
            page = self._page(query, first, last, "", 1)
            if page.total is None:
                raise WatchError(self.source, "page 1", "does not say how many records there are")
            if page.total <= bound:
                break
            if first == last:
                why = f"{page.total:,} records for {first} alone, more than {bound:,}"
                remedy = "narrow the query in data/review.yml, or raise bounds.hits_of_a_search there if need be"
                raise WatchError(self.source, "page 1", why, remedy)
            last = first + (last - first) // 2
        announced, number, broken = page.total, 1, 0
        records: dict[str, Record] = {}
        while True:
            fresh = {one.record_id: one for one in page.records if one.record_id not in records}
            why = ""
            if page.records and not fresh:
                why = "repeats an earlier page"
            elif page.cursor and not page.records and not page.broken:
                why = "is empty although more pages are announced"
            elif len(records) + len(fresh) > bound:
                why = f"more than {bound:,} records, although fewer were announced"
            if why:
                raise WatchError(self.source, f"page {number}", why)
            records |= fresh
            broken += page.broken
            if not page.cursor:
                return _Received(list(records.values()), last, announced, broken)
            number += 1
            page = self._page(query, first, last, page.cursor, number)

    def _page(self, query: Mapping[str, str], first: date, last: date, cursor: str, number: int) -> Page:
        try:
            return SOURCES[self.source][1](self.client, query, first, last, cursor, SIZE)
        except ServiceError as error:
            raise WatchError(self.source, f"page {number}", f"{error.why} ({error.url})") from error

    def _enter(
        self, change: Change, strategy: dict[str, Any], first: date, received: _Received, changes: list[Row]
    ) -> Result:
        """Write what a search found: its row in the log, its candidates, and changed values of known trials."""
        start, taken = f"{self.source}-{today()}", set(change.table("searches")["search_id"])
        names = (start, *(f"{start}-{number}" for number in range(2, len(taken) + 3)))
        search = {
            "search_id": next(name for name in names if name not in taken),
            "source": self.source,
            "strategy": self.strategy,
            "strategy_version": str(strategy["version"]),
            "run_on": f"{today()}",
            "from_date": f"{first}",
            "to_date": f"{received.last}",
            "status": "partial" if received.shortfall else "complete",
            "note": received.shortfall,
        }
        result = _sort_out(change, strategy, search, received.records)
        result.changes = changes
        change.add_rows("searches", [search])
        change.add_rows("candidates", result.candidates)
        change.add_rows("trial_history", changes)
        for row in changes:
            change.set_cells("trials", "trial_id", row["trial_id"], {row["column"]: row["new"]})
        if not self.dry:
            abstracts.append(change.project, result.abstracts)
        return result


def _last_day(searches: pd.DataFrame, source: str, strategy: str, version: int) -> date | None:
    """Return the last day of the last complete search by this version of the strategy."""
    same = (searches["source"] == source) & (searches["strategy"] == strategy)
    same &= (searches["strategy_version"] == str(version)) & (searches["status"] == "complete")
    days = searches.loc[same, "to_date"]
    return date.fromisoformat(days.max()) if len(days) else None


def _sort_out(change: Change, strategy: dict[str, Any], search: Row, records: Iterable[Record]) -> Result:
    """Tell new records from known ones and from those that the strategy rules out; fill the counts of ``search``."""
    known, result = _index(change), Result(search)
    taken = set(change.table("candidates")["candidate_id"])
    required = set(strategy["sources"][search["source"]].get("required_groups", []))
    forms = {group: "|".join(map(_form, words)) for group, words in strategy["groups"].items()}
    counts = dict.fromkeys(("hits", "new", "duplicates", "ruled_out"), 0)
    for record in records:
        counts["hits"] += 1
        row = _candidate(search["source"], record)
        found = {group: re.search(form, f"{record.title}. {record.abstract}", re.I) for group, form in forms.items()}
        words = {group: match[0].lower() for group, match in found.items() if match}
        if row["candidate_id"] in taken:
            counts["duplicates"] += 1
        elif not required <= set(words):
            counts["ruled_out"] += 1
        else:
            entry = _entry(row)
            row["duplicate_of"] = known.find(entry)
            known.add(entry, row["duplicate_of"])
            counts["duplicates" if row["duplicate_of"] else "new"] += 1
            row |= {"search_id": search["search_id"], "found_on": search["run_on"]}
            row |= {"matched": _matched(search["source"], words), "score": f"{round(len(words) / len(forms), 2):g}"}
            result.candidates.append(row)
            if record.abstract:
                result.abstracts[row["candidate_id"]] = record.abstract
    search |= {name: str(number) for name, number in counts.items()}
    return result


def _candidate(source: str, record: Record) -> Row:
    """Return a row of ``candidates`` as far as the record itself tells it."""
    number = record.record_id
    short = sha256(number.encode()).hexdigest()[:16] if source == "crossref" else number.replace("/", "-").lower()
    registration = record.kind == "registration"
    return {
        "candidate_id": f"{source}-{short}",
        "source": source,
        "record_id": number,
        "kind": "registration" if registration else "report",
        "doi": record.doi,
        "pmid": record.pmid if record.pmid.isdecimal() else "",
        "trial_id": record.trial_id if NCT.fullmatch(record.trial_id) else "",
        "title": record.columns["registered_title"] if registration else record.title,
        "year": record.year if YEAR.fullmatch(record.year) else "",
    }


def _index(change: Change) -> Index:
    """Return everything the review knows: its works, its trials and its candidates."""
    works = change.project.works.values()
    index = Index(Entry(one.key, one["doi"], one["pmid"], "", one["title"], one["year"]) for one in works)
    for number in change.table("trials")["trial_id"]:
        index.add(Entry(number, trial_id=number))
    for row in change.table("candidates").to_dict("records"):
        index.add(_entry(row), row["duplicate_of"])
    return index


def _entry(row: Mapping[Any, str]) -> Entry:
    registered = row["trial_id"] if row["kind"] == "registration" else ""
    return Entry(row["candidate_id"], row["doi"], row["pmid"], registered, row["title"], row["year"])


def _matched(source: str, words: Mapping[str, str]) -> str:
    name = SOURCES[source][0].name
    if not words:
        return f"Found by the query of {name}; title and abstract name none of the strategy's words."
    named = ", ".join(f"“{word}” ({group})" for group, word in words.items())
    return f"Found by the query of {name}; title or abstract name {named}."


def _form(word: str) -> str:
    """Return the pattern of a word; ``*`` at its end stands for any ending."""
    return rf"\b{re.escape(word.rstrip('*'))}" + (r"\w*" if word.endswith("*") else r"\b")


def markdown(results: Sequence[Result]) -> str:
    """Return the text of the pull request; all text from outside is escaped."""
    searches = [{**one.search, "source": SOURCES[one.search["source"]][0].name} for one in results if one.search]
    new = [row for one in results for row in one.candidates if not row["duplicate_of"]]
    new.sort(key=lambda row: -float(row["score"]))
    changes = [row for one in results for row in one.changes]
    text = "# What the searches found\n"
    if errors := [one.error for one in results if one.error]:
        text += "\n## Not finished\n\n" + report.bullets(errors)
    for heading, rows, columns, empty in (
        ("Searches", searches, "source from_date to_date hits new duplicates ruled_out status", "No search ended."),
        ("To screen", new, "source record_id year title score", "No new record."),
        ("Changes in the registry", changes, "trial_id column old new source_url", "No known trial changed."),
    ):
        text += f"\n## {heading}\n\n" + report.listing(rows, columns.split(), empty)
    return (
        f"{text}\nMerging takes the candidates into the queue and the registry's values into the table of trials; "
        "no study enters the review by it. Screen with `review screen`.\n"
    )
