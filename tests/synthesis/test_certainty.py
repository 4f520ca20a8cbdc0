"""Absolute effects and certainty follow their rules from the figures, each case by hand, and say why in words."""

import math
import re

import pytest

from review_tools.data.project import Project
from review_tools.synthesis import bias
from review_tools.synthesis.certainty import DOMAINS, Certainty, Domain, certainty
from review_tools.synthesis.comparisons import answer
from review_tools.synthesis.target import absolute, target
from small_pool import NAME, counts, low_risk, printed, review

CLEAR = counts(600, 1000, 400, 1000)  # 1.50 (1.37 to 1.64): 148 to 257 more of 1,000
OPPOSITE = counts(400, 1000, 600, 1000)
EQUAL = counts(500, 1000, 500, 1000)
Row = dict[str, object]

# By hand, for 30 of 100 with MSCs and 20 of 100 without. Reach of the interval: 1.959964 standard errors.
REACH_RR = 1.959964 * math.sqrt(1 / 30 - 1 / 100 + 1 / 20 - 1 / 100)
REACH_OR = 1.959964 * math.sqrt(1 / 30 + 1 / 70 + 1 / 20 + 1 / 80)
REACH_RD = 1.959964 * math.sqrt(0.3 * 0.7 / 100 + 0.2 * 0.8 / 100)
INFORMATION = 100 * 100 * 50 * 150 / (200**2 * 199)  # Peto: observed less expected is 30 − 25


def of_odds(odds_ratio: float) -> float:
    odds = 0.25 * odds_ratio  # 20 of 100 are odds of 1 to 4
    return 1000 * odds / (1 + odds)


def hazard(n: int, percent: float) -> Row:
    return printed(0.5, 0.25, 1.0, "hazard ratio", n_arm1=n, n_arm2=n, printed_percent_arm2=percent)


USUAL = counts(30, 100, 20, 100)
ALL = [counts(1, 10, 2, 10), counts(30, 100, 40, 190), counts(9, 10, 10, 10, design="single-arm")]
ALL += [printed(0.9, 0.5, 1.6, "risk ratio", n_arm2=100, printed_percent_arm2=31.5)]
PETO = [of_odds(math.exp(5 / INFORMATION + z / math.sqrt(INFORMATION))) for z in (0, -1.959964, 1.959964)]


@pytest.mark.parametrize(
    ("measure", "rows", "without", "with_mscs"),
    [
        ("RR", [USUAL], 200, (300, 300 * math.exp(-REACH_RR), 300 * math.exp(REACH_RR))),
        ("OR", [USUAL], 200, (300, of_odds(12 / 7 * math.exp(-REACH_OR)), of_odds(12 / 7 * math.exp(REACH_OR)))),
        ("RD", [USUAL], 200, (300, 300 - 1000 * REACH_RD, 300 + 1000 * REACH_RD)),
        ("PETO", [USUAL], 200, PETO),
        ("HR", [hazard(100, 36)], 360, (200, 105.5728, 360)),  # 1 − 0.64^0.5; the ends 1 − 0.64^0.25 and 1 − 0.64^1
        ("HR", [hazard(99, 62.7)], 627, None),  # a percentage need not be a whole number of people
        ("RR", ALL, 1000 * (42 + 31.5) / 300, None),  # the risk is that of all comparators that enter
        ("RD", [counts(3, 10, 0, 10)], 0, None),  # a difference needs no event there
    ],
)
def test_absolute_effects_by_hand(measure: str, rows: list[Row], without: float, with_mscs: object) -> None:
    found = absolute(answer(review(*rows, measure=measure), NAME))
    assert found is not None
    assert found.control == pytest.approx(without)
    if with_mscs:
        assert (found.msc, found.msc_low, found.msc_high) == pytest.approx(with_mscs, rel=1e-6)


def test_nobody_can_be_more_than_everybody() -> None:
    found = absolute(answer(review(counts(10, 10, 8, 10)), NAME))
    assert found is not None
    assert found.msc_high == 1000
    assert found.words.endswith(" to 1000), of 1,000 people")


