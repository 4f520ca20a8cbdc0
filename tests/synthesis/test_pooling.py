"""What holds for every pool, whatever the numbers."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_tools.synthesis.effects import CannotPoolError
from review_tools.synthesis.pooling import MODELS, Pooled, egger, leave_one_out, pool
from review_tools.synthesis.rows import effect_sizes

INVERSE_VARIANCE = [model for model in MODELS if model != "MH"]
studies = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.05, 3)), min_size=2, max_size=12)
table = st.tuples(st.integers(1, 200), st.integers(1, 200)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)
COLUMNS = ["events_arm1", "n_arm1", "events_arm2", "n_arm2"]
quickly = settings(max_examples=40, deadline=None)


def generic(rows: list[tuple[float, float]], model: str = "REML", test: str | None = None, **options: object) -> Pooled:
    return pool(effect_sizes(pd.DataFrame(rows, columns=["effect", "se"]), "GEN"), model, test, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "PETO"])
@quickly
@given(rows=st.lists(table, min_size=2, max_size=8))
def test_swapping_the_arms_flips_the_sign(measure: str, rows: list[tuple[int, int, int, int]]) -> None:
    frame = pd.DataFrame(rows, columns=COLUMNS)
    effects = effect_sizes(frame, measure)
    swapped = effect_sizes(frame.set_axis([*COLUMNS[2:], *COLUMNS[:2]], axis=1), measure)
    for model in ("REML", "FE", "MH"):
        try:
            there = pool(effects, model)
        except CannotPoolError:
            with pytest.raises(CannotPoolError):
                pool(swapped, model)
            continue
        back = pool(swapped, model)
        assert back.estimate == pytest.approx(-there.estimate, rel=1e-6, abs=1e-9)
        assert back.se == pytest.approx(there.se, rel=1e-6)
        assert back.ci_low == pytest.approx(-there.ci_high, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("model", INVERSE_VARIANCE)
@quickly
@given(rows=studies, factor=st.sampled_from([1e-9, 1e-6, 0.5, 3.0, 1e6, 1e9]))
def test_another_unit_scales_the_result(model: str, rows: list[tuple[float, float]], factor: float) -> None:
    ours, scaled = generic(rows, model), generic([(y * factor, se * factor) for y, se in rows], model)
    assert scaled.estimate == pytest.approx(ours.estimate * factor, rel=1e-6, abs=1e-9 * factor)
    assert scaled.se == pytest.approx(ours.se * factor, rel=1e-6)
    assert scaled.tau2 == pytest.approx((ours.tau2 or 0) * factor**2, rel=1e-6, abs=1e-9 * factor**2)
    assert scaled.i2 == pytest.approx(ours.i2, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("model", INVERSE_VARIANCE)
@quickly
@given(rows=studies, shift=st.floats(-100, 100), data=st.data())
def test_a_shift_shifts_the_estimate_alone_and_the_order_does_not_matter(
    model: str, rows: list[tuple[float, float]], shift: float, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rows))
    ours, theirs = generic(rows, model), generic([(y + shift, se) for y, se in shuffled], model)
    assert theirs.estimate == pytest.approx(ours.estimate + shift, rel=1e-6, abs=1e-6)
    assert (theirs.se, theirs.q, theirs.tau2) == pytest.approx((ours.se, ours.q, ours.tau2), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("model", INVERSE_VARIANCE)
@quickly
@given(rows=studies)
def test_figures_are_in_order_and_finite(model: str, rows: list[tuple[float, float]]) -> None:
    pooled, twice = generic(rows, model), generic(rows * 2, model, "z")
    assert all(value is None or np.isfinite(value) for value in pooled.figures().values())
    assert pooled.ci_low < pooled.estimate < pooled.ci_high
    assert min(y for y, _ in rows) - 1e-9 <= pooled.estimate <= max(y for y, _ in rows) + 1e-9
    assert 0 <= (pooled.i2 or 0) <= 100
    assert sum(pooled.weights) == pytest.approx(100)
    assert pooled.tau2_interval is None or pooled.tau2_interval[0] <= pooled.tau2_interval[1]
    z = generic(rows, model, "z")
    assert twice.ci_high - twice.ci_low < z.ci_high - z.ci_low  # every study twice narrows the interval
    assert pooled.se >= z.se * (1 - 1e-11)  # guarded hksj is never narrower than z


def test_the_guard_is_a_choice() -> None:
    rows = [(0.10, 0.5), (0.11, 0.5), (0.12, 0.5)]
    assert generic(rows, guard=False).se < generic(rows, test="z").se == pytest.approx(generic(rows).se)


def test_effects_all_equal() -> None:
    pooled = generic([(0.5, 0.1)] * 4)
    assert (pooled.estimate, pooled.tau2, pooled.q, pooled.i2, pooled.q_p) == pytest.approx((0.5, 0, 0, 0, 1))
    counts = pd.DataFrame([[4, 123, 11, 139]] * 3, columns=COLUMNS)
    for effects in (effect_sizes(counts, "RR"), effect_sizes(counts, "RD")):  # equal but for rounding
        with pytest.raises(CannotPoolError, match="keep the guard"):
            pool(effects, guard=False)


def test_one_study_is_not_pooled() -> None:
    single = generic([(0.5, 0.1)])
    assert (single.k, single.model, single.test) == (1, "single study", "z")
    assert (single.estimate, single.se, single.ci_low) == pytest.approx((0.5, 0.1, 0.5 - 0.1959964))
    assert [single.tau2, single.i2, single.q, single.q_p, single.pi, single.i2_interval] == [None] * 6


def test_nothing_to_pool_says_why() -> None:
    frame = pd.DataFrame([[0, 10, 0, 10]], columns=COLUMNS).assign(study="Smith")
    with pytest.raises(CannotPoolError, match=r"no row contributes.* Smith: no event in either arm"):
        pool(effect_sizes(frame, "RR"))
    with pytest.raises(CannotPoolError, match="nothing to pool"):
        generic([])


def test_a_study_of_impossible_precision_is_named() -> None:
    frame = pd.DataFrame({"study": ["Smith", "Lee"], "effect": [0.5, 0.6], "se": [1e-9, 1.0]})
    with pytest.raises(CannotPoolError, match="Beside Smith the other studies have no weight"):
        pool(effect_sizes(frame, "GEN"))


def test_prediction_interval() -> None:
    rows = [(0.0, 0.1), (1.0, 0.1), (2.0, 0.1)]
    assert generic(rows[:2]).pi is None
    assert generic(rows, "FE").pi is None
    z, hksj = generic(rows, test="z"), generic(rows)
    assert z.pi is not None
    assert hksj.pi is not None
    assert z.pi[1] == pytest.approx(z.estimate + 1.959963985 * np.sqrt(z.se**2 + (z.tau2 or 0)))
    assert hksj.pi[1] == pytest.approx(hksj.estimate + 4.30265273 * np.sqrt(hksj.se**2 + (hksj.tau2 or 0)))


def test_an_endless_interval_reads_as_none() -> None:
    frame = pd.DataFrame({"effect": [1e-60, 1e13], "ci_low": [1e-61, 1e12], "ci_high": [1e-59, 1e14]})
    pooled = pool(effect_sizes(frame, "HR"))
    assert pooled.back[2] == np.inf
    assert pooled.figures()["back_ci_high"] is None


@pytest.mark.parametrize(
    ("measure", "model", "test", "message"),
    [
        ("MD", "MH", None, "Mantel-Haenszel pools RR, OR, RD"),
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
    for measure in ("RR", "OR"):
        with pytest.raises(CannotPoolError, match="one arm has no event"):
            pool(effect_sizes(frame, measure), "MH")
    assert pool(effect_sizes(frame, "RD"), "MH").estimate < 0
    none = pd.DataFrame([[0, 10, 0, 10], [0, 20, 0, 20]], columns=COLUMNS)
    with pytest.raises(CannotPoolError, match="no standard error"):
        pool(effect_sizes(none, "RD"), "MH")


def test_double_zero_rows_count_in_the_risk_difference() -> None:
    frame = pd.DataFrame([[2, 10, 5, 10], [1, 20, 4, 20], [0, 30, 0, 30]], columns=COLUMNS)
    all_three = pool(effect_sizes(frame, "RD"), "MH")
    assert all_three.k == 3
    assert all_three.estimate > pool(effect_sizes(frame[:2], "RD"), "MH").estimate


@pytest.mark.parametrize("model", MODELS)
def test_leaving_one_out_is_pooling_without_it(model: str) -> None:
    frame = pd.DataFrame([[2, 10, 5, 10], [1, 20, 4, 20], [3, 30, 3, 31], [9, 30, 12, 28]], columns=COLUMNS)
    alone = [pool(effect_sizes(frame.drop(index=i), "RR"), model) for i in frame.index]
    assert leave_one_out(effect_sizes(frame, "RR"), model) == alone
    with pytest.raises(CannotPoolError, match="three studies, for one study is not a pool; there are 2"):
        leave_one_out(effect_sizes(frame[:2], "RR"), model)


def test_egger_needs_enough_studies_of_different_precision() -> None:
    for effects, ses, message in (
        (range(9), range(1, 10), "needs 10 studies; there are 9"),
        (range(10), [1.0] * 10, "all alike"),
        (range(10), range(1, 11), "on one line"),
    ):
        with pytest.raises(CannotPoolError, match=message):
            egger(effect_sizes(pd.DataFrame({"effect": effects, "se": ses}), "GEN"))


def test_a_result_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        generic([(0.5, 0.1), (0.6, 0.1)]).estimate = 0  # type: ignore[misc]


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
