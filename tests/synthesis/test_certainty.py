"""Certainty follows its rules from the figures, each case by hand, and says why in words."""

from pathlib import Path

import pytest

import spoil
from review_tools.data.project import Project
from review_tools.synthesis import bias
from review_tools.synthesis.certainty import DOMAINS, Certainty, certainty
from review_tools.synthesis.comparisons import answer
from review_tools.synthesis.target import target
from small_pool import NAME, counts, low_risk, printed, review

CLEAR = counts(600, 1000, 400, 1000)  # 1.50 (1.37 to 1.64): 148 to 257 more of 1,000
OPPOSITE = counts(400, 1000, 600, 1000)
EQUAL = counts(500, 1000, 500, 1000)


def graded(*rows: dict[str, object], **more: object) -> Certainty:
    risk = more.pop("risk_of_bias", low_risk(*"abcdefghij"[: len(rows)]))
    found = certainty(review(*rows, risk_of_bias=risk, **more), NAME)  # type: ignore[arg-type]
    assert found is not None
    assert [domain.name for domain in found.domains] == list(DOMAINS)
    return found


def levels(found: Certainty, name: str) -> int:
    return next(domain.levels for domain in found.domains if domain.name == name)


def reason(found: Certainty, name: str) -> str:
    return next(domain.reason for domain in found.domains if domain.name == name)


def test_a_large_sound_trial_is_of_high_certainty() -> None:
    found = graded(CLEAR)
    assert (found.rating, found.symbol, found.lowered) == ("high", "⊕⊕⊕⊕", ())
    assert found.words == "high ⊕⊕⊕⊕ (starts high)"
    assert found.target.word == "benefit"


def test_what_is_not_randomised_starts_low() -> None:
    robins = low_risk("b", tool="ROBINS-I")
    found = graded(CLEAR, CLEAR | {"design": "controlled"}, risk_of_bias=[*low_risk("a"), *robins])
    assert (found.start, found.rating, found.symbol) == ("low", "low", "⊕⊕◯◯")


@pytest.mark.parametrize(
    "row", [counts(9, 10, None, None, block="single-arm binary", design="single-arm", contrast="")]
)  # type: ignore[arg-type]
def test_series_and_empty_pools_are_not_graded(row: dict[str, object]) -> None:
    series = review(row, measure="PLO", comparison={"design": "single-arm", "contrast": ""})
    assert answer(series, NAME).k == 1
    assert certainty(series, NAME) is None
    assert certainty(review(counts(0, 10, 0, 10)), NAME) is None


# Imprecision


@pytest.mark.parametrize(
    ("row", "lowered", "word", "says"),
    [
        (CLEAR, 0, "benefit", "+200 (+148 to +257) against a threshold of 100"),
        (OPPOSITE, 0, "harm", "crosses no threshold"),
        (counts(500, 1000, 490, 1000), 0, "little or no difference", "crosses no threshold"),
        (counts(32, 100, 20, 100), 1, "benefit", "crosses one threshold"),
        (counts(22, 30, 10, 30), 2, "benefit", "crosses one threshold, and 60 people are few"),
        (counts(52, 100, 50, 100), 2, "little or no difference", "from important benefit to important harm"),
        (counts(5, 10, 4, 10), 2, "benefit", "from important benefit to important harm"),
        (counts(20, 30, 1, 30), 3, "benefit", "beyond 1/20 or 20"),
        (counts(80, 100, 20, 100), 1, "benefit", "the effect is large, and 200 people are fewer than about 400"),
    ],
)
def test_the_interval_against_the_thresholds(row: dict[str, object], lowered: int, word: str, says: str) -> None:
    found = graded(row)
    assert (levels(found, "imprecision"), found.target.word) == (lowered, word)
    assert says in reason(found, "imprecision")


def test_fewer_events_can_be_the_benefit() -> None:
    found = graded(OPPOSITE, better=False)
    assert found.target.word == "benefit"
    assert found.target.low < found.target.difference < found.target.high


@pytest.mark.parametrize(
    ("row", "measure", "lowered", "says"),
    [
        (printed(0.5, 0.3, 0.8, "hazard ratio", n_arm1=300, n_arm2=300), "HR", 0, "leaves out no difference"),
        (printed(0.5, 0.3, 0.8, "hazard ratio"), "HR", 1, "an unknown number of people"),
        (printed(0.9, 0.8, 1.02, "hazard ratio"), "HR", 1, "includes no difference"),
        (printed(0.9, 0.5, 1.6, "hazard ratio"), "HR", 2, "appreciable benefit and harm"),
        (counts(3, 400, 0, 400), "RR", 3, "whether there is an effect"),
    ],
)
def test_without_an_absolute_effect_the_target_is_any_effect(
    row: dict[str, object], measure: str, lowered: int, says: str
) -> None:
    found = graded(row, measure=measure, better=False)
    assert found.target.threshold is None
    assert levels(found, "imprecision") == lowered
    assert says in reason(found, "imprecision")


