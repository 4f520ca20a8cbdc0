"""How sure the answer of a comparison is, by GRADE: computed from the figures, with each reason in words.

Evidence starts high where every row that enters is randomised, and low otherwise. Each domain lowers it by levels.
Risk of bias, inconsistency and imprecision follow rules; indirectness is a person's row in
``data/certainty_judgements.csv``, where a person can also override a rule, with a reason and a name.

Sources: Core GRADE. Guyatt G et al. BMJ 2025;389: e081903 (overview), e081904 (target and imprecision), e081905
(inconsistency), e083864 (risk of bias, publication bias), doi 10.1136/bmj-2024-081903 and so on. The shares and cut
points that Core GRADE leaves to judgement are this review's own, written down here before the pools were rated.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from review_tools.data.project import Project, once
from review_tools.synthesis import bias
from review_tools.synthesis.absolute import PER
from review_tools.synthesis.comparisons import WORDS_ONLY, Answer, answer, as_of, declared
from review_tools.synthesis.target import HARM, LITTLE, Target, target

RATINGS = ("very low", "low", "moderate", "high")
SYMBOLS = dict(zip(RATINGS, ("⊕◯◯◯", "⊕⊕◯◯", "⊕⊕⊕◯", "⊕⊕⊕⊕"), strict=True))
RANDOMISED = "randomised"
RISK, INCONSISTENCY, INDIRECTNESS, IMPRECISION, MISSING = DOMAINS = (
    "risk of bias",
    "inconsistency",
    "indirectness",
    "imprecision",
    "missing evidence",
)
TABLES = (
    "risk_of_bias",
    "certainty_judgements",
    "silent_trials",
    "trials",
)  # what the certainty rests on beside the rows
THIRD, HALF, TWO_THIRDS, FIFTH = 100 / 3, 50.0, 200 / 3, 20.0  # percentages of the weight, or of the people
CLOSE = 1e-6  # what rounding may take from a percentage
ENDED = ("completed", "terminated")
SUBSTANTIAL = 50.0  # I² that supports what the estimates show; never enough alone
# Half of those who can show a difference of half a standard deviation: 2 (1.96 + 0.84)² / 0.5² = 63 in each arm.
FEW_PEOPLE = 63
ENOUGH_PEOPLE = 400  # roughly an optimal information size; asked only where the effect is large and nothing is crossed
POWER = (1.96 + 0.84) ** 2  # of a two-sided test at 5% with 80% power
EXTREME = 20.0  # a ratio whose interval reaches beyond this, or 1/20, says nothing


@dataclass(frozen=True, slots=True)
class Domain:
    """By how many levels one domain lowers the certainty, why, and who overrode the rule (empty: nobody)."""

    name: str
    levels: int
    reason: str
    judged_by: str = ""


@dataclass(frozen=True)
class Certainty:
    """The certainty of one answer."""

    start: str
    target: Target
    domains: tuple[Domain, ...]

    @property
    def rating(self) -> str:
        return RATINGS[max(0, RATINGS.index(self.start) - sum(domain.levels for domain in self.domains))]

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.rating]

    @property
    def lowered(self) -> tuple[Domain, ...]:
        """The domains that lower it."""
        return tuple(domain for domain in self.domains if domain.levels)

    @property
    def words(self) -> str:
        """The rating with what lowered it: low ⊕⊕◯◯ (starts high; imprecision −2)."""
        steps = "".join(f"; {domain.name} −{domain.levels}" for domain in self.lowered)
        return f"{self.rating} {self.symbol} (starts {self.start}{steps})"


@once
def certainty(project: Project, comparison_id: str, *, version: str | None = None) -> Certainty | None:
    """Return how sure the answer of a comparison is; None for single arms, and where nothing can be pooled.

    Raises:
        KeyError: no such comparison; the message lists them.
    """
    result = answer(project, comparison_id, version=version)
    if result.pooled is None or result.measure.no_effect is None:
        return None
    start = "high" if (result.entered["design"] == RANDOMISED).all() else "low"
    aim = target(result)
    rules = {
        RISK: risk_of_bias(project, result, start, version),
        INCONSISTENCY: inconsistency(result, aim),
        INDIRECTNESS: Domain(INDIRECTNESS, 0, "no difference from the question is on record"),
        IMPRECISION: imprecision(result, aim),
        MISSING: missing_evidence(project, result, version),
    }
    judged = _judged(project, comparison_id, version)
    return Certainty(start, aim, tuple(_override(rule, judged.get(name)) for name, rule in rules.items()))


def inputs(project: Project, comparison_id: str) -> tuple[pd.DataFrame, ...]:
    """Return what the certainty of a comparison rests on beside its rows: judgements, and trials without results."""
    studies = declared(project, comparison_id)[1]["study_id"]
    risk, judged, tied = (project.table(name) for name in ("risk_of_bias", "certainty_judgements", "silent_trials"))
    tied, trials = tied[tied["comparison_id"] == comparison_id], project.table("trials")
    trials = trials.loc[
        trials["trial_id"].isin(tied["trial_id"]), ["trial_id", "label", "registered_status", "enrolment"]
    ]
    frames = (risk[risk["study_id"].isin(studies)], judged[judged["comparison_id"] == comparison_id], tied, trials)
    return tuple(frame.reset_index(drop=True) for frame in frames)


def _judged(project: Project, comparison_id: str, version: str | None) -> dict[str, pd.Series]:
    rows = as_of(project.table("certainty_judgements"), version)
    return {str(row["domain"]): row for _, row in rows[rows["comparison_id"] == comparison_id].iterrows()}


def _override(rule: Domain, row: pd.Series | None) -> Domain:
    """Return what a person judged in place of what the rule gives; the rule's own words stay where it had a say."""
    if row is None:
        return rule
    said = "" if rule.name == INDIRECTNESS else f" (the rule: {rule.levels}, {rule.reason})"
    return Domain(rule.name, int(row["levels"]), f"{row['reason']}{said}", str(row["judged_by"]))