@pytest.mark.parametrize(
    ("row", "measure"),
    [
        (counts(3, 10, 0, 10), "RR"),  # nobody in the comparator has the event
        (counts(3, 10, 0, 10), "OR"),
        (printed(0.5, 0.2, 1.1, "hazard ratio"), "HR"),  # no risk without MSCs is printed
        (printed(0.5, 0.2, 1.1, "rate ratio", n_arm2=50, printed_percent_arm2=20), "IRR"),  # events, not people
        (printed(2.5, 1.2, 3.8, "mean difference"), "MD"),
        (counts(0, 10, 0, 10), "RR"),  # nothing pooled
    ],
)
def test_where_there_is_no_absolute_effect(row: Row, measure: str) -> None:
    assert absolute(answer(review(row, measure=measure), NAME)) is None


# Certainty


def graded(*rows: Row, **more: object) -> Certainty:
    risk = more.pop("risk_of_bias", low_risk(*"abcdefghij"[: len(rows)]))
    found = certainty(review(*rows, risk_of_bias=risk, **more), NAME)  # type: ignore[arg-type]
    assert found is not None
    assert [domain.name for domain in found.domains] == list(DOMAINS)
    return found


def domain(found: Certainty, name: str) -> Domain:
    return next(one for one in found.domains if one.name == name)


def test_a_large_sound_trial_is_of_high_certainty() -> None:
    found = graded(CLEAR)
    assert (found.rating, found.symbol, found.lowered) == ("high", "⊕⊕⊕⊕", ())
    assert found.words == "high ⊕⊕⊕⊕ (starts high)"


def test_what_is_not_randomised_starts_low_and_never_falls_below_very_low() -> None:
    robins = low_risk("b", tool="ROBINS-I")
    found = graded(CLEAR, CLEAR | {"design": "controlled"}, risk_of_bias=[*low_risk("a"), *robins])
    assert (found.start, found.rating, found.symbol) == ("low", "low", "⊕⊕◯◯")
    found = graded(counts(3, 20, 0, 20) | {"design": "controlled"}, risk_of_bias=())
    assert (found.rating, found.symbol) == ("very low", "⊕◯◯◯")


def test_series_and_empty_pools_are_not_graded() -> None:
    row = counts(9, 10, None, None, block="single-arm binary", design="single-arm", contrast="")  # type: ignore[arg-type]
    series = review(row, measure="PLO", comparison={"design": "single-arm", "contrast": ""})
    assert answer(series, NAME).k == 1
    assert certainty(series, NAME) is None
    assert certainty(review(counts(0, 10, 0, 10)), NAME) is None


def mean(effect: float, low: float, high: float, n: int) -> Row:
    return printed(effect, low, high, "mean difference", n_arm1=n, n_arm2=n)


HR = {"measure": "HR", "better": False}
POINTS = {"measure": "MD", "differences": (1.5, 5, "points")}
NONE = {"measure": "MD", "differences": ("", "", "")}
BOTH = "includes no difference, and appreciable benefit and harm"


