"""Which rows enter a pool is decided by rule, every row that stays out says why, and words follow from the figures."""

import re

import pytest

from review_tools.synthesis import comparisons, words
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.comparisons import answer
from review_tools.synthesis.sensitivity import other_choices
from small_pool import NAME, PROJECT, counts, low_risk, printed, review

NAMES = PROJECT.table("comparisons")["comparison_id"].tolist()
OUTCOMES = PROJECT.table("outcomes").set_index("outcome_id")
Row = dict[str, object]


@pytest.mark.parametrize(
    ("comparison", "outcome", "says"),
    [
        ("crohns_fistula", "molendijk_2015_allogeneic-10", "same people"),  # counted with row 9
        ("agvhd_response", "kebriaei_2020_phase-4", "not printed"),
        ("ms_disability", "harris_2024_efficacy-1", "not MSCs themselves"),
        ("agvhd_response_single", "bloor_2020_production-4", "same people"),
        ("agvhd_response_single", "introna_nd_msc-1", "not printed"),
        ("t1d_cpeptide", "carlsson_2023_umbilical-2", "worked out from other figures"),
        ("t1d_cpeptide_package", "unnamed_nd_adipose-6", "differed at the start"),
        ("ms_adverse", "uccelli_2021_safety-3", "arms swapped"),
        ("any_death", "kuzmina_2012_multipotent-5", "kuzmina_2012_multipotent-4"),  # printed, not worked out
    ],
)
def test_rows_stay_out_with_their_reason(comparison: str, outcome: str, says: str) -> None:
    assert says in answer(PROJECT, comparison).rows.set_index("outcome_id").loc[outcome, "reason"]


def test_nobody_is_pooled_twice_and_nothing_that_was_reconstructed() -> None:
    reconstructed = set(OUTCOMES.index[OUTCOMES["value_basis"] == "reconstructed"])
    assert reconstructed
    for name in NAMES:
        entered = answer(PROJECT, name).entered
        assert not entered["study_id"].duplicated().any() or name.endswith("_single"), name
        assert not set(entered["outcome_id"]) & reconstructed


def test_a_harm_across_diseases_takes_the_rows_of_every_disease_that_declares_it() -> None:
    rows = answer(PROJECT, "any_serious_adverse_events").rows
    across = PROJECT.table("outcome_sets").set_index("outcome_set")["across"]
    assert rows["disease"].nunique() > 1
    assert set(rows["outcome_set"].map(across)) == {"serious adverse events"}
    assert set(rows["contrast"]) <= {"add-on", "replacement", "co-infusion"}


def test_the_living_are_counted_as_the_dead_where_death_is_asked_for() -> None:
    alive = OUTCOMES.loc["baron_2010_msc-4"]
    dead = answer(PROJECT, "any_death").rows.set_index("outcome_id").loc["baron_2010_msc-4"]
    assert alive["events_arm1"] + dead["events_arm1"] == alive["n_arm1"]


@pytest.mark.parametrize(
    ("comparison", "model", "excludes", "says"),
    [
        ("lupus_remission", "single study", False, "not pooled"),
        ("ms_adverse", None, None, "No row can be pooled"),
        ("ms_deaths", None, None, "No study tells death"),
        ("agvhd_response_single", "REML", None, "does not show an effect"),
    ],
)
def test_what_is_no_pool_is_never_called_one(
    comparison: str, model: str | None, excludes: bool | None, says: str
) -> None:
    result = answer(PROJECT, comparison)
    assert (getattr(result.pooled, "model", None), result.excludes_no_effect) == (model, excludes)
    assert says in words.sentence(result)
    assert bool(other_choices(PROJECT, comparison)) == (result.k > 1)


def test_the_first_update_moves_the_pool_in_crohns_fistula() -> None:
    """One small trial before; with the second phase 3 trial nearly no difference."""
    before, after = (answer(PROJECT, "crohns_fistula", version=version) for version in ("26.0.0", "26.1.0"))
    assert (before.k, after.k) == (1, 2)
    assert before.pooled is not None
    assert after.pooled is not None
    assert before.pooled.back[0] == pytest.approx(9 / 15 / (2 / 6))
    assert 0.9 < after.pooled.back[0] < 1.2


def test_sensitivity_varies_model_rows_and_each_study() -> None:
    """Weaker designs enter only where the comparison admits them, and a variant is pooled without them."""
    rows = counts(3, 10, 5, 10), counts(4, 10, 5, 10, design="controlled"), counts(2, 10, 4, 10)
    both = review(*rows)
    assert (answer(both, NAME).k, other_choices(both, NAME)["randomised only"].k) == (3, 2)
    assert answer(review(*rows, comparison={"design": "randomised"}), NAME).k == 2
    entered = answer(PROJECT, "agvhd_response_single").entered["outcome_id"]
    variants = other_choices(PROJECT, "agvhd_response_single")
    assert {variants[f"without {outcome}"].k for outcome in entered} == {len(entered) - 1}
    assert variants["common effect, inverse variance"].k == len(entered)


