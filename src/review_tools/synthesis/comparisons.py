"""Declared comparisons: which outcome rows answer a question, which of them may be pooled, and what they say.

Comparisons and their rows are in ``data/comparisons.csv`` and ``data/comparison_outcomes.csv``. Whether a
row enters a pool is decided here, by rule, and every row that stays out keeps its reason.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from review_tools.data.project import Project, once
from review_tools.data.retracted import UNSOUND
from review_tools.data.versions import order
from review_tools.synthesis.effects import MEANS, ONE_ARM, TWO_ARMS, Effects, Measure, measure_named
from review_tools.synthesis.pooling import CannotPoolError, Pooled, leave_one_out, pool
from review_tools.synthesis.rows import effect_sizes

# Flags that keep a row out of every pool. The other flags are shown beside the row.
EXCLUDING = {
    "shares control": "its control group is counted in another row",
    "same patients": "the same people are counted in another row",
    "reconstructed": "its numbers were worked out from other figures",
    "derived with slack": "more than one count fits the printed percentage",
    "garbled": "the copy seen was damaged",
    "active control": "the comparator received MSCs too",
    "disposition": "it counts how people moved through the trial",
    "not MSC proper": "the product is not MSCs themselves",
    "baseline imbalance": "the arms differed at the start, so that their end values mislead",
}
BLOCK = {TWO_ARMS: "binary", MEANS: "continuous", ONE_ARM: "single-arm binary"}  # of the columns a measure needs
RANK = {"single-arm": 0, "controlled": 1, "randomised": 2}


@dataclass(frozen=True)
class Answer:
    """What the rows of one comparison say.

    ``rows`` holds every declared row with its ``flags``, ``place`` (its note) and ``reason``: empty where
    it is pooled. ``pooled`` is None when no row may be pooled; with one row it holds that row's own
    figures (k = 1). Answers are shared: do not write to their frames.
    """

    comparison: pd.Series
    rows: pd.DataFrame
    effects: Effects | None = None
    pooled: Pooled | None = None

    @property
    def measure(self) -> Measure:
        return measure_named(self.comparison["measure"])

    @property
    def k(self) -> int:
        return self.pooled.k if self.pooled else 0

    @property
    def entered(self) -> pd.DataFrame:
        return self.rows[self.rows["reason"] == ""]

    @property
    def people(self) -> int:
        """The number of people in the rows that are pooled."""
        return int(self.entered[["n_arm1", "n_arm2"]].sum().sum())

    @property
    def excludes_no_effect(self) -> bool | None:
        """Whether the interval leaves out “no difference”; None for proportions and when nothing is pooled."""
        if self.pooled is None or self.measure.no_effect is None:
            return None
        return self.pooled.ci_low > 0 or self.pooled.ci_high < 0

    @property
    def favours_msc(self) -> bool | None:
        """Whether the point estimate lies on the side that is good for patients given MSCs."""
        if self.pooled is None or self.measure.no_effect is None:
            return None
        return (self.pooled.estimate > 0) == bool(self.comparison["higher_is_better"])


def as_of(frame: pd.DataFrame, version: str | None) -> pd.DataFrame:
    """Return the rows that were in the review at a version (all of them when it is None)."""
    if version is None or frame.empty:
        return frame
    return frame[frame["added_in"].map(order) <= order(version)]


@once
def answer(
    project: Project, comparison_id: str, *, version: str | None = None, model: str = "REML", test: str | None = None
) -> Answer:
    """Return what a comparison says, by REML with Hartung-Knapp intervals unless another model or test is named.

    Args:
        version: only rows that were in the review then.

    Raises:
        KeyError: no such comparison; the message lists them.
    """
    comparison, rows = declared(project, comparison_id)
    measure = measure_named(comparison["measure"])
    rows = as_of(rows, version).reset_index(drop=True)
    rows["reason"] = [_reason(row, comparison, measure) for row in rows.to_dict("records")]
    rows = rows.drop(columns="status")
    entered = rows[rows["reason"] == ""]
    if entered.empty:
        return Answer(comparison, rows)
    effects = effect_sizes(entered.assign(study=entered["outcome_id"]), measure.name)
    for row in effects.left_out:
        rows.loc[rows["outcome_id"] == row.label, "reason"] = row.why
    return Answer(comparison, rows, effects, pool(effects, model, test)) if effects.k else Answer(comparison, rows)


def declared(project: Project, comparison_id: str) -> tuple[pd.Series, pd.DataFrame]:
    """Return the declaration of a comparison, and its rows with their flags and the status of their study.

    Raises:
        KeyError: no such comparison; the message lists them.
    """
    comparisons, every = project.table("comparisons"), _declared_rows(project)
    found = comparisons[comparisons["comparison_id"] == comparison_id]
    if found.empty:
        raise KeyError(f"No comparison {comparison_id!r}; there are {', '.join(comparisons['comparison_id'])}.")
    rows = every[every["comparison_id"] == comparison_id].drop(columns="comparison_id")
    return found.iloc[0], rows.reset_index(drop=True)


@once
def _declared_rows(project: Project) -> pd.DataFrame:
    """Return the declared rows of every comparison, with their flags and the status of their study."""
    names = ("comparison_outcomes", "outcomes", "outcome_flags", "studies")
    chosen, outcomes, marks, studies = map(project.table, names)
    flags = marks.groupby("outcome_id")["flag"].agg(tuple)
    rows = chosen[["comparison_id", "outcome_id", "note"]].rename(columns={"note": "place"})
    rows = rows.merge(outcomes, on="outcome_id")
    rows["flags"] = [flags.get(outcome, ()) for outcome in rows["outcome_id"]]
    rows["status"] = rows["study_id"].map(studies.set_index("study_id")["status"])
    return rows


def _reason(row: dict[Hashable, Any], comparison: pd.Series, measure: Measure) -> str:
    """Say why a declared row may not be pooled; nothing where it may."""
    if row["status"] in UNSOUND:
        return f"the study is marked: {row['status']}"
    for flag, reason in EXCLUDING.items():
        if flag in row["flags"]:
            return reason
    if row["value_basis"] == "reconstructed":
        return EXCLUDING["reconstructed"]
    if RANK[row["design"]] < RANK[comparison["design"]]:
        return f"its design is {row['design']}, the comparison asks for {comparison['design']}"
    if measure.columns == ONE_ARM and row["design"] != "single-arm":
        return "it belongs to a comparison of arms"
    if row["block"] != BLOCK[measure.columns]:
        return "the numbers a pool needs are not printed"
    return ""


def sensitivity(project: Project, comparison_id: str) -> dict[str, Pooled]:
    """Return the pool as it is used and under other choices, each by its name.

    Choices are the model, the test, printed counts or randomised studies alone, and each study left out;
    only those that change something, and none when fewer than two studies are pooled.
    """
    main = answer(project, comparison_id)
    if main.k < 2 or main.effects is None:
        return {}
    effects, rows = main.effects, main.entered
    choices = {
        "REML, Hartung-Knapp (used here)": pool(effects),
        "REML, normal interval": pool(effects, "REML", "z"),
        "DerSimonian-Laird, normal interval": pool(effects, "DL", "z"),
    }
    try:
        choices["common effect"] = pool(effects, "MH")
    except CannotPoolError:  # no ratio where one arm has no event in any study
        choices["common effect, inverse variance"] = pool(effects, "FE")
    printed, randomised = rows["value_basis"] == "printed", rows["design"] == "randomised"
    if 0 < printed.sum() < len(rows):
        choices["printed counts only"] = pool(effects.only(printed.to_numpy(dtype=bool)))
    if main.comparison["design"] == "controlled" and 0 < randomised.sum() < len(rows):
        choices["randomised only"] = pool(effects.only(randomised.to_numpy(dtype=bool)))
    if main.k > 2:
        names = [f"without {outcome}" for outcome in effects.labels]
        choices |= zip(names, leave_one_out(effects), strict=True)
    return choices


def before_and_after(project: Project, before: str, after: str | None = None) -> list[tuple[Answer, Answer]]:
    """Return each comparison at two versions of the review, in the order of the table."""
    names = project.table("comparisons")["comparison_id"]
    return [(answer(project, name, version=before), answer(project, name, version=after)) for name in names]


def controlled(project: Project) -> list[Answer]:
    """Return the comparisons with a control group that have a result, as they are declared."""
    answers = (answer(project, name) for name in project.table("comparisons")["comparison_id"])
    return [result for result in answers if result.excludes_no_effect is not None]
