"""The rows of a comparison answer its question: its disease, its kind of outcome, its direction, its design."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from review_tools.check.engine import Evidence, by_line
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
Row = Mapping[Hashable, Any]


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why an outcome cannot answer a comparison's question: the column of the outcome, and what each says."""

    column: str
    said: str
    wanted: str


def check(evidence: Evidence) -> Iterator[Problem]:
    """Every declared row against its comparison."""
    outcomes, comparisons = evidence.sheet("outcomes"), evidence.sheet("comparisons")
    declared = evidence.sheet("comparison_outcomes")
    lines = dict(zip(outcomes["outcome_id"], outcomes.index, strict=True))
    questions = dict(zip(comparisons["comparison_id"], comparisons.to_dict("records"), strict=True))
    domains, rows = domain_of(declared, comparisons, outcomes), evidence.rows("outcomes")
    for line, row in evidence.rows("comparison_outcomes").items():
        name, outcome_id = row["comparison_id"], row["outcome_id"]
        if name not in questions or outcome_id not in lines:
            continue  # told as a link that leads nowhere
        outcome = rows[lines[outcome_id]]
        for misfit in misfits(outcome, questions[name], domains[name]):
            why = f"{misfit.column} is {misfit.said} in {evidence.file('outcomes')}, row {lines[outcome_id]}; "
            why += f"{name} asks for {misfit.wanted}"
            remedy = "remove this line, or name the comparison that it answers"
            remedy += f"; if {misfit.column} is wrong there, correct it in data/outcomes.csv"
            yield evidence.problem("comparison_outcomes", line, "outcome_id", why, remedy)
        if needs_note(outcome, questions[name]) and not row["note"]:
            why = f"empty, although the row is about {outcome['disease']} and {name} about {questions[name]['disease']}"
            yield evidence.problem("comparison_outcomes", line, "note", why, "say why it belongs here")


def misfits(outcome: Row, comparison: Row, domain: str) -> Iterator[Misfit]:
    """What keeps an outcome from answering a comparison; ``domain`` is that of the comparison's other rows, if any.

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
    """Whether the row is about a form of the comparison's disease, which wants a word."""
    return bool(FORM_OF.get(outcome["disease"]) == comparison["disease"])


def domain_of(declared: pd.DataFrame, comparisons: pd.DataFrame, outcomes: pd.DataFrame) -> dict[str, str]:
    """The domain of each comparison: that of most of its rows, of those that came first where they are equally many.

    Rows that do not fit for another reason say nothing about it.
    """
    merged = declared[["comparison_id", "outcome_id"]].merge(outcomes, on="outcome_id")
    rows = list(by_line(merged).values())
    rows.sort(key=lambda row: order(row["added_in"]) if NUMBER.fullmatch(row["added_in"]) else ())
    found = {}
    for comparison in comparisons.to_dict("records"):
        own = [row for row in rows if row["comparison_id"] == comparison["comparison_id"]]
        domains = Counter(row["domain"] for row in own if not any(misfits(row, comparison, "")))
        found[comparison["comparison_id"]] = domains.most_common(1)[0][0] if domains else ""
    return found
