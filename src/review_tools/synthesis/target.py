"""Absolute effects, and what the certainty of an answer is about: an important effect, little or none, or any at all.

The risk without MSCs is that of the pool itself: all people with the event in the comparators of the rows that enter,
over all people there. A row that prints an effect gives its comparator's percentage, if it prints one. The risk with
MSCs follows from the pooled effect and from each end of its interval; the risk without MSCs is taken as known.
Source: Cochrane Handbook 14.1.5 and chapter 15 (risk ratio r·RR; odds ratio r·OR / (1 − r + r·OR); hazard ratio
1 − (1 − r)^HR).

The estimate chooses the target, and the interval is held against the thresholds on both sides of no difference.
Source: Guyatt G et al. BMJ 2025;389:e081904 (Core GRADE 2), doi 10.1136/bmj-2024-081904. Without a threshold the
target is whether there is an effect; an interval from appreciable benefit to appreciable harm is then one from below
0.75 to above 1.25 for a ratio (Guyatt GH et al. J Clin Epidemiol 2011;64:1283-1293), and from half a standard deviation
on one side to half on the other for means.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from review_tools.synthesis.comparisons import Answer
from review_tools.synthesis.effects import rounded

BENEFIT, HARM, LITTLE = "benefit", "harm", "little or no difference"
LARGE_CHANGE = 0.3  # of a ratio, where no large difference is declared
APPRECIABLE = (0.75, 1.25)
APPRECIABLE_SD, LARGE_SD = 0.5, 0.8  # standard deviations of means, where no difference is declared
PEOPLE, PER = "people per 1,000", 1000


def _from_odds(risk: float, ratio: float) -> float:
    return 1.0 if math.isinf(ratio) else risk * ratio / (1 - risk + risk * ratio)


# From the risk without MSCs and the effect to the risk with them.
RISKS: dict[str, Callable[[float, float], float]] = {
    "RR": lambda risk, ratio: risk * ratio,
    "OR": _from_odds,
    "PETO": _from_odds,
    "HR": lambda risk, ratio: 1 - (1 - risk) ** ratio,
    "RD": lambda risk, difference: risk + difference,
}


@dataclass(frozen=True, slots=True)
class Absolute:
    """People with the event in 1,000, without and with MSCs, the latter with its 95% interval."""

    control: float
    msc: float
    msc_low: float
    msc_high: float

    @property
    def words(self) -> str:
        low, high = round(self.msc_low), round(self.msc_high)
        return f"{round(self.control)} without MSCs, {round(self.msc)} with them ({low} to {high}), of 1,000 people"


def absolute(answer: Answer) -> Absolute | None:
    """Return the absolute effect of a comparison; None where its measure, or what is printed, gives none.

    A ratio says nothing where nobody without MSCs had the event.
    """
    risk = answer.control_risk if answer.measure.name in RISKS else None
    if answer.pooled is None or risk is None or (answer.measure.is_ratio and risk == 0):
        return None
    estimate, low, high = (_risk_with(answer, risk, end) for end in answer.pooled.back)
    return Absolute(rounded(PER * risk), estimate, low, high)


def _risk_with(answer: Answer, risk: float, effect: float) -> float:
    """Return how many of 1,000 people have the event with MSCs, by one effect on the reader's scale."""
    return rounded(PER * min(1.0, max(0.0, RISKS[answer.measure.name](risk, effect))))


