"""How much true effects differ between studies: Q, tau² and I².

Arrays ``y`` (effects) and ``v`` (sampling variances, above zero) have the length k, k at least 2.
tau² is in squared units of the effect, I² in percent.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import chdtri, ndtri

from review_tools.synthesis.effects import Array, SynthesisError

STEPS = 2000
TOLERANCE = 1e-13


class ConvergenceError(SynthesisError):
    """An estimate was not reached."""


def weighted(y: Array, v: Array, tau2: float = 0.0) -> tuple[Array, float, float]:
    """Inverse-variance weights, the mean under them, and the generalised Q at that tau²."""
    w = 1 / (v + tau2)
    mean = float(w @ y / w.sum())
    return w, mean, float(w @ (y - mean) ** 2)


def tau2_dl(y: Array, v: Array) -> float:
    """Method of moments. Source: DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188."""
    w, _, q = weighted(y, v)
    return max(0.0, (q - (len(y) - 1)) / float(w.sum() - w @ w / w.sum()))


def tau2_he(y: Array, v: Array) -> float:
    """Hedges' unweighted moments; a start for the likelihood methods. Source: as ``tau2_likeliest``."""
    return max(0.0, float(np.var(y, ddof=1) - v.mean()))


def tau2_pm(y: Array, v: Array) -> float:
    """The tau² at which Q equals its expectation, k - 1.

    Sources: Paule RC, Mandel J. J Res Natl Bur Stand 1982;87:377-385; DerSimonian R, Kacker R.
    Contemp Clin Trials 2007;28:105-114.
    """
    return _tau2_where_q_is(len(y) - 1.0, y, v)


def tau2_likeliest(y: Array, v: Array, start: float = 0.0, restricted: bool = True) -> float:
    """(Restricted) maximum likelihood; ``start`` is a hint, such as tau² of nearly the same studies.

    Newton's method on the gradient, kept between places known to lie below and above the peak.
    Source: Viechtbauer W. J Educ Behav Stat 2005;30:261-293.

    Raises:
        ConvergenceError: the likelihood did not settle.
    """
    # With very unequal variances the likelihood can have two peaks: climb from the best of many places.
    places = [0.0, start, tau2_he(y, v), *np.geomspace(v.min(), v.max() + np.var(y), 12).tolist()]
    tau2: float = max(places, key=lambda place: _log_likelihood(place, y, v, restricted))
    below, above = 0.0, np.inf
    for _ in range(STEPS):
        gradient, curvature = _slopes(tau2, y, v, restricted)
        if tau2 == 0 and gradient <= 0:
            return 0.0
        below, above = (tau2, above) if gradient > 0 else (below, tau2)
        new = tau2 - gradient / curvature if curvature < 0 else np.inf
        if abs(new - tau2) <= TOLERANCE * tau2 or above - below <= TOLERANCE * above < np.inf:
            return tau2
        if not below < new < above:
            new = (below + above) / 2 if above < np.inf else 2 * tau2 + 1
        tau2 = new
    raise ConvergenceError(f"The likelihood of tau² did not settle in {STEPS} steps.")


TAU2_METHODS = ("DL", "PM", "REML", "ML", "HE")


def estimate_tau2(y: Array, v: Array, method: str, start: float = 0.0) -> float:
    """tau² by one of ``TAU2_METHODS``; ``start`` is a hint for REML and ML.

    Raises:
        ConvergenceError: the iteration did not settle.
    """
    y, v, unit = _in_typical_units(y, v)
    if method in ("REML", "ML"):
        return unit * tau2_likeliest(y, v, start / unit, restricted=method == "REML")
    moments: dict[str, Callable[[Array, Array], float]] = {"DL": tau2_dl, "PM": tau2_pm, "HE": tau2_he}
    return unit * moments[method](y, v)


def tau2_interval(y: Array, v: Array, level: float = 0.95) -> tuple[float, float]:
    """Q-profile interval of tau²: where Q passes through the quantiles of its chi² distribution.

    Both ends are 0 when even no heterogeneity makes Q smaller than the lower quantile.
    Source: Viechtbauer W. Stat Med 2007;26:37-52.
    """
    df, tail = len(y) - 1, (1 - level) / 2
    y, v, unit = _in_typical_units(y, v)
    low, high = (unit * _tau2_where_q_is(float(chdtri(df, p)), y, v) for p in (tail, 1 - tail))
    return low, high


def i2_from_tau2(tau2: float, v: Array) -> float:
    """I² as the share of tau² in the total variance of a typical study, as metafor reports it.

    Source: Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558 (equation 9 gives the typical variance).
    """
    w = 1 / v
    share = w / w.sum()
    typical = (len(v) - 1) / float(w.sum() * (1 - share @ share))
    return 100 * tau2 / (tau2 + typical)


def i2_from_q(q: float, df: int) -> float:
    """I² as the share of Q beyond its expectation. Source: Higgins JPT et al. BMJ 2003;327:557-560."""
    return max(0.0, 100 * (q - df) / q) if q > 0 else 0.0


def i2_interval_from_q(q: float, df: int, level: float = 0.95) -> tuple[float, float] | None:
    """Test-based interval of I² for models without tau²; None where k = 2 gives no standard error.

    Source: Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558.
    """
    k = df + 1
    if q > k:
        se = 0.5 * (np.log(q) - np.log(df)) / (np.sqrt(2 * q) - np.sqrt(2 * k - 3))
    elif k > 2:
        se = np.sqrt((1 - 1 / (3 * (k - 2) ** 2)) / (2 * (k - 2)))
    else:
        return None
    log_h = 0.5 * np.log(max(q / df, 1.0))
    low, high = (np.exp(log_h + sign * float(ndtri((1 + level) / 2)) * se) for sign in (-1, 1))
    return float(100 * (1 - 1 / max(low, 1.0) ** 2)), float(100 * (1 - 1 / max(high, 1.0) ** 2))


def _tau2_where_q_is(target: float, y: Array, v: Array) -> float:
    """Newton from zero. Q is convex and falls with tau², so every step stays on the near side of the root."""
    tau2 = 0.0
    for _ in range(STEPS):
        w, mean, q = weighted(y, v, tau2)
        if q <= target:
            return tau2
        step = (q - target) / float(w**2 @ (y - mean) ** 2)
        tau2 += step
        if step <= TOLERANCE * tau2:
            return tau2
    raise ConvergenceError(f"Q did not reach {target:g} in {STEPS} steps.")


def _log_likelihood(tau2: float, y: Array, v: Array, restricted: bool) -> float:
    w, _, q = weighted(y, v, tau2)
    return 0.5 * float(np.log(w).sum() - (np.log(w.sum()) if restricted else 0.0) - q)


def _slopes(tau2: float, y: Array, v: Array, restricted: bool) -> tuple[float, float]:
    """First and second derivative of twice the log likelihood by tau²."""
    w, mean, _ = weighted(y, v, tau2)
    r, w2 = y - mean, w**2
    w3 = w2 * w
    s1, s2, s3 = float(w.sum()), float(w2.sum()), float(w3.sum())
    gradient = float(w2 @ r**2) - s1
    curvature = s2 - 2 * float(w3 @ r**2) + 2 * float(w2 @ r) ** 2 / s1
    if restricted:
        gradient += s2 / s1
        curvature += (s2 / s1) ** 2 - 2 * s3 / s1
    return gradient, curvature


def _in_typical_units(y: Array, v: Array) -> tuple[Array, Array, float]:
    """Effects and variances with the median variance as unit: then no scale is too small or too large."""
    unit = float(np.median(v))
    return (y - np.median(y)) / np.sqrt(unit), v / unit, unit
