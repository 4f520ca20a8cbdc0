"""A comparison pools what answers its question, and the same figures once.

Outcomes fit the disease, domain and direction of their outcome set, and their arms: arm 1 is the arm with MSCs, arm 2
what it is compared with; swapped, a result points the wrong way. One result is one row, one trial is one row.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cache
from itertools import combinations
from typing import Any

import pandas as pd

from review_tools.check.engine import Sheet, table_rule
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
KIND = ("disease", "domain", "higher_is_better")  # what an outcome and its outcome set agree in
SAME = (  # words that say the same of an outcome, under the first of them
    "survival alive",
    "adverse safety tolerability toxicity side",
    "malignancy malignant tumour tumor cancer",
    "disability edss",
    "infection pneumonia",
    "relapse flare",
    "healing closed closure",
    "cpeptide insulin",
)
MEANING = {word: words.split()[0] for words in SAME for word in words.split()}
FILLING = {
    *re.findall(  # without the s at their end
        r"\w+",
        "a all an and any at best by change children day for from group in least month of on one over people serie"
        " the time to week with year",
    )
}
WORD = re.compile(r"[a-z]+-?\d+|c-peptide|[^\W\d_]+")  # EASI-50 is a word, the 50 of “over 50” is none
STEM = 6  # letters by which “infectious” and “infection” are one word
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
    for line, first in trials.repeats(number):
        if trials["trial_id"][line] != trials["trial_id"][first]:
            yield from trials.report([line], "trial_id", f"the same trial as row {first}", "keep one row")


@table_rule("outcomes")
def result_twice(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse the same result of a study in two rows, unless a flag says that it is counted elsewhere."""
    for one, other in repeated(outcomes):
        why = f"the same study, outcome, time and figures as {outcomes['outcome_id'][one]} (row {one})"
        remedy = "remove one of the two; if they are two results, say in outcome, time or arms what tells them apart; "
        flag = f"the flag “{COUNTED_ELSEWHERE[0]}” to data/outcome_flags.csv"
        remedy += f"if another record repeats the first, add {flag}"
        yield from outcomes.report([other], "outcome", why, remedy)