@dataclass(frozen=True)
class Target:
    """The difference for patients and its interval (positive: good for them), beside the threshold.

    ``threshold`` is None where none is declared or no absolute effect is known: then the figures are on the scale of
    analysis. ``risk`` is the risk without MSCs, None where the differences are not in people.
    """

    answer: Answer = field(repr=False, compare=False)
    difference: float
    low: float
    high: float
    threshold: float | None
    large: float | None
    unit: str
    risk: float | None
    deviation: float | None  # of means: the standard deviation that their intervals imply

    @property
    def word(self) -> str:
        """The target: benefit, harm, or little or no difference."""
        return self._side(self.difference)

    def side(self, effect: float) -> str:
        """Return on which side of the thresholds an effect on the scale of analysis lies."""
        return self._side(_difference(self.answer, self.risk, effect))

    def _side(self, difference: float) -> str:
        if abs(difference) < (self.threshold or 0.0):
            return LITTLE
        return BENEFIT if difference >= 0 else HARM

    @property
    def crossed(self) -> int:
        """How many thresholds the interval crosses: 0, 1 or 2."""
        if self.threshold is None:
            return 0 if not self.low < 0 < self.high else 2 if self._reaches_both else 1
        return sum(self.low < threshold < self.high for threshold in (self.threshold, -self.threshold))

    @property
    def _ratio(self) -> tuple[float, float, float] | None:
        return self.answer.pooled.back if self.answer.pooled and self.answer.measure.is_ratio else None

    @property
    def _reaches_both(self) -> bool:
        """Whether an interval without a threshold reaches from appreciable benefit to appreciable harm."""
        if self._ratio:
            return self._ratio[1] < APPRECIABLE[0] and self._ratio[2] > APPRECIABLE[1]
        return self.deviation is not None and min(-self.low, self.high) > APPRECIABLE_SD * self.deviation

    @property
    def is_within(self) -> bool:
        """Whether the whole interval lies within the thresholds."""
        return self.threshold is not None and -self.threshold < self.low and self.high < self.threshold

    @property
    def is_large(self) -> bool:
        """Whether the effect is large, by the declared difference; else by 30% of a ratio, or 0.8 deviations."""
        if self.large is not None:
            return abs(self.difference) >= self.large
        if self.deviation is not None:
            return abs(self.difference) >= LARGE_SD * self.deviation
        return self._ratio is not None and not 1 - LARGE_CHANGE <= self._ratio[0] <= 1 / (1 - LARGE_CHANGE)

    @property
    def words(self) -> str:
        """The target in words, with the figures behind it."""
        if self.threshold is None:
            return "no threshold can be applied, so the target is whether there is an effect"
        what = LITTLE if self.word == LITTLE else f"an important {self.word}"
        decimals = 0 if self.unit == PEOPLE else 2
        middle, low, high = (
            f"{value:+.{decimals}f}".replace("-", "−") for value in (self.difference, self.low, self.high)
        )
        return f"target {what}: {middle} ({low} to {high}) against a threshold of {self.threshold:g} {self.unit}"

    @property
    def crossing(self) -> str:
        """What the interval crosses, in words."""
        if self.threshold is None:
            says = (
                "leaves out no difference",
                "includes no difference",
                "includes no difference, and appreciable benefit and harm",
            )
        else:
            says = ("crosses no threshold", "crosses one threshold", "runs from important benefit to important harm")
        return f"the interval {says[self.crossed]}"


def _difference(answer: Answer, risk: float | None, effect: float) -> float:
    """Turn an effect on the scale of analysis into people per 1,000, if the risk is known; positive is good."""
    if risk is not None:
        effect = _risk_with(answer, risk, answer.measure.back(effect)) - PER * risk
    return effect if answer.comparison["higher_is_better"] else -effect


def target(answer: Answer) -> Target:
    """Return the target of an answer that has a pool and a comparison group."""
    assert answer.pooled is not None  # noqa: S101 (whoever asks has looked)
    declared, pooled = answer.comparison, answer.pooled
    in_people, means = declared["unit"] == PEOPLE, answer.measure.name == "MD"
    usable = pd.notna(declared["important_difference"]) and (absolute(answer) is not None if in_people else means)
    large, risk = declared["large_difference"], answer.control_risk if usable and in_people else None
    middle, *ends = (_difference(answer, risk, end) for end in (pooled.estimate, pooled.ci_low, pooled.ci_high))
    return Target(
        answer,
        middle,
        min(ends),
        max(ends),
        threshold=float(declared["important_difference"]) if usable else None,
        large=float(large) if usable and pd.notna(large) else None,
        unit=str(declared["unit"]) if usable else "",
        risk=risk,
        deviation=_deviation(answer) if means else None,
    )


def _deviation(answer: Answer) -> float | None:
    """Return the median standard deviation that the variances of mean differences imply; None without sizes of arms."""
    arms = answer.entered[["n_arm1", "n_arm2"]].astype("float64").to_numpy()
    implied = np.sqrt(answer.effects.variance / (1 / arms).sum(axis=1))
    return float(np.median(implied[~np.isnan(implied)])) if (~np.isnan(implied)).any() else None
