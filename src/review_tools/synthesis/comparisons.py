"""Declared comparisons: which outcome rows answer a question, which of them may be pooled, and what they say.

A row answers a comparison of ``data/comparisons.csv`` when it has the comparison's outcome set and contrast.
Whether it enters the pool is decided here, by the rules of the protocol, and every row that stays out keeps
its reason.
"""

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pandas as pd

from review_tools.check.comparability import EVERY_DISEASE
from review_tools.check.quotations import fitting_counts
from review_tools.data.project import Project, once, order
from review_tools.data.retracted import UNSOUND
from review_tools.data.tables import SEPARATOR
from review_tools.synthesis.effects import MEANS, ONE_ARM, TWO_ARMS, Effects, Measure, measure_named
from review_tools.synthesis.pooling import COMMON_EFFECT, CannotPoolError, Pooled, leave_one_out, pool
from review_tools.synthesis.rows import effect_sizes, printed_effects

# Flags that keep a row out of every pool. The other flags are shown beside the row.
EXCLUDING = {
    "reconstructed": "its numbers were worked out from other figures",
    "crossover": "the arms swapped, and the figures of the first period alone are not known",
    "garbled": "the copy seen was damaged",
    "disposition": "it counts how people moved through the trial",
    "not MSC proper": "the product is not MSCs themselves",
    "baseline imbalance": "the arms differed at the start, so that their end values mislead",
}
BLOCK = {TWO_ARMS: "binary", MEANS: "continuous", ONE_ARM: "single-arm binary"}  # of the columns a measure needs
RANK = {"single-arm": 0, "controlled": 1, "randomised": 2}
# Of several rows of one trial the first by these orders enters.
JUDGED_BY = ("status", "flags", "value_basis", "design", "block", "effect_measure")
RANKED_BY = ("reason", "trial", "outcome_id", "opposite", "flags", "analysis_set", "value_basis")
PARTS = {"shares control", "same patients", "subgroup"}  # flags of rows that yield to any other
ANALYSIS_SETS = ("randomised", "modified", "treated", "not stated", "completers", "subgroup")
BASES = ("printed", "counted from rows", "combined by hand", "derived from percent", "reconstructed")
FEWEST_FOR_HARTUNG_KNAPP = 3
SAME_PEOPLE = "the same people are counted in "  # followed by the row that enters for them
THRESHOLDS = (
    "importance",
    "important_difference",
    "large_difference",
    "unit",
)  # of the outcome set, told with the comparison
ONE_ARMED = "single-arm"
EFFECT, WORDS_ONLY, NO_NUMBERS = "effect", "words only", "the numbers a pool needs are not printed"


