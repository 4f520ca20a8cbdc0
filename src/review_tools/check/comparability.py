"""A comparison pools what answers its question, and the same figures once.

Outcomes fit the disease, domain and direction of their outcome set, and their arms: arm 1 is the arm with MSCs, arm 2
what it is compared with; swapped, a result points the wrong way. One result is one row, one trial is one row.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from functools import cache
from itertools import combinations
from typing import Any

import pandas as pd

from review_tools.check.engine import Sheet, by_line, table_rule
from review_tools.check.outcome_names import better_named, speaks_of
from review_tools.check.rules import BLOCKS
from review_tools.data.problems import Problem
from review_tools.data.tables import SEPARATOR

FORM_OF = {  # a disease, and the wider one that it is a form of
    "acute GVHD": "GVHD",
    "chronic GVHD": "GVHD",
    "Crohn's disease": "inflammatory bowel disease",
    "lupus nephritis": "systemic lupus erythematosus",
    "type 1 diabetes": "diabetes",
    "ulcerative colitis": "inflammatory bowel disease",
}
RECORD = ("label", "registered_title", "registered_condition", "note")  # of a trial: where its diseases are named
ARMS = ("controlled", "randomised")
EVERY_DISEASE = "all diseases"
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
    r"|observation|historic",
    re.IGNORECASE,
)
ACTIVE = "active"
SWAP = "if the arms are swapped, exchange their names and their numbers"
Row = Mapping[Hashable, Any]
# Flags with which the same figures of one study may stand in two rows: the one that has it is not pooled.
COUNTED_ELSEWHERE = ("same patients", "shares control")
SAME_FIGURES, NAMED_OTHERWISE = "same figures", "named otherwise"  # flags: somebody looked at both
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


@table_rule("outcomes")
def figures_twice(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse the figures of one outcome under the name of another, or in another study, unless a flag says so."""
    trials = {row["study_id"]: row["trial_id"] for row in outcomes.of("studies").rows.values()}
    rows = _unexcused(outcomes.frame, outcomes.of("outcome_flags").frame, SAME_FIGURES, COUNTED_ELSEWHERE[0])
    rows = {line: row for line, row in rows.items() if row["arm2"] and _telling(row)}
    remedy = f"check the source; if it prints both, add the flag “{SAME_FIGURES}” to data/outcome_flags.csv"
    for one, other in _same_figures(rows):
        first, second = rows[one], rows[other]
        if _words(first["time"]) == _words(second["time"]) and _words(first["outcome"]) != _words(second["outcome"]):
            why = f"the figures of another outcome, {first['outcome']} ({first['outcome_id']}, row {one})"
            yield from outcomes.report([other], "outcome", why, f"remove the wrong row, or {remedy}")
    for one, other in map(sorted, _same_figures(rows, "disease")):
        first, second = (rows[line]["study_id"] for line in (one, other))
        if first != second and (not trials.get(first) or trials.get(first) != trials.get(second)):
            why = f"the figures of another study, {first} (row {one}): people may be counted twice"
            same = "a preprint and its article are one study: keep one, or give both one trial_id in data/studies.csv"
            yield from outcomes.report([other], "study_id", why, f"{same}; if they are two, {remedy}")


def repeated(outcomes: pd.DataFrame, flags: pd.DataFrame) -> Iterator[tuple[Any, Any]]:
    """Yield lines of ``outcomes`` that say the same of one study, the lower number first; flagged rows are excused.

    The same arms and figures, and the same words for outcome and time, in whatever order.
    """
    rows = _unexcused(outcomes, flags, *COUNTED_ELSEWHERE)
    for one, other in _same_figures(rows):
        if all(_words(rows[one][column]) == _words(rows[other][column]) for column in ("outcome", "time")):
            yield one, other


def _unexcused(outcomes: pd.DataFrame, flags: pd.DataFrame, *excuses: str) -> dict[Any, dict[Hashable, Any]]:
    excused = flags.loc[flags["flag"].isin(excuses), "outcome_id"]
    return by_line(outcomes[~outcomes["outcome_id"].isin(excused)])


