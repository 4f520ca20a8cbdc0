"""Results in plain words, composed from the figures so that no sentence can outlive its numbers."""

import math

from review_tools.synthesis.certainty import IMPRECISION, Certainty, people_needed
from review_tools.synthesis.comparisons import Answer
from review_tools.synthesis.effects import MEANS, Measure
from review_tools.synthesis.pooling import Pooled
from review_tools.synthesis.target import BENEFIT, HARM, LITTLE, absolute, target

UNCERTAIN, FAR_TOO_UNCERTAIN = "uncertain", "far too uncertain to say"
# What an interval can say, each with how it is said of patients.
VERDICTS = {verdict: verdict for verdict in (BENEFIT, LITTLE, HARM, UNCERTAIN, FAR_TOO_UNCERTAIN)}
VERDICTS |= {BENEFIT: "better with MSCs", HARM: "worse with MSCs"}
VERBS = {"high": "{}", "moderate": "probably {}", "low": "may {}"}


def figure(value: float, measure: Measure) -> str:
    """Return one figure on the reader's scale: proportions as percentages, others with two decimals; ∞ if unbounded."""
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
    """Return the same with the name of the measure, but for proportions: risk ratio 1.18 (0.47 to 2.98).

    Figures that say nothing are left to the data.
    """
    if verdict(answer) == FAR_TOO_UNCERTAIN:
        return f"{answer.measure.title}: {FAR_TOO_UNCERTAIN}"
    if answer.measure.no_effect is None and answer.k == 1:
        return _of_one_series(answer)
    name = "" if answer.measure.no_effect is None else f"{answer.measure.title} "
    return f"{name}{interval(answer.pooled)}"


def _of_one_series(answer: Answer) -> str:
    """Return the count of a single series with the interval of its share; where nobody had it, the model's is not 0."""
    assert answer.pooled is not None  # noqa: S101 (k is 1)
    row, ends = answer.entered.iloc[0], " to ".join(figure(end, answer.measure) for end in answer.pooled.back[1:])
    return f"{row['events_arm1']} of {row['n_arm1']} ({ends})"


def verdict(answer: Answer) -> str:
    """Return what the interval says: one of ``VERDICTS``; nothing without a comparison group or a pool.

    Benefit or harm: the interval leaves out no difference. Little or no difference: it lies within the thresholds of
    the outcome. Far too uncertain to say: a ratio's interval reaches beyond 1/20 or 20.
    """
    if answer.pooled is None or answer.excludes_no_effect is None:
        return ""
    if answer.says_nothing:
        return FAR_TOO_UNCERTAIN
    if target(answer).is_within:
        return LITTLE
    if answer.excludes_no_effect:
        return BENEFIT if answer.favours_msc else HARM
    return UNCERTAIN


def direction(answer: Answer) -> str:
    """Return the verdict as it is said of patients: better or worse with MSCs, or the verdict itself."""
    return VERDICTS.get(verdict(answer), "")


def sentence(answer: Answer) -> str:
    """Say what the comparison found, what its interval says, and what it is not."""
    outcome, people = answer.comparison["outcome"], f"{answer.people} people"
    if answer.rows.empty:
        return f"No study tells {outcome} by arm in what was read."
    if answer.pooled is None:
        return f"No row can be pooled for {outcome}: each is listed below with its reason."
    if answer.measure.no_effect is None:
        head = "In one series" if answer.k == 1 else f"Across {answer.k} series of {people}"
        share = f"{named_interval(answer)} had the outcome ({outcome})."
        return f"{head}, {share} There is no comparison group, so this does not show an effect."
    said, few = verdict(answer), too_few(answer)
    head = f"One study of {people}" if answer.k == 1 else f"{answer.k} studies of {people} together"
    if said == FAR_TOO_UNCERTAIN:
        reach = f"the interval of the {answer.measure.title} reaches beyond 1/20 or 20"
        return f"{head}: for {outcome} it is {FAR_TOO_UNCERTAIN}, since {reach}.{few}"
    judgement = {
        BENEFIT: "The interval lies on the side that favours MSCs.",
        HARM: "The interval lies on the side that favours the control.",
        LITTLE: "The interval lies within the differences that matter: little or no difference.",
        UNCERTAIN: "The interval includes no difference, and differences that matter: uncertain.",
    }[said]
    if said == UNCERTAIN and target(answer).threshold is None:
        judgement = "The interval includes no difference: uncertain."
    found = f"{'gives' if answer.k == 1 else 'give'} a {answer.measure.title} of {interval(answer.pooled)}"
    return f"{head} {found} for {outcome}. {judgement}{few}"


def too_few(answer: Answer) -> str:
    """Say what cannot be known from one study or two."""
    if answer.k == 1:
        return " A single study is shown as it is and not pooled."
    if answer.k == 2 and answer.pooled is not None and answer.pooled.test == "z":
        return " Two studies cannot tell how much studies differ; their interval is the normal one."
    return ""


def plainly(answer: Answer, certainty: Certainty | None) -> str:
    """Say size and certainty in one plain sentence; nothing without a comparison group or a pool.

    After Santesso N et al. J Clin Epidemiol 2020;119:126-135, doi 10.1016/j.jclinepi.2019.10.014: the estimate gives
    the size, the certainty the verb. At very low certainty no size is given.
    """
    if certainty is None or answer.pooled is None:
        return ""
    outcome, aim = answer.comparison["outcome"], certainty.target
    if certainty.rating == "very low":
        return f"The evidence is very uncertain about the effect of MSCs on {outcome}."
    if aim.word == LITTLE:
        what = f"make little or no difference to {outcome}"
    else:
        if answer.measure.columns == MEANS:  # of a score a reader cannot know which way is good
            verb = "improve" if aim.word == BENEFIT else "worsen"
        else:
            verb = "increase" if answer.pooled.estimate > 0 else "reduce"
        large = aim.large is not None and aim.is_large
        what = f"{verb} {outcome}{' by a large amount' if large else ''}"
    counted = absolute(answer)
    figures = f": {counted.words}" if counted else f" ({named_interval(answer)})"
    doubt = "" if answer.excludes_no_effect or aim.word == LITTLE else "; no difference is not ruled out"
    return f"MSCs {VERBS[certainty.rating].format(what)}{figures}{doubt}."


def what_would_change(answer: Answer, certainty: Certainty | None) -> str:
    """Say what would change an answer: as declared, and how many people are missing where few make it imprecise."""
    declared = str(answer.comparison["what_would_change_it"])
    if certainty is None or IMPRECISION not in [domain.name for domain in certainty.lowered]:
        return declared
    aim = certainty.target
    needed = people_needed(answer, aim)
    if needed is None or needed <= answer.people:
        return declared
    size = f"{aim.threshold:g} {aim.unit} takes about {needed:,} people"
    return f"{declared} To show a difference of {size}; {answer.people} took part."
