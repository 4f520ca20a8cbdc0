"""Pools effects: common-effect and random-effects models, their intervals and their weights."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

from review_tools.synthesis import heterogeneity as het
from review_tools.synthesis import mantel_haenszel
from review_tools.synthesis.effects import Array, SynthesisError
from review_tools.synthesis.rows import Effects, LeftOut

COMMON_EFFECT = ("FE", "MH", "PETO")
MODELS = (*COMMON_EFFECT, *het.TAU2_METHODS)
TESTS = ("z", "hksj")
PREDICTIONS = ("as test", "k-2")
SINGLE = "single study"

_MANTEL_HAENSZEL = {
    "RR": mantel_haenszel.risk_ratio,
    "OR": mantel_haenszel.odds_ratio,
    "RD": mantel_haenszel.risk_difference,
}


class CannotPoolError(SynthesisError):
    """These effects cannot be pooled in this way; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled effect. Everything is on the scale of analysis (ratios: natural logarithm), except ``back_…``.

    ``se`` holds the Hartung-Knapp factor where ``test`` is hksj; ``stat`` is then t with ``df``
    degrees of freedom, otherwise z. ``tau2`` is 0 where the model assumes it. ``i2`` and
    ``weights`` are percentages. ``None``: the model or the number of studies does not give it.
    With k = 1 the figures are the study's own and ``model`` is "single study".
    """

    measure: str
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
    pi_low: float | None
    pi_high: float | None
    back_estimate: float
    back_ci_low: float
    back_ci_high: float
    back_pi_low: float | None
    back_pi_high: float | None
    labels: tuple[str, ...]
    weights: tuple[float, ...]
    left_out: tuple[LeftOut, ...]

    def figures(self) -> dict[str, float | None]:
        """The figures that ``review pool --json`` prints; None also where a bound is infinite."""
        names = ("k", "estimate", "se", "ci_low", "ci_high", "stat", "p", "tau2", "i2", "q", "q_p", "pi_low", "pi_high")
        values = {name: getattr(self, name) for name in (*names, "back_estimate", "back_ci_low", "back_ci_high")}
        return {name: value if value is not None and np.isfinite(value) else None for name, value in values.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """One model fitted to k effects: what ``pool`` and the sensitivity analyses share."""

    estimate: float
    variance: float  # of the estimate, with ``factor`` in it
    factor: float  # Hartung-Knapp factor, 1 for z
    df: int | None  # of t; None for z
    tau2: float
    q: float
    weights: Array

    @property
    def se(self) -> float:
        return float(np.sqrt(self.variance))

    def interval(self, level: float) -> tuple[float, float]:
        return _around(self.estimate, self.se, self.df, level)

    @property
    def p(self) -> float:
        stat = -abs(self.estimate / self.se)
        return float(2 * (ndtr(stat) if self.df is None else stdtr(self.df, stat)))


def pool(
    effects: Effects,
    model: str = "REML",
    test: str | None = None,
    *,
    guard: bool = True,
    prediction: str = "as test",
    level: float = 0.95,
) -> Pooled:
    """The pooled effect of k studies.

    Args:
        effects: from ``effect_sizes``.
        model: FE (common effect, inverse variance), MH (Mantel-Haenszel; RR, OR, RD), PETO (Peto odds
            ratios); random effects with tau² by REML, DL, PM, ML or HE.
        test: z or hksj (Hartung-Knapp-Sidik-Jonkman, t with k - 1 degrees of freedom). Default: hksj
            for random effects, z otherwise.
        guard: keep the hksj factor at 1 or more, so that the interval is never narrower than that
            of z (Knapp and Hartung 2003; metafor's ``test="adhoc"``). False is metafor's "knha".
        prediction: the quantile of the prediction interval, from k = 3 on. "as test" follows
            metafor's ``predict``: normal for z, t with k - 1 degrees of freedom for hksj. "k-2" is
            t with k - 2 degrees of freedom (Higgins JPT et al. J R Stat Soc A 2009;172:137-159).
        level: of all intervals.

    Q and the interval of tau² (Q-profile) use inverse-variance weights; Q of MH is taken about the
    Mantel-Haenszel estimate. The interval of I² follows that of tau²; for common-effect models it
    is test-based.

    Sources: Hartung J, Knapp G. Stat Med 2001;20:3875-3889; Sidik K, Jonkman JN. Stat Med
    2002;21:3153-3159; Knapp G, Hartung J. Stat Med 2003;22:2693-2710 (guard); Röver C et al. BMC Med
    Res Methodol 2015;15:99 (why guard).

    Raises:
        CannotPoolError: nothing to pool, or model, test and measure do not go together.
        ConvergenceError: tau² was not reached.
    """
    test = test or default_test(model)
    check_choice(effects, model, test)
    if prediction not in PREDICTIONS or not 0 < level < 1:
        raise CannotPoolError(f"prediction is one of {', '.join(PREDICTIONS)}, and level lies between 0 and 1.")
    k = len(effects.effect)
    if k == 0:
        reasons = "".join(f" {row.label}: {row.why}." for row in effects.left_out)
        raise CannotPoolError(f"There is nothing to pool: no row contributes.{reasons}")
    if k == 1:
        fitted, model, test = _single(effects), SINGLE, "z"
    else:
        fitted = fit(effects.effect, effects.variance, effects.counts, effects.measure.name, model, test, guard)
    ci = fitted.interval(level)
    random = model in het.TAU2_METHODS
    pi: tuple[float, float] | None = None
    if random and k >= 3:
        df = k - 2 if prediction == "k-2" else fitted.df
        pi = _around(fitted.estimate, float(np.sqrt(fitted.variance + fitted.tau2)), df, level)
    tau2_ci = het.tau2_interval(effects.effect, effects.variance, level) if random else None
    i2_ci: tuple[float, float] | None = None
    if tau2_ci:
        i2_ci = (het.i2_from_tau2(tau2_ci[0], effects.variance), het.i2_from_tau2(tau2_ci[1], effects.variance))
    elif k > 1:
        i2_ci = het.i2_interval_from_q(fitted.q, k - 1, level)
    several = k > 1
    back = effects.measure.back(np.array([fitted.estimate, *ci, *(pi or ())]))
    return Pooled(
        measure=effects.measure.name,
        model=model,
        test=test,
        k=k,
        estimate=fitted.estimate,
        se=fitted.se,
        ci_low=ci[0],
        ci_high=ci[1],
        stat=fitted.estimate / fitted.se,
        p=fitted.p,
        df=fitted.df,
        tau2=fitted.tau2 if several else None,
        tau2_interval=tau2_ci,
        i2=i2(fitted, effects.variance, model) if several else None,
        i2_interval=i2_ci,
        q=fitted.q if several else None,
        q_p=float(chdtrc(k - 1, fitted.q)) if several else None,
        pi_low=pi[0] if pi else None,
        pi_high=pi[1] if pi else None,
        back_estimate=float(back[0]),
        back_ci_low=float(back[1]),
        back_ci_high=float(back[2]),
        back_pi_low=float(back[3]) if pi else None,
        back_pi_high=float(back[4]) if pi else None,
        labels=effects.labels,
        weights=tuple((100 * fitted.weights / fitted.weights.sum()).tolist()),
        left_out=effects.left_out,
    )


def default_test(model: str) -> str:
    """hksj for random effects, z for common-effect models."""
    return "z" if model in COMMON_EFFECT else "hksj"


def check_choice(effects: Effects, model: str, test: str) -> None:
    """Whether measure, model and test go together.

    Raises:
        CannotPoolError: they do not.
    """
    measure = effects.measure.name
    if model not in MODELS:
        raise CannotPoolError(f"No model {model!r}; there are {', '.join(MODELS)}.")
    if test not in TESTS:
        raise CannotPoolError(f"No test {test!r}; there are {', '.join(TESTS)}.")
    if model == "MH" and measure not in _MANTEL_HAENSZEL:
        raise CannotPoolError(f"Mantel-Haenszel pools {', '.join(_MANTEL_HAENSZEL)}, not {measure}: choose FE.")
    if model == "PETO" and measure != "PETO":
        raise CannotPoolError(f"Peto's method pools the measure PETO, not {measure}: choose the measure PETO.")
    if model in ("MH", "PETO") and test == "hksj":
        raise CannotPoolError(f"Hartung-Knapp-Sidik-Jonkman does not go with {model}: choose the test z.")


def fit(
    y: Array,
    v: Array,
    counts: Array | None,
    measure: str,
    model: str,
    test: str,
    guard: bool,
    start: float = 0.0,
) -> Fit:
    """One model on k ≥ 2 effects ``y`` with variances ``v``; ``start`` is a hint for tau².

    Raises:
        CannotPoolError: the tables of a Mantel-Haenszel pool lack the events it needs, or unguarded
            hksj meets effects that are all equal.
        ConvergenceError: tau² was not reached.
    """
    df = len(y) - 1
    if model == "MH":
        if counts is None:
            raise CannotPoolError("Mantel-Haenszel needs the counts of both arms.")
        try:
            estimate, variance, weights = _MANTEL_HAENSZEL[measure](counts)
        except ZeroDivisionError as error:
            raise CannotPoolError(f"Mantel-Haenszel has no answer: {error}; choose RD, or PETO.") from error
        if variance <= 0:
            raise CannotPoolError("Mantel-Haenszel has no standard error: no arm mixes events and others; choose FE.")
        return Fit(estimate, variance, 1.0, None, 0.0, float(((y - estimate) ** 2 / v).sum()), weights)
    q = het.weighted(y, v)[2]
    tau2 = 0.0 if model in COMMON_EFFECT else het.estimate_tau2(y, v, model, start)
    w, mean, spread = het.weighted(y, v, tau2)
    if test == "z":
        return Fit(mean, float(1 / w.sum()), 1.0, None, tau2, q, w)
    factor = max(1.0, spread / df) if guard else spread / df
    if factor == 0:
        raise CannotPoolError("All effects are equal: unguarded hksj has no standard error; keep the guard.")
    return Fit(mean, factor / float(w.sum()), factor, df, tau2, q, w)


def i2(fitted: Fit, v: Array, model: str) -> float:
    """I² of a fit in percent: from tau² for random effects, from Q for common-effect models."""
    return het.i2_from_q(fitted.q, len(v) - 1) if model in COMMON_EFFECT else het.i2_from_tau2(fitted.tau2, v)


def _single(effects: Effects) -> Fit:
    return Fit(float(effects.effect[0]), float(effects.variance[0]), 1.0, None, 0.0, 0.0, np.ones(1))


def _around(centre: float, se: float, df: int | None, level: float) -> tuple[float, float]:
    reach = (1 + level) / 2
    quantile = float(ndtri(reach) if df is None else stdtrit(df, reach))
    return centre - quantile * se, centre + quantile * se
