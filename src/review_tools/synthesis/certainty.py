"""How sure the answer of a comparison is, by GRADE: computed from the figures, with each reason in words.

Evidence starts high where every row that enters is randomised, and low otherwise. Each domain lowers it by levels.
Risk of bias, inconsistency and imprecision follow rules; indirectness is a person's row in
``data/certainty_judgements.csv``, where a person can also override a rule, with a reason and a name.
Sources: Core GRADE. Guyatt G et al. BMJ 2025;389: e081903 (overview), e081904 (target and imprecision), e081905
(inconsistency), e083864 (risk of bias, publication bias), doi 10.1136/bmj-2024-081903 and so on. The shares and cut
points that Core GRADE leaves to judgement are this review's own, written down here before the pools were rated. Left
out: comparing results at low and at high risk of bias, small sponsored studies as a sign of missing evidence, and
rating up for a large effect. Each asks for a person, who can override a domain.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from review_tools.data.project import Project, once
from review_tools.synthesis import bias
from review_tools.synthesis.comparisons import WORDS_ONLY, Answer, answer, as_of, declared
from review_tools.synthesis.pooling import Pooled
from review_tools.synthesis.target import HARM, LITTLE, PER, Target, target

RATINGS = ("very low", "low", "moderate", "high")
SYMBOLS = dict(zip(RATINGS, ("⊕◯◯◯", "⊕⊕◯◯", "⊕⊕⊕◯", "⊕⊕⊕⊕"), strict=True))
DOMAINS = ("risk of bias", "inconsistency", "indirectness", "imprecision", "missing evidence")
RISK, INCONSISTENCY, INDIRECTNESS, IMPRECISION, MISSING = DOMAINS
# What the certainty rests on beside the rows.
TABLES = ("risk_of_bias", "certainty_judgements", "silent_trials", "trials", "studies")
THIRD, HALF, TWO_THIRDS, FIFTH = 100 / 3, 50.0, 200 / 3, 20.0  # percentages of the weight, or of the people
CLOSE = 1e-6  # what rounding may take from a percentage
ENDED = ("completed", "terminated")
APART = "two intervals lie apart: neither holds the other's estimate"
SUBSTANTIAL = 50.0  # I² that supports what the estimates show; never enough alone
# Half of those who can show a difference of half a standard deviation: 2 (1.96 + 0.84)² / 0.5² = 63 in each arm.
FEW_PEOPLE = 63
ENOUGH_PEOPLE = 400  # roughly an optimal information size; asked only where the effect is large and nothing is crossed
POWER = (1.96 + 0.84) ** 2  # of a two-sided test at 5% with 80% power


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
    """Return how sure the answer of a comparison is; None for single arms, and where nothing can be pooled."""
    result = answer(project, comparison_id, version=version)
    pooled = result.pooled
    if pooled is None or result.measure.no_effect is None:
        return None
    start = "high" if (result.entered["design"] == "randomised").all() else "low"
    aim = target(result)
    rules = (
        _risk_of_bias(project, result, pooled, start, version),
        _inconsistency(result, pooled, aim),
        Domain(INDIRECTNESS, 0, "no difference from the question is on record"),
        _imprecision(result, aim),
        _missing_evidence(project, result, version),
    )
    rows = as_of(project.table("certainty_judgements"), version)
    judged = {str(row["domain"]): row for _, row in rows[rows["comparison_id"] == comparison_id].iterrows()}
    return Certainty(start, aim, tuple(_override(rule, judged.get(rule.name)) for rule in rules))


def _override(rule: Domain, row: pd.Series | None) -> Domain:
    """Return what a person judged in place of what the rule gives; the rule's own words stay where it had a say."""
    if row is None:
        return rule
    said = "" if rule.name == INDIRECTNESS else f" (the rule: {rule.levels}, {rule.reason})"
    return Domain(rule.name, int(row["levels"]), f"{row['reason']}{said}", str(row["judged_by"]))


def inputs(project: Project, comparison_id: str) -> tuple[pd.DataFrame, ...]:
    """Return what the certainty of a comparison rests on beside its rows: judgements, and trials without results."""
    answering = declared(project, comparison_id)[1]["study_id"]
    risk, judged, tied, trials, studies = (project.table(name) for name in TABLES)
    tied = tied[tied["comparison_id"] == comparison_id]
    trials = trials[["trial_id", "label", "registered_status", "enrolment"]]
    trials = trials[trials["trial_id"].isin(tied["trial_id"])]
    reports = studies.loc[studies["trial_id"].isin(tied["trial_id"]), ["study_id", "trial_id"]]
    judged = judged[judged["comparison_id"] == comparison_id]
    frames = (risk[risk["study_id"].isin(answering)], judged, tied, trials, reports)
    return tuple(frame.reset_index(drop=True) for frame in frames)


def _risk_of_bias(project: Project, result: Answer, pooled: Pooled, start: str, version: str | None) -> Domain:
    """Lower by the weight of the results at high risk, or with some concerns.

    One level: a third of the weight or more at high risk, or more than half with some concerns or high risk. Two
    levels: two thirds at high risk. A body that starts low has paid for confounding, and for what makes ROBINS-I call
    even a sound study “moderate”.
    """
    weight = dict.fromkeys((bias.LOW, bias.SOME, bias.HIGH), 0.0)
    unjudged = []
    shares = dict(zip(pooled.labels, pooled.weights, strict=True))
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


