"""One result is one row: the same figures must not stand twice and be counted twice."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pandas as pd

from review_tools.check.engine import Evidence, by_line, each_of
from review_tools.check.rules import BLOCKS
from review_tools.data.problems import Problem

# Flags with which the same figures of one study may stand in two rows: the one that has it is not pooled.
COUNTED_ELSEWHERE = ("same patients", "shares control")
FIGURES = BLOCKS | {
    "percent only": ("printed_percent_arm1", "printed_percent_arm2"),
    "counts": ("count_arm1", "count_arm2"),
}


def check(evidence: Evidence) -> Iterator[Problem]:
    """The same result in two rows, the same figures twice in one comparison."""
    yield from each_of(evidence, _results, _pooled_twice)


def repeated(outcomes: pd.DataFrame, flags: pd.DataFrame) -> Iterator[tuple[Any, Any]]:
    """Lines of ``outcomes`` that say the same of one study, the lower number first, without those that a flag excuses.

    The same arms and figures, and the same words for outcome and time, in whatever order.
    """
    for one, other in _same_figures(_unexcused(outcomes, flags)):
        first, second = outcomes.loc[one], outcomes.loc[other]
        if all(_words(first[column]) == _words(second[column]) for column in ("outcome", "time")):
            yield one, other


def _results(evidence: Evidence) -> Iterator[Problem]:
    outcomes = evidence.sheet("outcomes")
    for one, other in repeated(outcomes, evidence.sheet("outcome_flags")):
        why = f"the same study, outcome, time and figures as {outcomes['outcome_id'][one]} (row {one})"
        remedy = "remove one of the two; if they are two results, say in outcome, time or arms what tells them apart; "
        remedy += (
            f"if another record repeats the first, add the flag “{COUNTED_ELSEWHERE[0]}” to data/outcome_flags.csv"
        )
        yield evidence.problem("outcomes", other, "outcome", why, remedy)


def _pooled_twice(evidence: Evidence) -> Iterator[Problem]:
    """Two rows of one study with the same figures in one comparison, whatever it is called: people counted twice."""
    outcomes, declared = evidence.sheet("outcomes"), evidence.sheet("comparison_outcomes")
    outcomes = _unexcused(outcomes, evidence.sheet("outcome_flags"))
    for name, places in declared.groupby("comparison_id"):
        lines = dict(zip(places["outcome_id"], places.index, strict=True))
        rows = outcomes[outcomes["outcome_id"].isin(lines)]
        for one, other in _same_figures(rows):
            first, second = rows["outcome_id"][one], rows["outcome_id"][other]
            why = (
                f"the same figures of the same study as {first} (row {lines[first]}), so that {name} counts them twice"
            )
            remedy = f"remove one of the two, or give it the flag “{'” or “'.join(COUNTED_ELSEWHERE)}” in "
            remedy += "data/outcome_flags.csv; if they are other people, say so in population or arms"
            yield evidence.problem("comparison_outcomes", lines[second], "outcome_id", why, remedy)


def _unexcused(outcomes: pd.DataFrame, flags: pd.DataFrame) -> pd.DataFrame:
    excused = flags.loc[flags["flag"].isin(COUNTED_ELSEWHERE), "outcome_id"]
    return outcomes[~outcomes["outcome_id"].isin(excused)]


def _same_figures(outcomes: pd.DataFrame) -> Iterator[tuple[Any, Any]]:
    """Pairs of lines of one study with the same numbers for the same people, the lower number first.

    The words for people and arms may be longer in one of the two (“MSC”, “umbilical cord MSC”).
    """
    held: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
    rows = by_line(outcomes)
    for line, row in rows.items():
        figures = [_figure(row[column]) for column in FIGURES.get(row["block"], ())]
        if any(figures):
            held[row["study_id"], row["block"], *figures].append(line)
    for lines in held.values():
        for pair in combinations(sorted(lines, key=lambda line: _number(rows[line]["outcome_id"])), 2):
            first, second = (rows[line] for line in pair)
            if all(_within(first[column], second[column]) for column in ("population", "arm1", "arm2")):
                yield pair


def _figure(text: str) -> str:
    """A number as it compares (13 is 13.0), anything else as it stands."""
    try:
        return repr(float(text))
    except ValueError:
        return text


def _number(outcome_id: str) -> tuple[int, str]:
    number = outcome_id.rpartition("-")[2]
    return (int(number) if number.isdecimal() else 0, outcome_id)


def _words(text: str) -> set[str]:
    """The words and numbers of a cell, without plural: “52 weeks” and “week 52” are the same."""
    return {
        word.removesuffix("s") if len(word) > 3 else word for word in re.findall(r"[^\W_]+|[<>=≥≤]+", text.casefold())
    }


def _within(one: str, other: str) -> bool:
    first, second = _words(one), _words(other)
    return first <= second or second <= first
