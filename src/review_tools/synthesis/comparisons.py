"""Declared comparisons: which outcome rows answer a question, which of them may be pooled, and what they say.

A row answers a comparison of ``data/comparisons.csv`` when it has the comparison's outcome set and contrast.
Whether it enters the pool is decided here, by the rules of the protocol, and every row that stays out keeps
its reason.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from review_tools.check.comparability import EVERY_DISEASE
from review_tools.data.project import Project, labels, once, order
from review_tools.data.retracted import UNSOUND
from review_tools.data.tables import SEPARATOR
from review_tools.synthesis.effects import MEANS, ONE_ARM, TWO_ARMS, Effects, Measure, measure_named
from review_tools.synthesis.pooling import Pooled, pool
from review_tools.synthesis.rows import effect_sizes

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
# What decides whether a row is pooled; of several rows of one trial the first by the orders below enters.
DECIDING = ["status", "flags", "value_basis", "design", "block", "effect_measure"]
DECIDING += ["outcome_id", "trial", "opposite", "analysis_set"]
PARTS = {"shares control", "same patients", "subgroup"}  # flags of rows that yield to any other
ANALYSIS_SETS = ("randomised", "modified", "treated", "not stated", "completers", "subgroup")
BASES = ("printed", "counted from rows", "combined by hand", "derived from percent", "reconstructed")
FEWEST_FOR_HARTUNG_KNAPP = 3
SAME_PEOPLE = "the same people are counted in "  # followed by the row that enters for them
OF_OUTCOME_SET = ["importance", "important_difference", "large_difference", "unit"]  # joined to the comparison
ONE_ARMED = "single-arm"
EFFECT, WORDS_ONLY, NO_NUMBERS = "effect", "words only", "the numbers a pool needs are not printed"
EXTREME = 20.0  # a ratio whose interval reaches beyond this, or 1/20, says nothing


@dataclass(frozen=True)
class Answer:
    """What the rows of one comparison say.

    ``rows`` holds every row that has the outcome and the contrast, with its ``flags`` and ``reason``: empty where
    it is pooled. ``pooled`` is None when no row may be pooled; with one row it holds that row's own
    figures (k = 1). Answers are shared: do not write to their frames.
    """

    comparison: pd.Series
    rows: pd.DataFrame
    effects: Effects
    pooled: Pooled | None

    @property
    def measure(self) -> Measure:
        return self.effects.measure

    @property
    def k(self) -> int:
        return self.effects.k

    @cached_property
    def entered(self) -> pd.DataFrame:
        return self.rows[self.rows["reason"] == ""]

    @cached_property
    def people(self) -> int:
        """The number of people in the rows that are pooled."""
        return int(self.entered[["n_arm1", "n_arm2"]].sum().sum())

    @cached_property
    def control_risk(self) -> float | None:
        """The share of people with the event in the comparators of the rows that are pooled; None if not known."""
        rows = self.entered
        n, events = (rows[column].astype("float64") for column in ("n_arm2", "events_arm2"))
        events = events.fillna(rows["printed_percent_arm2"] * n / 100)
        known = events.notna() & n.notna()
        return float(events[known].sum() / n[known].sum()) if known.any() else None

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

    @property
    def says_nothing(self) -> bool:
        """Whether the interval of a ratio reaches beyond 1/20 or 20."""
        if self.pooled is None or not self.measure.is_ratio:
            return False
        return self.pooled.back[1] < 1 / EXTREME or self.pooled.back[2] > EXTREME


@once
def harms(project: Project) -> frozenset[str]:
    """Return the outcomes that count as harm: those of that domain, and those asked across diseases, such as death."""
    sets = project.table("outcome_sets")
    return frozenset(sets.loc[(sets["domain"] == "harm") | sets["across"].notna(), "outcome_set"])


def as_of(frame: pd.DataFrame, version: str | None) -> pd.DataFrame:
    """Return the rows that were in the review at a version: all if it is None, or the table does not say."""
    if version is None or frame.empty or "added_in" not in frame:
        return frame
    return frame[frame["added_in"].map(order) <= order(version)]


@once
def answer(project: Project, comparison_id: str, *, version: str | None = None, test: str | None = None) -> Answer:
    """Return what a comparison says: by REML, from three trials on with Hartung-Knapp intervals.

    The interval of two trials is the normal one, since with one degree of freedom the other is too wide to say
    anything; another test can be named. Sources: Cochrane's random-effects methods (methods.cochrane.org,
    2025); Röver C et al. BMC Med Res Methodol 2015;15:99, doi 10.1186/s12874-015-0091-1.
    ``version`` takes only rows that were in the review then. Raises KeyError as ``declared`` does.
    """
    comparison, rows = declared(project, comparison_id)
    measure = measure_named(comparison["measure"])
    rows = as_of(rows, version).reset_index(drop=True)
    rows["reason"] = _reasons(rows, comparison, measure)
    effects = effects_of(rows[rows["reason"] == ""], measure)
    for row in effects.left_out:
        rows.loc[rows["outcome_id"] == row.label, "reason"] = row.why
    rows = rows.drop(columns=["status", "trial", "opposite"])
    pooled = pool(effects, "REML", test or usual_test(effects.k)) if effects.k else None
    return Answer(comparison, rows, effects, pooled)


def usual_test(k: int) -> str:
    """Return the test by which k studies are pooled here."""
    return "z" if k < FEWEST_FOR_HARTUNG_KNAPP else "hksj"


def effects_of(entered: pd.DataFrame, measure: Measure) -> Effects:
    """Return the effects of rows, from their numbers or from the effect that they print."""
    rows = entered.assign(study=entered["outcome_id"])
    printed = rows["block"] == EFFECT
    effects = effect_sizes(rows[~printed], measure)
    return effects.joined(effect_sizes(rows[printed], measure.printed)) if printed.any() else effects


def declared(project: Project, comparison_id: str) -> tuple[pd.Series, pd.DataFrame]:
    """Return the declaration of a comparison with the thresholds of its outcome set, and its rows with their flags.

    Raises KeyError for an unknown comparison; the message lists them.
    """
    comparisons = project.table("comparisons")
    found = comparisons[comparisons["comparison_id"] == comparison_id]
    if found.empty:
        raise KeyError(f"No comparison {comparison_id!r}; there are {', '.join(comparisons['comparison_id'])}.")
    sets = project.table("outcome_sets").set_index("outcome_set")
    comparison, rows = found.iloc[0], described_rows(project)
    comparison = pd.concat([comparison, sets.loc[comparison["outcome_set"], OF_OUTCOME_SET]])
    across, everywhere = sets["across"], comparison["disease"] == EVERY_DISEASE
    if everywhere:
        asked = rows["outcome_set"].map(across) == across[comparison["outcome_set"]]
    else:
        asked = rows["outcome_set"] == comparison["outcome_set"]
    if comparison["design"] == ONE_ARMED:
        asked &= rows["design"] == ONE_ARMED
    else:
        asked &= rows["contrast"].isin(str(comparison["contrast"]).split(SEPARATOR))
    rows = rows[asked]
    if everywhere:
        rows = _in_one_direction(rows, rows["outcome_set"].map(sets["higher_is_better"]), comparison)
    return comparison, rows.reset_index(drop=True)


def _in_one_direction(rows: pd.DataFrame, higher_is_better: pd.Series, comparison: pd.Series) -> pd.DataFrame:
    """Return the rows of several outcome sets with the same event counted: people who are not alive have died.

    A row that counts the opposite of what a comparison asks for yields to one as good that counts the event.
    """
    turned = (higher_is_better != comparison["higher_is_better"]).astype(bool)
    rows = rows.assign(opposite=turned, higher_is_better=comparison["higher_is_better"])
    for arm in ("arm1", "arm2"):
        events, percent = f"events_{arm}", f"printed_percent_{arm}"
        rows[events] = rows[events].mask(turned, rows[f"n_{arm}"] - rows[events])
        rows[percent] = rows[percent].mask(turned, 100 - rows[percent])
    rows["outcome"] = rows["outcome"].mask(turned, rows["outcome"] + " (the others are counted)")
    return rows


@once
def described_rows(project: Project) -> pd.DataFrame:
    """Return every outcome with its flags, the status of its study, and the trial that it is about."""
    rows, marks, studies = (project.table(name) for name in ("outcomes", "outcome_flags", "studies"))
    flags, studies = marks.groupby("outcome_id")["flag"].agg(tuple), studies.set_index("study_id")
    return rows.assign(
        opposite=False,
        flags=[flags.get(outcome, ()) for outcome in rows["outcome_id"]],
        status=rows["study_id"].map(studies["status"]),
        trial=rows["study_id"].map(studies["trial_id"]).fillna(rows["study_id"]),
    )


def _reasons(rows: pd.DataFrame, comparison: pd.Series, measure: Measure) -> list[str]:
    """Return why each declared row stays out of the pool: by itself, or since another row counts the same people.

    Rows of parts of the people or of arms that share a control yield to any other; then all randomised go
    before completers, and printed counts before derived ones.
    """
    records: list[Any] = list(rows[DECIDING].itertuples(index=False))
    reasons = [_reason(row, comparison, measure) for row in records]
    first: dict[str, str] = {}
    for _, place in sorted((_rank(row), place) for place, row in enumerate(records) if not reasons[place]):
        row = records[place]
        chosen = first.setdefault(row.trial, row.outcome_id)
        if chosen != row.outcome_id:
            reasons[place] = f"{SAME_PEOPLE}{chosen}"
    return reasons


def _reason(row: Any, comparison: pd.Series, measure: Measure) -> str:
    """Say why a declared row may not be pooled; nothing where it may."""
    if row.status in UNSOUND:
        return f"the study is marked: {row.status}"
    for flag, reason in EXCLUDING.items():
        if flag in (*row.flags, row.value_basis):
            return reason
    if RANK[row.design] < RANK[comparison["design"]]:
        return f"its design is {row.design}, the comparison asks for {comparison['design']}"
    if row.block == WORDS_ONLY:
        return "the source tells it in words only"
    if row.block == EFFECT:
        said = str(row.effect_measure)
        if said not in (measure.name, measure.title):
            return f"it prints another measure ({said})"
        return "" if measure.scale == "log" or measure.columns == MEANS else NO_NUMBERS
    return "" if row.block == BLOCK.get(measure.columns) else NO_NUMBERS


def _rank(row: Any) -> tuple[int, ...]:
    part = not PARTS.isdisjoint(row.flags)
    return part, ANALYSIS_SETS.index(row.analysis_set), BASES.index(row.value_basis), row.opposite


def before_and_after(project: Project, before: str) -> list[tuple[Answer, Answer]]:
    """Return each comparison as it was at a version of the review, and now, in the order of the table.

    Like is compared with like: where few studies make the usual interval then another one than now, both have the
    normal interval.
    """
    pairs = []
    for name in project.table("comparisons")["comparison_id"]:
        old, new = (answer(project, name, version=version) for version in (before, None))
        if old.k > 1 and usual_test(old.k) != usual_test(new.k):
            old, new = (answer(project, name, version=version, test="z") for version in (before, None))
        pairs.append((old, new))
    return pairs


@once
def ranked(project: Project) -> list[Answer]:
    """Return the comparisons with a control group that have a result, first those that stand for their disease.

    These decide in turn: a critical outcome before an important one; randomised before other studies; more people
    before fewer; the kind of outcome as the vocabulary orders it. Results play no part.
    """
    sets = project.table("outcome_sets").set_index("outcome_set")
    kinds = ("importance", "outcome across diseases", "outcome domain")
    importance, across, domain = ({term: at for at, term in enumerate(labels(project, kind))} for kind in kinds)

    def rank(result: Answer) -> tuple[int, ...]:
        about = sets.loc[result.comparison["outcome_set"]]
        outcome = across.get(about["across"], len(across)), domain[about["domain"]]
        return importance[about["importance"]], -RANK[result.comparison["design"]], -result.people, *outcome

    return sorted(controlled(project), key=rank)


def controlled(project: Project) -> list[Answer]:
    """Return the comparisons with a control group that have a result, as they are declared."""
    answers = (answer(project, name) for name in project.table("comparisons")["comparison_id"])
    return [result for result in answers if result.excludes_no_effect is not None]
