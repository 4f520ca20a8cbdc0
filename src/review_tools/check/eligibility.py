"""The rows of a comparison answer its question: its disease, its kind of outcome, its direction, its design, its arms.

Arm 1 is the arm with MSCs, arm 2 what it is compared with: swapped, a result points the wrong way.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from review_tools.check.engine import Sheet, by_line, table_rule
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
BLOCKS = {"RR": COUNTS, "OR": COUNTS, "MD": MEANS, "SMD": MEANS, "proportion": SHARES}
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


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why an outcome cannot answer a comparison's question: the column of the outcome, and what each says."""

    column: str
    said: str
    wanted: str


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
    if outcome["block"] not in BLOCKS.get(measure, (outcome["block"],)):
        wanted = " or ".join(f"“{one}”" for one in BLOCKS[measure])
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
