"""Results in plain words, composed from the figures so that no sentence can outlive its numbers."""

import math

from review_tools.synthesis.comparisons import Answer
from review_tools.synthesis.effects import Measure
from review_tools.synthesis.pooling import Pooled


def figure(value: float | None, measure: Measure) -> str:
    """Return one figure on the reader's scale: proportions as percentages, others with two decimals; ∞ if unbounded."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "∞"
    if measure.no_effect is None:
        return f"{100 * value:.0f}%"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.2f}"


def interval(pooled: Pooled | None) -> str:
    """Return the estimate with its 95% interval: 1.18 (0.47 to 2.98)."""
    if pooled is None:
        return "–"
    estimate, low, high = (figure(value, pooled.measure) for value in pooled.back)
    return f"{estimate} ({low} to {high})"


def named_interval(answer: Answer) -> str:
    """Return the same with the name of the measure, but for proportions: risk ratio 1.18 (0.47 to 2.98)."""
    name = "" if answer.measure.no_effect is None else f"{answer.measure.title} "
    return f"{name}{interval(answer.pooled)}"


def sentence(answer: Answer) -> str:
    """Say what the comparison says, how sure it is, and what it is not."""
    outcome, people = answer.comparison["outcome"], f"{answer.people} people"
    if answer.rows.empty:
        return f"No study tells {outcome} by arm in what was read."
    if answer.pooled is None:
        return f"No row can be pooled for {outcome}: each is listed below with its reason."
    if answer.measure.no_effect is None:
        head = f"In one series of {people}" if answer.k == 1 else f"Across {answer.k} series of {people}"
        share = f"{interval(answer.pooled)} had the outcome ({outcome})."
        return f"{head}, {share} There is no comparison group, so this does not show an effect."
    head = f"One study of {people} gives" if answer.k == 1 else f"{answer.k} studies of {people} together give"
    if not answer.excludes_no_effect:
        judgement = "The interval includes no difference."
    else:
        judgement = f"The interval lies on the side that favours {'MSCs' if answer.favours_msc else 'the control'}."
    few = {
        1: " A single study is shown as it is and not pooled.",
        2: " Two studies cannot tell how much studies differ, so the interval is wide by design.",
    }
    result = f"{head} a {answer.measure.title} of {interval(answer.pooled)} for {outcome}."
    return f"{result} {judgement}{few.get(answer.k, '')}"


def direction(answer: Answer) -> str:
    """Return which way a comparison points: only an interval that leaves out no difference points at all."""
    if not answer.excludes_no_effect:
        return "no clear difference"
    return "better with MSCs" if answer.favours_msc else "worse with MSCs"
