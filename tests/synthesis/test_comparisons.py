"""Which rows enter a pool is decided by rule, and every row that stays out says why."""

from collections.abc import Callable
from pathlib import Path

import pytest

import review_tools as rt
from review_tools.synthesis import comparisons
from review_tools.synthesis.comparisons import answer, members
from review_tools.synthesis.words import sentence

SetCell = Callable[[str, str, str, str], None]


def reasons(comparison: str, root: Path | None = None) -> dict[str, str]:
    return members(comparison, root=root).set_index("outcome_id")["reason"].to_dict()


def test_a_shared_control_is_counted_once() -> None:
    given = reasons("crohns_fistula")
    assert given["molendijk_2015_allogeneic-9"] == ""
    assert "control group" in given["molendijk_2015_allogeneic-10"]


@pytest.mark.parametrize(
    ("comparison", "outcome", "says"),
    [
        ("agvhd_response", "kebriaei_2020_phase-4", "not printed"),
        ("ra_acr20", "he_2020_combination-4", "received MSCs too"),
        ("ms_disability", "harris_2024_efficacy-1", "not MSCs themselves"),
        ("agvhd_response_single", "bloor_2020_production-4", "same people"),
        ("agvhd_response_single", "murata_2021_msc-1", "more than one count"),
        ("t1d_cpeptide", "carlsson_2023_umbilical-1", "differed at the start"),
    ],
)
def test_rows_stay_out_with_their_reason(comparison: str, outcome: str, says: str) -> None:
    assert says in reasons(comparison)[outcome]


def test_reconstructed_counts_are_never_pooled() -> None:
    reconstructed = set(rt.load("outcomes").query("value_basis == 'reconstructed'")["outcome_id"])
    pooled = {row for name in rt.load("comparisons")["comparison_id"] for row in answer(name).entered["outcome_id"]}
    assert reconstructed
    assert not pooled & reconstructed


def test_nobody_is_pooled_twice() -> None:
    for name in rt.load("comparisons")["comparison_id"]:
        entered = answer(name).entered
        assert not entered["study_id"].duplicated().any() or name.endswith("_single"), name


def test_a_retracted_study_leaves_the_pool_and_stays_visible(copy: Path, set_cell: SetCell) -> None:
    before = answer("agvhd_response", root=copy)
    set_cell("studies", "jiang_2024_efficacy", "status", "retracted")
    after = answer("agvhd_response", root=copy)
    assert (before.k, after.k) == (2, 1)
    assert "retracted" in after.rows.set_index("outcome_id").loc["jiang_2024_efficacy-1", "reason"]


def test_two_zeros_stay_visible_and_out() -> None:
    result = answer("ms_deaths")
    assert result.pooled is None
    assert "no event in either arm" in result.rows["reason"].iloc[0]


def test_one_study_is_never_called_pooled() -> None:
    result = answer("lupus_remission")
    assert result.k == 1
    assert result.pooled.model == "single study"
    assert "not pooled" in sentence(result)
    assert comparisons.sensitivity("lupus_remission") == []


def test_series_are_never_said_to_show_an_effect() -> None:
    result = answer("agvhd_response_single")
    assert result.favours_msc is None
    assert result.excludes_no_effect is None
    assert "does not show an effect" in sentence(result)


def test_the_first_update_moves_the_pool_in_crohns_fistula() -> None:
    """One small trial before; with the second phase 3 trial nearly no difference."""
    before, after = answer("crohns_fistula", version="26.0.0"), answer("crohns_fistula")
    assert (before.k, after.k) == (1, 2)
    assert before.pooled.back_estimate == pytest.approx(9 / 15 / (2 / 6))
    assert 0.9 < after.pooled.back_estimate < 1.2


def test_weaker_designs_enter_only_where_the_comparison_admits_them() -> None:
    assert answer("cgvhd_prevention").k == 2
    names = [name for name, _ in comparisons.sensitivity("cgvhd_prevention")]
    assert "randomised only" in names


def test_an_unknown_comparison_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="there are agvhd_"):
        answer("gvhd")


def test_no_event_in_an_arm_of_any_study_leaves_another_common_effect(copy: Path) -> None:
    """Mantel-Haenszel has no ratio then; the table of choices says which method stands in."""
    for table, row in (("outcomes", "deng_2017_randomised-8"), ("comparison_outcomes", "lupus_death")):
        path = copy / "data" / f"{table}.csv"
        lines = path.read_text("utf-8").splitlines(keepends=True)
        again = next(line for line in lines if line.startswith(row))
        path.write_text("".join([*lines, again.replace("deng_2017_randomised-8", "deng_2017_randomised-99")]), "utf-8")
    named = dict(comparisons.sensitivity("lupus_death", copy))
    assert named["common effect, inverse variance"].k == 2
    assert "common effect" not in named
