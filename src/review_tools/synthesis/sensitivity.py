"""How far a pooled effect hangs on single studies, and on small ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtri, stdtr, stdtrit

from review_tools.synthesis import pooling
from review_tools.synthesis.effects import Mask
from review_tools.synthesis.pooling import CannotPoolError, Fit
from review_tools.synthesis.rows import Effects

FEWEST_FOR_EGGER = 10


def leave_one_out(
    effects: Effects, model: str = "REML", test: str | None = None, *, guard: bool = True, level: float = 0.95
) -> pd.DataFrame:
    """The pool without each study in turn: k rows, indexed by the study left out.

    Columns: estimate, se, ci_low, ci_high, p, tau2, i2 (percent), q; on the scale of analysis.

    Raises:
        CannotPoolError: fewer than three studies, or a choice that does not go together.
    """
    rows = []
    for i, fitted in enumerate(_without_each(effects, model, test, guard)):
        low, high = fitted.interval(level)
        share = pooling.i2(fitted, np.delete(effects.variance, i), model)
        rows.append((fitted.estimate, fitted.se, low, high, fitted.p, fitted.tau2, share, fitted.q))
    columns = ["estimate", "se", "ci_low", "ci_high", "p", "tau2", "i2", "q"]
    return pd.DataFrame(rows, columns=columns, index=pd.Index(effects.labels, name="left_out"))


def influence(effects: Effects, model: str = "REML", test: str | None = None, *, guard: bool = True) -> pd.DataFrame:
    """Outlier and influence diagnostics, tau² estimated anew without each study: k rows, indexed by study.

    Columns: rstudent (externally standardised residual), dffits, dfbetas, cook (Cook's distance), cov_ratio,
    tau2_without, q_without, hat (share of the weight, 0 to 1), influential (by metafor's rule of
    thumb). Not for MH, whose estimate is no weighted mean of the effects.

    Source: Viechtbauer W, Cheung MW-L. Res Synth Methods 2010;1:112-125.

    Raises:
        CannotPoolError: fewer than three studies, MH, or a choice that does not go together.
    """
    if model == "MH":
        raise CannotPoolError("Influence needs an inverse-variance model, not MH: choose FE.")
    y, v, k = effects.effect, effects.variance, len(effects.effect)
    without = list(_without_each(effects, model, test, guard))
    whole = _fit(effects, np.ones(k, dtype=bool), model, test, guard)
    estimate, se2, factor, tau2, q = np.array(
        [(fitted.estimate, fitted.variance, fitted.factor, fitted.tau2, fitted.q) for fitted in without]
    ).T
    hat = whole.weights / whole.weights.sum()
    whole_variance = np.array([1 / (1 / (v + t)).sum() for t in tau2])  # of all studies under each tau²
    shift = whole.estimate - estimate
    frame = pd.DataFrame(
        {
            "rstudent": (y - estimate) / np.sqrt(factor * (v + tau2) + se2),
            "dffits": shift / np.sqrt(factor * hat * (v + tau2)),
            "dfbetas": shift / np.sqrt(factor * whole_variance),
            "cook": shift**2 / whole.variance,
            "cov_ratio": se2 / whole.variance,
            "tau2_without": tau2,
            "q_without": q,
            "hat": hat,
        },
        index=pd.Index(effects.labels, name="study"),
    )
    far = np.abs(frame["dffits"]) > 3 * np.sqrt(1 / (k - 1))
    heavy = frame["hat"] > 3 / k
    frame["influential"] = far | heavy | (frame["cook"] > chdtri(1, 0.5)) | (np.abs(frame["dfbetas"]) > 1)
    return frame


@dataclass(frozen=True, slots=True)
class Egger:
    """Egger's test: ``slope`` of the effect on its standard error, and the effect at a standard error of 0."""

    k: int
    slope: float
    se: float
    stat: float
    df: int
    p: float
    limit: float
    limit_ci_low: float
    limit_ci_high: float


def egger(effects: Effects, level: float = 0.95) -> Egger:
    """Egger's regression test of funnel-plot asymmetry, only from ten studies on (Cochrane Handbook 13.3.5.4).

    Weighted regression of the effects on their standard errors with free dispersion; t with k - 2
    degrees of freedom. It tends to find asymmetry in odds ratios where there is none.

    Source: Egger M et al. BMJ 1997;315:629-634.

    Raises:
        CannotPoolError: fewer than ten studies, or all of the same precision.
    """
    y, v, k = effects.effect, effects.variance, len(effects.effect)
    if k < FEWEST_FOR_EGGER:
        raise CannotPoolError(f"Egger's test needs {FEWEST_FOR_EGGER} studies; there are {k}.")
    w, x = 1 / v, np.sqrt(v)
    x_mean, y_mean = w @ x / w.sum(), w @ y / w.sum()
    sxx = w @ (x - x_mean) ** 2
    if sxx <= 1e-12 * k:
        raise CannotPoolError("Egger's test needs studies of different precision; these are all alike.")
    slope = w @ ((x - x_mean) * y) / sxx
    limit = y_mean - slope * x_mean
    dispersion = w @ (y - limit - slope * x) ** 2 / (k - 2)
    slope_se = float(np.sqrt(dispersion / sxx))
    if slope_se == 0:
        raise CannotPoolError("Egger's test has no answer: the effects lie on one line.")
    limit_se = np.sqrt(dispersion * (1 / w.sum() + x_mean**2 / sxx))
    reach = float(stdtrit(k - 2, (1 + level) / 2)) * limit_se
    stat = float(slope) / slope_se
    p = float(2 * stdtr(k - 2, -abs(stat)))
    return Egger(k, float(slope), slope_se, stat, k - 2, p, float(limit), float(limit - reach), float(limit + reach))


def _without_each(effects: Effects, model: str, test: str | None, guard: bool) -> Iterator[Fit]:
    k = len(effects.effect)
    if k < 3:
        raise CannotPoolError(f"Leaving one out needs three studies, for one study is not a pool; there are {k}.")
    keep = np.ones(k, dtype=bool)
    start = _fit(effects, keep, model, test, guard).tau2
    for i in range(k):
        keep[i] = False
        yield _fit(effects, keep, model, test, guard, start)
        keep[i] = True


def _fit(
    effects: Effects,
    keep: Mask,
    model: str,
    test: str | None,
    guard: bool,
    start: float = 0.0,
) -> Fit:
    test = test or pooling.default_test(model)
    pooling.check_choice(effects, model, test)
    counts = None if effects.counts is None else effects.counts[keep]
    return pooling.fit(
        effects.effect[keep], effects.variance[keep], counts, effects.measure.name, model, test, guard, start
    )