def risk_of_bias(project: Project, result: Answer, start: str, version: str | None = None) -> Domain:
    """Lower by the weight of the results at high risk, or with some concerns.

    One level: a third of the weight or more at high risk, or more than half with some concerns or high risk. Two
    levels: two thirds at high risk. A body that starts low has paid for confounding, and for what makes ROBINS-I call
    even a sound study “moderate”.
    """
    assert result.pooled is not None  # noqa: S101 (``certainty`` looks)
    weight = dict.fromkeys((bias.LOW, bias.SOME, bias.HIGH), 0.0)
    unjudged = []
    shares = dict(zip(result.pooled.labels, result.pooled.weights, strict=True))
    for outcome, study, name in result.entered[["outcome_id", "study_id", "outcome_set"]].itertuples(index=False):
        found = bias.judged(project, study, name, version)
        if found is None:
            unjudged.append(str(study))
        weight[_class(found, start)] += shares[outcome]
    high, some = weight[bias.HIGH], weight[bias.SOME]
    levels = 2 if high > TWO_THIRDS - CLOSE else 1 if high > THIRD - CLOSE or high + some > HALF + CLOSE else 0
    reason = f"{high:.0f}% of the weight is at high risk of bias, {some:.0f}% has some concerns"
    if unjudged:
        reason += f"; not judged yet, and counted as some concerns: {', '.join(dict.fromkeys(unjudged))}"
    return Domain(RISK, levels, reason)


def _class(found: bias.Judged | None, start: str) -> str:
    if found is None:
        return bias.SOME
    if found.tool == bias.ROBINS and start == "low":
        word = found.without("confounding")
        return bias.LOW if word == "moderate" else bias.CLASS.get(word, bias.SOME)
    return bias.CLASS.get(found.overall, bias.SOME)


def inconsistency(result: Answer, aim: Target) -> Domain:
    """Lower where estimates lie on different sides of a threshold and their intervals hardly overlap.

    A side counts from a fifth of the weight on. Two intervals hardly overlap when neither holds the other's estimate;
    substantial I² can stand in for that, but never lowers alone. Two levels: important benefit against important
    harm.
    """
    assert result.pooled is not None  # noqa: S101 (``certainty`` looks)
    assert result.effects is not None  # noqa: S101
    if result.k == 1:
        return Domain(INCONSISTENCY, 0, "one study, so that nothing can disagree")
    effects, weights = result.effects, np.array(result.pooled.weights)
    sides = np.array([aim.side(value) for value in effects.effect.tolist()])
    held = {side: float(weights[sides == side].sum()) for side in dict.fromkeys(sides.tolist())}
    weighty = [side for side, share in held.items() if share > FIFTH - CLOSE]
    where = ", ".join(f"{side} {int((sides == side).sum())}" for side in held)
    i2 = result.pooled.i2 or 0.0
    apart = _hardly_overlap(effects.effect, effects.variance, sides, weighty)
    told = f"estimates by side of the threshold: {where}; I² {i2:.0f}%"
    if len(weighty) < 2:
        return Domain(INCONSISTENCY, 0, told)
    if not apart and i2 <= SUBSTANTIAL:
        return Domain(INCONSISTENCY, 0, f"{told}; the intervals overlap")
    against = any(HARM in side for side in weighty) and any(side not in (LITTLE, HARM) for side in weighty)
    two = against and apart and aim.threshold is not None
    told += "; intervals hardly overlap" if apart else "; the intervals overlap, but differ more than chance explains"
    return Domain(INCONSISTENCY, 2 if two else 1, told)


