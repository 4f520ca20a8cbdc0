"""A comparison pools what answers its question, and the same figures once.

Its rows fit its disease, its kind of outcome, its direction, its design and its arms: arm 1 is the arm with MSCs, arm 2
what it is compared with; swapped, a result points the wrong way. One result is one row, one trial is one row.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from review_tools.check.engine import Sheet, by_line, table_rule
from review_tools.check.rules import BLOCKS
from review_tools.data.problems import Problem
from review_tools.data.versions import NUMBER, order

FORM_OF = {  # a disease, and the wider one that it is a form of
    "acute GVHD": "GVHD",
    "chronic GVHD": "GVHD",
    "Crohn's disease": "inflammatory bowel disease",
    "lupus nephritis": "systemic lupus erythematosus",
    "type 1 diabetes": "diabetes",
    "ulcerative colitis": "inflammatory bowel disease",
}
ARMS = ("controlled", "randomised")
# The design that a comparison asks for, and those that say something about it; a weaker one is shown and not pooled.
ADMITS = {"single-arm": ("single-arm",), "controlled": ARMS, "randomised": ARMS}
COUNTS, MEANS = ("binary", "percent only", "counts", "effect", "partial"), ("continuous", "effect", "partial")
SHARES = ("single-arm binary", "percent only", "counts", "partial")
# The kinds of numbers that can say something about a measure, even where a row prints too few of them to be pooled.
MEASURED_IN = {"RR": COUNTS, "OR": COUNTS, "MD": MEANS, "SMD": MEANS, "proportion": SHARES}
# What is given to people as MSCs: the cells, what they shed, and products by their names.
MSC = re.compile(
    r"\b\w*(?:MSC|ADSC|DPSC)s?\b|mesenchymal|stromal cell|(?:adipose|umbilical|cord)[\w -]* stem cell|exosome|vesicle"
    r"|remestemcel|prochymal|temcell|darvadstrocel|Cx6\d\d|CYP-?\d+|protrans|PDA-?\d+|obnitix|ryoncil|lomecel",
    re.IGNORECASE,
)
WITHOUT = re.compile(
    r"\b(?:no|without|non|instead of)[ -](?:\w+[ -])?(?:MSCs?|cells?|stem cells?)\b|MSC-free", re.IGNORECASE
)
CONTROL = re.compile(
    r"placebo|control|sham|saline|vehicle|buffer|untreated|no treatment|standard|usual care|conventional|alone\b"
    r"|observation",
    re.IGNORECASE,
)
ACTIVE = "active control"
SWAP = "if the arms are swapped, exchange their names and their numbers"
Row = Mapping[Hashable, Any]
# Flags with which the same figures of one study may stand in two rows: the one that has it is not pooled.
COUNTED_ELSEWHERE = ("same patients", "shares control")
FIGURES = BLOCKS | {
    "percent only": ("printed_percent_arm1", "printed_percent_arm2"),
    "counts": ("count_arm1", "count_arm2"),
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why an outcome cannot answer a comparison's question: the column of the outcome, and what each says."""

    column: str
    said: str
    wanted: str


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


@table_rule("comparison_outcomes")
def other_question(declared: Sheet) -> Iterator[Problem]:
    """Refuse a row that cannot answer the question of its comparison: another disease, domain, direction, design."""
    outcomes, lines = declared.of("outcomes"), declared.of("outcomes").lines["outcome_id"]
    domains = domain_of(declared.frame, declared.of("comparisons").frame, outcomes.frame)
    for line, row, comparison, outcome in _declared(declared):
        name, place = row["comparison_id"], lines[row["outcome_id"]][0]
        for misfit in misfits(outcome, comparison, domains[name]):
            why = f"{misfit.column} is {misfit.said} in {outcomes.file}, row {place}; {name} asks for {misfit.wanted}"
            remedy = "remove this line, or name the comparison that it answers"
            remedy += f"; if {misfit.column} is wrong there, correct it in data/outcomes.csv"
            yield from declared.report([line], "outcome_id", why, remedy)


@table_rule("comparison_outcomes")
def form_of_disease_without_note(declared: Sheet) -> Iterator[Problem]:
    """Refuse a row about a form of the comparison's disease without a note that says why it belongs there."""
    for line, row, comparison, outcome in _declared(declared):
        if needs_note(outcome, comparison) and not row["note"]:
            why = f"empty, although the row is about {outcome['disease']} and {row['comparison_id']} about "
            yield from declared.report([line], "note", why + comparison["disease"], "say why it belongs here")


