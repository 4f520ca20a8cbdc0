"""The effect measures: what each needs, and how its scale of analysis is read back."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from review_tools.synthesis import effects
from review_tools.synthesis.effects import Array, Sized, SynthesisError

TWO_ARMS = ("events_arm1", "n_arm1", "events_arm2", "n_arm2")
ONE_ARM = ("events_arm1", "n_arm1")
MEANS = ("mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2")


def _same(values: Array) -> Array:
    return values


def _exp(values: Array) -> Array:
    with np.errstate(over="ignore"):  # an interval that wide ends at infinity
        return np.asarray(np.exp(values), dtype=float)


def _expit(values: Array) -> Array:
    return np.asarray(expit(values), dtype=float)


def _sine_squared(values: Array) -> Array:
    return np.asarray(np.sin(np.clip(values, 0, np.pi / 2)) ** 2, dtype=float)


@dataclass(frozen=True, slots=True)
class Measure:
    """One effect measure.

    ``columns`` are the columns it needs, in the order in which ``sizes`` takes them; ``back``
    takes values from the scale of analysis to the one a reader knows.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    sizes: Callable[..., Sized]
    back: Callable[[Array], Array]


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("RR", "risk ratio", TWO_ARMS, effects.risk_ratio, _exp),
        Measure("OR", "odds ratio", TWO_ARMS, effects.odds_ratio, _exp),
        Measure("RD", "risk difference", TWO_ARMS, effects.risk_difference, _same),
        Measure("PETO", "Peto odds ratio", TWO_ARMS, effects.peto_odds_ratio, _exp),
        Measure("MD", "mean difference", MEANS, effects.mean_difference, _same),
        Measure("SMD", "Hedges' g", MEANS, effects.hedges_g, _same),
        Measure("ROM", "ratio of means", MEANS, effects.ratio_of_means, _exp),
        Measure("PLO", "proportion (logit)", ONE_ARM, effects.logit_proportion, _expit),
        Measure("PAS", "proportion (arcsine)", ONE_ARM, effects.arcsine_proportion, _sine_squared),
        Measure("HR", "hazard ratio", ("effect", "ci_low", "ci_high"), effects.hazard_ratio, _exp),
        Measure("GEN", "effect", ("effect", "se"), effects.generic, _same),
    )
}


def measure_named(name: str) -> Measure:
    """The measure of that name.

    Raises:
        SynthesisError: there is none; the message lists them.
    """
    if name not in MEASURES:
        raise SynthesisError(f"No measure {name!r}; there are {', '.join(MEASURES)}.")
    return MEASURES[name]
