"""Effect measures: from what a study reports to an effect and its sampling variance.

Effects are pooled on the scale of analysis: ratios as natural logarithms, proportions as logits,
everything else as it is.

Zero cells (Cochrane Handbook 10.4.4.1 and 10.4.4.2): 0.5 is added to all four cells of a study, and
only there, where a zero makes its effect or variance impossible to compute. metafor adds it to every
table with a zero, also where none is needed (a risk ratio with events in everyone of one arm).

Builds must be equal byte by byte on every machine. Sums are therefore exactly rounded (no BLAS, whose
order of addition depends on the processor), and figures leave the synthesis with twelve digits, which
hides the last bits in which logarithms and quantiles of mathematical libraries differ.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from review_tools.data.problems import Problem

Array = npt.NDArray[np.float64]
Size = tuple[float, float]  # effect and sampling variance

Z = float(ndtri(0.975))  # standard errors that a normal 95% interval reaches to either side
TWO_ARMS = ("events_arm1", "n_arm1", "events_arm2", "n_arm2")
ONE_ARM = ("events_arm1", "n_arm1")
MEANS = ("mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2")
INTERVAL = ("effect", "ci_low", "ci_high")


class CannotPoolError(ValueError):
    """These effects cannot be pooled in this way; the message says why and what to do."""


def rounded(value: float) -> float:
    """Round a figure to twelve significant digits; every figure leaves the synthesis through here."""
    return float(f"{value:.11e}")


def total(values: Array) -> float:
    """Return the exactly rounded sum, the same in any order and on any machine."""
    return math.fsum(values.tolist())


def risk_ratio(events1: float, n1: float, events2: float, n2: float) -> Size:
    """Return the log risk ratio. Source: Cochrane Handbook 6.4.1."""
    if not events1 or not events2:
        events1, n1, events2, n2 = events1 + 0.5, n1 + 1, events2 + 0.5, n2 + 1
    return math.log(events1 / n1) - math.log(events2 / n2), 1 / events1 - 1 / n1 + 1 / events2 - 1 / n2


def odds_ratio(events1: float, n1: float, events2: float, n2: float) -> Size:
    """Return the log odds ratio. Source: Woolf B. Ann Hum Genet 1955;19:251-253."""
    a, b, c, d = events1, n1 - events1, events2, n2 - events2
    if not (a and b and c and d):
        a, b, c, d = a + 0.5, b + 0.5, c + 0.5, d + 0.5
    return math.log(a * d) - math.log(b * c), 1 / a + 1 / b + 1 / c + 1 / d


def risk_difference(events1: float, n1: float, events2: float, n2: float) -> Size:
    """Return the risk difference; without events it stays 0, and 0.5 is added for its variance alone.

    Source: Cochrane Handbook 6.4.1 and 10.4.4.2.
    """
    difference = events1 / n1 - events2 / n2
    if not events1 * (n1 - events1) + events2 * (n2 - events2):
        events1, n1, events2, n2 = events1 + 0.5, n1 + 1, events2 + 0.5, n2 + 1
    return difference, events1 * (n1 - events1) / n1**3 + events2 * (n2 - events2) / n2**3


def peto_odds_ratio(events1: float, n1: float, events2: float, n2: float) -> Size:
    """Return Peto's one-step log odds ratio, (O - E) / V, and 1 / V; pooled with the model FE it is Peto's method.

    Source: Yusuf S et al. Prog Cardiovasc Dis 1985;27:335-371.
    """
    n, events = n1 + n2, events1 + events2
    information = n1 * n2 * events * (n - events) / (n**2 * (n - 1))
    return (events1 - n1 * events / n) / information, 1 / information


def mean_difference(mean1: float, sd1: float, n1: float, mean2: float, sd2: float, n2: float) -> Size:
    """Return the difference of means in the outcome's unit. Source: Cochrane Handbook 6.5.1."""
    return mean1 - mean2, sd1**2 / n1 + sd2**2 / n2


def hedges_g(mean1: float, sd1: float, n1: float, mean2: float, sd2: float, n2: float) -> Size:
    """Return Hedges' g, in standard deviations, with its exact correction and large-sample variance.

    Source: Hedges LV. J Educ Stat 1981;6:107-128 (metafor's ``SMD``).
    """
    df = n1 + n2 - 2
    g = _bias_correction(df) * (mean1 - mean2) / math.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / df)
    return g, 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))


def _bias_correction(df: float) -> float:
    """Return Γ(df/2) / (√(df/2) Γ((df-1)/2)), by the recurrence and the asymptotic series of Γ(z+½) / Γ(z).

    The difference of two log-gammas would lose digits. Source of the series: Tricomi FG, Erdélyi A.
    Pac J Math 1951;1:133-142.
    """
    z, ratio = (df - 1) / 2, 1.0
    while z < 100:
        ratio *= z / (z + 0.5)
        z += 1
    series = 1 - 1 / (8 * z) + 1 / (128 * z**2) + 5 / (1024 * z**3) - 21 / (32768 * z**4)
    return ratio * math.sqrt(z) * series / math.sqrt(df / 2)


