"""What was decided about each candidate, and how the records add up (PRISMA 2020). Pure functions on frames."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import pandas as pd

OTHER = "other"  # the source of records that no search of a database or register found
PEOPLE = 2  # how many decide about a candidate before it is settled without a doubt
OUTCOMES = ("waiting", "include", "exclude", "unsure", "conflict")


def in_force(screenings: pd.DataFrame) -> pd.DataFrame:
    """Return the decision in force of each person about each candidate: the latest that was not undone."""
    return screenings.loc[_standing(screenings)[0]].reset_index(drop=True)


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
    """Return the records to screen, without duplicates, each with its ``outcome``, one of ``OUTCOMES``.

    An exclusion has its ``reason``, that of the first person.
    """
    decisions, reasons = defaultdict[str, set[str]](set), dict[str, str]()
    standing = in_force(screenings)
    for name, decision, reason in zip(
        *(standing[part] for part in ("candidate_id", "decision", "reason")), strict=True
    ):
        decisions[name].add(decision)
        reasons.setdefault(name, reason)
    decided = {name: said.pop() if len(said) == 1 else "conflict" for name, said in decisions.items()}
    queue = to_screen(candidates)
    became = [decided.get(name, "waiting") for name in queue["candidate_id"]]
    why = [reasons[name] if decided.get(name) == "exclude" else "" for name in queue["candidate_id"]]
    return queue.assign(outcome=became, reason=why)


def to_screen(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates that are not duplicates; an empty cell is ``""`` or missing."""
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
    included: int
    excluded: int
    unsure: int
    conflict: int
    reasons: tuple[tuple[str, int], ...]  # of the exclusions, most frequent first

    @property
    def screened(self) -> int:
        return self.included + self.excluded + self.unsure + self.conflict


def flow(searches: pd.DataFrame, candidates: pd.DataFrame, screenings: pd.DataFrame) -> Flow:
    """Return the flow of the records of these searches; candidates of other searches do not count."""
    became = outcomes(candidates[candidates["search_id"].isin(searches["search_id"])], screenings)
    count, total = Counter(became["outcome"]), searches[["hits", "duplicates", "ruled_out", "new"]].sum().astype(int)
    reasons = Counter(became.loc[became["outcome"] == "exclude", "reason"])
    return Flow(
        identified=total["hits"],
        elsewhere=int(searches.loc[searches["source"] == OTHER, "hits"].sum()),
        duplicates=total["duplicates"],
        ruled_out=total["ruled_out"],
        new=total["new"],
        waiting=count["waiting"],
        included=count["include"],
        excluded=count["exclude"],
        unsure=count["unsure"],
        conflict=count["conflict"],
        reasons=tuple(sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))),
    )