@dataclass(frozen=True)
class Answer:
    """What the rows of one comparison say.

    ``rows`` holds every row that has the outcome and the contrast, with its ``flags`` and ``reason``: empty where
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


@once
def harms(project: Project) -> frozenset[str]:
    """Return the outcomes that count as harm: those of that domain, and those asked across diseases, such as death."""
    sets = project.table("outcome_sets")
    return frozenset(sets.loc[(sets["domain"] == "harm") | sets["across"].notna(), "outcome_set"])


def as_of(frame: pd.DataFrame, version: str | None) -> pd.DataFrame:
    """Return the rows that were in the review at a version (all of them when it is None)."""
    if version is None or frame.empty:
        return frame
    return frame[frame["added_in"].map(order) <= order(version)]


@once
def answer(
    project: Project, comparison_id: str, *, version: str | None = None, model: str = "REML", test: str | None = None
) -> Answer:
    """Return what a comparison says: by REML, from three trials on with Hartung-Knapp intervals.

    The interval of two trials is the normal one, since with one degree of freedom the other is too wide to say
    anything; another model or test can be named. Sources: Cochrane's random-effects methods (methods.cochrane.org,
    2025); Röver C et al. BMC Med Res Methodol 2015;15:99, doi 10.1186/s12874-015-0091-1.

    Args:
        version: only rows that were in the review then.

    Raises:
        KeyError: no such comparison; the message lists them.
    """
    comparison, rows = declared(project, comparison_id)
    measure = measure_named(comparison["measure"])
    rows = as_of(rows, version).reset_index(drop=True)
    rows["reason"] = [_reason(row, comparison, measure) for row in _records(rows, *JUDGED_BY)]
    rows["reason"] = _once_a_trial(rows)
    effects = _effects(rows[rows["reason"] == ""], measure)
    for row in effects.left_out if effects else ():
        rows.loc[rows["outcome_id"] == row.label, "reason"] = row.why
    rows = rows.drop(columns=["status", "trial", "opposite"])
    if effects is None or not effects.k:
        return Answer(comparison, rows)
    return Answer(comparison, rows, effects, pool(effects, model, test or usual_test(effects.k, model)))


def usual_test(k: int, model: str = "REML") -> str:
    """Return the test by which k studies are pooled here."""
    return "z" if k < FEWEST_FOR_HARTUNG_KNAPP or model in COMMON_EFFECT else "hksj"


def _effects(entered: pd.DataFrame, measure: Measure) -> Effects | None:
    """Return the effects of rows, from their numbers or from the effect that they print."""
    rows = entered.assign(study=entered["outcome_id"])
    printed = rows["block"] == EFFECT
    parts = [effect_sizes(rows[~printed], measure.name)] if (~printed).any() else []
    if printed.any():
        parts.append(printed_effects(rows[printed], measure))
    return reduce(Effects.joined, parts) if parts else None


def declared(project: Project, comparison_id: str) -> tuple[pd.Series, pd.DataFrame]:
    """Return the declaration of a comparison, with the thresholds of its outcome set, and its rows.

    The rows have their flags and the status of their study.

    Raises:
        KeyError: no such comparison; the message lists them.
    """
    comparisons = project.table("comparisons")
    found = comparisons[comparisons["comparison_id"] == comparison_id]
    if found.empty:
        raise KeyError(f"No comparison {comparison_id!r}; there are {', '.join(comparisons['comparison_id'])}.")
    sets = project.table("outcome_sets").set_index("outcome_set")
    comparison, rows = found.iloc[0], _described_rows(project)
    comparison = pd.concat([comparison, sets.loc[comparison["outcome_set"], list(THRESHOLDS)]])
    if comparison["disease"] == EVERY_DISEASE:
        across = sets["across"]
        asked = rows["outcome_set"].map(across) == across[comparison["outcome_set"]]
    else:
        asked = rows["outcome_set"] == comparison["outcome_set"]
    if comparison["design"] == ONE_ARMED:
        asked &= rows["design"] == ONE_ARMED
    else:
        asked &= rows["contrast"].isin(str(comparison["contrast"]).split(SEPARATOR))
    rows = rows[asked]
    if comparison["disease"] == EVERY_DISEASE:
        rows = _in_one_direction(rows, rows["outcome_set"].map(sets["higher_is_better"]), comparison)
    return comparison, rows.reset_index(drop=True)


def _in_one_direction(rows: pd.DataFrame, higher_is_better: pd.Series, comparison: pd.Series) -> pd.DataFrame:
    """Return the rows of several outcome sets with the same event counted: people who are not alive have died.

    A row that counts the opposite of what a comparison asks for yields to one of its trial that counts the event.
    """
    rows = rows.assign(opposite=(higher_is_better != comparison["higher_is_better"]).astype(bool))
    turned = rows["opposite"]
    for arm in ("arm1", "arm2"):
        events, percent = f"events_{arm}", f"printed_percent_{arm}"
        rows[events] = rows[events].mask(turned, rows[f"n_{arm}"] - rows[events])
        rows[percent] = rows[percent].mask(turned, 100 - rows[percent])
    rows["outcome"] = rows["outcome"].mask(turned, rows["outcome"] + " (the others are counted)")
    return rows.assign(higher_is_better=comparison["higher_is_better"])


@once
def _described_rows(project: Project) -> pd.DataFrame:
    """Return every outcome with its flags, the status of its study, and the trial of which it tells."""
    names = ("outcomes", "outcome_flags", "studies")
    rows, marks, studies = (project.table(name) for name in names)
    flags, studies = marks.groupby("outcome_id")["flag"].agg(tuple), studies.set_index("study_id")
    rows = rows.assign(opposite=False)
    rows["flags"] = [flags.get(outcome, ()) for outcome in rows["outcome_id"]]
    rows["status"] = rows["study_id"].map(studies["status"])
    rows["trial"] = rows["study_id"].map(studies["trial_id"]).fillna(rows["study_id"])
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
    if row["block"] == WORDS_ONLY:
        return "the source tells it in words only"
    if row["block"] == EFFECT:
        said = str(row["effect_measure"])
        if said not in (measure.name, measure.title):
            return f"it prints another measure ({said})"
        return "" if measure.scale == "log" or measure.columns == MEANS else NO_NUMBERS
    return "" if row["block"] == BLOCK.get(measure.columns) else NO_NUMBERS


def _once_a_trial(rows: pd.DataFrame) -> list[str]:
    """Return the reasons with all rows of a trial but one left out: nobody is counted twice.

    Rows of parts of the people or of arms that share a control yield to any other; then all randomised go
    before completers, and printed counts before derived ones.
    """
    reasons, best = rows["reason"].tolist(), dict[str, tuple[tuple[int, ...], str]]()
    usable = [(place, row) for place, row in enumerate(_records(rows, *RANKED_BY)) if not row["reason"]]
    ranks = {place: _rank(row, place) for place, row in usable}
    for place, row in usable:
        best[row["trial"]] = min(
            best.get(row["trial"], (ranks[place], row["outcome_id"])), (ranks[place], row["outcome_id"])
        )
    for place, row in usable:
        if (chosen := best[row["trial"]][1]) != row["outcome_id"]:
            reasons[place] = f"{SAME_PEOPLE}{chosen}"
    return reasons


def _records(rows: pd.DataFrame, *columns: str) -> list[dict[Hashable, Any]]:
    """Return some cells of each row; quicker than ``to_dict``, which looks at the type of every cell."""
    cells = (rows[column].to_numpy(dtype=object) for column in columns)
    return [dict(zip(columns, row, strict=True)) for row in zip(*cells, strict=True)]


def _rank(row: dict[Hashable, Any], place: int) -> tuple[int, ...]:
    part = bool(PARTS & set(row["flags"]))
    return row["opposite"], part, ANALYSIS_SETS.index(row["analysis_set"]), BASES.index(row["value_basis"]), place


def sensitivity(project: Project, comparison_id: str) -> dict[str, Pooled]:
    """Return the pool as it is used and under other choices, each by its name.

    Choices are the model, the test, printed counts or randomised studies alone, and each study left out;
    only those that change something, and none when fewer than two studies are pooled.
    """
    main = answer(project, comparison_id)
    if main.k < 2 or main.effects is None:
        return {}
    effects, rows = main.effects, main.entered
    tests = {"z": "normal interval", "hksj": "Hartung-Knapp"}
    used = usual_test(effects.k)
    other = "z" if used == "hksj" else "hksj"
    choices = {
        f"REML, {tests[used]} (used here)": pool(effects, "REML", used),
        f"REML, {tests[other]}": pool(effects, "REML", other),
    }
    if effects.counts is not None:
        with suppress(CannotPoolError):  # no ratio where one arm has no event in any study
            choices["Mantel-Haenszel, common effect"] = pool(effects, "MH")
    if "Mantel-Haenszel, common effect" not in choices:
        choices["common effect, inverse variance"] = pool(effects, "FE")
    for name, changed in (_other_counts(rows, main.measure) | _other_analysis_sets(main)).items():
        choices[name] = pool(changed, "REML", used)
    printed, randomised = rows["value_basis"] == "printed", rows["design"] == "randomised"
    if 0 < printed.sum() < len(rows):
        choices["printed counts only"] = pool(effects.only(printed.to_numpy(dtype=bool)))
    if main.comparison["design"] == "controlled" and 0 < randomised.sum() < len(rows):
        choices["randomised only"] = pool(effects.only(randomised.to_numpy(dtype=bool)))
    if main.k > 2:
        names = [f"without {outcome}" for outcome in effects.labels]
        choices |= zip(names, leave_one_out(effects), strict=True)
    return choices


def _other_counts(rows: pd.DataFrame, measure: Measure) -> dict[str, Effects]:
    """Return the effects with the fewest and with the most events that fit the printed percentages."""
    if "events_arm1" not in measure.columns:
        return {}
    ends: dict[str, Effects] = {}
    for name, end in (("fewest events that fit in arm 1, most in arm 2", 0), ("most in arm 1, fewest in arm 2", -1)):
        changed = rows.copy()
        for arm, at in (("arm1", end), ("arm2", -1 - end)):
            for line, row in rows.iterrows():
                printed, n = row[f"printed_percent_{arm}"], row[f"n_{arm}"]
                if row["value_basis"] == "derived from percent" and pd.notna(printed) and pd.notna(n):
                    changed.loc[line, f"events_{arm}"] = fitting_counts(float(printed), int(n))[at]
        if not changed.equals(rows) and (found := _effects(changed, measure)):
            ends[name] = found
    return ends


def _other_analysis_sets(main: Answer) -> dict[str, Effects]:
    """Return the effects with another analysis set of the same people for each trial that reports one."""
    rows, changed = main.rows.set_index("outcome_id", drop=False), []
    for outcome in main.entered["outcome_id"]:
        twins = rows[(rows["reason"] == SAME_PEOPLE + outcome) & (rows["analysis_set"] != "subgroup")]
        other = twins["analysis_set"] != rows.loc[outcome, "analysis_set"]
        twins = twins[other & twins["flags"].map(PARTS.isdisjoint).astype(bool)]
        changed.append(twins["outcome_id"].iloc[0] if len(twins) else outcome)
    if changed == list(main.entered["outcome_id"]):
        return {}
    effects = _effects(rows.loc[changed].reset_index(drop=True), main.measure)
    return {"other analysis sets of the same people": effects} if effects else {}


def before_and_after(project: Project, before: str, after: str | None = None) -> list[tuple[Answer, Answer]]:
    """Return each comparison at two versions of the review, in the order of the table.

    Like is compared with like: where few studies make the usual interval of one version another one than that of
    the other, both have the normal interval.
    """
    pairs = []
    for name in project.table("comparisons")["comparison_id"]:
        old, new = (answer(project, name, version=version) for version in (before, after))
        if old.k > 1 and usual_test(old.k) != usual_test(new.k):
            old, new = (answer(project, name, version=version, test="z") for version in (before, after))
        pairs.append((old, new))
    return pairs


def controlled(project: Project) -> list[Answer]:
    """Return the comparisons with a control group that have a result, as they are declared."""
    answers = (answer(project, name) for name in project.table("comparisons")["comparison_id"])
    return [result for result in answers if result.excludes_no_effect is not None]