@pytest.mark.parametrize(
    ("row", "more", "levels", "says"),
    [
        (
            CLEAR,
            {},
            0,
            r"important benefit: \+200 \(\+148 to \+257\) against a threshold of 100 .*crosses no threshold",
        ),
        (OPPOSITE, {}, 0, "important harm: .*crosses no threshold"),
        (OPPOSITE, {"better": False}, 0, r"important benefit: \+200 \(\+1\d\d to \+2\d\d\)"),  # fewer can be better
        (counts(500, 1000, 490, 1000), {}, 0, "little or no difference: .*crosses no threshold"),
        (counts(32, 100, 20, 100), {}, 1, "important benefit: .*crosses one threshold"),
        (counts(22, 30, 10, 30), {}, 2, "important benefit: .*crosses one threshold, and 60 people are few"),
        (counts(52, 100, 50, 100), {}, 2, "little or no .*from important benefit to important harm"),
        (counts(5, 10, 4, 10), {}, 2, "important benefit: .*from important benefit to important harm"),
        (counts(20, 30, 1, 30), {}, 3, "important benefit: .*beyond 1/20 or 20"),
        (counts(80, 100, 20, 100), {}, 1, "the effect is large, and 200 people are fewer than about 400"),
        # Without an absolute effect the target is any effect.
        (
            printed(0.5, 0.3, 0.8, "hazard ratio", n_arm1=300, n_arm2=300),
            HR,
            0,
            "no threshold .*leaves out no difference",
        ),
        (printed(0.5, 0.3, 0.8, "hazard ratio"), HR, 1, "no threshold .*an unknown number of people"),
        (printed(0.9, 0.8, 1.02, "hazard ratio"), HR, 1, "no threshold .*includes no difference$"),
        (printed(0.9, 0.5, 1.6, "hazard ratio"), HR, 2, f"no threshold .*{BOTH}"),
        (counts(3, 400, 0, 400), {"better": False}, 3, "whether there is an effect"),
        # Means are held against a threshold in their unit, and without one against their standard deviation.
        (mean(3.0, 2.0, 4.0, 500), POINTS, 0, r"\+3.00 \(\+2.00 to \+4.00\) against a threshold of 1.5 points"),
        (mean(3.0, 2.0, 4.0, 500), {"measure": "MD"}, 0, "no threshold"),  # people per 1,000 fit no mean
        (mean(3.0, 2.0, 4.0, 500), NONE, 0, "leaves out no difference"),
        (mean(3.0, 2.0, 4.0, 20), NONE, 1, "40 people are fewer than about 400"),  # the standard deviation is 1.6
        (mean(0.2, -0.5, 0.9, 500), NONE, 1, "includes no difference$"),  # 11.3, half of which is not reached
        (mean(0.0, -3.0, 3.0, 6), NONE, 2, BOTH),  # 2.7
    ],
)
def test_imprecision_is_the_interval_against_the_thresholds(row: Row, more: Row, levels: int, says: str) -> None:
    found = domain(graded(row, **more), "imprecision")
    assert found.levels == levels
    assert re.search(says, found.reason)


@pytest.mark.parametrize(
    ("rows", "levels", "says"),
    [
        ((CLEAR,), 0, "one study"),
        ((CLEAR, CLEAR), 0, "benefit 2; I² 0%"),
        ((CLEAR, counts(900, 1000, 400, 1000)), 0, "benefit 2; I² 9"),  # I² alone lowers nothing
        ((CLEAR, EQUAL), 1, "lie apart"),
        ((CLEAR, OPPOSITE), 2, "lie apart"),
        ((counts(12, 20, 8, 20), counts(9, 20, 9, 20)), 0, "the intervals overlap"),
        ((CLEAR, CLEAR, CLEAR, counts(5, 20, 9, 20)), 0, "harm 1"),  # too little weight to be a side
    ],
)
def test_inconsistency_is_estimates_on_different_sides(rows: tuple[Row, ...], levels: int, says: str) -> None:
    found = domain(graded(*rows), "inconsistency")
    assert (found.levels, says in found.reason) == (levels, True)


@pytest.mark.parametrize(
    ("risk", "levels", "says"),
    [
        (low_risk("a", "b", "c"), 0, "0% of the weight is at high risk"),
        ([*low_risk("a", measurement="high"), *low_risk("b", "c")], 1, "33% of the weight is at high risk"),
        ([*low_risk("a", "b", measurement="high"), *low_risk("c")], 2, "67% of the weight is at high risk"),
        ([*low_risk("a", measurement="some concerns"), *low_risk("b", "c")], 0, "33% has some concerns"),
        ([*low_risk("a", "b", measurement="some concerns"), *low_risk("c")], 1, "67% has some concerns"),
        (low_risk("c"), 1, "not judged yet, and counted as some concerns: a, b"),
    ],
)
def test_the_weight_at_risk_of_bias(risk: list[Row], levels: int, says: str) -> None:
    found = domain(graded(CLEAR, CLEAR, CLEAR, risk_of_bias=risk), "risk of bias")
    assert (found.levels, says in found.reason) == (levels, True)


