"""Declared comparisons: which outcome rows answer a question, which of them may be pooled, and what they say.

Comparisons and their rows stand in ``data/comparisons.csv`` and ``data/comparison_outcomes.csv``. Whether a
row enters a pool is decided here, by rule, and every row that stays out keeps its reason.
"""

import contextlib
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from review_tools.data.project import Project, once
from review_tools.data.retracted import UNSOUND
from review_tools.data.versions import order
from review_tools.synthesis.effects import Effects
from review_tools.synthesis.pooling import CannotPoolError, Pooled, pool
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
BLOCK = {"RR": "binary", "OR": "binary", "MD": "continuous", "SMD": "continuous", "proportion": "single-arm binary"}
ENGINE = {"proportion": "PLO"}
RANK = {"single-arm": 0, "controlled": 1, "randomised": 2}


@dataclass(frozen=True)
class Answer:
    """What the rows of one comparison say.

    ``rows`` holds every declared row with its flags and ``reason``: empty where it is pooled. ``pooled``
    is None when no row may be pooled; with one row it holds that row's own figures (k = 1).
    """

    comparison: pd.Series
    rows: pd.DataFrame
    effects: Effects | None
    pooled: Pooled | None

    @property
    def k(self) -> int:
        return self.pooled.k if self.pooled else 0

    @property
    def entered(self) -> pd.DataFrame:
        return self.rows[self.rows["reason"] == ""]

    @property
    def people(self) -> int:
        """People in the rows that are pooled."""
        return int(self.entered[["n_arm1", "n_arm2"]].sum().sum())

    @property
    def excludes_no_effect(self) -> bool | None:
        """Whether the interval leaves out “no difference”; None for proportions and when nothing is pooled."""
        if self.pooled is None or self.comparison["measure"] == "proportion":
            return None
        return self.pooled.ci_low > 0 or self.pooled.ci_high < 0

    @property
    def favours_msc(self) -> bool | None:
        """Whether the point estimate lies on the side that is good for patients given MSCs."""
        if self.pooled is None or self.comparison["measure"] == "proportion":
            return None
        return (self.pooled.estimate > 0) == bool(self.comparison["higher_is_better"])


def as_of(frame: pd.DataFrame, version: str | None) -> pd.DataFrame:
    """Rows that stood in the review at a version (all of them when it is None)."""
    if version is None or frame.empty:
        return frame
    return frame[frame["added_in"].map(order) <= order(version)]


def members(project: Project, comparison_id: str, version: str | None = None) -> pd.DataFrame:
    """The declared outcome rows of a comparison, with ``flags``, ``place`` (its note) and ``reason``.

    ``reason`` is empty for rows that may be pooled.

    Raises:
        KeyError: no such comparison.
    """
    comparison = declared(project, comparison_id)
    every = _rows(project)
    rows = as_of(every[every["comparison_id"] == comparison_id].drop(columns="comparison_id"), version)
    rows = rows.reset_index(drop=True)
    rows["reason"] = [_reason(row, comparison) for row in rows.to_dict("records")]
    return rows.drop(columns="status")


@once
def _rows(project: Project) -> pd.DataFrame:
    """Return the declared rows of every comparison, with their flags and the status of their study."""
    names = ("comparison_outcomes", "outcomes", "outcome_flags", "studies")
    chosen, outcomes, marks, studies = map(project.table, names)
    flags = marks.groupby("outcome_id")["flag"].agg(tuple)
    rows = chosen[["comparison_id", "outcome_id", "note"]].rename(columns={"note": "place"})
    rows = rows.merge(outcomes, on="outcome_id")
    rows["flags"] = [flags.get(outcome, ()) for outcome in rows["outcome_id"]]
    rows["status"] = rows["study_id"].map(studies.set_index("study_id")["status"])
    return rows


def declared(project: Project, comparison_id: str) -> pd.Series:
    """The declaration of one comparison.

    Raises:
        KeyError: there is none of that name; the message lists them.
    """
    comparisons = project.table("comparisons")
    found = comparisons[comparisons["comparison_id"] == comparison_id]
    if found.empty:
        raise KeyError(f"No comparison {comparison_id!r}; there are {', '.join(comparisons['comparison_id'])}.")
    return found.iloc[0].rename(comparison_id)