@table_rule("outcomes")
def control_as_first_arm(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a control as arm 1, which is the arm with MSCs."""
    for name, lines in outcomes.lines["arm1"].items():
        if not names_msc(name) and (WITHOUT.search(name) or CONTROL.search(name)):
            why = "arm 1 is the arm with MSCs, and this names a control"
            yield from outcomes.report(lines, "arm1", why, f"{SWAP}; else name what was given")


@table_rule("outcomes")
def product_as_second_arm(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse MSCs as arm 2, unless a flag says that both arms received them."""
    why = "arm 2 is the arm without MSCs, and this names an MSC product"
    remedy = f"{SWAP}; if both arms received MSCs, add the flag “{ACTIVE}” to data/outcome_flags.csv"
    yield from outcomes.report(
        outcomes["arm2"].map(names_msc).astype(bool) & ~outcomes.flagged(ACTIVE), "arm2", why, remedy
    )


def _declared(declared: Sheet) -> Iterator[tuple[int, Row, Row, Row]]:
    """Yield each row of a comparison with its line, the comparison and the outcome; broken links are left out."""
    comparisons, outcomes = declared.of("comparisons"), declared.of("outcomes")
    questions = {row["comparison_id"]: row for row in comparisons.rows.values()}
    results = {row["outcome_id"]: row for row in reversed(outcomes.rows.values())}
    for line, row in declared.rows.items():
        if row["comparison_id"] in questions and row["outcome_id"] in results:
            yield line, row, questions[row["comparison_id"]], results[row["outcome_id"]]


def misfits(outcome: Row, comparison: Row, domain: str) -> Iterator[Misfit]:
    """Yield what keeps an outcome from answering a comparison; ``domain`` is that of its other rows, if any.

    Population, time and the words for the outcome are for a person to judge.
    """
    disease, design, measure = comparison["disease"], comparison["design"], comparison["measure"]
    if outcome["disease"] != disease and FORM_OF.get(outcome["disease"]) != disease:
        yield Misfit("disease", f"“{outcome['disease']}”", f"“{disease}”")
    if domain and outcome["domain"] != domain:
        yield Misfit("domain", f"“{outcome['domain']}”", f"“{domain}”, as its other rows have it")
    if outcome["higher_is_better"] != comparison["higher_is_better"]:
        said = outcome["higher_is_better"] or "empty"
        yield Misfit("higher_is_better", said, f"{comparison['higher_is_better']} (data/comparisons.csv)")
    if outcome["design"] not in ADMITS.get(design, (outcome["design"],)):
        yield Misfit("design", f"“{outcome['design']}”", " or ".join(f"“{one}”" for one in ADMITS[design]))
    if outcome["block"] not in MEASURED_IN.get(measure, (outcome["block"],)):
        wanted = " or ".join(f"“{one}”" for one in MEASURED_IN[measure])
        yield Misfit("block", f"“{outcome['block']}”", f"{wanted}, since its measure is {measure}")


def needs_note(outcome: Row, comparison: Row) -> bool:
    """Say whether the row is about a form of the comparison's disease, which wants a word."""
    return bool(FORM_OF.get(outcome["disease"]) == comparison["disease"])


def names_msc(arm: str) -> bool:
    """Say whether the name of an arm names an MSC product; “no MSC” does not."""
    return bool(MSC.search(WITHOUT.sub("", arm)))


def domain_of(declared: pd.DataFrame, comparisons: pd.DataFrame, outcomes: pd.DataFrame) -> dict[str, str]:
    """Return the domain of each comparison: that of most of its rows, of the first ones where they are equally many.

    Rows that do not fit for another reason say nothing about it.
    """
    merged = declared[["comparison_id", "outcome_id"]].merge(outcomes, on="outcome_id")
    rows = list(by_line(merged).values())
    rows.sort(key=lambda row: order(row["added_in"]) if NUMBER.fullmatch(row["added_in"]) else ())
    domains = {}
    for comparison in comparisons.to_dict("records"):
        own = [row for row in rows if row["comparison_id"] == comparison["comparison_id"]]
        named = Counter(row["domain"] for row in own if not any(misfits(row, comparison, "")))
        domains[comparison["comparison_id"]] = named.most_common(1)[0][0] if named else ""
    return domains
