"""How much true effects differ between studies: Q, tau² and I².

Arrays ``y`` (effects) and ``v`` (sampling variances, above zero) have the length k, at least 2. tau² is in squared
units of the effect, I² in percent.
"""

import math
from collections.abc import Callable
from statistics import median

import numpy as np
from scipy.special import chdtri

from review_tools.synthesis.effects import Array, CannotPoolError, total

STEPS = 2000
TOLERANCE = 1e-13


def weighted(y: Array, v: Array, tau2: float = 0.0) -> tuple[Array, float, float]:
    """Return the inverse-variance weights, the mean under them, and the generalised Q at that tau²."""
    w = 1 / (v + tau2)
    mean = total(w * y) / total(w)
    return w, mean, total(w * (y - mean) ** 2)


def tau2_dl(y: Array, v: Array) -> float:
    """Return tau² by the method of moments. Source: DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188."""
    w, _, q = weighted(y, v)
    return max(0.0, (q - (len(y) - 1)) / (total(w) - total(w * w) / total(w)))


def tau2_pm(y: Array, v: Array) -> float:
    """Return the tau² at which Q equals its expectation, k - 1.

    Sources: Paule RC, Mandel J. J Res Natl Bur Stand 1982;87:377-385; DerSimonian R, Kacker R.
    Contemp Clin Trials 2007;28:105-114.
    """
    return _tau2_where_q_is(len(y) - 1.0, y, v)


def _tau2_where_q_is(target: float, y: Array, v: Array) -> float:
    """Find the root by Newton from zero: Q is convex and falls with tau², so no step passes the root."""
    tau2 = 0.0
    for _ in range(STEPS):
        w, mean, q = weighted(y, v, tau2)
        if q <= target:
            return tau2
        step = (q - target) / total((w * (y - mean)) ** 2)
        tau2 += step
        if step <= TOLERANCE * tau2:
            return tau2
    raise CannotPoolError(f"Q did not reach {target:g} in {STEPS} steps.")


def tau2_reml(y: Array, v: Array) -> float:
    """Return tau² by restricted maximum likelihood: Newton's method, kept between places below and above the peak.

    Source: Viechtbauer W. J Educ Behav Stat 2005;30:261-293.
    """
    # With very unequal variances the likelihood can have two peaks: climb from the best of many places.
    places, highest = [0.0, float(v.min())], float(v.max() + np.ptp(y) ** 2)
    while places[-1] < highest:
        places.append(2 * places[-1])
    tau2 = max(places, key=lambda place: restricted_log_likelihood(place, y, v))
    below, above = 0.0, math.inf
    for _ in range(STEPS):
        gradient, curvature = _slopes(tau2, y, v)
        if tau2 == 0 and gradient <= 0:
            return 0.0
        below, above = (tau2, above) if gradient > 0 else (below, tau2)
        new = tau2 - gradient / curvature if curvature < 0 else math.inf
        if abs(new - tau2) <= TOLERANCE * tau2 or above - below <= TOLERANCE * above < math.inf:
            return tau2
        if not below < new < above:
            new = (below + above) / 2 if above < math.inf else 2 * tau2 + 1
        tau2 = new
    raise CannotPoolError(f"The likelihood of tau² did not settle in {STEPS} steps.")


def restricted_log_likelihood(tau2: float, y: Array, v: Array) -> float:
    """Return the restricted log likelihood of a tau², but for a constant."""
    w, _, q = weighted(y, v, tau2)
    return 0.5 * (math.fsum(map(math.log, w.tolist())) - math.log(total(w)) - q)


def _slopes(tau2: float, y: Array, v: Array) -> tuple[float, float]:
    """Return the first and second derivative of twice the restricted log likelihood by tau²."""
    w, mean, _ = weighted(y, v, tau2)
    r, w2 = y - mean, w * w
    w3 = w2 * w
    s1, s2, s3 = total(w), total(w2), total(w3)
    gradient = total(w2 * r**2) - s1 + s2 / s1
    curvature = s2 - 2 * total(w3 * r**2) + 2 * total(w2 * r) ** 2 / s1 + (s2 / s1) ** 2 - 2 * s3 / s1
    return gradient, curvature


TAU2_METHODS: dict[str, Callable[[Array, Array], float]] = {"DL": tau2_dl, "PM": tau2_pm, "REML": tau2_reml}


def estimate_tau2(y: Array, v: Array, method: str) -> float:
    """Return tau² by one of ``TAU2_METHODS``. Raises CannotPoolError if the iteration does not settle."""
    y, v, unit = _in_typical_units(y, v)
    return unit * TAU2_METHODS[method](y, v)


def tau2_interval(y: Array, v: Array) -> tuple[float, float]:
    """Return the 95% interval of tau²: where Q passes through the quantiles of its chi² distribution.

    Both ends are 0 when even no heterogeneity makes Q smaller than the lower quantile.
    Source: Viechtbauer W. Stat Med 2007;26:37-52.
    """
    y, v, unit = _in_typical_units(y, v)
    low, high = (unit * _tau2_where_q_is(float(chdtri(len(y) - 1, tail)), y, v) for tail in (0.025, 0.975))
    return low, high


def _in_typical_units(y: Array, v: Array) -> tuple[Array, Array, float]:
    """Return effects and variances with the median variance as unit: then no scale is too small or too large."""
    unit = float(median(v.tolist()))
    return (y - median(y.tolist())) / np.sqrt(unit), v / unit, unit


def i2_from_tau2(tau2: float, v: Array) -> float:
    """Return I² as the share of tau² in the total variance of a typical study, as metafor reports it.

    Source: Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558 (equation 9 gives the typical variance).
    """
    w = 1 / v
    share = w / total(w)
    typical = (len(v) - 1) / (total(w) * (1 - total(share * share)))
    return 100 * tau2 / (tau2 + typical)
