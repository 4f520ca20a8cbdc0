"""What holds for every pool, whatever the numbers."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_tools.synthesis.effects import TWO_ARMS, CannotPoolError, Effects
from review_tools.synthesis.pooling import MODELS, Pooled, egger, leave_one_out, pool
from review_tools.synthesis.rows import effect_sizes

INVERSE_VARIANCE = [model for model in MODELS if model != "MH"]
studies = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.05, 3)), min_size=2, max_size=12)
table = st.tuples(st.integers(1, 200), st.integers(1, 200)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)
quickly = settings(max_examples=40, deadline=None)
COUNTS = [[2, 10, 5, 10], [1, 20, 4, 20], [3, 30, 3, 31], [9, 30, 12, 28]]


def counts(rows: object, measure: str) -> Effects:
    return effect_sizes(pd.DataFrame(rows, columns=list(TWO_ARMS)), measure)


def effects(rows: object) -> Effects:
    return effect_sizes(pd.DataFrame(rows, columns=["effect", "se"]), "GEN")


def generic(rows: list[tuple[float, float]], *choice: str, guard: bool = True) -> Pooled:
    return pool(effects(rows), *choice, guard=guard)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "PETO"])
@quickly
@given(rows=st.lists(table, min_size=2, max_size=8))
def test_swapping_the_arms_flips_the_sign(measure: str, rows: list[tuple[int, int, int, int]]) -> None:
    for model in ("REML", "FE", "MH"):
        try:
            there = pool(counts(rows, measure), model)
        except CannotPoolError:
            with pytest.raises(CannotPoolError):
                pool(counts([(*row[2:], *row[:2]) for row in rows], measure), model)
            continue
        back = pool(counts([(*row[2:], *row[:2]) for row in rows], measure), model)
        assert back.estimate == pytest.approx(-there.estimate, rel=1e-6, abs=1e-9)
        assert back.se == pytest.approx(there.se, rel=1e-6)
        assert back.ci_low == pytest.approx(-there.ci_high, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("model", INVERSE_VARIANCE)
@quickly
@given(
    rows=studies, factor=st.sampled_from([1e-9, 1e-6, 0.5, 3.0, 1e6, 1e9]), shift=st.floats(-100, 100), data=st.data()
)
def test_another_unit_scales_the_result_a_shift_moves_it_and_the_order_does_not_matter(
    model: str, rows: list[tuple[float, float]], factor: float, shift: float, data: st.DataObject
) -> None:
    changed = [((y + shift) * factor, se * factor) for y, se in data.draw(st.permutations(rows))]
    ours, theirs = generic(rows, model), generic(changed, model)
    assert theirs.estimate == pytest.approx((ours.estimate + shift) * factor, rel=1e-6, abs=1e-6 * factor)
    assert theirs.se == pytest.approx(ours.se * factor, rel=1e-6)
    assert theirs.tau2 == pytest.approx((ours.tau2 or 0) * factor**2, rel=1e-6, abs=1e-6 * factor**2)
    assert (theirs.q, theirs.i2) == pytest.approx((ours.q, ours.i2), rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("model", INVERSE_VARIANCE)
@quickly
@given(rows=studies)
def test_figures_are_in_order_and_finite(model: str, rows: list[tuple[float, float]]) -> None:
    pooled, z, twice = generic(rows, model), generic(rows, model, "z"), generic(rows * 2, model, "z")
    assert all(value is None or np.isfinite(value) for value in pooled.figures().values())
    assert pooled.ci_low < pooled.estimate < pooled.ci_high
    assert min(y for y, _ in rows) - 1e-9 <= pooled.estimate <= max(y for y, _ in rows) + 1e-9
    assert 0 <= (pooled.i2 or 0) <= 100
    assert sum(pooled.weights) == pytest.approx(100)
    assert pooled.tau2_interval is None or pooled.tau2_interval[0] <= pooled.tau2_interval[1]
    assert twice.ci_high - twice.ci_low < z.ci_high - z.ci_low  # every study twice narrows the interval
    assert pooled.se >= z.se * (1 - 1e-11)  # guarded hksj is never narrower than z


def test_the_guard_is_a_choice_and_needed_where_all_effects_are_equal() -> None:
    rows = [(0.10, 0.5), (0.11, 0.5), (0.12, 0.5)]
    assert generic(rows, guard=False).se < generic(rows, "REML", "z").se == pytest.approx(generic(rows).se)
    pooled = generic([(0.5, 0.1)] * 4)
    assert (pooled.estimate, pooled.tau2, pooled.q, pooled.i2, pooled.q_p) == pytest.approx((0.5, 0, 0, 0, 1))
    for measure in ("RR", "RD"):  # equal but for rounding
        with pytest.raises(CannotPoolError, match="keep the guard"):
            pool(counts([[4, 123, 11, 139]] * 3, measure), guard=False)


def test_one_study_is_not_pooled() -> None:
    single = generic([(0.5, 0.1)])
    assert (single.k, single.model, single.test) == (1, "single study", "z")
    assert (single.estimate, single.se, single.ci_low) == pytest.approx((0.5, 0.1, 0.5 - 0.1959964))
    assert [single.tau2, single.i2, single.q, single.q_p, single.pi, single.i2_interval] == [None] * 6
    with pytest.raises(dataclasses.FrozenInstanceError):
        single.estimate = 0  # type: ignore[misc]


MEANS = pd.DataFrame([[5, 1, 9, 4, 1, 9]], columns=["mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2"])


@pytest.mark.parametrize(
    ("found", "choice", "message"),
    [
        (counts([[0, 10, 0, 10]], "RR"), [], r"no row contributes.* row 0: no event in either arm"),
        (effects([(0.5, 1e-9), (0.6, 1.0)]), [], "Beside row 0 the other studies have no weight"),
        (effect_sizes(MEANS, "MD"), ["MH"], "Mantel-Haenszel pools RR, OR, RD"),
        (counts(COUNTS, "RR"), ["MH", "hksj"], "choose the test z"),
        (counts([[0, 10, 2, 10], [0, 20, 3, 20]], "RR"), ["MH"], "one arm has no event"),
        (counts([[0, 10, 2, 10], [0, 20, 3, 20]], "OR"), ["MH"], "one arm has no event"),
        (counts([[0, 10, 0, 10], [0, 20, 0, 20]], "RD"), ["MH"], "no standard error"),
    ],
)
def test_what_cannot_be_pooled_says_why(found: Effects, choice: list[str], message: str) -> None:
    with pytest.raises(CannotPoolError, match=message):
        pool(found, *choice)


def test_prediction_interval() -> None:
    rows = [(0.0, 0.1), (1.0, 0.1), (2.0, 0.1)]
    assert generic(rows[:2]).pi is None
    assert generic(rows, "FE").pi is None
    for test, quantile in (("z", 1.959963985), ("hksj", 4.30265273)):
        pooled = generic(rows, "REML", test)
        reach = quantile * np.sqrt(pooled.se**2 + (pooled.tau2 or 0))
        assert pooled.pi == pytest.approx((pooled.estimate - reach, pooled.estimate + reach))


def test_an_endless_interval_reads_as_none() -> None:
    frame = pd.DataFrame({"effect": [1e-60, 1e13], "ci_low": [1e-61, 1e12], "ci_high": [1e-59, 1e14]})
    pooled = pool(effect_sizes(frame, "HR"))
    assert pooled.back[2] == np.inf
    assert pooled.figures()["back_ci_high"] is None


def test_double_zero_rows_count_in_the_risk_difference() -> None:
    all_three = pool(counts([*COUNTS[:2], [0, 30, 0, 30]], "RD"), "MH")
    assert all_three.k == 3
    assert all_three.estimate > pool(counts(COUNTS[:2], "RD"), "MH").estimate


@pytest.mark.parametrize("model", MODELS)
def test_leaving_one_out_is_pooling_without_it(model: str) -> None:
    every, places = counts(COUNTS, "RR"), np.arange(4)
    assert leave_one_out(every, model) == [pool(every.only(places != place), model) for place in places]
    with pytest.raises(CannotPoolError, match="three studies, for one study is not a pool; there are 2"):
        leave_one_out(counts(COUNTS[:2], "RR"), model)


def test_egger_needs_enough_studies_of_different_precision() -> None:
    for number, ses, message in (
        (9, range(1, 10), "needs 10 studies; there are 9"),
        (10, [1.0] * 10, "all alike"),
        (10, range(1, 11), "on one line"),
    ):
        with pytest.raises(CannotPoolError, match=message):
            egger(effects(list(zip(range(number), ses, strict=True))))


def coverage(k: int, tau2: float, model: str, test: str, runs: int = 1000) -> float:
    """Percent of 95% intervals that hold the true mean: k studies with variances from 0.02 to 0.6."""
    rng = np.random.default_rng([k, int(100 * tau2)])
    held = 0
    for _ in range(runs):
        v = rng.uniform(0.02, 0.6, k)
        y = rng.normal(0.3, np.sqrt(v + tau2))
        pooled = generic(list(zip(y, np.sqrt(v), strict=True)), model, test)
        held += pooled.ci_low <= 0.3 <= pooled.ci_high
    return 100 * held / runs


@pytest.mark.long
@pytest.mark.parametrize(("k", "tau2"), [(5, 0.1), (10, 0.1), (5, 0.5)])
def test_the_default_holds_its_level_where_z_does_not(k: int, tau2: float) -> None:
    """Two Monte Carlo standard errors of 95% are 1.4 points."""
    default, z = coverage(k, tau2, "REML", "hksj"), coverage(k, tau2, "REML", "z")
    assert default >= 93.6
    assert z < default


@pytest.mark.long
def test_common_effect_holds_its_level_without_heterogeneity_only() -> None:
    assert coverage(8, 0.0, "FE", "z") == pytest.approx(95, abs=1.4)
    assert coverage(8, 0.5, "FE", "z") < 75