def test_means_are_held_against_a_threshold_in_their_unit() -> None:
    means = printed(3.0, 2.0, 4.0, "mean difference", n_arm1=500, n_arm2=500)
    found = graded(means, measure="MD", differences=(1.5, 5, "points"))
    assert (found.target.word, levels(found, "imprecision")) == ("benefit", 0)
    assert "+3.00 (+2.00 to +4.00) against a threshold of 1.5 points" in reason(found, "imprecision")
    assert graded(means, measure="MD").target.threshold is None  # people per 1,000 fit no mean


@pytest.mark.parametrize(
    ("effect", "n", "lowered", "says"),
    [
        ((3.0, 2.0, 4.0), 500, 0, "leaves out no difference"),
        ((3.0, 2.0, 4.0), 20, 1, "40 people are fewer than about 400"),  # the standard deviation is 1.6
        ((0.2, -0.5, 0.9), 500, 1, "includes no difference"),  # 11.3, half of which is not reached
        ((0.0, -3.0, 3.0), 6, 2, "appreciable benefit and harm"),  # 2.7
    ],
)
def test_means_without_a_threshold_are_held_against_their_deviation(
    effect: tuple[float, float, float], n: int, lowered: int, says: str
) -> None:
    row = printed(*effect, "mean difference", n_arm1=n, n_arm2=n)
    found = graded(row, measure="MD", differences=("", "", ""))
    assert levels(found, "imprecision") == lowered
    assert says in reason(found, "imprecision")


# Inconsistency


@pytest.mark.parametrize(
    ("rows", "lowered", "says"),
    [
        ((CLEAR,), 0, "one study"),
        ((CLEAR, CLEAR), 0, "benefit 2; I² 0%"),
        ((CLEAR, counts(900, 1000, 400, 1000)), 0, "benefit 2; I² 9"),  # I² alone lowers nothing
        ((CLEAR, EQUAL), 1, "hardly overlap"),
        ((CLEAR, OPPOSITE), 2, "hardly overlap"),
        ((counts(12, 20, 8, 20), counts(9, 20, 9, 20)), 0, "the intervals overlap"),
        ((CLEAR, CLEAR, CLEAR, counts(5, 20, 9, 20)), 0, "harm 1"),  # too little weight to be a side
    ],
)
def test_estimates_on_different_sides(rows: tuple[dict[str, object], ...], lowered: int, says: str) -> None:
    found = graded(*rows)
    assert levels(found, "inconsistency") == lowered
    assert says in reason(found, "inconsistency")


# Risk of bias

THREE = (CLEAR, CLEAR, CLEAR)


@pytest.mark.parametrize(
    ("risk", "lowered", "says"),
    [
        (low_risk("a", "b", "c"), 0, "0% of the weight is at high risk"),
        ([*low_risk("a", measurement="high"), *low_risk("b", "c")], 1, "33% of the weight is at high risk"),
        ([*low_risk("a", "b", measurement="high"), *low_risk("c")], 2, "67% of the weight is at high risk"),
        ([*low_risk("a", measurement="some concerns"), *low_risk("b", "c")], 0, "33% has some concerns"),
        ([*low_risk("a", "b", measurement="some concerns"), *low_risk("c")], 1, "67% has some concerns"),
        (low_risk("c"), 1, "not judged yet, and counted as some concerns: a, b"),
    ],
)
def test_the_weight_at_risk(risk: list[dict[str, object]], lowered: int, says: str) -> None:
    found = graded(*THREE, risk_of_bias=risk)
    assert levels(found, "risk of bias") == lowered
    assert says in reason(found, "risk of bias")


@pytest.mark.parametrize(
    ("domains", "lowered"),
    [
        ({}, 0),
        ({"confounding": "critical"}, 0),  # the start has paid for it
        ({"measurement": "moderate"}, 0),
        ({"missing_data": "no information"}, 1),
        ({"selection": "serious"}, 2),
    ],
)
def test_confounding_is_paid_for_once(domains: dict[str, str], lowered: int) -> None:
    found = graded(CLEAR | {"design": "controlled"}, risk_of_bias=low_risk("a", tool="ROBINS-I", **domains))
    assert levels(found, "risk of bias") == lowered


SOME = "some concerns"


