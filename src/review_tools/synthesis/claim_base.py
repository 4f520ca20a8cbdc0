"""What a claim is asked, and what it is answered: the verdicts, and the tests by their names."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from review_tools.data.inline_values import UnknownFactError, select
from review_tools.data.project import Project
from review_tools.data.retracted import retracted
from review_tools.synthesis import comparisons
from review_tools.synthesis.comparisons import Answer, as_of
from review_tools.synthesis.effects import MEASURES
from review_tools.synthesis.pooling import Pooled
from review_tools.synthesis.words import interval

HOLDS, PARTLY, FAILS, OPEN = "holds", "holds in part", "does not hold", "cannot be tested yet"
RATIOS = [name for measure in MEASURES.values() if measure.is_ratio for name in (measure.name, measure.title)]


class OpenError(Exception):
    """The data cannot decide yet; the message says why."""


@dataclass(frozen=True)
class Verdict:
    """One of the four verdicts, and the figures behind it."""

    word: str
    because: str


@dataclass(frozen=True)
class Claim:
    """What a test is asked: about what, with which number, in which data."""

    project: Project
    subject: str
    stated: float | None
    version: str | None = None

    @property
    def figure(self) -> float:
        if self.stated is None:
            raise KeyError(f"the claim about {self.subject!r} needs a number in the column figure")
        return self.stated

    def table(self, name: str) -> pd.DataFrame:
        """Return a table as it was at the version."""
        frame = self.project.table(name)
        return as_of(frame, self.version) if "added_in" in frame.columns else frame

    def rows(self, subject: str = "") -> pd.DataFrame:
        """Return the rows of a subject: a table and conditions, as in ``findings section=2.1; direction=dampens``.

        What a retracted study found supports nothing.
        """
        table, _, conditions = (subject or self.subject).partition(" ")
        try:
            frame = select(self.project, table, conditions.split("; ") if conditions else [])
        except UnknownFactError as error:
            raise KeyError(str(error)) from error
        if table in ("findings", "outcomes"):
            frame = frame[~frame["study_id"].isin(retracted(self.project))]
        return as_of(frame, self.version) if "added_in" in frame.columns else frame

    def answer(self, name: str = "") -> Answer:
        return comparisons.answer(self.project, name or self.subject, version=self.version)

    def pooled(self) -> tuple[Answer, Pooled, str]:
        """Return the answer of the comparison that the subject names, its pool, and both in words.

        Raises:
            OpenError: nothing can be pooled.
        """
        answer = self.answer()
        if answer.pooled is None:
            raise OpenError("no row of the comparison can be pooled")
        return answer, answer.pooled, f"k = {answer.k}, {interval(answer.pooled)}"

    def outcome(self, *columns: str, otherwise: str) -> pd.Series:
        """Return the outcome row that the subject names.

        Raises:
            KeyError: there is none of that name.
            OpenError: the version has none, its study is retracted, or a column is empty.
        """
        rows = self.table("outcomes")
        rows = rows[(rows["outcome_id"] == self.subject) & ~rows["study_id"].isin(retracted(self.project))]
        if rows.empty and self.subject not in set(self.project.table("outcomes")["outcome_id"]):
            raise KeyError(f"no outcome {self.subject!r}")
        if rows.empty or rows.iloc[0][list(columns)].isna().any():
            raise OpenError(otherwise)
        return rows.iloc[0]


Test = Callable[[Claim], Verdict]
TESTS: dict[str, Test] = {}


def run(test: str, claim: Claim) -> Verdict:
    """Return the verdict of a test.

    Raises:
        KeyError: no such test, or it does not know the subject.
    """
    try:
        return TESTS[test](claim)
    except OpenError as error:
        return Verdict(OPEN, str(error))


def test(function: Test) -> Test:
    """Make a function known to the ledger by its name."""
    TESTS[function.__name__] = function
    return function


def decided(holds: bool, because: str) -> Verdict:
    return Verdict(HOLDS if holds else FAILS, because)


def share(number: int, of: int, because: str) -> Verdict:
    """All: holds; at least half: holds in part."""
    return Verdict(HOLDS if number == of else PARTLY if 2 * number >= of else FAILS, because)


def includes_no_difference(rows: pd.DataFrame) -> pd.Series:
    """Say for each row that prints an effect whether its interval includes no difference."""
    neutral = rows["effect_measure"].isin(RATIOS).astype(float)
    return (rows["ci_low"] <= neutral) & (rows["ci_high"] >= neutral)