def _same_figures(rows: dict[Any, dict[Hashable, Any]], within: str = "study_id") -> Iterator[tuple[Any, Any]]:
    """Yield pairs of lines of one study with the same numbers for the same people, the lower number first.

    The words for people and arms may be longer in one of the two (“MSC”, “umbilical cord MSC”); those of different
    studies are not compared.
    """
    alike: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
    for line, row in rows.items():
        figures = [_figure(row[column]) for column in FIGURES.get(row["block"], ())]
        if any(figures):
            alike[row[within], row["block"], *figures].append(line)
    for lines in alike.values():
        for pair in combinations(sorted(lines, key=lambda line: _number(rows[line]["outcome_id"])), 2):
            first, second = (rows[line] for line in pair)
            columns = ("population", "arm1", "arm2") if first["study_id"] == second["study_id"] else ()
            if all(_within(first[column], second[column]) for column in columns):
                yield pair


def _telling(row: dict[Hashable, Any]) -> bool:
    """Whether the figures of a row are all there and none is zero: others of the same study are rarely the same."""
    figures = [_figure(row[column]) for column in FIGURES.get(row["block"], ())]
    return bool(figures) and not {"", "0.0"} & set(figures)


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


@table_rule("outcomes")
def other_outcome_set(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a row under an outcome set of another disease, domain, direction or outcome."""
    declared = {row["outcome_set"]: row for row in outcomes.of("outcome_sets").rows.values()}
    named = outcomes.flagged(NAMED_OTHERWISE)
    for name, lines in outcomes.lines["outcome_set"].items():
        for line in lines if name in declared else ():
            row, better = outcomes.rows[line], ""
            wrong = [one for one in misfits(row, declared[name]) if not (one[0] == "outcome" and named[line])]
            if not wrong and not named[line]:
                better = better_named(row["outcome"], declared[name], declared.values())
                wrong = [("outcome", f"“{row['outcome']}”", f"“{declared[name]['outcome']}”")] if better else []
            for column, said, wanted in wrong:
                why = f"{column} is {said}; {name} is about {wanted} (data/outcome_sets.csv)"
                other = f" ({better}?)" if better else ""
                remedy = f"correct {column}, or name the outcome set that it answers{other}, or none"
                if column == "outcome":
                    remedy += f"; if it fits all the same, add the flag “{NAMED_OTHERWISE}” to data/outcome_flags.csv"
                yield from outcomes.report([line], "outcome_set", why, remedy)


@table_rule("studies")
def trial_of_another_disease(studies: Sheet) -> Iterator[Problem]:
    """Refuse the number of a trial of another disease than that of the study's outcomes and findings."""
    trials = {row["trial_id"]: (line, row) for line, row in studies.of("trials").rows.items()}
    told: defaultdict[str, set[str]] = defaultdict(set)
    for name in ("outcomes", "findings"):
        for row in studies.of(name).rows.values():
            told[row["study_id"]] |= {row["disease"]} - {""}
    for line, row in studies.rows.items():
        diseases = told[row["study_id"]]
        if row["trial_id"] not in trials or not diseases:
            continue
        place, trial = trials[row["trial_id"]]
        record = " ".join(trial[column] for column in RECORD).casefold()
        wide = {FORM_OF.get(disease, disease) for disease in diseases}
        if FORM_OF.get(trial["disease"], trial["disease"]) not in wide and not any(one in record for one in wide):
            why = f"a trial of {trial['disease']} (data/trials.csv, row {place}); the study is about "
            remedy = "correct the number; if the trial took people with both, say so in its note"
            yield from studies.report([line], "trial_id", why + ", ".join(sorted(diseases)), remedy)


@table_rule("outcomes")
def contrast_without_arms(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a row of two arms without a contrast, and one of a single arm with one."""
    two, named = outcomes["arm2"] != "", outcomes["contrast"] != ""
    remedy = "say what the comparison of the arms tells (terms of “contrast” in data/vocabulary.csv)"
    yield from outcomes.report(two & ~named, "contrast", "empty in a row of two arms", remedy)
    yield from outcomes.report(
        named & ~two, "contrast", "filled in a row without a second arm", "empty it, or name arm 2"
    )


@table_rule("comparisons")
def comparison_against_its_outcome_set(comparisons: Sheet) -> Iterator[Problem]:
    """Refuse a comparison of another disease or direction than its outcome set, or with arms and no contrast."""
    declared = {row["outcome_set"]: row for row in comparisons.of("outcome_sets").rows.values()}
    for line, row in comparisons.rows.items():
        if row["outcome_set"] not in declared:
            continue
        wanted = declared[row["outcome_set"]]
        for column in ("disease", "higher_is_better"):
            if row[column] != wanted[column] and row[column] != EVERY_DISEASE:
                why = f"{row['outcome_set']} says “{wanted[column]}” (data/outcome_sets.csv)"
                yield from comparisons.report([line], column, why, "make the two agree")
        if (row["design"] != "single-arm") != (row["contrast"] != ""):
            why = "a comparison of arms needs a contrast, and one of single arms has none"
            yield from comparisons.report([line], "contrast", why, "fill or empty it")


@table_rule("studies")
def study_not_compared(studies: Sheet) -> Iterator[Problem]:
    """Refuse a controlled study that answers no comparison without a reason, and a reason where it answers one."""
    outcomes, comparisons = studies.of("outcomes"), studies.of("comparisons")
    across = {row["outcome_set"]: row["across"] for row in studies.of("outcome_sets").rows.values() if row["across"]}
    asked = set()
    for row in comparisons.rows.values():
        name = across.get(row["outcome_set"]) if row["disease"] == EVERY_DISEASE else row["outcome_set"]
        asked |= {(name, contrast) for contrast in row["contrast"].split(SEPARATOR)}
    rows = [row for row in outcomes.rows.values() if row["design"] in ARMS and row["contrast"] != ACTIVE]
    controlled = {row["study_id"] for row in rows}
    answering = {
        row["study_id"]
        for row in rows
        for name in (row["outcome_set"], across.get(row["outcome_set"]))
        if name and (name, row["contrast"]) in asked
    }
    silent = studies["not_compared"] == ""
    out = studies["study_id"].isin(controlled - answering) & silent
    remedy = "name the outcome set of a row of it in data/outcomes.csv, or say why none fits"
    yield from studies.report(
        out, "not_compared", "empty, although the study has a control and answers no comparison", remedy
    )
    twice = studies["study_id"].isin(answering) & ~silent
    yield from studies.report(twice, "not_compared", "a reason, although the study answers a comparison", "empty it")


@table_rule("studies")
def extraction_not_whole(studies: Sheet) -> Iterator[Problem]:
    """Refuse a controlled study that nobody says was extracted whole: every outcome that its text names has a row."""
    outcomes = studies.of("outcomes")
    controlled = outcomes["study_id"][outcomes["design"].isin(ARMS) & (outcomes["contrast"] != ACTIVE)]
    unsigned = (studies["extracted_by"] == "") | (studies["extracted_on"] == "")
    remedy = "give every outcome that the text names a row, also those told in words only, and sign here with the date"
    why = "the study has a control, and nobody says that it was extracted whole"
    yield from studies.report(studies["study_id"].isin(controlled) & unsigned, "extracted_by", why, remedy)


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
    remedy = f"{SWAP}; if both arms received MSCs, make the contrast “{ACTIVE}”"
    yield from outcomes.report(
        outcomes["arm2"].map(names_msc).astype(bool) & (outcomes["contrast"] != ACTIVE), "arm2", why, remedy
    )


def misfits(outcome: Row, declared: Row) -> Iterator[tuple[str, str, str]]:
    """Yield what keeps an outcome out of an outcome set: the column, what it says, and what the set is about.

    Population and time are for a person to judge; so is the outcome, where it shares a word with the set.
    """
    disease, fits = declared["disease"], True
    if outcome["disease"] != disease and FORM_OF.get(outcome["disease"]) != disease and disease != EVERY_DISEASE:
        fits = False
        yield "disease", f"“{outcome['disease']}”", f"“{disease}”"
    for column in ("domain", "higher_is_better"):
        if outcome[column] != declared[column]:
            fits = False
            yield column, f"“{outcome[column]}”" if outcome[column] else "empty", f"“{declared[column]}”"
    if fits and not speaks_of(outcome["outcome"], declared):
        yield "outcome", f"“{outcome['outcome']}”", f"“{declared['outcome']}”"


@cache
def names_msc(arm: str) -> bool:
    """Say whether the name of an arm names an MSC product; “no MSC” does not."""
    return bool(MSC.search(WITHOUT.sub("", arm)))
