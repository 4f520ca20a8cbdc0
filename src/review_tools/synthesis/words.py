"""Results in plain words, composed from the figures so that no sentence can outlive its numbers."""

import math

from review_tools.synthesis.comparisons import Answer

RATIO = {"RR": "risk ratio", "OR": "odds ratio", "HR": "hazard ratio", "MD": "mean difference", "SMD": "Hedges' g"}
CERTAINTY = "Certainty: not assessed by anybody we know of."


def figure(value: float | None, measure: str) -> str:
    """One back-transformed figure: proportions as percentages, others with two decimals; ∞ where unbounded."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "∞"
    if measure == "proportion":
        return f"{100 * value:.0f}%"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.2f}"


def interval(answer: Answer) -> str:
    """Estimate with its 95% interval: 1.18 (0.47 to 2.98)."""
    pooled, measure = answer.pooled, str(answer.comparison["measure"])
    if pooled is None:
        return "–"
    low, high = figure(pooled.back_ci_low, measure), figure(pooled.back_ci_high, measure)
    return f"{figure(pooled.back_estimate, measure)} ({low} to {high})"


def sentence(answer: Answer) -> str:
    """What the comparison says, how sure it is, and what it is not."""
    outcome, measure = answer.comparison["outcome"], str(answer.comparison["measure"])
    if answer.pooled is None:
        return f"No row can be pooled for {outcome}: each is listed below with its reason."
    people = f"{answer.people} people"
    if measure == "proportion":
        share = f"{interval(answer)} had the outcome ({outcome})."
        head = f"In one series of {people}, " if answer.k == 1 else f"Across {answer.k} series of {people}, "
        return f"{head}{share} There is no comparison group, so this does not show an effect."
    head = f"One study of {people}" if answer.k == 1 else f"{answer.k} studies of {people} together"
    result = f"{head} give a {RATIO[measure]} of {interval(answer)} for {outcome}"
    if answer.k == 1:
        result = result.replace(" give ", " gives ", 1)
    if not answer.excludes_no_effect:
        judgement = "The interval includes no difference."
    elif answer.favours_msc:
        judgement = "The interval lies on the side that favours MSCs."
    else:
        judgement = "The interval lies on the side that favours the control."
    alone = " A single study is shown as it is and not pooled." if answer.k == 1 else ""
    two = (
        " Two studies cannot tell how much studies differ, so the interval is wide by design." if answer.k == 2 else ""
    )
    return f"{result}. {judgement}{alone}{two}"


def direction(answer: Answer) -> str:
    """Return which way a comparison points: only an interval that leaves out no difference points at all."""
    if not answer.excludes_no_effect:
        return "no clear difference"
    return "better with MSCs" if answer.favours_msc else "worse with MSCs"