def _hardly_overlap(effect: np.ndarray, variance: np.ndarray, sides: np.ndarray, weighty: Iterable[str]) -> bool:
    """Say whether two studies on different sides exclude each other's estimates by their 95% intervals."""
    reach, kept = 1.96 * np.sqrt(variance), np.isin(sides, list(weighty))
    gap = np.abs(effect[:, None] - effect[None, :])
    outside = (gap > reach[:, None]) & (gap > reach[None, :])
    return bool((outside & (sides[:, None] != sides[None, :]) & kept[:, None] & kept[None, :]).any())


def imprecision(result: Answer, aim: Target) -> Domain:
    """Lower by what the interval crosses: one threshold 1 (2 where people are few), both 2; 3 beyond 1/20 or 20.

    Where it crosses nothing and the effect is large, fewer people than an information size of about 400 lower it by 1.
    """
    assert result.pooled is not None  # noqa: S101 (``certainty`` looks)
    _, low, high = result.pooled.back
    if result.measure.is_ratio and (low < 1 / EXTREME or high > EXTREME):
        return Domain(IMPRECISION, 3, f"{aim.words}; the interval of the ratio reaches beyond 1/20 or 20")
    if crossed := aim.crossed:
        few = f", and {result.people} people are few" if crossed == 1 and 0 < result.people < FEW_PEOPLE else ""
        return Domain(IMPRECISION, 2 if few else crossed, f"{aim.words}; {aim.crossing}{few}")
    if aim.is_large and result.people < ENOUGH_PEOPLE:
        why = f"the effect is large, and {result.people or 'an unknown number of'} people are fewer than about"
        return Domain(IMPRECISION, 1, f"{aim.words}; {aim.crossing}, but {why} {ENOUGH_PEOPLE}")
    return Domain(IMPRECISION, 0, f"{aim.words}; {aim.crossing}")


def people_needed(result: Answer, aim: Target) -> int | None:
    """Return how many people, in two equal arms, show the important difference with 80% power, to two digits.

    The usual sample size, as for ``FEW_PEOPLE``: of counts by the risk without MSCs, of means by their standard
    deviation; None where no threshold is declared.
    """
    if not aim.threshold:
        return None
    if aim.scale.risk is None:
        spread = 2 * (aim.deviation / aim.threshold) ** 2 if aim.deviation else None
    else:
        risk, difference = aim.scale.risk, aim.threshold / PER
        other = risk + difference if result.comparison["higher_is_better"] else risk - difference
        other = other if 0 <= other <= 1 else 2 * risk - other  # what cannot fall by so much can rise
        spread = (risk * (1 - risk) + other * (1 - other)) / difference**2
    return None if spread is None else int(float(f"{2 * POWER * spread:.1e}"))


def missing_evidence(project: Project, result: Answer, version: str | None = None) -> Domain:
    """Lower by one level where ended trials of the question have no numbers here, and more than a fifth of the people.

    ``data/silent_trials.csv`` ties such trials to comparisons. One that has a row with numbers is silent no more.
    """
    silent = silent_trials(project, result, version)
    if silent.empty:
        return Domain(MISSING, 0, "no ended trial of the question without results is known")
    people = int(silent["enrolment"].fillna(0).sum())
    named = ", ".join(f"{row['label']} ({row['trial_id']}, {row['enrolment']} people)" for _, row in silent.iterrows())
    share = 100 * people / result.people if result.people else 100.0
    levels = int(share > FIFTH)
    reason = f"without results in the pool: {named}; {people} people beside {result.people}"
    return Domain(MISSING, levels, reason)


def silent_trials(project: Project, result: Answer, version: str | None = None) -> pd.DataFrame:
    """Return the ended trials of a comparison's question of which no row gives numbers."""
    tied = as_of(project.table("silent_trials"), version)
    tied = tied[tied["comparison_id"] == result.comparison["comparison_id"]]
    trials = project.table("trials")
    trials = trials[trials["trial_id"].isin(tied["trial_id"]) & trials["registered_status"].isin(ENDED)]
    studies = project.table("studies").set_index("study_id")["trial_id"]
    told = result.rows.loc[result.rows["block"] != WORDS_ONLY, "study_id"].map(studies)
    return trials[~trials["trial_id"].isin(told)]
