"""Claims that test themselves: each statement names a test, and the data give its verdict.

A verdict that differs from the one a person accepted is a problem that stops the build until somebody has
read the sentence again.
"""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from review_tools.data.edit import edit
from review_tools.data.problems import DataError, Problem
from review_tools.data.project import Project
from review_tools.synthesis.claim_tests import TESTS, Claim, Verdict

FILE = "data/claims.csv"


@dataclass(frozen=True)
class Tested:
    """One claim with what the data say of it."""

    row: pd.Series
    verdict: Verdict

    @property
    def agrees(self) -> bool:
        return bool(self.verdict.word == self.row["expected"])


def verdicts(project: Project, version: str | None = None) -> list[Tested]:
    """Every claim of the ledger with its computed verdict.

    Args:
        version: with the data as they stood in that version of the review.

    Raises:
        KeyError: a claim names a test or a subject that does not exist.
    """
    return [Tested(row, _run(project, row, version)) for _, row in project.table("claims").iterrows()]


def verdict(project: Project, claim_id: str) -> Verdict:
    """The verdict the data give one claim now.

    Raises:
        KeyError: no such claim, or its test cannot run.
    """
    ledger = project.table("claims")
    ledger = ledger[ledger["claim_id"] == claim_id]
    if ledger.empty:
        raise KeyError(f"no claim {claim_id!r} in {FILE}")
    return _run(project, ledger.iloc[0], None)


def _run(project: Project, row: pd.Series, version: str | None) -> Verdict:
    subject = row["subject"] if pd.notna(row["subject"]) else ""
    number = float(row["figure"]) if pd.notna(row["figure"]) else None
    return TESTS[row["test"]](Claim(project, subject, number, version))


def accept(project: Project, claim: str, by: str, today: date | None = None) -> str:
    """Writes the computed verdict of a claim as the accepted one; returns a line that says so.

    Raises:
        KeyError: no such claim, or its test cannot run.
        DataError: the ledger cannot be read, or no name was given.
    """
    if not by.strip():
        raise DataError("Say who accepts: --by NAME.")
    now = verdict(project, claim)
    with edit(project.root) as change:
        text = change.table("claims")
        line = text["claim_id"] == claim
        before = text.loc[line, "expected"].iloc[0]
        text.loc[line, ["expected", "accepted_by", "accepted_on"]] = [now.word, by.strip(), f"{today or date.today()}"]
        change.write_table("claims", text)
    return f"{claim}: {before!r} → {now.word!r} ({now.because}), accepted by {by.strip()}."


def check(project: Project) -> list[Problem]:
    """Claims whose verdict is no longer the accepted one, or whose test or subject does not exist."""
    problems = []
    text = project.text("claims")
    lines = dict(zip(text["claim_id"], map(int, text.index), strict=True))
    for _, row in project.table("claims").iterrows():
        claim, line = row["claim_id"], lines.get(row["claim_id"])
        try:
            now = _run(project, row, None)
        except KeyError as error:
            why = f"the test cannot run: {error.args[0]}"
            problems.append(
                Problem(
                    FILE,
                    why,
                    f"name one of {', '.join(sorted(TESTS))}, and a subject it knows",
                    line,
                    "test",
                    row["test"],
                )
            )
            continue
        if not project.has(row["chapter"]):
            problems.append(
                Problem(
                    FILE, "no such chapter", "name the chapter that carries the claim", line, "chapter", row["chapter"]
                )
            )
        if now.word != row["expected"]:
            why = (
                f"claim {claim}: {now.word!r} now ({now.because}), but {row['expected']!r} was accepted on "
                f"{row['accepted_on']:%Y-%m-%d} by {row['accepted_by']}; the sentence: “{row['statement']}”"
            )
            remedy = "if this is unexpected, first compare the new rows with their source (arms, comparison); then "
            remedy += f"read the sentence again in {row['chapter']}, and run: review accept {claim} --by NAME"
            problems.append(Problem(FILE, why, remedy, line, "expected", claim))
    return problems
