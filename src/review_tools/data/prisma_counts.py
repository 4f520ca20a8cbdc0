"""What was decided about each candidate, and how the records add up (PRISMA 2020). Pure functions on frames.

Frames may hold text (empty cell: ``""``) or typed columns (missing: NaN).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

PEOPLE = 2  # how many decide about a candidate before it is settled without a doubt
OUTCOMES = ("waiting", "include", "exclude", "unsure", "conflict")
DECISION_COLUMNS = ["candidate_id", "by", "decision", "reason", "date", "note"]


def in_force(screenings: pd.DataFrame) -> pd.DataFrame:
    """Return the decision in force of each person about each candidate: the latest that was not undone.

    Returns:
        One row for each candidate and person, in the order in which the candidates were first decided.
    """
    standing: dict[tuple[str, str], list[list[object]]] = {}
    for row in screenings[DECISION_COLUMNS].to_numpy(dtype=object).tolist():
        stack = standing.setdefault((row[0], row[1]), [])
        if row[2] != "undo":
            stack.append(row)
        elif stack:
            stack.pop()
    return pd.DataFrame([stack[-1] for stack in standing.values() if stack], columns=DECISION_COLUMNS)


def idle_undos(screenings: pd.DataFrame) -> Iterator[int]:
    """Yield the index of each row that takes back a decision which does not stand."""
    depth: dict[tuple[str, str], int] = {}
    for at, candidate, by, decision in zip(
        screenings.index, screenings["candidate_id"], screenings["by"], screenings["decision"], strict=True
    ):
        now = depth.get((candidate, by), 0)
        if decision == "undo" and now == 0:
            yield at
        else:
            depth[(candidate, by)] = now + (1 if decision != "undo" else -1)


def outcomes(candidates: pd.DataFrame, screenings: pd.DataFrame) -> pd.DataFrame:
    """Return what became of each record to screen (duplicates are none).

    Returns:
        ``candidate_id``, ``search_id``, ``source``, ``outcome`` (waiting, include, exclude, unsure or
        conflict), ``reason`` of an exclusion (the first person's), ``people`` who decided.
    """
    queue = to_screen(candidates)
    decided = in_force(screenings)
    groups = dict(iter(decided.groupby("candidate_id", sort=False)))
    rows = []
    for candidate in queue["candidate_id"]:
        group = groups.get(candidate)
        if group is None:
            rows.append(("waiting", "", 0))
            continue
        said = set(group["decision"])
        outcome = said.pop() if len(said) == 1 else "conflict"
        rows.append((outcome, group["reason"].iloc[0] if outcome == "exclude" else "", len(group)))
    found = pd.DataFrame(rows, columns=["outcome", "reason", "people"], index=queue.index)
    return queue[["candidate_id", "search_id", "source"]].join(found)


def to_screen(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates that are no duplicates."""
    return candidates[candidates["duplicate_of"].fillna("") == ""]


@dataclass(frozen=True)
class Flow:
    """Numbers of records on their way into the review."""

    identified: int = 0
    duplicates: int = 0
    ruled_out: int = 0
    new: int = 0
    waiting: int = 0
    excluded: int = 0
    unsure: int = 0
    conflict: int = 0
    included: int = 0
    reasons: tuple[tuple[str, int], ...] = ()  # of the exclusions, most frequent first

    @property
    def screened(self) -> int:
        return self.excluded + self.unsure + self.conflict + self.included


def flow(searches: pd.DataFrame, candidates: pd.DataFrame, screenings: pd.DataFrame) -> Flow:
    """Return the flow of the records of these searches; candidates of other searches do not count."""
    mine = candidates[candidates["search_id"].isin(searches["search_id"])]
    became = outcomes(mine, screenings)
    count = became["outcome"].value_counts()
    reasons = became.loc[became["outcome"] == "exclude", "reason"].fillna("").value_counts()
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], str(item[0])))

    def total(column: str) -> int:
        return int(pd.to_numeric(searches[column], errors="coerce").fillna(0).sum())

    return Flow(
        identified=total("hits"),
        duplicates=total("duplicates"),
        ruled_out=total("ruled_out"),
        new=total("new"),
        waiting=int(count.get("waiting", 0)),
        excluded=int(count.get("exclude", 0)),
        unsure=int(count.get("unsure", 0)),
        conflict=int(count.get("conflict", 0)),
        included=int(count.get("include", 0)),
        reasons=tuple((str(reason), int(number)) for reason, number in ordered),
    )
