"""Arm 1 is the arm with MSCs, arm 2 what it is compared with: swapped, a result points the wrong way."""

import re
from collections.abc import Iterator

from review_tools.check.engine import Evidence
from review_tools.data.problems import Problem

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


def check(evidence: Evidence) -> Iterator[Problem]:
    """A control as arm 1, MSCs as arm 2 without the flag that says so."""
    outcomes, flags = evidence.rows("outcomes"), evidence.sheet("outcome_flags")
    active = set(flags.loc[flags["flag"] == ACTIVE, "outcome_id"])
    swap = "if the arms are swapped, exchange their names and their numbers"
    for line, row in outcomes.items():
        if not names_msc(row["arm1"]) and (WITHOUT.search(row["arm1"]) or CONTROL.search(row["arm1"])):
            why = "arm 1 is the arm with MSCs, and this names a control"
            yield evidence.problem("outcomes", line, "arm1", why, f"{swap}; else name what was given")
        if names_msc(row["arm2"]) and row["outcome_id"] not in active:
            why = "arm 2 is the arm without MSCs, and this names an MSC product"
            remedy = f"{swap}; if both arms received MSCs, add the flag “{ACTIVE}” to data/outcome_flags.csv"
            yield evidence.problem("outcomes", line, "arm2", why, remedy)


def names_msc(arm: str) -> bool:
    """Whether the name of an arm names an MSC product; “no MSC” does not."""
    return bool(MSC.search(WITHOUT.sub("", arm)))
