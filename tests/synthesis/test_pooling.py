"""What holds for every pool, whatever the numbers."""

import dataclasses
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_tools.synthesis.pooling import MODELS, CannotPoolError, Pooled, pool
from review_tools.synthesis.rows import effect_sizes
from review_tools.synthesis.sensitivity import egger, influence, leave_one_out

INVERSE_VARIANCE = [model for model in MODELS if model not in ("MH", "PETO")]
studies = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.05, 3)), min_size=2, max_size=12)
table = st.tuples(st.integers(1, 200), st.integers(1, 200)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)
COLUMNS = ["events_arm1", "n_arm1", "events_arm2", "n_arm2"]


def generic(rows: list[tuple[float, float]], model: str = "REML", test: str | None = None, **options: object) -> Pooled:
    return pool(effect_sizes(pd.DataFrame(rows, columns=["effect", "se"]), "GEN"), model, test, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "PETO"])
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(table, min_size=2, max_size=8))
def test_swapping_the_arms_flips_the_sign(measure: str, rows: list[tuple[int, int, int, int]]) -> None:
    frame = pd.DataFrame(rows, columns=COLUMNS)
    swapped = frame.set_axis([*COLUMNS[2:], *COLUMNS[:2]], axis=1)
    effects = effect_sizes(frame, measure)
    for model in ("REML", "FE", "MH"):
        try:
            there = pool(effects, model)
        except CannotPoolError:
            with pytest.raises(CannotPoolError):
                pool(effect_sizes(swapped, measure), model)
            continue
        back = pool(effect_sizes(swapped, measure), model)
        assert back.estimate == pytest.approx(-there.estimate, rel=1e-6, abs=1e-9)
        assert back.se == pytest.approx(there.se, rel=1e-6)
        assert back.ci_low == pytest.approx(-there.ci_high, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("model", INVERSE_VARIANCE)
@settings(max_examples=60, deadline=None)
@given(rows=studies, factor=st.sampled_from([1e-100, 1e-6, 0.5, 3.0, 1e6, 1e60]))
def test_another_unit_scales_the_result(model: str, rows: list[tuple[float, float]], factor: float) -> None:
    ours, scaled = generic(rows, model), generic([(y * factor, se * factor) for y, se in rows], model)
    assert scaled.estimate == pytest.approx(ours.estimate * factor, rel=1e-6, abs=1e-9 * factor)
    assert scaled.se == pytest.approx(ours.se * factor, rel=1e-6)
    assert scaled.tau2 == pytest.approx((ours.tau2 or 0) * factor**2, rel=1e-6, abs=1e-9 * factor**2)
    assert scaled.i2 == pytest.approx(ours.i2, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("model", INVERSE_VARIANCE)
@settings(max_examples=60, deadline=None)
@given(rows=studies, shift=st.floats(-100, 100))
def test_a_shift_of_all_effects_shifts_the_estimate_alone(
    model: str, rows: list[tuple[float, float]], shift: float
) -> None:
    ours, shifted = generic(rows, model), generic([(y + shift, se) for y, se in rows], model)
    assert shifted.estimate == pytest.approx(ours.estimate + shift, rel=1e-6, abs=1e-6)
    assert (shifted.se, shifted.q) == pytest.approx((ours.se, ours.q), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("model", INVERSE_VARIANCE)
@settings(max_examples=60, deadline=None)
@given(rows=studies, data=st.data())
def test_the_order_of_rows_does_not_matter(model: str, rows: list[tuple[float, float]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    ours, theirs = generic(rows, model), generic(shuffled, model)
    assert theirs.estimate == pytest.approx(ours.estimate, rel=1e-7, abs=1e-9)
    assert (theirs.se, theirs.tau2) == pytest.approx((ours.se, ours.tau2), rel=1e-6, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(rows=studies)
def test_every_study_twice_narrows_the_interval(rows: list[tuple[float, float]]) -> None:
    for model in ("FE", "REML", "DL"):
        once, twice = generic(rows, model, "z"), generic(rows * 2, model, "z")
        assert twice.ci_high - twice.ci_low < once.ci_high - once.ci_low


@pytest.mark.parametrize("model", INVERSE_VARIANCE)
@settings(max_examples=60, deadline=None)
@given(rows=studies)
def test_figures_are_in_order_and_finite(model: str, rows: list[tuple[float, float]]) -> None:
    pooled = generic(rows, model)
    assert all(value is None or np.isfinite(value) for value in pooled.figures().values())
    assert pooled.ci_low < pooled.estimate < pooled.ci_high
    assert min(y for y, _ in rows) - 1e-9 <= pooled.estimate <= max(y for y, _ in rows) + 1e-9
    assert 0 <= (pooled.i2 or 0) <= 100
    assert sum(pooled.weights) == pytest.approx(100)
    assert pooled.tau2_interval is None or pooled.tau2_interval[0] <= pooled.tau2_interval[1]


@settings(max_examples=100, deadline=None)
@given(rows=studies)
def test_guarded_hksj_is_never_narrower_than_z(rows: list[tuple[float, float]]) -> None:
    z, guarded = generic(rows, "REML", "z"), generic(rows, "REML", "hksj")
    assert guarded.se >= z.se * (1 - 1e-12)
    assert guarded.ci_high - guarded.ci_low > z.ci_high - z.ci_low


def test_the_guard_is_a_choice() -> None:
    rows = [(0.10, 0.5), (0.11, 0.5), (0.12, 0.5)]
    assert generic(rows, guard=False).se < generic(rows, test="z").se == pytest.approx(generic(rows).se)


def test_effects_all_equal() -> None:
    rows = [(0.5, 0.1)] * 4
    pooled = generic(rows)
    assert (pooled.estimate, pooled.tau2, pooled.q, pooled.i2, pooled.q_p) == pytest.approx((0.5, 0, 0, 0, 1))
    with pytest.raises(CannotPoolError, match="keep the guard"):
        generic(rows, guard=False)


def test_one_study_is_not_pooled() -> None:
    single = generic([(0.5, 0.1)])
    assert (single.k, single.model, single.test) == (1, "single study", "z")
    assert (single.estimate, single.se, single.ci_low) == pytest.approx((0.5, 0.1, 0.5 - 0.1959964))
    assert [single.tau2, single.i2, single.q, single.q_p, single.pi_low, single.i2_interval] == [None] * 6


def test_nothing_to_pool_says_why() -> None:
    frame = pd.DataFrame([[0, 10, 0, 10]], columns=COLUMNS).assign(study="Smith")
    with pytest.raises(CannotPoolError, match=r"no row contributes.* Smith: no event in either arm"):
        pool(effect_sizes(frame, "RR"))
    with pytest.raises(CannotPoolError, match="nothing to pool"):
        generic([])


def test_prediction_interval() -> None:
    rows = [(0.0, 0.1), (1.0, 0.1), (2.0, 0.1)]
    assert generic(rows[:2]).pi_low is None
    assert generic(rows, "FE").pi_low is None
    z, hksj, df1 = generic(rows, test="z"), generic(rows), generic(rows, test="z", prediction="k-2")
    spread = np.sqrt(z.se**2 + (z.tau2 or 0))
    assert z.pi_high == pytest.approx(z.estimate + 1.959963985 * spread)
    assert df1.pi_high == pytest.approx(z.estimate + 12.70620474 * spread)
    assert hksj.pi_high == pytest.approx(hksj.estimate + 4.30265273 * np.sqrt(hksj.se**2 + (hksj.tau2 or 0)))


def test_an_endless_interval_reads_as_none() -> None:
    frame = pd.DataFrame({"effect": [1e-90, 1e90], "ci_low": [1e-91, 1e89], "ci_high": [1e-89, 1e91]})
    pooled = pool(effect_sizes(frame, "HR"))
    assert pooled.back_ci_high == np.inf
    assert pooled.figures()["back_ci_high"] is None


def test_levels_are_nested() -> None:
    rows = [(0.0, 0.1), (1.0, 0.2), (2.0, 0.1)]
    wide, narrow = generic(rows, level=0.99), generic(rows, level=0.9)
    assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high


@pytest.mark.parametrize(
    ("measure", "model", "test", "message"),
    [
        ("MD", "MH", None, "Mantel-Haenszel pools RR, OR, RD"),
        ("OR", "PETO", None, "choose the measure PETO"),
        ("RR", "MH", "hksj", "choose the test z"),
        ("RR", "XX", None, "No model 'XX'; there are FE, MH"),
        ("RR", "DL", "t", "No test 't'; there are z, hksj"),
    ],
)
def test_choices_that_do_not_go_together(measure: str, model: str, test: str | None, message: str) -> None:
    frame = pd.DataFrame(
        [[1, 10, 2, 10, 5, 1, 4, 1]] * 2, columns=[*COLUMNS, "mean_arm1", "sd_arm1", "mean_arm2", "sd_arm2"]
    )
    with pytest.raises(CannotPoolError, match=message):
        pool(effect_sizes(frame, measure), model, test)


def test_mantel_haenszel_without_events_in_one_arm_says_so() -> None:
    frame = pd.DataFrame([[0, 10, 2, 10], [0, 20, 3, 20]], columns=COLUMNS)
    with pytest.raises(CannotPoolError, match="one arm has no event"):
        pool(effect_sizes(frame, "RR"), "MH")
    assert pool(effect_sizes(frame, "RD"), "MH").estimate < 0
    none = pd.DataFrame([[0, 10, 0, 10], [0, 20, 0, 20]], columns=COLUMNS)
    with pytest.raises(CannotPoolError, match="no standard error"):
        pool(effect_sizes(none, "RD"), "MH")


def test_double_zero_rows_count_in_the_risk_difference() -> None:
    frame = pd.DataFrame([[2, 10, 5, 10], [1, 20, 4, 20], [0, 30, 0, 30]], columns=COLUMNS)
    assert pool(effect_sizes(frame, "RD"), "MH").k == 3
    assert pool(effect_sizes(frame, "RD"), "MH").estimate > pool(effect_sizes(frame[:2], "RD"), "MH").estimate


def test_sensitivity_needs_enough_studies() -> None:
    two = effect_sizes(pd.DataFrame({"effect": [1, 2], "se": [1, 1]}), "GEN")
    with pytest.raises(CannotPoolError, match="three studies, for one study is not a pool"):
        leave_one_out(two)
    with pytest.raises(CannotPoolError, match="three studies"):
        influence(two)
    nine = effect_sizes(pd.DataFrame({"effect": range(9), "se": range(1, 10)}), "GEN")
    with pytest.raises(CannotPoolError, match="needs 10 studies; there are 9"):
        egger(nine)
    alike = effect_sizes(pd.DataFrame({"effect": range(10), "se": [1.0] * 10}), "GEN")
    with pytest.raises(CannotPoolError, match="all alike"):
        egger(alike)


def test_a_result_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        generic([(0.5, 0.1), (0.6, 0.1)]).estimate = 0  # type: ignore[misc]


def test_ten_thousand_studies_and_a_thousand_left_out_are_quick() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"effect": rng.normal(0, 1, 10_000), "se": rng.uniform(0.1, 1, 10_000)})
    start = time.perf_counter()
    assert pool(effect_sizes(frame, "GEN")).k == 10_000
    assert time.perf_counter() - start < 1
    start = time.perf_counter()
    assert len(leave_one_out(effect_sizes(frame[:1000], "GEN"))) == 1000
    assert time.perf_counter() - start < 2
