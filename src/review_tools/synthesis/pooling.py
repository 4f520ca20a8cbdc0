"""Pooling: common-effect and random-effects models, their intervals and weights, and how robust they are."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, ndtr, stdtr, stdtrit

from review_tools.synthesis import heterogeneity as het
from review_tools.synthesis.effects import Array, CannotPoolError, Effects, LeftOut, Measure, Z, rounded, total

COMMON_EFFECT = ("FE", "MH")
MODELS = (*COMMON_EFFECT, *het.TAU2_METHODS)
TESTS = ("z", "hksj")
FEWEST_FOR_EGGER = 10


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled effect, on the scale of analysis (ratios: natural logarithm); ``back`` has the reader's scale.

    ``se`` holds the Hartung-Knapp factor where ``test`` is hksj; ``stat`` is then t with ``df``
    degrees of freedom, otherwise z. ``tau2`` is 0 where the model assumes it. ``i2`` and
    ``weights`` are percentages, ``pi`` is the prediction interval. ``None``: the model or the number
    of studies does not give it.
    With k = 1 the figures are the study's own and ``model`` is "single study".
    """

    measure: Measure
    model: str
    test: str
    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    stat: float
    p: float
    df: int | None
    tau2: float | None
    tau2_interval: tuple[float, float] | None
    i2: float | None
    i2_interval: tuple[float, float] | None
    q: float | None
    q_p: float | None
    pi: tuple[float, float] | None
    labels: tuple[str, ...]
    weights: tuple[float, ...]
    left_out: tuple[LeftOut, ...]

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float):
                object.__setattr__(self, field.name, rounded(value))
            elif isinstance(value, tuple) and value and isinstance(value[0], float):
                object.__setattr__(self, field.name, tuple(map(rounded, value)))

    @property
    def back(self) -> tuple[float, float, float]:
        """The estimate and the ends of its interval on the reader's scale."""
        back = self.measure.back
        return back(self.estimate), back(self.ci_low), back(self.ci_high)

    @property
    def back_prediction(self) -> tuple[float, float] | None:
        """The ends of the prediction interval on the reader's scale; None with fewer than five studies.

        So few show next to nothing of how much studies differ.
        """
        if self.pi is None or self.k < 5:
            return None
        return self.measure.back(self.pi[0]), self.measure.back(self.pi[1])

    def figures(self) -> dict[str, float | None]:
        """Return the figures that ``review pool --json`` prints; None also where a bound is infinite."""
        names = ("k", "estimate", "se", "ci_low", "ci_high", "stat", "p", "tau2", "i2", "q", "q_p")
        values = {name: getattr(self, name) for name in names}
        values["pi_low"], values["pi_high"] = self.pi or (None, None)
        values["back_estimate"], values["back_ci_low"], values["back_ci_high"] = self.back
        return {name: value if value is not None and math.isfinite(value) else None for name, value in values.items()}


