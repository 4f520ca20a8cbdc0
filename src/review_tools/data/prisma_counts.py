"""What was decided about each candidate, and how the records add up (PRISMA 2020). Pure functions on frames.

Frames may hold text (empty cell: ``""``) or typed columns (missing: NaN).
"""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

OTHER = "other"  # the source of records that no search of a database or register found
PEOPLE = 2  # how many decide about a candidate before it is settled without a doubt
OUTCOMES = ("waiting", "include", "exclude", "unsure", "conflict")
DECISION_COLUMNS = ["candidate_id", "by", "decision", "reason", "date", "note"]


def in_force(screenings: pd.DataFrame) -> pd.DataFrame:
    """Return the decision in force of each person about each candidate: the latest that was not undone.

    Returns:
        One row for each candidate and person, in the order in which the candidates were first decided.
    """
    return screenings.loc[_standing(screenings)[0], DECISION_COLUMNS].reset_index(drop=True)


def idle_undos(screenings: pd.DataFrame) -> list[int]:
    """Return the index of each row that takes back a decision which does not stand."""
    return _standing(screenings)[1]


def _standing(screenings: pd.DataFrame) -> tuple[list[int], list[int]]:
    """Return the index of each decision in force, and of each undo that finds none."""
    stacks: dict[tuple[str, str], list[int]] = {}
    idle = []
    columns = (screenings[column] for column in ("candidate_id", "by", "decision"))
    for at, candidate, by, decision in zip(screenings.index, *columns, strict=True):
        stack = stacks.setdefault((candidate, by), [])
        if decision != "undo":
            stack.append(at)
        elif stack:
            stack.pop()
        else:
            idle.append(at)
    return [stack[-1] for stack in stacks.values() if stack], idle


def outcomes(candidates: pd.DataFrame, screenings: pd.DataFrame) -> pd.DataFrame:
    """Return what became of each record to screen (duplicates are none).

    Returns:
        ``candidate_id``, ``search_id``, ``source``, ``outcome`` (waiting, include, exclude, unsure or
        conflict), ``reason`` of an exclusion (the first person's), ``people`` who decided.
    """
    queue = to_screen(candidates)[["candidate_id", "search_id", "source"]]
    by_candidate = in_force(screenings).groupby("candidate_id", sort=False)
    decided = pd.DataFrame(
        {
            "outcome": by_candidate["decision"].agg(lambda said: said.iloc[0] if len(set(said)) == 1 else "conflict"),
            "reason": by_candidate["reason"].first(),
            "people": by_candidate.size(),
        }
    )
    became = queue.join(decided, on="candidate_id").fillna({"outcome": "waiting", "people": 0})
    became["reason"] = became["reason"].where(became["outcome"] == "exclude", "")
    return became.astype({"people": int})


def to_screen(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates that are no duplicates."""
    return candidates[candidates["duplicate_of"].fillna("") == ""]


@dataclass(frozen=True)
class Flow:
    """Numbers of records on their way into the review."""

    identified: int
    elsewhere: int  # of the identified, those found by other methods than a search
    duplicates: int
    ruled_out: int
    new: int
    waiting: int
    excluded: int
    unsure: int
    conflict: int
    included: int
    reasons: tuple[tuple[str, int], ...]  # of the exclusions, most frequent first

    @property
    def screened(self) -> int:
        return self.excluded + self.unsure + self.conflict + self.included


def flow(searches: pd.DataFrame, candidates: pd.DataFrame, screenings: pd.DataFrame) -> Flow:
    """Return the flow of the records of these searches; candidates of other searches do not count."""
    became = outcomes(candidates[candidates["search_id"].isin(searches["search_id"])], screenings)
    count = became["outcome"].value_counts()
    reasons = Counter(map(str, became.loc[became["outcome"] == "exclude", "reason"].fillna("")))
    totals = (
        searches[["hits", "duplicates", "ruled_out", "new"]]
        .apply(pd.to_numeric, errors="coerce")
        .astype("float64")
        .sum()
    )
    return Flow(
        identified=int(totals["hits"]),
        elsewhere=_elsewhere(searches),
        duplicates=int(totals["duplicates"]),
        ruled_out=int(totals["ruled_out"]),
        new=int(totals["new"]),
        waiting=int(count.get("waiting", 0)),
        excluded=int(count.get("exclude", 0)),
        unsure=int(count.get("unsure", 0)),
        conflict=int(count.get("conflict", 0)),
        included=int(count.get("include", 0)),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
    )


def _elsewhere(searches: pd.DataFrame) -> int:
    hits = searches.loc[searches["source"] == OTHER, "hits"]
    return int(pd.to_numeric(hits, errors="coerce").astype("float64").sum())
