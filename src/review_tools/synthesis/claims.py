"""Claims that test themselves: each statement names a test, and the data give its verdict.

A verdict that differs from the one a person accepted is a problem that stops the build until somebody has
read the sentence again.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import pandas as pd

from review_tools.data.edit import check_name, edit
from review_tools.data.problems import DataError, Problem, did_you_mean
from review_tools.data.project import Project
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.claim_tests import TESTS, Claim, Verdict, run

FILE = "data/claims.csv"


class Tested(NamedTuple):
    """One claim of the ledger with what the data say of it."""

    row: pd.Series
    verdict: Verdict


def verdicts(project: Project, version: str | None = None) -> list[Tested]:
    """Return every claim of the ledger with its verdict at a version. Raises KeyError where a test cannot run."""
    return [Tested(row, _run(project, row, version)) for _, row in project.table("claims").iterrows()]


def work_out(project: Project) -> None:
    """Work out every comparison with its certainty, and test every claim: what is asked later is then known."""
    for name in project.table("comparisons")["comparison_id"]:
        certainty(project, name)
    verdicts(project)


def verdict(project: Project, claim_id: str) -> Verdict:
    """Return the verdict that the data give one claim now. Raises KeyError if there is none, or its test cannot run."""
    ledger = project.table("claims")
    found = ledger[ledger["claim_id"] == claim_id]
    if found.empty:
        near = did_you_mean(claim_id, ledger["claim_id"])
        raise KeyError(f"no claim {claim_id!r} in {FILE}; {near}".rstrip("; "))
    return _run(project, found.iloc[0])


def _run(project: Project, row: pd.Series, version: str | None = None) -> Verdict:
    subject = row["subject"] if pd.notna(row["subject"]) else ""
    return run(row["test"], Claim(project, subject, row["figure"], version))


def accept(project: Project, claim: str, by: str) -> str:
    """Write the computed verdict of a claim as the accepted one; return a line that says so.

    Raises:
        KeyError: no such claim, or its test cannot run.
        DataError: the ledger cannot be read, or no name was given.
    """
    by = by.strip()
    check_name(by)
    if not by:
        raise DataError("Say who accepts: --by NAME.")
    now = verdict(project, claim)
    before = project.table("claims").set_index("claim_id").loc[claim, "expected"]
    if before == now.word:
        return f"{claim}: {before!r} is the accepted verdict already; nothing was changed."
    with edit(project.root) as change:
        cells = {"expected": now.word, "accepted_by": by, "accepted_on": f"{date.today()}"}
        change.set_cells("claims", "claim_id", claim, cells)
    return f"{claim}: {before!r} → {now.word!r} ({now.because}), accepted by {by}."


def check(project: Project) -> list[Problem]:
    """Return the claims whose verdict is no longer the accepted one, or whose test, subject or chapter is missing."""
    rows = zip(project.text("claims").index, project.table("claims").iterrows(), strict=True)
    return [problem for line, (_, row) in rows for problem in _problems(project, int(line), row)]


def _problems(project: Project, line: int, row: pd.Series) -> Iterator[Problem]:
    claim, chapter = row["claim_id"], row["chapter"]
    try:
        now = _run(project, row)
    except KeyError as error:
        why, remedy = f"the test cannot run: {error.args[0]}", f"name one of {', '.join(sorted(TESTS))}, "
        yield Problem(FILE, why, f"{remedy}and a subject it knows", line, "test", row["test"])
        return
    if not project.has(chapter):
        yield Problem(FILE, "no such chapter", "name the chapter that carries the claim", line, "chapter", chapter)
    if now.word != row["expected"]:
        why = (
            f"claim {claim}: {now.word!r} now ({now.because}), but {row['expected']!r} was accepted on "
            f"{row['accepted_on']:%Y-%m-%d} by {row['accepted_by']}; the sentence: “{row['statement']}”"
        )
        remedy = (
            "if this is unexpected, first compare the new rows with their source (arms, comparison); then "
            f"read the sentence again in {chapter}, and run: review accept {claim} --by NAME"
        )
        yield Problem(FILE, why, remedy, line, "expected", claim)