def pool(effects: Effects, model: str = "REML", test: str | None = None, *, guard: bool = True) -> Pooled:
    """Return the pooled effect of k studies, with 95% intervals.

    Args:
        effects: from ``rows.effect_sizes``.
        model: FE (common effect, inverse variance; Peto's method for the measure PETO), MH
            (Mantel-Haenszel; RR, OR, RD); random effects with tau² by REML, DL or PM.
        test: z or hksj (Hartung-Knapp-Sidik-Jonkman, t with k - 1 degrees of freedom). Default: hksj
            for random effects, z otherwise.
        guard: keep the hksj factor at 1 or more, so that the interval is never narrower than that
            of z (Knapp and Hartung 2003; metafor's ``test="adhoc"``). False is metafor's "knha".

    Q and the interval of tau² (Q-profile) use inverse-variance weights; Q of MH is taken about the
    Mantel-Haenszel estimate. The interval of I² follows that of tau². The prediction interval, from
    k = 3 on, has the quantile of the test, as metafor's ``predict``.

    Sources: Hartung J, Knapp G. Stat Med 2001;20:3875-3889; Sidik K, Jonkman JN. Stat Med
    2002;21:3153-3159; Knapp G, Hartung J. Stat Med 2003;22:2693-2710 (guard); Röver C et al. BMC Med
    Res Methodol 2015;15:99 (why guard).

    Raises:
        CannotPoolError: nothing to pool, model, test and measure do not go together, or tau² was not reached.
    """
    test = test or ("z" if model in COMMON_EFFECT else "hksj")
    _check_choice(effects, model, test)
    k, v = effects.k, effects.variance
    if k == 0:
        reasons = "".join(f" {row.label}: {row.why}." for row in effects.left_out)
        raise CannotPoolError(f"There is nothing to pool: no row contributes.{reasons}")
    if k == 1:
        model, test = "single study", "z"
    fit = _mantel_haenszel(effects) if model == "MH" else _inverse_variance(effects, model, test, guard)
    df = k - 1 if test == "hksj" else None
    quantile = Z if df is None else float(stdtrit(df, 0.975))
    tau2 = q = q_p = i2 = tau2_interval = i2_interval = pi = None
    if k > 1:
        tau2, q, q_p = fit.tau2, fit.q, float(chdtrc(k - 1, fit.q))
        i2 = max(0.0, 100 * (q - (k - 1)) / q) if q > 0 else 0.0  # Higgins JPT et al. BMJ 2003;327:557-560
    if model in het.TAU2_METHODS:
        tau2_interval = low, high = het.tau2_interval(effects.effect, v)
        i2, i2_interval = het.i2_from_tau2(fit.tau2, v), (het.i2_from_tau2(low, v), het.i2_from_tau2(high, v))
        if k >= 3:
            reach = quantile * math.sqrt(fit.se**2 + fit.tau2)
            pi = fit.estimate - reach, fit.estimate + reach
    stat = fit.estimate / fit.se
    return Pooled(
        measure=effects.measure,
        model=model,
        test=test,
        k=k,
        estimate=fit.estimate,
        se=fit.se,
        ci_low=fit.estimate - quantile * fit.se,
        ci_high=fit.estimate + quantile * fit.se,
        stat=stat,
        p=float(2 * (ndtr(-abs(stat)) if df is None else stdtr(df, -abs(stat)))),
        df=df,
        tau2=tau2,
        tau2_interval=tau2_interval,
        i2=i2,
        i2_interval=i2_interval,
        q=q,
        q_p=q_p,
        pi=pi,
        labels=effects.labels,
        weights=tuple((100 * fit.weights / total(fit.weights)).tolist()),
        left_out=effects.left_out,
    )


def _check_choice(effects: Effects, model: str, test: str) -> None:
    measure = effects.measure.name
    if model not in MODELS:
        raise CannotPoolError(f"No model {model!r}; there are {', '.join(MODELS)}.")
    if test not in TESTS:
        raise CannotPoolError(f"No test {test!r}; there are {', '.join(TESTS)}.")
    if model == "MH" and measure not in _MANTEL_HAENSZEL:
        raise CannotPoolError(f"Mantel-Haenszel pools {', '.join(_MANTEL_HAENSZEL)}, not {measure}: choose FE.")
    if model == "MH" and test == "hksj":
        raise CannotPoolError("Hartung-Knapp-Sidik-Jonkman does not go with MH: choose the test z.")


def leave_one_out(effects: Effects, *choice: str, guard: bool = True) -> list[Pooled]:
    """Return the pool without each study in turn, by a model and a test. Raises CannotPoolError as ``pool`` does."""
    if effects.k < 3:
        raise CannotPoolError(
            f"Leaving one out needs three studies, for one study is not a pool; there are {effects.k}."
        )
    return [pool(effects.only(np.arange(effects.k) != i), *choice, guard=guard) for i in range(effects.k)]


class Egger(NamedTuple):
    """Egger's test: the statistic t, its degrees of freedom, and p."""

    stat: float
    df: int
    p: float


def egger(effects: Effects) -> Egger:
    """Return Egger's regression test of funnel-plot asymmetry, only from ten studies on (Cochrane Handbook 13.3.5.4).

    Weighted regression of the effects on their standard errors with free dispersion; t with k - 2
    degrees of freedom. It tends to find asymmetry in odds ratios where there is none.
    Source: Egger M et al. BMJ 1997;315:629-634.

    Raises CannotPoolError with fewer than ten studies, or where all are of the same precision.
    """
    y, k = effects.effect, effects.k
    if k < FEWEST_FOR_EGGER:
        raise CannotPoolError(f"Egger's test needs {FEWEST_FOR_EGGER} studies; there are {k}.")
    w, x = 1 / effects.variance, np.sqrt(effects.variance)
    x_mean, y_mean = total(w * x) / total(w), total(w * y) / total(w)
    sxx = total(w * (x - x_mean) ** 2)
    if sxx <= 1e-12 * k:
        raise CannotPoolError("Egger's test needs studies of different precision; these are all alike.")
    slope = total(w * (x - x_mean) * y) / sxx
    limit = y_mean - slope * x_mean
    dispersion = total(w * (y - limit - slope * x) ** 2) / (k - 2)
    if not dispersion:
        raise CannotPoolError("Egger's test has no answer: the effects lie on one line.")
    stat = slope / math.sqrt(dispersion / sxx)
    return Egger(rounded(stat), k - 2, rounded(float(2 * stdtr(k - 2, -abs(stat)))))


