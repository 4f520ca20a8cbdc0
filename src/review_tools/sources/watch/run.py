"""``review watch``: every source since its last complete search, its findings put into the tables as one step."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from review_tools.check import check
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.sources import abstracts
from review_tools.sources.http import Client, ServiceError
from review_tools.sources.records import NCT
from review_tools.sources.watch import journal, search, sources, tables
from review_tools.sources.watch.known import Known, Row, text
from review_tools.sources.watch.matching import Groups
from review_tools.sources.watch.progress import Progress
from review_tools.sources.watch.search import Strategy, WatchError

FOLDER = Path("_build") / "watch"
OWN = ("query.", "term", "query")  # keys of a source in the protocol that are parameters of its service
WRITTEN = ("searches", "candidates", "trial_history", "trials")


@dataclass(slots=True)
class Result:
    """One search that came to its end, or the reason why one did not."""

    found: tables.Found | None = None
    error: str = ""


def today() -> date:
    """The last day searched, the same all over the world."""
    return datetime.now(UTC).date()


def watch(project: Project, only: str | None = None, since: date | None = None, dry: bool = False) -> Iterator[Result]:
    """Searches the sources one after the other; each result is in the tables before it is returned.

    Args:
        only: the one source to search.
        since: first day, instead of that of the last complete search.
        dry: search, and change no table and keep nothing.

    Raises:
        DataError: the tables or the protocol are wrong, or another watch is running. Nothing was searched.
    """
    folder = project.root / FOLDER
    with ExitStack() as stack:
        if dry:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                stack.enter_context(FileLock(folder / "lock", timeout=0))
            except Timeout:
                raise DataError(f"{FOLDER}: another watch is running → wait until it has ended.") from None
            journal.finish(project, folder)
        _refuse_bad_log(project)
        client = stack.enter_context(Client(folder / "answers", max_age=0))  # kept to look at, never asked twice
        at = _Run(project.root, folder, client, project.protocol, Known(project), today(), dry)
        for source in [only] if only else sources.SERVICES:
            yield from _source(project, at, source, since)


@dataclass(frozen=True, slots=True)
class _Run:
    """What the searches of one run share. ``known`` grows by what is found."""

    root: Path
    folder: Path
    client: Client
    protocol: dict[str, Any]
    known: Known
    today: date
    dry: bool


def _source(project: Project, at: _Run, source: str, since: date | None) -> Iterator[Result]:
    """Search after search of one source up to today: the bound on records may cut the days into several."""
    for name, strategy in at.protocol["strategies"].items():
        entry = strategy["sources"][source]
        query = {key: value for key, value in entry.items() if key.startswith(OWN)}
        asked = Strategy(source, name, strategy["version"], query, at.protocol["bounds"]["hits_of_a_search"])
        progress = Progress(at.folder / name, source)
        searches = text(project, "searches")
        taken = set(searches["search_id"])
        if progress.place.search_id in taken:
            progress.end()  # interrupted after its records had reached the tables
        first = since or _since(searches, asked, strategy["first_day"])
        if first > at.today:
            why = f"its search would begin on {first}, and today is {at.today}"
            remedy = "set the clock of this computer, or mend to_date in data/searches.csv"
            yield Result(error=str(WatchError(source, "data/searches.csv", why, remedy)))
            continue
        groups, required = Groups(strategy["groups"]), entry.get("required_groups", [])
        try:
            changed = _changes(at) if source == "clinicaltrials" else []
            while True:
                begun, ended = search.run(at.client, asked, progress, first, at.today)
                row = tables.row_of(asked, begun, ended, at.today, taken)
                taken.add(row["search_id"])
                found = tables.sort_out(progress, row, at.known, groups, required)
                found.changes, changed = changed, []
                progress.name(row["search_id"])
                if not at.dry:
                    abstracts.append(project, found.abstracts)
                    journal.put(project, at.folder, *tables.contents(project, found))
                progress.end()
                yield Result(found)
                if row["status"] == "partial":
                    remedy = f"what came is kept; the next review watch --source {source} searches these days again"
                    raise WatchError(source, f"{begun} to {ended}", f"not complete: {row['note']}", remedy)
                if ended >= at.today:
                    break
                first = ended if ended > first else ended + timedelta(days=1)
        except WatchError as error:
            yield Result(error=str(error))


def _since(searches: Any, asked: Strategy, first_day: date) -> date:
    """The last day of the last complete search by this version of the strategy; that day is searched again."""
    same = (searches["source"] == asked.source) & (searches["strategy"] == asked.name)
    same &= (searches["strategy_version"] == str(asked.version)) & (searches["status"] == "complete")
    ends = searches.loc[same, "to_date"]
    return date.fromisoformat(ends.max()) if len(ends) else first_day


def _changes(at: _Run) -> list[Row]:
    trials = at.known.trials
    try:
        found = sources.studies(at.client, [number for number in trials if NCT.fullmatch(number)])
    except ServiceError as error:
        remedy = "nothing was changed; try again later with review watch --source clinicaltrials"
        raise WatchError("clinicaltrials", "known trials", f"{error.why} ({error.url})", remedy) from error
    return tables.changes(trials, found, at.today)


def _refuse_bad_log(project: Project) -> None:
    """The log tells where to begin: one that was edited into nonsense must not be trusted."""
    files = {project.file_of(table) for table in WRITTEN}
    problems = [problem for problem in check(Project(project.root)) if problem.file in files]
    if problems:
        raise DataError(*problems)
