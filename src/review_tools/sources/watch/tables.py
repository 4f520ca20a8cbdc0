"""What a finished search adds to the tables: its own row, its candidates, and what changed in known trials."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from review_tools.data.project import Project
from review_tools.data.tables import csv_bytes
from review_tools.sources.store import CsvStore, open_store
from review_tools.sources.watch.known import Known, Row, text
from review_tools.sources.watch.matching import Groups
from review_tools.sources.watch.progress import Progress
from review_tools.sources.watch.search import Strategy
from review_tools.sources.watch.sources import SERVICES, Hit


@dataclass(slots=True)
class Found:
    """What one search found: rows to add, by table, and the abstracts of its candidates."""

    search: Row
    candidates: list[Row] = field(default_factory=list)
    abstracts: dict[str, str] = field(default_factory=dict)
    changes: list[Row] = field(default_factory=list)


def sort_out(progress: Progress, search: Row, known: Known, groups: Groups, required: list[str]) -> Found:
    """Tells new records from known ones and from those that the strategy rules out; fills the counts of ``search``.

    Args:
        required: groups of words without which a record is ruled out.
    """
    found = Found(search)
    received: set[str] = set()
    counts = dict.fromkeys(("new", "duplicates", "ruled_out"), 0)
    name = SERVICES[search["source"]].name
    for hit in progress.hits():
        if hit.candidate_id in received:
            continue  # the source gave it twice
        received.add(hit.candidate_id)
        if hit.candidate_id in known.candidates:
            counts["duplicates"] += 1
            continue
        match = groups.match(f"{hit.title}. {hit.abstract}")
        if not set(required) <= set(match.words):
            counts["ruled_out"] += 1
            continue
        same = known.add(hit)
        counts["duplicates" if same else "new"] += 1
        found.candidates.append(
            {
                "candidate_id": hit.candidate_id,
                "search_id": search["search_id"],
                "source": search["source"],
                "record_id": hit.record_id,
                "kind": hit.kind,
                "doi": hit.doi,
                "pmid": hit.pmid,
                "trial_id": hit.trial_id,
                "title": hit.title,
                "year": str(hit.year or ""),
                "matched": match.sentence(name),
                "score": f"{match.score:g}",
                "duplicate_of": same,
                "found_on": search["run_on"],
            }
        )
        if hit.abstract:
            found.abstracts[hit.candidate_id] = hit.abstract
    search |= {key: str(value) for key, value in counts.items()} | {"hits": str(len(received))}
    place = progress.place
    whole = len(received) >= place.total and not place.broken
    search["status"] = "complete" if whole else "partial"
    if not whole:
        unread = f", {place.broken} that could not be read" if place.broken else ""
        search["note"] = f"{place.total} records announced, {len(received)} received{unread}."
    return found


def row_of(strategy: Strategy, first: date, last: date, today: date, taken: set[str]) -> Row:
    """A row of ``searches`` without its counts, under an identifier that is not ``taken``."""
    start = f"{strategy.source}-{today}"
    number = next(n for n in range(1, len(taken) + 2) if (f"{start}-{n}" if n > 1 else start) not in taken)
    return {
        "search_id": f"{start}-{number}" if number > 1 else start,
        "source": strategy.source,
        "strategy": strategy.name,
        "strategy_version": str(strategy.version),
        "run_on": today.isoformat(),
        "from_date": first.isoformat(),
        "to_date": last.isoformat(),
    }


def changes(trials: Mapping[str, Row], hits: Iterable[Hit], today: date) -> list[Row]:
    """Rows of ``trial_history``: registry values of known trials that are not those of the table.

    What the registry leaves empty or the review has no word for is no change, and neither is an older copy.
    """
    rows: dict[tuple[str, str], Row] = {}
    for hit in hits:
        held = trials.get(hit.trial_id)
        if held is None or hit.changed["status_date"] < held["status_date"]:
            continue
        for column, new in hit.changed.items():
            if new in ("", "not shown") or new == held[column]:
                continue
            rows[hit.trial_id, column] = {
                "trial_id": hit.trial_id,
                "column": column,
                "old": held[column],
                "new": new,
                "seen_on": today.isoformat(),
                "source_url": hit.url,
            }
    return list(rows.values())


def contents(project: Project, found: Found) -> tuple[dict[str, bytes], list[Row]]:
    """The tables with what was found added, by path below the root: only those that change.

    Candidates that no longer lie in a CSV file are returned apart, as rows for their store.

    Raises:
        DataError: the CSV file of candidates would pass its bound.
    """
    added = {"searches": [found.search], "trial_history": found.changes}
    store, apart = open_store(project), list(found.candidates)
    if isinstance(store, CsvStore):
        store.refuse_more(len(apart))
        added["candidates"], apart = apart, []
    files = {
        f"data/{table}.csv": csv_bytes(_extended(text(project, table), rows)) for table, rows in added.items() if rows
    }
    if found.changes:
        trials = text(project, "trials").set_index("trial_id", drop=False)
        for row in found.changes:
            trials.loc[row["trial_id"], row["column"]] = row["new"]
        files["data/trials.csv"] = csv_bytes(trials)
    return files, apart


def _extended(table: pd.DataFrame, rows: list[Row]) -> pd.DataFrame:
    more = pd.DataFrame(
        [[row.get(column, "") for column in map(str, table)] for row in rows], columns=table.columns, dtype="str"
    )
    return pd.concat([table, more], ignore_index=True)