def _reason(row: dict[Hashable, Any], comparison: pd.Series) -> str:
    if row["status"] in UNSOUND:
        return f"the study is marked: {row['status']}"
    for flag, reason in EXCLUDING.items():
        if flag in row["flags"]:
            return reason
    if row["value_basis"] == "reconstructed":
        return EXCLUDING["reconstructed"]
    if RANK[row["design"]] < RANK[comparison["design"]]:
        return f"its design is {row['design']}, the comparison asks for {comparison['design']}"
    if comparison["measure"] == "proportion" and row["design"] != "single-arm":
        return "it belongs to a comparison of arms"
    if row["block"] != BLOCK[comparison["measure"]]:
        return "the numbers a pool needs are not printed"
    return ""


def answer(
    project: Project,
    comparison_id: str,
    *,
    version: str | None = None,
    model: str = "REML",
    test: str | None = None,
    keep: pd.Series | None = None,
) -> Answer:
    """What a comparison says, by REML with Hartung-Knapp intervals unless another model or test is named.

    Args:
        version: only rows that stood in the review then.
        keep: outcome_id to True or False, to leave rows out (sensitivity).

    Raises:
        KeyError: no such comparison.
    """
    if keep is None:  # asked again and again: by claims, pages and charts
        found = _answer(project, comparison_id, version, model, test)
        return replace(found, rows=found.rows.copy(deep=False))
    return _of_rows(declared(project, comparison_id), members(project, comparison_id, version), model, test, keep)


@once
def _answer(project: Project, name: str, version: str | None, model: str, test: str | None) -> Answer:
    return _of_rows(declared(project, name), members(project, name, version), model, test, None)


def _of_rows(comparison: pd.Series, rows: pd.DataFrame, model: str, test: str | None, keep: pd.Series | None) -> Answer:
    if keep is not None:
        rows = rows[rows["outcome_id"].map(keep).fillna(True).astype(bool)]
    entered = rows[rows["reason"] == ""]
    if entered.empty:
        return Answer(comparison, rows, None, None)
    measure = str(comparison["measure"])
    effects = effect_sizes(entered.assign(study=entered["outcome_id"]), ENGINE.get(measure, measure))
    silent = {row.label: row.why for row in effects.left_out}
    rows = rows.assign(
        reason=[reason or silent.get(row, "") for row, reason in zip(rows["outcome_id"], rows["reason"], strict=True)]
    )
    if not len(effects.effect):
        return Answer(comparison, rows, None, None)
    return Answer(comparison, rows, effects, pool(effects, model, test))


def sensitivity(project: Project, comparison_id: str) -> list[tuple[str, Answer]]:
    """The comparison under other choices: model, test, without derived counts, randomised alone, without each study.

    Only variants that change something are given; none when fewer than two studies are pooled.
    """
    main = answer(project, comparison_id)
    if main.k < 2:
        return []
    rows = main.entered.set_index("outcome_id")
    ratio = main.comparison["measure"] in ("RR", "OR")
    variants = [
        ("REML, normal interval", answer(project, comparison_id, test="z")),
        ("DerSimonian-Laird, normal interval", answer(project, comparison_id, model="DL", test="z")),
        _common(project, comparison_id, ratio),
    ]
    derived = rows["value_basis"] != "printed"
    if 0 < derived.sum() < len(rows):
        variants.append(("printed counts only", answer(project, comparison_id, keep=~derived)))
    weaker = rows["design"] != "randomised"
    if main.comparison["design"] == "controlled" and 0 < weaker.sum() < len(rows):
        variants.append(("randomised only", answer(project, comparison_id, keep=~weaker)))
    if main.k > 2:
        for outcome in rows.index:
            without = answer(project, comparison_id, keep=pd.Series({outcome: False}))
            variants.append((f"without {outcome}", without))
    return variants


def _common(project: Project, comparison_id: str, ratio: bool) -> tuple[str, Answer]:
    """One effect for all studies: by Mantel-Haenszel where that gives an answer."""
    if ratio:
        with contextlib.suppress(CannotPoolError):  # no ratio where one arm has no event in any study
            return "common effect", answer(project, comparison_id, model="MH")
    return "common effect, inverse variance", answer(project, comparison_id, model="FE")


def before_and_after(project: Project, before: str, after: str | None = None) -> list[tuple[Answer, Answer]]:
    """Each comparison at two versions of the review, in the order of the table."""
    names = project.table("comparisons")["comparison_id"]
    return [(answer(project, name, version=before), answer(project, name, version=after)) for name in names]


def controlled(project: Project) -> list[Answer]:
    """Return the comparisons with a control group that have a result, as they are declared."""
    answers = (answer(project, name) for name in project.table("comparisons")["comparison_id"])
    return [result for result in answers if result.excludes_no_effect is not None]
