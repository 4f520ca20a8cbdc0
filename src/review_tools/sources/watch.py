"""``review watch``: search every source since its last complete search, and sort what it holds into the tables.

Each search that came to its end is in the tables before the next begins, so a run that was interrupted begins
again with the source that it was at, and gives what one run would have given.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from itertools import chain, product
from typing import Any

from review_tools.check import check
from review_tools.check.duplicates import Entry, Index, index_of
from review_tools.data.edit import Change, edit
from review_tools.data.markdown import bullets, listing
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.sources import clinicaltrials, crossref, europepmc, pubmed
from review_tools.sources.http import CLINICALTRIALS, CROSSREF, EUROPEPMC, PUBMED, Client, Service, ServiceError
from review_tools.sources.records import NCT, YEAR, Page, Record, today
from review_tools.sources.screening import keep_abstracts

SIZE = 100  # records of a page
Search = Callable[[Client, Mapping[str, str], date, date, int], Iterator[Page]]
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
    """A source could not be searched to the end: why, and the remedy."""

    def __init__(self, why: str, remedy: str = "nothing of it was entered; try again later") -> None:
        super().__init__(f"{why} → {remedy}")


@dataclass(slots=True)
class Result:
    """What one search adds to the tables, or the reason why it does not."""

    search: Row = field(default_factory=dict)
    candidates: list[Row] = field(default_factory=list)
    abstracts: dict[str, str] = field(default_factory=dict)
    changes: list[Row] = field(default_factory=list)
    error: str = ""


def watch(project: Project, only: str | None = None, dry: bool = False) -> Iterator[Result]:
    """Search the sources one after the other; each result is in the tables before it is returned.

    Args:
        only: the one source to search.
        dry: search, and change no table.

    Raises:
        DataError: the log or the protocol is wrong. Nothing was searched.
    """
    # The log says where to begin: one that was edited into nonsense must not be trusted.
    files = {project.file_of(table) for table in WRITTEN}
    if problems := [problem for problem in check(project) if problem.file in files]:
        raise DataError(*problems)
    draft = Change(project) if dry else None
    with Client() as client:
        for source, strategy in product([only] if only else SOURCES, project.protocol["strategies"]):
            try:
                yield from _searches(Project(project.root), client, source, strategy, draft)
            except (WatchError, ServiceError) as error:
                said = WatchError(f"{error.why} ({error.url})") if isinstance(error, ServiceError) else error
                yield Result(error=f"{SOURCES[source][0].name}, {said} (review watch --source {source})")


def _searches(project: Project, client: Client, source: str, name: str, draft: Change | None) -> Iterator[Result]:
    """Yield search after search up to today: the bound on records may cut the days into several."""
    strategy, searches = project.protocol["strategies"][name], project.text("searches")
    asked = {"source": source, "strategy": name, "strategy_version": str(strategy["version"])}
    done = (searches[[*asked, "status"]] == [*asked.values(), "complete"]).all(axis=1)
    ended = max(map(date.fromisoformat, searches.loc[done, "to_date"]), default=None)
    first = ended or strategy["first_day"]
    if first > today():
        why = f"data/searches.csv: its search would begin on {first}, and today is {today()}"
        raise WatchError(why, "set the clock of this computer, or mend to_date there")
    if ended == today():
        return  # by this run, before it was interrupted
    changes = _changes(project, client) if source == "clinicaltrials" else []
    while True:
        last, page = _receive(client, source, strategy, first, project.protocol["bounds"]["hits_of_a_search"])
        short = ""
        if page.broken or len(page.records) < (page.total or 0):
            unread = f", {page.broken} that could not be read" if page.broken else ""
            short = f"{page.total} records announced, {len(page.records)} received{unread}."
        search = asked | {"run_on": f"{today()}", "from_date": f"{first}", "to_date": f"{last}", "note": short}
        search["status"] = "partial" if short else "complete"
        with nullcontext(draft) if draft else edit(project.root) as change:
            result = _enter(change, strategy, search, page.records, changes)
            if not draft:
                keep_abstracts(project, result.abstracts)
        yield result
        if short:
            why = f"{first} to {last}: not complete: {short}"
            raise WatchError(why, "what came is entered; search these days again")
        if last >= today():
            return
        # The last day is searched again: it may have been young then.
        first, changes = max(last, first + timedelta(days=1)), []


def _changes(project: Project, client: Client) -> list[Row]:
    """Return rows of ``trial_history``: registry values of known trials that are not those of the table.

    What the registry leaves empty or the review has no word for is no change, and neither is an older copy.
    """
    held = {row["trial_id"]: row for row in project.text("trials").to_dict("records")}
    return [
        {
            "trial_id": one.trial_id,
            "column": column,
            "old": held[one.trial_id][column],
            "new": one.columns[column],
            "seen_on": f"{today()}",
            "source_url": f"{clinicaltrials.PAGE}{one.trial_id}",
        }
        for one in clinicaltrials.trials(client, [number for number in held if NCT.fullmatch(number)], SIZE)
        if one.trial_id in held and one.columns["status_date"] >= held[one.trial_id]["status_date"]
        for column in FOLLOWED
        if one.columns[column] not in ("", "not shown", held[one.trial_id][column])
    ]


def _receive(client: Client, source: str, strategy: dict[str, Any], first: date, bound: int) -> tuple[date, Page]:
    """Ask for page after page, with the doubts a network deserves; return the last day and all records as one page.

    The last day is today, or one so early that no more records are announced than the bound allows.
    """
    query = {key: said for key, said in strategy["sources"][source].items() if key.startswith(PARAMETERS)}
    last, broken = today(), 0
    while True:
        pages = SOURCES[source][1](client, query, first, last, SIZE)
        start = next(pages)
        if start.total is None:
            raise WatchError("the first page does not say how many records there are")
        if start.total <= bound:
            break
        if first == last:
            why = f"{start.total:,} records for {first} alone, more than {bound:,}"
            remedy = "narrow the query in data/review.yml, or raise bounds.hits_of_a_search there if need be"
            raise WatchError(why, remedy)
        last = first + (last - first) // 2
    records: dict[str, Record] = {}
    for number, page in enumerate(chain([start], pages), 1):
        fresh = {one.record_id: one for one in page.records if one.record_id not in records}
        records, broken = records | fresh, broken + page.broken
        if page.records and not fresh:
            raise WatchError(f"page {number} repeats an earlier page")
        if len(records) + broken > bound:
            raise WatchError(f"more than {bound:,} records came, although fewer were announced")
    return last, Page(start.total, list(records.values()), broken)


def _enter(
    change: Change, strategy: dict[str, Any], search: Row, records: Iterable[Record], changes: list[Row]
) -> Result:
    """Write what a search found: its row in the log, its candidates, and changed values of known trials.

    New records are told from known ones and from those that the strategy rules out, and counted.
    """
    source, name = search["source"], f"{search['source']}-{search['run_on']}"
    again = change.table("searches")["search_id"].str.startswith(name).sum()
    search = {"search_id": f"{name}-{again + 1}" if again else name} | search
    result = Result(search, changes=changes)
    known, taken = _known(change), set(change.table("candidates")["candidate_id"])
    required = set(strategy["sources"][source].get("required_groups", []))
    forms = {group: "|".join(map(_form, words)) for group, words in strategy["groups"].items()}
    counts = dict.fromkeys(("hits", "new", "duplicates", "ruled_out"), 0)
    for record in records:
        counts["hits"] += 1
        row = _candidate(source, record)
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
            named = ", ".join(f"“{word}” ({group})" for group, word in words.items())
            why = f"title or abstract name {named}" if words else "title and abstract name none of the strategy's words"
            row |= {"search_id": search["search_id"], "found_on": search["run_on"]}
            row["matched"] = f"Found by the query of {SOURCES[source][0].name}; {why}."
            row["score"] = f"{round(len(words) / len(forms), 2):g}"
            result.candidates.append(row)
            if record.abstract:
                result.abstracts[row["candidate_id"]] = record.abstract
    search |= {name: str(number) for name, number in counts.items()}
    change.add_rows("searches", [search])
    change.add_rows("candidates", result.candidates)
    change.add_rows("trial_history", changes)
    for row in changes:
        change.set_cells("trials", "trial_id", row["trial_id"], {row["column"]: row["new"]})
    return result


def _candidate(source: str, record: Record) -> Row:
    """Return a row of ``candidates`` as far as the record itself tells it."""
    number = record.record_id
    short = sha256(number.encode()).hexdigest()[:16] if source == "crossref" else number.replace("/", "-").lower()
    return {
        "candidate_id": f"{source}-{short}",
        "source": source,
        "record_id": number,
        "kind": "registration" if record.kind == "registration" else "report",
        "doi": record.doi,
        "pmid": record.pmid if record.pmid.isdecimal() else "",
        "trial_id": record.trial_id if NCT.fullmatch(record.trial_id) else "",
        "title": record.columns.get("registered_title", record.title),
        "year": record.year if YEAR.fullmatch(record.year) else "",
    }


def _known(change: Change) -> Index:
    """Return everything the review knows: its works, its trials and its candidates."""
    index = index_of(change.project.works.values())
    for number in change.table("trials")["trial_id"]:
        index.add(Entry(number, trial_id=number))
    for row in change.table("candidates").to_dict("records"):
        index.add(_entry(row), row["duplicate_of"])
    return index


def _entry(row: Mapping[Any, str]) -> Entry:
    registered = row["trial_id"] if row["kind"] == "registration" else ""
    return Entry(row["candidate_id"], row["doi"], row["pmid"], registered, row["title"], row["year"])


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
        text += "\n## Not finished\n\n" + bullets(errors)
    for heading, rows, columns, empty in (
        ("Searches", searches, "source from_date to_date hits new duplicates ruled_out status", "No search ended."),
        ("To screen", new, "source record_id year title score", "No new record."),
        ("Changes in the registry", changes, "trial_id column old new source_url", "No known trial changed."),
    ):
        text += f"\n## {heading}\n\n" + listing(rows, columns.split(), empty)
    return (
        f"{text}\nMerging takes the candidates into the queue and the registry's values into the table of trials; "
        "no study enters the review by it. Screen with `review screen`.\n"
    )
