"""Mantel-Haenszel pooling of two-by-two tables, from the tables themselves.

No 0.5 is added to the cells of the pool: the method needs none as long as both arms have events
somewhere (metafor's default; RevMan has added it). ``counts`` is k × 4: events_arm1, n_arm1,
events_arm2, n_arm2.
"""

import numpy as np

from review_tools.synthesis.effects import Array

Pooled = tuple[float, float, Array]  # estimate, variance, weights


def risk_ratio(counts: Array) -> Pooled:
    """Log risk ratio, its variance and the weights. Source: Greenland S, Robins JM. Biometrics 1985;41:55-68.

    Raises:
        ZeroDivisionError: an arm has no event in any study.
    """
    a, n1, c, n2 = counts.T
    n = n1 + n2
    r, s = float(np.sum(a * n2 / n)), float(np.sum(c * n1 / n))
    if not r or not s:
        raise ZeroDivisionError("one arm has no event in any study")
    variance = float(np.sum((n1 * n2 * (a + c) - a * c * n) / n**2)) / (r * s)
    return float(np.log(r / s)), variance, c * n1 / n


def odds_ratio(counts: Array) -> Pooled:
    """Log odds ratio, its variance and the weights.

    Source: Robins J, Breslow N, Greenland S. Biometrics 1986;42:311-323.

    Raises:
        ZeroDivisionError: the tables hold no event, or nobody without one, where the ratio needs them.
    """
    a, n1, c, n2 = counts.T
    b, d, n = n1 - a, n2 - c, n1 + n2
    agree, differ, rs, ss = (a + d) / n, (b + c) / n, a * d / n, b * c / n
    r, s = float(rs.sum()), float(ss.sum())
    if not r or not s:
        raise ZeroDivisionError("one arm has no event, or an event in everyone, in every study")
    variance = agree @ rs / r**2 + (agree @ ss + differ @ rs) / (r * s) + differ @ ss / s**2
    return float(np.log(r / s)), float(variance) / 2, ss


def risk_difference(counts: Array) -> Pooled:
    """Risk difference, its variance and the weights.

    The variance holds for few large and for many small studies alike, and is the one metafor uses.
    Source: Sato T, Greenland S, Robins JM. Biometrics 1989;45:1323-1324.
    """
    a, n1, c, n2 = counts.T
    n = n1 + n2
    weights = n1 * n2 / n
    estimate = float(np.sum((a * n2 - c * n1) / n) / weights.sum())
    p = np.sum(c * (n1 / n) ** 2 - a * (n2 / n) ** 2 + n1 * n2 * (n2 - n1) / (2 * n**2))
    q = np.sum((a * (n2 - c) + c * (n1 - a)) / (2 * n))
    return estimate, float((estimate * p + q) / weights.sum() ** 2), weights