class Fit(NamedTuple):
    """One model fitted to the effects."""

    estimate: float
    se: float
    weights: Array
    q: float
    tau2: float = 0.0


def _inverse_variance(effects: Effects, model: str, test: str, guard: bool) -> Fit:
    """Fit FE, a random-effects model, or a single study."""
    y, v = effects.effect, effects.variance
    weights, _, q = het.weighted(y, v)
    if effects.k > 1 and 1 - weights.max() / total(weights) < 1e-12:
        precise = effects.labels[int(weights.argmax())]
        raise CannotPoolError(f"Beside {precise} the other studies have no weight: check its numbers in the source.")
    tau2 = het.estimate_tau2(y, v, model) if model in het.TAU2_METHODS else 0.0
    weights, estimate, spread = het.weighted(y, v, tau2)
    factor = 1.0 if test == "z" else spread / (effects.k - 1)
    se = math.sqrt((max(1.0, factor) if guard else factor) / total(weights))
    if not guard and factor < 1e-16:  # no more than rounding
        raise CannotPoolError("All effects are equal: unguarded hksj has no standard error; keep the guard.")
    return Fit(estimate, se, weights, q, tau2)


# Mantel-Haenszel pools two by two tables themselves. No 0.5 is added to their cells: the method needs none
# as long as both arms have events somewhere (metafor's default; RevMan has added it).

Estimate = tuple[float, float, Array]  # estimate, its variance, weights


def _mantel_haenszel(effects: Effects) -> Fit:
    if effects.counts is None:
        raise CannotPoolError("Mantel-Haenszel needs the counts of every study: choose FE.")
    try:
        estimate, variance, weights = _MANTEL_HAENSZEL[effects.measure.name](*effects.counts.T)
    except ZeroDivisionError:
        why = "one arm has no event, or an event in everyone, in every study"
        raise CannotPoolError(f"Mantel-Haenszel has no answer: {why}; choose RD, or the measure PETO.") from None
    if variance <= 0:
        raise CannotPoolError("Mantel-Haenszel has no standard error: no arm mixes events and others; choose FE.")
    q = total((effects.effect - estimate) ** 2 / effects.variance)
    return Fit(estimate, math.sqrt(variance), weights, q)


def _mh_risk_ratio(a: Array, n1: Array, c: Array, n2: Array) -> Estimate:
    """Source: Greenland S, Robins JM. Biometrics 1985;41:55-68."""
    n = n1 + n2
    r, s = total(a * n2 / n), total(c * n1 / n)
    variance = total((n1 * n2 * (a + c) - a * c * n) / n**2) / (r * s)
    return math.log(r / s), variance, c * n1 / n


def _mh_odds_ratio(a: Array, n1: Array, c: Array, n2: Array) -> Estimate:
    """Source: Robins J, Breslow N, Greenland S. Biometrics 1986;42:311-323."""
    b, d, n = n1 - a, n2 - c, n1 + n2
    agree, differ, rs, ss = (a + d) / n, (b + c) / n, a * d / n, b * c / n
    r, s = total(rs), total(ss)
    variance = total(agree * rs) / r**2 + total(agree * ss + differ * rs) / (r * s) + total(differ * ss) / s**2
    return math.log(r / s), variance / 2, ss


def _mh_risk_difference(a: Array, n1: Array, c: Array, n2: Array) -> Estimate:
    """The variance holds for few large and for many small studies alike, and is the one metafor uses.

    Source: Sato T, Greenland S, Robins JM. Biometrics 1989;45:1323-1324.
    """
    n = n1 + n2
    weights = n1 * n2 / n
    estimate = total((a * n2 - c * n1) / n) / total(weights)
    p = total(c * (n1 / n) ** 2 - a * (n2 / n) ** 2 + n1 * n2 * (n2 - n1) / (2 * n**2))
    q = total((a * (n2 - c) + c * (n1 - a)) / (2 * n))
    return estimate, (estimate * p + q) / total(weights) ** 2, weights


_MANTEL_HAENSZEL: dict[str, Callable[[Array, Array, Array, Array], Estimate]] = {
    "RR": _mh_risk_ratio,
    "OR": _mh_odds_ratio,
    "RD": _mh_risk_difference,
}