def test_no_event_in_an_arm_of_any_study_leaves_another_common_effect() -> None:
    """Mantel-Haenszel has no ratio then; the table of choices says which method stands in."""
    named = other_choices(review(counts(1, 12, 0, 6), counts(2, 12, 0, 6)), NAME)
    assert named["common effect, inverse variance"].k == 2
    assert not any("Mantel" in name for name in named)


# Words

CLEAR = counts(600, 1000, 400, 1000)
SMALL = counts(555, 1000, 400, 1000)  # 155 more of 1,000: important, not large
ALIKE, WIDE, WIDEST = counts(500, 1000, 490, 1000), counts(32, 100, 20, 100), counts(20, 30, 1, 30)


@pytest.mark.parametrize(
    ("row", "better", "said", "direction"),
    [
        (CLEAR, True, "benefit", "better with MSCs"),
        (CLEAR, False, "harm", "worse with MSCs"),
        (ALIKE, True, "little or no difference", "little or no difference"),
        (counts(5300, 10000, 4900, 10000), True, "little or no difference", "little or no difference"),  # not by chance
        (WIDE, True, "uncertain", "uncertain"),
        (WIDEST, True, "far too uncertain to say", "far too uncertain to say"),
        (counts(1, 300, 20, 300), False, "far too uncertain to say", "far too uncertain to say"),
        (counts(0, 10, 0, 10), True, "", ""),
    ],
)
def test_the_verdict_of_the_interval(row: Row, better: bool, said: str, direction: str) -> None:
    result = answer(review(row, better=better), NAME)
    assert (words.verdict(result), words.direction(result)) == (said, direction)


def test_what_says_nothing_is_told_without_its_digits() -> None:
    result = answer(review(WIDEST), NAME)
    for told in (words.sentence(result), words.named_interval(result)):
        assert not re.search(r"\d\.\d\d", told)
        assert "far too uncertain to say" in told
    assert re.search(r"\d\.\d\d", words.interval(result.pooled))  # the data keep them


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ((CLEAR,), "not pooled"),
        ((CLEAR, CLEAR), "Two studies cannot tell how much studies differ; their interval is the normal one"),
        ((CLEAR, CLEAR, CLEAR), "3 studies of 6000 people together give a risk ratio of 1.50"),
        ((ALIKE,), "within the differences that matter: little or no difference"),
        ((WIDE,), "includes no difference, and differences that matter: uncertain"),
        ((counts(0, 10, 0, 10),), "No row can be pooled for response"),
    ],
)
def test_the_sentence_says_what_the_interval_says(rows: tuple[Row, ...], says: str) -> None:
    assert says in words.sentence(answer(review(*rows), NAME))


def plainly(*rows: Row, **more: object) -> str:
    project = review(*rows, **{"risk_of_bias": low_risk("a")} | more)  # type: ignore[arg-type]
    return words.plainly(answer(project, NAME), certainty(project, NAME))


@pytest.mark.parametrize(
    ("row", "levels", "says"),
    [
        (CLEAR, 0, "MSCs increase response by a large amount: 400 without MSCs, 600 with them (548 to 657)"),
        (CLEAR, 1, "MSCs probably increase response by a large amount"),
        (CLEAR, 2, "MSCs may increase response by a large amount"),
        (CLEAR, 3, "The evidence is very uncertain about the effect of MSCs on response."),
        (counts(400, 1000, 600, 1000), 0, "MSCs reduce response by a large amount"),
        (SMALL, 1, "MSCs probably increase response: 400 without MSCs, 555"),
        (ALIKE, 0, "MSCs make little or no difference to response"),
        (WIDE, 0, "no difference is not ruled out."),
    ],
)
def test_size_and_certainty_in_one_sentence(row: Row, levels: int, says: str) -> None:
    lowered = {"comparison_id": NAME, "domain": "indirectness", "levels": levels, "reason": "So.", "judged_by": "Ana"}
    assert says in plainly(row, certainty_judgements=[lowered])


def test_an_effect_without_people_is_told_by_its_figures() -> None:
    row = printed(0.5, 0.4, 0.625, "hazard ratio", n_arm1=300, n_arm2=300)
    assert plainly(row, measure="HR") == "MSCs reduce response (hazard ratio 0.50 (0.40 to 0.62))."
    assert plainly(counts(0, 10, 0, 10)) == ""


def test_no_sentence_of_the_review_says_that_something_does_not_hold_or_is_proven() -> None:
    for name in NAMES:
        result = answer(PROJECT, name)
        told = f"{words.sentence(result)} {words.plainly(result, certainty(PROJECT, name))}"
        assert not re.search(r"does not hold|\bproven?\b|no effect\b|\bnan\b|None", told), told


def test_like_is_compared_with_like() -> None:
    """A third trial changes the usual interval from the normal one to that of Hartung and Knapp; both get the first."""
    held = review(CLEAR | {"added_in": "26.0.0"}, SMALL | {"added_in": "26.0.0"}, ALIKE)
    [pair] = comparisons.before_and_after(held, "26.0.0")
    found = [(one.k, getattr(one.pooled, "test", "")) for one in (*pair, answer(held, NAME))]
    assert found == [(2, "z"), (3, "z"), (3, "hksj")]
