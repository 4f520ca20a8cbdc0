"""Absolute effects: how many people in 1,000 a relative effect stands for.

The risk without MSCs is that of the pool itself: all people with the event in the comparators of the rows that enter,
over all people there. A row that prints an effect gives its comparator's percentage, if it prints one. The risk with
MSCs follows from the pooled effect and from each end of its interval; the risk without MSCs is taken as known.

Source: Cochrane Handbook 14.1.5 and chapter 15 (risk ratio r·RR; odds ratio r·OR / (1 − r + r·OR); hazard ratio
1 − (1 − r)^HR).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from review_tools.synthesis.comparisons import Answer
from review_tools.synthesis.effects import rounded

PER = 1000
# From the risk without MSCs and the effect to the risk with them.
RISKS: dict[str, Callable[[float, float], float]] = {
    "RR": lambda risk, ratio: risk * ratio,
    "OR": lambda risk, ratio: _from_odds(risk, ratio),
    "PETO": lambda risk, ratio: _from_odds(risk, ratio),
    "HR": lambda risk, ratio: 1 - (1 - risk) ** ratio,
    "RD": lambda risk, difference: risk + difference,
}


@dataclass(frozen=True, slots=True)
class Absolute:
    """People with the event in 1,000, without and with MSCs, the latter with its 95% interval."""

    control: float
    msc: float
    msc_low: float
    msc_high: float

    @property
    def differences(self) -> tuple[float, float, float]:
        """How many more people have the event with MSCs, and the ends of the interval; negative: fewer."""
        low, estimate, high = (rounded(risk - self.control) for risk in (self.msc_low, self.msc, self.msc_high))
        return estimate, low, high

    @property
    def words(self) -> str:
        """The two risks in words, in whole people."""
        low, high = round(self.msc_low), round(self.msc_high)
        return f"{round(self.control)} without MSCs, {round(self.msc)} with them ({low} to {high}), of 1,000 people"


def control_risk(answer: Answer) -> float | None:
    """Return the share of people with the event in the comparators of the rows that enter; None if not known."""
    rows = answer.entered
    n, events = (rows[column].astype("float64") for column in ("n_arm2", "events_arm2"))
    events = events.fillna(rows["printed_percent_arm2"] * n / 100)
    known = events.notna() & n.notna()
    return float(events[known].sum() / n[known].sum()) if known.any() else None


def absolute(answer: Answer) -> Absolute | None:
    """Return the absolute effect of a comparison; None where its measure, or what is printed, gives none.

    A ratio says nothing where nobody without MSCs had the event.
    """
    risk = control_risk(answer) if answer.measure.name in RISKS else None
    if answer.pooled is None or risk is None or (answer.measure.is_ratio and risk == 0):
        return None
    low, estimate, high = (risk_with(answer, risk, end) for end in _ends(answer))
    return Absolute(rounded(PER * risk), estimate, low, high)


def risk_with(answer: Answer, risk: float, effect: float) -> float:
    """Return how many of 1,000 people have the event with MSCs, by one effect on the reader's scale."""
    return rounded(PER * min(1.0, max(0.0, RISKS[answer.measure.name](risk, effect))))


def _ends(answer: Answer) -> tuple[float, float, float]:
    assert answer.pooled is not None  # noqa: S101 (``absolute`` looks)
    estimate, low, high = answer.pooled.back
    return low, estimate, high


def _from_odds(risk: float, ratio: float) -> float:
    return 1.0 if math.isinf(ratio) else risk * ratio / (1 - risk + risk * ratio)
