"""Effect sizes and their sampling variances, one for each study, from what its arms report.

Every function takes arrays of one length k and returns ``(effect, variance)``, two arrays of that
length, on the scale on which effects are pooled (ratios: natural logarithm). A row about which the
measure says nothing is NaN in both; ``rows.effect_sizes`` takes such rows out and says why.

Zero cells (Cochrane Handbook 10.4.4.1 and 10.4.4.2): 0.5 is added to all four cells of a study, and
only there, where a zero makes its effect or variance impossible to compute. metafor adds it to every
table with a zero, also where none is needed (a risk ratio with events in everyone of one arm).
"""

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, ndtri

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Sized = tuple[Array, Array]


class SynthesisError(ValueError):
    """Rows, choices or numbers that cannot be pooled. The message is meant for the person who pools."""


def uninformative(events1: Array, n1: Array, events2: Array, n2: Array) -> Mask:
    """Studies with no event in either arm, or an event in everyone: no ratio can be told from them."""
    nobody: Mask = (events1 == 0) & (events2 == 0)
    everyone: Mask = (events1 == n1) & (events2 == n2)
    return nobody | everyone


def risk_ratio(events1: Array, n1: Array, events2: Array, n2: Array) -> Sized:
    """Log risk ratio, arm 1 against arm 2. Source: Cochrane Handbook 6.4.1."""
    add = 0.5 * ((events1 == 0) | (events2 == 0))
    a, c, n1_, n2_ = events1 + add, events2 + add, n1 + 2 * add, n2 + 2 * add
    return _without(
        uninformative(events1, n1, events2, n2), np.log(a / n1_) - np.log(c / n2_), 1 / a - 1 / n1_ + 1 / c - 1 / n2_
    )


def odds_ratio(events1: Array, n1: Array, events2: Array, n2: Array) -> Sized:
    """Log odds ratio, arm 1 against arm 2. Source: Woolf B. Ann Hum Genet 1955;19:251-253."""
    cells = np.array([events1, n1 - events1, events2, n2 - events2])
    a, b, c, d = cells + 0.5 * (cells == 0).any(axis=0)
    return _without(
        uninformative(events1, n1, events2, n2), np.log(a * d) - np.log(b * c), 1 / a + 1 / b + 1 / c + 1 / d
    )


def risk_difference(events1: Array, n1: Array, events2: Array, n2: Array) -> Sized:
    """Risk difference, arm 1 minus arm 2 (between -1 and 1).

    A study without events is kept: its difference is 0, and only its variance, which would be 0
    too, is taken from the cells with 0.5 added. Source: Cochrane Handbook 6.4.1 and 10.4.4.2.
    """
    add = 0.5 * (events1 * (n1 - events1) + events2 * (n2 - events2) == 0)
    a, c, n1_, n2_ = events1 + add, events2 + add, n1 + 2 * add, n2 + 2 * add
    return events1 / n1 - events2 / n2, a * (n1_ - a) / n1_**3 + c * (n2_ - c) / n2_**3


def peto_odds_ratio(events1: Array, n1: Array, events2: Array, n2: Array) -> Sized:
    """Peto's one-step log odds ratio, (O - E) / V with variance 1 / V; needs no correction.

    Source: Yusuf S et al. Prog Cardiovasc Dis 1985;27:335-371.
    """
    n, events = n1 + n2, events1 + events2
    expected = n1 * events / n
    information = n1 * n2 * events * (n - events) / (n**2 * (n - 1))
    without = uninformative(events1, n1, events2, n2)
    information = np.where(without, 1.0, information)
    return _without(without, (events1 - expected) / information, 1 / information)


def mean_difference(mean1: Array, sd1: Array, n1: Array, mean2: Array, sd2: Array, n2: Array) -> Sized:
    """Difference of means, arm 1 minus arm 2, in the unit of the outcome. Source: Cochrane Handbook 6.5.1."""
    return mean1 - mean2, sd1**2 / n1 + sd2**2 / n2


def hedges_g(mean1: Array, sd1: Array, n1: Array, mean2: Array, sd2: Array, n2: Array) -> Sized:
    """Hedges' g, the standardised mean difference, in standard deviations.

    The exact correction of small-sample bias and the large-sample variance, as metafor's ``SMD``.
    Source: Hedges LV. J Educ Stat 1981;6:107-128.
    """
    df = n1 + n2 - 2
    pooled_sd = np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / df)
    exact = np.exp(gammaln(df / 2) - np.log(df / 2) / 2 - gammaln((df - 1) / 2))
    g = exact * (mean1 - mean2) / pooled_sd
    return g, 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))


def ratio_of_means(mean1: Array, sd1: Array, n1: Array, mean2: Array, sd2: Array, n2: Array) -> Sized:
    """Log ratio of two means above zero. Source: Hedges LV et al. Ecology 1999;80:1150-1156."""
    return np.log(mean1 / mean2), sd1**2 / (n1 * mean1**2) + sd2**2 / (n2 * mean2**2)


def logit_proportion(events: Array, n: Array) -> Sized:
    """Logit of one arm's proportion; 0.5 is added to both cells of a study with none or all."""
    add = 0.5 * ((events == 0) | (events == n))
    with_event, without = events + add, n - events + add
    return np.log(with_event / without), 1 / with_event + 1 / without


def arcsine_proportion(events: Array, n: Array) -> Sized:
    """Arcsine square root of one arm's proportion, in radians; steady variance, no correction needed.

    Chosen over the double arcsine, whose way back depends on an invented sample size.
    Source: Schwarzer G et al. Res Synth Methods 2019;10:476-483.
    """
    return np.arcsin(np.sqrt(events / n)), 1 / (4 * n)


def hazard_ratio(ratio: Array, ci_low: Array, ci_high: Array, level: float = 0.95) -> Sized:
    """Log hazard ratio, its variance from the printed interval. Source: Cochrane Handbook 6.3.1 and 6.3.2."""
    width = (np.log(ci_high) - np.log(ci_low)) / (2 * float(ndtri((1 + level) / 2)))
    return np.log(ratio), width**2


def generic(effect: Array, se: Array) -> Sized:
    """An effect and its standard error, already on the scale of analysis."""
    return effect, se**2


def _without(rows: Mask, effect: Array, variance: Array) -> Sized:
    return np.where(rows, np.nan, effect), np.where(rows, np.nan, variance)