@pytest.mark.parametrize(
    ("judged", "levels"),
    [
        ({}, 0),
        ({"confounding": "critical"}, 0),  # the start has paid for it
        ({"measurement": "moderate"}, 0),
        ({"missing_data": "no information"}, 1),
        ({"selection": "serious"}, 2),
    ],
)
def test_confounding_is_paid_for_once(judged: dict[str, str], levels: int) -> None:
    found = graded(CLEAR | {"design": "controlled"}, risk_of_bias=low_risk("a", tool="ROBINS-I", **judged))
    assert domain(found, "risk of bias").levels == levels


@pytest.mark.parametrize(
    ("concerns", "overall"),
    [([], "low"), (["measurement", "deviations", "randomisation"], "some concerns")],
)
def test_some_concerns_do_not_add_up(concerns: list[str], overall: str) -> None:
    risk = low_risk("a", **dict.fromkeys(concerns, "some concerns"))
    assert getattr(bias.judged(review(CLEAR, risk_of_bias=risk), "a", "set"), "overall", "") == overall


def test_a_judgement_of_the_outcome_stands_before_one_of_the_study_and_the_careful_before_the_mild() -> None:
    own = {"study_id": "a", "tool": "RoB 2", "domain": "measurement", "judgement": "low", "outcome_set": "set"}
    risk = [*low_risk("a", measurement="high"), own | {"judged_by": "A"}]
    project = review(CLEAR, risk_of_bias=risk)
    assert [getattr(bias.judged(project, "a", name), "overall", "") for name in ("set", "other")] == ["low", "high"]
    assert bias.conflicts(project).empty
    two = review(CLEAR, risk_of_bias=[*risk, own | {"judged_by": "B", "judgement": "high"}])
    assert getattr(bias.judged(two, "a", "set"), "overall", "") == "high"
    assert set(bias.conflicts(two)["judged_by"]) == {"A", "B"}


TRIAL = {"trial_id": "NCT00000001", "label": "A silent trial", "registered_status": "completed", "enrolment": 500}
TIED = {"trial_id": "NCT00000001", "comparison_id": NAME, "reason": "The same question."}
SILENT = "A silent trial (NCT00000001"


@pytest.mark.parametrize(
    ("trial", "told", "levels", "says"),
    [
        ({}, [], 1, SILENT),  # 500 beside 2,000 people
        ({"registered_status": "terminated"}, [], 1, SILENT),
        ({"enrolment": 400}, [], 0, SILENT),  # a fifth, not more
        ({"registered_status": "recruiting"}, [], 0, "no ended trial"),
        ({}, [CLEAR], 0, "no ended trial"),  # it has numbers, and is silent no more
        ({}, [{"block": "words only"}], 1, SILENT),
    ],
)
def test_a_silent_trial_lowers_by_itself(trial: Row, told: list[Row], levels: int, says: str) -> None:
    studies = [{"study_id": "a", "status": "current"}]
    studies += [{"study_id": "b", "status": "current", "trial_id": "NCT00000001"} for _ in told]
    found = graded(CLEAR, *told, trials=[TRIAL | trial], silent_trials=[TIED], studies=studies)
    missing = domain(found, "missing evidence")
    assert (missing.levels, says in missing.reason) == (levels, True)


def test_a_person_judges_indirectness_and_overrides_a_rule_with_reason_and_name() -> None:
    judged = [
        {"comparison_id": NAME, "domain": name, "levels": number, "reason": f"Said of {name}.", "judged_by": "Ana"}
        for name, number in (("indirectness", 1), ("imprecision", 0))
    ]
    found = graded(counts(32, 100, 20, 100), certainty_judgements=judged)
    assert found.words == "moderate ⊕⊕⊕◯ (starts high; indirectness −1)"
    assert domain(found, "indirectness").reason == "Said of indirectness."
    overridden = "Said of imprecision. (the rule: 1, target an important benefit"
    assert domain(found, "imprecision").reason.startswith(overridden)
    assert [one.judged_by for one in found.domains] == ["", "", "Ana", "Ana", ""]


def test_every_comparison_of_the_review_can_be_graded(project: Project) -> None:
    for name in project.table("comparisons")["comparison_id"]:
        found, result = certainty(project, name), answer(project, name)
        assert (found is None) == (result.pooled is None or result.measure.no_effect is None)
        if found:
            assert all(one.reason for one in found.domains)
            assert found.target == target(result)
