"""Which rows enter a pool is decided by rule, and every row that stays out says why."""

from pathlib import Path

import pytest

import spoil
from review_tools.data.project import Project
from review_tools.synthesis import comparisons
from review_tools.synthesis.comparisons import Answer
from review_tools.synthesis.sensitivity import other_choices
from review_tools.synthesis.words import sentence
from small_pool import NAME, counts, review

PROJECT = Project(Path(__file__).resolve().parents[2])
NAMES = PROJECT.table("comparisons")["comparison_id"].tolist()


def answer(comparison: str, version: str | None = None) -> Answer:
    return comparisons.answer(PROJECT, comparison, version=version)


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
    ],
)
def test_rows_stay_out_with_their_reason(comparison: str, outcome: str, says: str) -> None:
    rows = answer(comparison).rows.set_index("outcome_id")
    assert says in rows.loc[outcome, "reason"]


def test_nobody_is_pooled_twice_and_nothing_that_was_reconstructed() -> None:
    reconstructed = set(PROJECT.table("outcomes").query("value_basis == 'reconstructed'")["outcome_id"])
    assert reconstructed
    for name in NAMES:
        entered = answer(name).entered
        assert not entered["study_id"].duplicated().any() or name.endswith("_single"), name
        assert not set(entered["outcome_id"]) & reconstructed


def test_a_harm_across_diseases_takes_the_rows_of_every_disease_that_declares_it() -> None:
    rows, sets = answer("any_serious_adverse_events").rows, PROJECT.table("outcome_sets").set_index("outcome_set")
    assert rows["disease"].nunique() > 1
    assert set(rows["outcome_set"].map(sets["across"])) == {"serious adverse events"}
    assert set(rows["contrast"]) <= {"add-on", "replacement", "co-infusion"}


def test_the_living_are_counted_as_the_dead_where_death_is_asked_for() -> None:
    rows, as_printed = (
        answer("any_death").rows.set_index("outcome_id"),
        PROJECT.table("outcomes").set_index("outcome_id"),
    )
    alive, dead = as_printed.loc["baron_2010_msc-4"], rows.loc["baron_2010_msc-4"]
    assert alive["events_arm1"] + dead["events_arm1"] == alive["n_arm1"]
    assert "kuzmina_2012_multipotent-5" in rows.loc["kuzmina_2012_multipotent-4", "reason"]  # that one counts deaths


def test_a_retracted_study_leaves_the_pool_and_stays_visible() -> None:
    retracted = spoil.cells(PROJECT, "studies", "jiang_2024_efficacy", status="retracted")
    after = comparisons.answer(retracted, "agvhd_response")
    assert (answer("agvhd_response").k, after.k) == (2, 1)
    assert "retracted" in after.rows.set_index("outcome_id").loc["jiang_2024_efficacy-1", "reason"]


def test_one_study_is_never_called_pooled() -> None:
    result = answer("lupus_remission")
    assert result.k == 1
    assert result.pooled is not None
    assert result.pooled.model == "single study"
    assert "not pooled" in sentence(result)
    assert other_choices(PROJECT, "lupus_remission") == {}


def test_nothing_pooled_says_so() -> None:
    assert answer("ms_adverse").pooled is None
    assert sentence(answer("ms_adverse")).startswith("No row can be pooled")


def test_an_outcome_that_no_study_tells_by_arm_says_so() -> None:
    assert answer("ms_deaths").rows.empty
    assert sentence(answer("ms_deaths")).startswith("No study tells death")


def test_series_are_never_said_to_show_an_effect() -> None:
    result = answer("agvhd_response_single")
    assert (result.favours_msc, result.excludes_no_effect) == (None, None)
    assert "does not show an effect" in sentence(result)


def test_the_first_update_moves_the_pool_in_crohns_fistula() -> None:
    """One small trial before; with the second phase 3 trial nearly no difference."""
    before, after = answer("crohns_fistula", "26.0.0"), answer("crohns_fistula", "26.1.0")
    assert (before.k, after.k) == (1, 2)
    assert before.pooled is not None
    assert after.pooled is not None
    assert before.pooled.back[0] == pytest.approx(9 / 15 / (2 / 6))
    assert 0.9 < after.pooled.back[0] < 1.2


def test_sensitivity_varies_model_rows_and_each_study() -> None:
    """Weaker designs enter only where the comparison admits them, and a variant is pooled without them."""
    both = review(counts(3, 10, 5, 10), counts(4, 10, 5, 10, design="controlled"), counts(2, 10, 4, 10))
    assert comparisons.answer(both, NAME).k == 3
    assert other_choices(both, NAME)["randomised only"].k == 2
    strict = review(
        counts(3, 10, 5, 10), counts(4, 10, 5, 10, design="controlled"), comparison={"design": "randomised"}
    )
    assert comparisons.answer(strict, NAME).k == 1
    variants = other_choices(PROJECT, "agvhd_response_single")
    entered = answer("agvhd_response_single").entered["outcome_id"]
    assert {f"without {outcome}" for outcome in entered} <= set(variants)
    assert variants[f"without {entered.iloc[0]}"].k == len(entered) - 1
    assert variants["common effect, inverse variance"].k == len(entered)


def test_an_unknown_comparison_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="agvhd_complete, "):
        answer("gvhd")


def test_no_event_in_an_arm_of_any_study_leaves_another_common_effect() -> None:
    """Mantel-Haenszel has no ratio then; the table of choices says which method stands in."""
    named = other_choices(review(counts(1, 12, 0, 6), counts(2, 12, 0, 6)), NAME)
    assert named["common effect, inverse variance"].k == 2
    assert "common effect" not in named