@table_rule("outcomes")
def figures_twice(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse the figures of one outcome under the name of another, or in another study, unless a flag says so."""
    trials = {row["study_id"]: row["trial_id"] for row in outcomes.of("studies").rows.values()}
    remedy = f"check the source; if it prints both, add the flag “{SAME_FIGURES}” to data/outcome_flags.csv"
    for one, other, figures in _same_figures(outcomes, SAME_FIGURES, COUNTED_ELSEWHERE[0]):
        first, second = outcomes.rows[one], outcomes.rows[other]
        one_trial = trials.get(first["study_id"], "") == trials.get(second["study_id"]) != ""
        if not (first["arm2"] and second["arm2"]) or {"", "0.0"} & set(figures):
            continue  # figures with gaps or noughts are alike by chance
        if _same_people(first, second):
            if _same_words(first, second, "time") and not _same_words(first, second, "outcome"):
                why = f"the figures of another outcome, {first['outcome']} ({first['outcome_id']}, row {one})"
                yield from outcomes.report([other], "outcome", why, f"remove the wrong row, or {remedy}")
        elif first["study_id"] != second["study_id"] and first["disease"] == second["disease"] and not one_trial:
            why = f"the figures of another study, {first['study_id']} (row {one}): people may be counted twice"
            same = "a preprint and its article are one study: keep one, or give both one trial_id in data/studies.csv"
            yield from outcomes.report([other], "study_id", why, f"{same}; if they are two, {remedy}")


def repeated(outcomes: Sheet) -> Iterator[tuple[int, int]]:
    """Yield pairs of lines that say the same of one study, without rows of which a flag says so.

    They have the same arms and figures, and the same words for outcome and time, in whatever order.
    """
    for one, other, _ in _same_figures(outcomes, *COUNTED_ELSEWHERE):
        first, second = outcomes.rows[one], outcomes.rows[other]
        if _same_people(first, second) and _same_words(first, second, "outcome", "time"):
            yield one, other


def _same_figures(outcomes: Sheet, *excuses: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield pairs of lines with the same figures, and these; without rows that have one of the flags."""
    alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for line in outcomes.frame.index[~outcomes.flagged(*excuses)]:
        row = outcomes.rows[line]
        figures = [_figure(row[column]) for column in FIGURES.get(row["block"], ())]
        if any(figures):
            alike[row["block"], *figures].append(line)
    for (_, *figures), lines in alike.items():
        yield from ((one, other, tuple(figures)) for one, other in combinations(lines, 2))


def _same_people(first: Row, second: Row) -> bool:
    """Say whether two rows are about the same arms of one study, whose words may be longer in one of the two."""
    pairs = [(_words(first[column]), _words(second[column])) for column in ("population", "arm1", "arm2")]
    return first["study_id"] == second["study_id"] and all(one <= other or other <= one for one, other in pairs)


def _same_words(first: Row, second: Row, *columns: str) -> bool:
    return all(_words(first[column]) == _words(second[column]) for column in columns)


def _figure(text: str) -> str:
    """Return a number as it compares (13 is 13.0), anything else as it stands."""
    try:
        return repr(float(text))
    except ValueError:
        return text


def _words(text: str) -> set[str]:
    """Return the words and numbers of a cell, without plural: “52 weeks” and “week 52” are the same."""
    words = re.findall(r"[^\W_]+|[<>=≥≤]+", text.casefold())
    return {word.removesuffix("s") if len(word) > 3 else word for word in words}


@table_rule("outcomes")
def other_outcome_set(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a row under an outcome set of another disease, domain, direction or outcome."""
    declared, named = outcomes.of("outcome_sets").by("outcome_set"), outcomes.flagged(NAMED_OTHERWISE)
    for name in declared.keys() & outcomes.lines["outcome_set"].keys():
        for line in outcomes.lines["outcome_set"][name]:
            row, own = outcomes.rows[line], declared[name]
            wrong, better = misfits(row, own), ""
            if wrong in ([], ["outcome"]) and named[line]:
                continue
            if not wrong and (better := better_named(row["outcome"], own, declared.values())):
                wrong = ["outcome"]
            for column in wrong:
                said = f"“{row[column]}”" if row[column] else "empty"
                why = f"{column} is {said}; {name} is about “{own[column]}” (data/outcome_sets.csv)"
                other = f" ({better}?)" if better else ""
                remedy = f"correct {column}, or name the outcome set that it answers{other}, or none"
                if column == "outcome":
                    remedy += f"; if it fits all the same, add the flag “{NAMED_OTHERWISE}” to data/outcome_flags.csv"
                yield from outcomes.report([line], "outcome_set", why, remedy)


@table_rule("studies")
def trial_of_another_disease(studies: Sheet) -> Iterator[Problem]:
    """Refuse the number of a trial of another disease than that of the study's outcomes and findings."""
    trials, told = studies.of("trials"), defaultdict[str, set[str]](set)
    for name in ("outcomes", "findings"):
        for row in studies.of(name).rows.values():
            told[row["study_id"]] |= {row["disease"]} - {""}
    for line, row in studies.rows.items():
        diseases = told[row["study_id"]]
        for place in trials.lines["trial_id"].get(row["trial_id"], []) if diseases else ():
            trial, wide = trials.rows[place], {FORM_OF.get(disease, disease) for disease in diseases}
            record = " ".join(trial[column] for column in RECORD).casefold()
            if FORM_OF.get(trial["disease"], trial["disease"]) not in wide and not any(one in record for one in wide):
                why = f"a trial of {trial['disease']} (data/trials.csv, row {place}); the study is about "
                remedy = "correct the number; if the trial took people with both, say so in its note"
                yield from studies.report([line], "trial_id", why + ", ".join(sorted(diseases)), remedy)


@table_rule("outcomes")
def contrast_without_arms(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a row of two arms without a contrast or of the design single-arm, and a row of one arm with a contrast."""
    two, named = outcomes["arm2"] != "", outcomes["contrast"] != ""
    remedy = "make the design randomised or controlled, or empty arm 2"
    yield from outcomes.report(two & (outcomes["design"] == "single-arm"), "design", "the row has a second arm", remedy)
    remedy = "say what the comparison of the arms shows (terms of “contrast” in data/vocabulary.csv)"
    yield from outcomes.report(two & ~named, "contrast", "empty in a row of two arms", remedy)
    why, remedy = "filled in a row without a second arm", "empty it, or name arm 2"
    yield from outcomes.report(named & ~two, "contrast", why, remedy)


@table_rule("comparisons")
def comparison_against_its_outcome_set(comparisons: Sheet) -> Iterator[Problem]:
    """Refuse a comparison of another disease or direction than its outcome set, or with arms and no contrast."""
    declared = comparisons.of("outcome_sets").by("outcome_set")
    for line, row in comparisons.rows.items():
        if (wanted := declared.get(row["outcome_set"])) is None:
            continue
        for column in ("disease", "higher_is_better"):
            if row[column] not in (wanted[column], EVERY_DISEASE):
                why = f"{row['outcome_set']} says “{wanted[column]}” (data/outcome_sets.csv)"
                yield from comparisons.report([line], column, why, "make the two agree")
        if (row["design"] != "single-arm") != (row["contrast"] != ""):
            why = "a comparison of arms needs a contrast, and one of single arms has none"
            yield from comparisons.report([line], "contrast", why, "fill or empty it")


@table_rule("studies")
def study_not_compared(studies: Sheet) -> Iterator[Problem]:
    """Refuse a controlled study that answers no comparison without a reason, and a reason where it answers one."""
    across = {name: row["across"] for name, row in studies.of("outcome_sets").by("outcome_set").items()}
    asked = set()
    for row in studies.of("comparisons").rows.values():
        name = across.get(row["outcome_set"]) if row["disease"] == EVERY_DISEASE else row["outcome_set"]
        asked |= {(name, contrast) for contrast in row["contrast"].split(SEPARATOR) if name}
    outcomes = studies.of("outcomes")
    rows = outcomes.frame.loc[_with_control(outcomes), ["study_id", "outcome_set", "contrast"]]
    answering = {
        study
        for study, name, contrast in rows.itertuples(index=False)
        if not asked.isdisjoint({(name, contrast), (across.get(name), contrast)})
    }
    answers, silent = studies["study_id"].isin(answering), studies["not_compared"] == ""
    why = "empty, although the study has a control and answers no comparison"
    remedy = "name the outcome set of a row of it in data/outcomes.csv, or say why none fits"
    out = studies["study_id"].isin(rows["study_id"]) & ~answers & silent
    yield from studies.report(out, "not_compared", why, remedy)
    why = "a reason, although the study answers a comparison"
    yield from studies.report(answers & ~silent, "not_compared", why, "empty it")


@table_rule("studies")
def extraction_not_whole(studies: Sheet) -> Iterator[Problem]:
    """Refuse a controlled study that nobody says was extracted whole: every outcome that its text names has a row."""
    outcomes = studies.of("outcomes")
    unsigned = (studies["extracted_by"] == "") | (studies["extracted_on"] == "")
    unsigned &= studies["study_id"].isin(outcomes["study_id"][_with_control(outcomes)])
    remedy = (
        "give every outcome that the text names a row, also those reported in words only, and sign here with the date"
    )
    why = "the study has a control, and nobody says that it was extracted whole"
    yield from studies.report(unsigned, "extracted_by", why, remedy)


def _with_control(outcomes: Sheet) -> pd.Series:
    return outcomes["design"].isin(ARMS) & (outcomes["contrast"] != ACTIVE)


@table_rule("outcomes")
def control_as_first_arm(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse a control as arm 1, which is the arm with MSCs."""
    wrong = outcomes["arm1"].map(lambda arm: not names_msc(arm) and names_control(arm)).astype(bool)
    why = "arm 1 is the arm with MSCs, and this names a control"
    yield from outcomes.report(wrong, "arm1", why, f"{SWAP}; else name what was given")


@table_rule("outcomes")
def product_as_second_arm(outcomes: Sheet) -> Iterator[Problem]:
    """Refuse MSCs as arm 2, unless a flag says that both arms received them."""
    wrong = outcomes["arm2"].map(names_msc).astype(bool) & (outcomes["contrast"] != ACTIVE)
    why = "arm 2 is the arm without MSCs, and this names an MSC product"
    remedy = f"{SWAP}; if both arms received MSCs, make the contrast “{ACTIVE}”"
    yield from outcomes.report(wrong, "arm2", why, remedy)


def misfits(outcome: Row, declared: Row) -> list[str]:
    """Return the columns that keep an outcome out of an outcome set.

    Population and time are for a person to judge; so is the outcome, where it shares a word with the set.
    """
    wrong = [column for column in KIND if outcome[column] != declared[column]]
    if declared["disease"] in (EVERY_DISEASE, FORM_OF.get(outcome["disease"])):
        wrong = [column for column in wrong if column != "disease"]
    said, own = _meanings(outcome["outcome"]), _meanings(f"{declared['outcome']} {declared['definition']}")
    return wrong or ([] if any(_alike(one, other) for one in said for other in own) else ["outcome"])


def better_named(outcome: str, declared: Row, others: Iterable[Row]) -> str:
    """Return the outcome set whose whole name stands in the name of an outcome, where that of its own set does not."""
    said, own = _meanings(outcome), _meanings(f"{declared['outcome']} {declared['definition']}")
    for other in [] if _among(_meanings(declared["outcome"]), said) else others:
        name = _meanings(other["outcome"])
        same = name and all(other[column] == declared[column] for column in KIND)
        if same and _among(name, said) and not _among(name, own):
            return str(other["outcome_set"])
    return ""


@cache
def _meanings(text: str) -> frozenset[str]:
    words = (word.replace("-", "").removesuffix("s") for word in WORD.findall(text.casefold()))
    return frozenset(MEANING.get(word, word) for word in words) - FILLING


def _among(some: Iterable[str], words: Iterable[str]) -> bool:
    return all(any(_alike(one, other) for other in words) for one in some)


@cache
def _alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= STEM:
        return one[:STEM] == other[:STEM]
    return longer.startswith(shorter) if len(shorter) > 3 else one == other


@cache
def names_msc(arm: str) -> bool:
    """Say whether the name of an arm names an MSC product; “no MSC” does not."""
    return bool(MSC.search(WITHOUT.sub("", arm)))


def names_control(arm: str) -> bool:
    """Say whether the name of an arm names a control, or an arm without cells."""
    return bool(CONTROL.search(arm) or WITHOUT.search(arm))