def logit_proportion(events: float, n: float) -> Size:
    """Return the logit of one arm's proportion; 0.5 is added to both cells of a study with none or all."""
    a, b = events, n - events
    if not (a and b):
        a, b = a + 0.5, b + 0.5
    return math.log(a / b), 1 / a + 1 / b


def ratio_from_interval(ratio: float, ci_low: float, ci_high: float) -> Size:
    """Return a printed ratio's logarithm, its variance from the 95% interval. Source: Cochrane Handbook 6.3.2."""
    return difference_from_interval(*map(math.log, (ratio, ci_low, ci_high)))


def difference_from_interval(difference: float, ci_low: float, ci_high: float) -> Size:
    """Return a printed difference and its variance from the 95% interval. Source: Cochrane Handbook 6.3.1."""
    return difference, ((ci_high - ci_low) / (2 * Z)) ** 2


def generic(effect: float, se: float) -> Size:
    """Return an effect that is already on the scale of analysis, and the square of its standard error."""
    return effect, se**2


@dataclass(frozen=True, slots=True)
class Measure:
    """One effect measure, of arm 1 against arm 2.

    ``columns`` are the columns it needs, in the order in which ``size`` takes them; ``scale`` says what
    is done to an effect before it is pooled.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    size: Callable[..., Size] = field(repr=False)
    scale: Literal["log", "logit", "none"] = "none"

    @property
    def is_ratio(self) -> bool:
        return self.scale == "log"

    @property
    def no_effect(self) -> float | None:
        """The value a reader knows as “no difference”; None for proportions, which compare nothing."""
        return {"log": 1.0, "logit": None, "none": 0.0}[self.scale]

    @property
    def printed(self) -> "Measure":
        """The same measure, taken from an effect that is printed with its interval."""
        return replace(self, columns=INTERVAL, size=ratio_from_interval if self.is_ratio else difference_from_interval)

    def back(self, value: float) -> float:
        """Take a value from the scale of analysis to the one a reader knows; a ratio may be infinite."""
        if self.scale == "none":
            return rounded(value)
        if self.scale == "log":
            return rounded(math.exp(value)) if value < 709 else math.inf
        odds = math.exp(-abs(value))
        return rounded((1 if value > 0 else odds) / (1 + odds))


MEASURES = {
    measure.name: measure
    for measure in (
        Measure("RR", "risk ratio", TWO_ARMS, risk_ratio, "log"),
        Measure("OR", "odds ratio", TWO_ARMS, odds_ratio, "log"),
        Measure("RD", "risk difference", TWO_ARMS, risk_difference),
        Measure("PETO", "Peto odds ratio", TWO_ARMS, peto_odds_ratio, "log"),
        Measure("MD", "mean difference", MEANS, mean_difference),
        Measure("SMD", "Hedges' g", MEANS, hedges_g),
        Measure("PLO", "proportion", ONE_ARM, logit_proportion, "logit"),
        Measure("HR", "hazard ratio", INTERVAL, ratio_from_interval, "log"),
        Measure("IRR", "rate ratio", INTERVAL, ratio_from_interval, "log"),
        Measure("GEN", "effect", ("effect", "se"), generic),
    )
}


def measure_named(name: str) -> Measure:
    """Return the measure of that name or title, such as “proportion”. Raises CannotPoolError with those there are."""
    for measure in MEASURES.values():
        if name in (measure.name, measure.title):
            return measure
    raise CannotPoolError(f"No measure {name!r}; there are {', '.join(MEASURES)}.")


class LeftOut(NamedTuple):
    """A row that cannot contribute to the pool, and why."""

    label: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """The effects of k studies on the scale of analysis, in the order of their rows.

    ``counts`` is k × 4 (events_arm1, n_arm1, events_arm2, n_arm2) for measures of two by two tables, for
    the Mantel-Haenszel methods. ``warnings`` are for a person to judge.
    """

    measure: Measure
    effect: Array
    variance: Array
    labels: tuple[str, ...]
    counts: Array | None = None
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def k(self) -> int:
        return len(self.effect)

    def only(self, keep: npt.NDArray[np.bool_]) -> "Effects":
        """Return the effects of the studies that a mask of length k names."""
        labels = tuple(label for label, kept in zip(self.labels, keep, strict=True) if kept)
        counts = None if self.counts is None else self.counts[keep]
        return Effects(self.measure, self.effect[keep], self.variance[keep], labels, counts)

    def joined(self, printed: "Effects") -> "Effects":
        """Return these effects and those that other rows print; the counts go, for these have none."""
        effect = np.concatenate([self.effect, printed.effect])
        variance = np.concatenate([self.variance, printed.variance])
        return Effects(self.measure, effect, variance, self.labels + printed.labels, None, self.left_out)

    def intervals(self) -> list[tuple[float, float, float]]:
        """Return each study's effect and the ends of its 95% interval, on the scale a reader knows."""
        back, reach = self.measure.back, Z * np.sqrt(self.variance)
        ends = np.column_stack([self.effect, self.effect - reach, self.effect + reach]).tolist()
        return [(back(effect), back(low), back(high)) for effect, low, high in ends]