@pytest.mark.parametrize(
    ("judgements", "overall"),
    [
        ({}, "low"),
        ({"measurement": SOME, "deviations": SOME}, SOME),
        ({"measurement": SOME, "deviations": SOME, "randomisation": SOME}, SOME),
        ({"measurement": "high"}, "high"),
    ],
)
def test_the_overall_judgement_of_rob_2(judgements: dict[str, str], overall: str) -> None:
    found = bias.judged(review(CLEAR, risk_of_bias=low_risk("a", **judgements)), "a", "set")
    assert found is not None
    assert found.overall == overall


def test_a_judgement_of_the_outcome_stands_before_one_of_the_study_and_the_careful_before_the_mild() -> None:
    own = {"study_id": "a", "tool": "RoB 2", "domain": "measurement", "judgement": "low", "outcome_set": "set"}
    risk = [*low_risk("a", measurement="high"), own | {"judged_by": "A"}]
    project = review(CLEAR, risk_of_bias=risk)
    assert [getattr(bias.judged(project, "a", name), "overall", "") for name in ("set", "other")] == ["low", "high"]
    assert bias.conflicts(project).empty
    two = review(CLEAR, risk_of_bias=[*risk, own | {"judged_by": "B", "judgement": "high"}])
    assert getattr(bias.judged(two, "a", "set"), "overall", "") == "high"
    assert set(bias.conflicts(two)["judged_by"]) == {"A", "B"}


# Missing evidence, indirectness, and what a person overrides

TRIAL = {"trial_id": "NCT00000001", "label": "A silent trial", "registered_status": "completed", "enrolment": 500}
TIED = {"trial_id": "NCT00000001", "comparison_id": NAME, "reason": "The same question."}


@pytest.mark.parametrize(
    ("trial", "lowered"),
    [
        ({}, 1),  # 500 beside 2,000 people
        ({"registered_status": "terminated"}, 1),
        ({"enrolment": 400}, 0),  # a fifth, not more
        ({"registered_status": "recruiting"}, 0),
    ],
)
def test_a_silent_trial_lowers_by_itself(trial: dict[str, object], lowered: int) -> None:
    found = graded(CLEAR, trials=[TRIAL | trial], silent_trials=[TIED])
    assert levels(found, "missing evidence") == lowered
    assert ("A silent trial (NCT00000001" in reason(found, "missing evidence")) == (
        trial.get("registered_status") != "recruiting"
    )


@pytest.mark.parametrize(("block", "lowered"), [("binary", 0), ("words only", 1)])
def test_a_trial_with_numbers_is_silent_no_more(block: str, lowered: int) -> None:
    studies = [{"study_id": "a"}, {"study_id": "b", "trial_id": "NCT00000001"}]
    told = CLEAR if block == "binary" else {"block": block}
    found = graded(
        CLEAR, told, trials=[TRIAL], silent_trials=[TIED], studies=[one | {"status": "current"} for one in studies]
    )
    assert levels(found, "missing evidence") == lowered


def test_a_person_judges_indirectness_and_overrides_a_rule_with_reason_and_name() -> None:
    judged = [
        {"comparison_id": NAME, "domain": domain, "levels": number, "reason": f"Said of {domain}.", "judged_by": "Ana"}
        for domain, number in (("indirectness", 1), ("imprecision", 0))
    ]
    found = graded(counts(32, 100, 20, 100), certainty_judgements=judged)
    assert found.words == "moderate ⊕⊕⊕◯ (starts high; indirectness −1)"
    assert reason(found, "indirectness") == "Said of indirectness."
    assert reason(found, "imprecision").startswith("Said of imprecision. (the rule: 1, target an important benefit")
    assert [domain.judged_by for domain in found.domains] == ["", "", "Ana", "Ana", ""]


def test_it_never_falls_below_very_low() -> None:
    found = graded(counts(3, 20, 0, 20) | {"design": "controlled"}, risk_of_bias=())
    assert (found.rating, found.symbol) == ("very low", "⊕◯◯◯")


def test_every_comparison_of_the_review_can_be_graded(root: Path) -> None:
    project = Project(root)
    for name in project.table("comparisons")["comparison_id"]:
        found, result = certainty(project, name), answer(project, name)
        assert (found is None) == (result.pooled is None or result.measure.no_effect is None)
        if found:
            assert all(domain.reason for domain in found.domains)
            assert found.target == target(result)


def test_a_changed_judgement_changes_the_certainty() -> None:
    project = review(CLEAR, risk_of_bias=low_risk("a"))
    worse = spoil.cells(project, "risk_of_bias", "a", judgement="high")
    assert [getattr(certainty(one, NAME), "rating", "") for one in (project, worse)] == ["high", "low"]
