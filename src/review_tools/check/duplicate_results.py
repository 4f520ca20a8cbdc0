"""One result is one row, one trial is one row: the same figures must not stand twice and be counted twice."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator
from itertools import combinations
from typing import Any

import pandas as pd

from review_tools.check.engine import Sheet, by_line, table_rule
from review_tools.check.rules import BLOCKS
from review_tools.data.problems import Problem

# Flags with which the same figures of one study may stand in two rows: the one that has it is not pooled.
COUNTED_ELSEWHERE = ("same patients", "shares control")
FIGURES = BLOCKS | {
    "percent only": ("printed_percent_arm1", "printed_percent_arm2"),
    "counts": ("count_arm1", "count_arm2"),
}


@table_rule("trials")
def trial_twice(trials: Sheet) -> Iterator[Problem]:
    """Refuse a registry number that stands twice, written in two ways."""
    number = trials["trial_id"].str.upper().str.replace(r"[\s-]", "", regex=True)
    for line in number.index[(number != "") & number.duplicated() & ~trials["trial_id"].duplicated()]:
        first = number.index[number == number[line]][0]
        yield from trials.report([line], "trial_id", f"the same trial as row {first}", "keep one row")


@table_rule("outcomes")
def result_twice(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse the same result of a study in two rows, unless a flag says that it is counted elsewhere."""
    for one, other in repeated(outcomes.frame, outcomes.of("outcome_flags").frame):
        why = f"the same study, outcome, time and figures as {outcomes['outcome_id'][one]} (row {one})"
        remedy = "remove one of the two; if they are two results, say in outcome, time or arms what tells them apart; "
        remedy += (
            f"if another record repeats the first, add the flag “{COUNTED_ELSEWHERE[0]}” to data/outcome_flags.csv"
        )
        yield from outcomes.report([other], "outcome", why, remedy)


@table_rule("comparison_outcomes")
def pooled_twice(declared: Sheet) -> Iterator[Problem]:
    """Refuse the same figures of one study twice in one comparison, whatever they are called."""
    rows = _unexcused(declared.of("outcomes").frame, declared.of("outcome_flags").frame)
    comparisons: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for line, row in declared.rows.items():
        comparisons[row["comparison_id"]][row["outcome_id"]] = line
    for one, other in _same_figures(rows):
        first, second = rows[one]["outcome_id"], rows[other]["outcome_id"]
        for name, lines in comparisons.items():
            if not {first, second} <= lines.keys():
                continue
            why = (
                f"the same figures of the same study as {first} (row {lines[first]}), so that {name} counts them twice"
            )
            remedy = f"remove one of the two, or give it the flag “{'” or “'.join(COUNTED_ELSEWHERE)}” in "
            remedy += "data/outcome_flags.csv; if they are other people, say so in population or arms"
            yield from declared.report([lines[second]], "outcome_id", why, remedy)


def repeated(outcomes: pd.DataFrame, flags: pd.DataFrame) -> Iterator[tuple[Any, Any]]:
    """Yield lines of ``outcomes`` that say the same of one study, the lower number first; flagged rows are excused.

    The same arms and figures, and the same words for outcome and time, in whatever order.
    """
    rows = _unexcused(outcomes, flags)
    for one, other in _same_figures(rows):
        if all(_words(rows[one][column]) == _words(rows[other][column]) for column in ("outcome", "time")):
            yield one, other


def _unexcused(outcomes: pd.DataFrame, flags: pd.DataFrame) -> dict[Any, dict[Hashable, Any]]:
    excused = flags.loc[flags["flag"].isin(COUNTED_ELSEWHERE), "outcome_id"]
    return by_line(outcomes[~outcomes["outcome_id"].isin(excused)])


def _same_figures(rows: dict[Any, dict[Hashable, Any]]) -> Iterator[tuple[Any, Any]]:
    """Yield pairs of lines of one study with the same numbers for the same people, the lower number first.

    The words for people and arms may be longer in one of the two (“MSC”, “umbilical cord MSC”).
    """
    alike: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
    for line, row in rows.items():
        figures = [_figure(row[column]) for column in FIGURES.get(row["block"], ())]
        if any(figures):
            alike[row["study_id"], row["block"], *figures].append(line)
    for lines in alike.values():
        for pair in combinations(sorted(lines, key=lambda line: _number(rows[line]["outcome_id"])), 2):
            first, second = (rows[line] for line in pair)
            if all(_within(first[column], second[column]) for column in ("population", "arm1", "arm2")):
                yield pair


def _figure(text: str) -> str:
    """Return a number as it compares (13 is 13.0), anything else as it stands."""
    try:
        return repr(float(text))
    except ValueError:
        return text


def _number(outcome_id: str) -> tuple[int, str]:
    number = outcome_id.rpartition("-")[2]
    return (int(number) if number.isdecimal() else 0, outcome_id)


def _words(text: str) -> set[str]:
    """Return the words and numbers of a cell, without plural: “52 weeks” and “week 52” are the same."""
    words = re.findall(r"[^\W_]+|[<>=≥≤]+", text.casefold())
    return {word.removesuffix("s") if len(word) > 3 else word for word in words}


def _within(one: str, other: str) -> bool:
    first, second = _words(one), _words(other)
    return first <= second or second <= first
