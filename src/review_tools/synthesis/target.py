"""What the certainty of an answer is about: an important effect, little or none, or any effect at all.

The estimate chooses the target, and the interval is held against the thresholds on both sides of no difference.
Source: Guyatt G et al. BMJ 2025;389:e081904 (Core GRADE 2), doi 10.1136/bmj-2024-081904. Without a threshold the
target is whether there is an effect; an interval from appreciable benefit to appreciable harm is then one from below
0.75 to above 1.25 for a ratio (Guyatt GH et al. J Clin Epidemiol 2011;64:1283-1293), and from half a standard deviation
on one side to half on the other for means.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from review_tools.synthesis.absolute import absolute, control_risk, risk_with
from review_tools.synthesis.comparisons import Answer

BENEFIT, HARM, LITTLE = "benefit", "harm", "little or no difference"
LARGE_CHANGE = 0.3  # of a ratio, where no large difference is declared
APPRECIABLE = (0.75, 1.25)
APPRECIABLE_SD, LARGE_SD = 0.5, 0.8  # standard deviations of means, where no difference is declared
PEOPLE = "people per 1,000"


@dataclass(frozen=True)
class Target:
    """The difference for patients and its interval (positive: good for them), beside the threshold.

    ``threshold`` is None where none is declared or no absolute effect is known: then the figures are on the scale of
    analysis. ``scale`` turns an effect on the scale of analysis into such a difference.
    """

    difference: float
    low: float
    high: float
    threshold: float | None
    large: float | None
    unit: str
    ratio: tuple[float, float, float] | None
    deviation: float | None  # of means: the standard deviation that their intervals imply
    scale: "Scale" = field(repr=False, compare=False)

    @property
    def word(self) -> str:
        """The target: benefit, harm, or little or no difference."""
        return self._side(self.difference)

    def side(self, effect: float) -> str:
        """Return on which side of the thresholds an effect on the scale of analysis lies."""
        return self._side(self.scale.difference(effect))

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
    def _reaches_both(self) -> bool:
        """Whether an interval without a threshold reaches from appreciable benefit to appreciable harm."""
        if self.ratio:
            return self.ratio[1] < APPRECIABLE[0] and self.ratio[2] > APPRECIABLE[1]
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
        return self.ratio is not None and not 1 - LARGE_CHANGE <= self.ratio[0] <= 1 / (1 - LARGE_CHANGE)

    @property
    def words(self) -> str:
        """The target in words, with the figures behind it."""
        if self.threshold is None:
            return "no threshold can be applied, so the target is whether there is an effect"
        what = LITTLE if self.word == LITTLE else f"an important {self.word}"
        figures = f"{self._signed(self.difference)} ({self._signed(self.low)} to {self._signed(self.high)})"
        return f"target {what}: {figures} against a threshold of {self.threshold:g} {self.unit}"

    def _signed(self, difference: float) -> str:
        return f"{difference:+.{0 if self.unit == PEOPLE else 2}f}".replace("-", "−")

    @property
    def crossing(self) -> str:
        """What the interval crosses, in words."""
        if self.threshold is None:
            return {
                0: "the interval leaves out no difference",
                1: "the interval includes no difference",
                2: "the interval includes no difference, and appreciable benefit and harm",
            }[self.crossed]
        return {
            0: "the interval crosses no threshold",
            1: "the interval crosses one threshold",
            2: "the interval runs from important benefit to important harm",
        }[self.crossed]


@dataclass(frozen=True)
class Scale:
    """How an effect on the scale of analysis becomes a difference that is positive where good for patients."""

    answer: Answer
    risk: float | None  # without MSCs; None: the difference stays on the scale of analysis

    def difference(self, effect: float) -> float:
        value = effect
        if self.risk is not None:
            value = risk_with(self.answer, self.risk, self.answer.measure.back(effect)) - 1000 * self.risk
        return value if self.answer.comparison["higher_is_better"] else -value


def target(answer: Answer) -> Target:
    """Return the target of an answer that has a pool and a comparison group."""
    assert answer.pooled is not None  # noqa: S101 (whoever asks has looked)
    declared, pooled = answer.comparison, answer.pooled
    in_people = declared["unit"] == PEOPLE
    counted = in_people and pd.notna(declared["important_difference"]) and absolute(answer) is not None
    means = answer.measure.name == "MD" and not in_people and pd.notna(declared["important_difference"])
    usable = counted or means
    scale = Scale(answer, control_risk(answer) if counted else None)
    ends = sorted(scale.difference(end) for end in (pooled.ci_low, pooled.ci_high))
    large = declared["large_difference"]
    return Target(
        difference=scale.difference(pooled.estimate),
        low=ends[0],
        high=ends[1],
        threshold=float(declared["important_difference"]) if usable else None,
        large=float(large) if usable and pd.notna(large) else None,
        unit=str(declared["unit"]) if usable else "",
        ratio=pooled.back if answer.measure.is_ratio else None,
        deviation=_deviation(answer) if answer.measure.name == "MD" else None,
        scale=scale,
    )


def _deviation(answer: Answer) -> float | None:
    """Return the median standard deviation that the variances of mean differences imply; None without sizes of arms."""
    if answer.effects is None:
        return None
    arms = answer.entered[["n_arm1", "n_arm2"]].astype("float64").to_numpy()
    implied = np.sqrt(answer.effects.variance / (1 / arms).sum(axis=1))
    return float(np.median(implied[~np.isnan(implied)])) if (~np.isnan(implied)).any() else None