def _inconsistency(result: Answer, pooled: Pooled, aim: Target) -> Domain:
    """Lower where estimates lie on different sides of a threshold and neither interval holds the other's estimate.

    A side counts from a fifth of the weight on. Substantial I² can stand in for the intervals, but never lowers alone.
    Two levels: important benefit against important harm.
    """
    if result.k == 1:
        return Domain(INCONSISTENCY, 0, "one study, so that nothing can disagree")
    effects, weights = result.effects, np.array(pooled.weights)
    sides = np.array([aim.side(value) for value in effects.effect.tolist()])
    every = dict.fromkeys(sides.tolist())
    weighty = [side for side in every if weights[sides == side].sum() > FIFTH - CLOSE]
    where = ", ".join(f"{side} {(sides == side).sum()}" for side in every)
    i2 = pooled.i2 or 0.0
    told = f"estimates by side of the threshold: {where}; I² {i2:.0f}%"
    if len(weighty) < 2:
        return Domain(INCONSISTENCY, 0, told)
    apart = _are_apart(effects.effect, effects.variance, sides, weighty)
    if not apart and i2 <= SUBSTANTIAL:
        return Domain(INCONSISTENCY, 0, f"{told}; the intervals overlap")
    against = any(HARM in side for side in weighty) and any(side not in (LITTLE, HARM) for side in weighty)
    two = against and apart and aim.threshold is not None
    told += f"; {APART}" if apart else "; the intervals overlap, but differ more than chance explains"
    return Domain(INCONSISTENCY, 2 if two else 1, told)


def _are_apart(effect: np.ndarray, variance: np.ndarray, sides: np.ndarray, weighty: list[str]) -> bool:
    """Say whether two studies on different sides exclude each other's estimates by their 95% intervals."""
    reach, kept = 1.96 * np.sqrt(variance), np.isin(sides, weighty)
    gap = np.abs(effect[:, None] - effect[None, :])
    outside = (gap > reach[:, None]) & (gap > reach[None, :])
    return bool((outside & (sides[:, None] != sides[None, :]) & kept[:, None] & kept[None, :]).any())


def _imprecision(result: Answer, aim: Target) -> Domain:
    """Lower by what the interval crosses: one threshold 1 (2 where people are few), both 2; 3 beyond 1/20 or 20.

    Where it crosses nothing and the effect is large, fewer people than an information size of about 400 lower it by 1.
    """
    levels, why = aim.crossed, aim.crossing
    if result.says_nothing:
        levels, why = 3, "the interval of the ratio reaches beyond 1/20 or 20"
    elif levels == 1 and 0 < result.people < FEW_PEOPLE:
        levels, why = 2, f"{why}, and {result.people} people are few"
    elif not levels and aim.is_large and result.people < ENOUGH_PEOPLE:
        people = f"{result.people or 'an unknown number of'} people are fewer than about {ENOUGH_PEOPLE}"
        levels, why = 1, f"{why}, but the effect is large, and {people}"
    return Domain(IMPRECISION, levels, f"{aim.words}; {why}")


def people_needed(result: Answer, aim: Target) -> int | None:
    """Return how many people, in two equal arms, show the important difference with 80% power, to two digits.

    The usual sample size, as for ``FEW_PEOPLE``: of counts by the risk without MSCs, of means by their standard
    deviation; None where no threshold is declared.
    """
    if not aim.threshold:
        return None
    if aim.risk is None:
        spread = 2 * (aim.deviation / aim.threshold) ** 2 if aim.deviation else None
    else:
        risk, difference = aim.risk, aim.threshold / PER
        other = risk + difference if result.comparison["higher_is_better"] else risk - difference
        other = other if 0 <= other <= 1 else 2 * risk - other  # what cannot fall by so much can rise
        spread = (risk * (1 - risk) + other * (1 - other)) / difference**2
    return None if spread is None else int(float(f"{2 * POWER * spread:.1e}"))


def _missing_evidence(project: Project, result: Answer, version: str | None) -> Domain:
    """Lower by one level where ended trials of the question have no numbers here, and more than a fifth of the people.

    ``data/silent_trials.csv`` ties such trials to comparisons; one whose report is held has ended, whatever the
    registry shows. One that has a row with numbers is silent no more.
    """
    tied, trials = as_of(project.table("silent_trials"), version), project.table("trials")
    tied = tied[tied["comparison_id"] == result.comparison["comparison_id"]]
    studies = project.table("studies").set_index("study_id")["trial_id"]
    ended = trials["registered_status"].isin(ENDED) | trials["trial_id"].isin(studies.dropna())
    silent = trials[trials["trial_id"].isin(tied["trial_id"]) & ended]
    with_numbers = result.rows.loc[result.rows["block"] != WORDS_ONLY, "study_id"]
    silent = silent[~silent["trial_id"].isin(with_numbers.map(studies))]
    if silent.empty:
        return Domain(MISSING, 0, "no ended trial of the question without results is known")
    people = int(silent["enrolment"].fillna(0).sum())
    named = ", ".join(f"{row['label']} ({row['trial_id']}, {row['enrolment']} people)" for _, row in silent.iterrows())
    share = 100 * people / result.people if result.people else 100.0
    reason = f"without results in the pool: {named}; {people} people beside {result.people}"
    return Domain(MISSING, int(share > FIFTH), reason)
