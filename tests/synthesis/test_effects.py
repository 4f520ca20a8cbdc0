"""Effect sizes, against figures worked out by hand or by another library."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.meta_analysis import effectsize_2proportions, effectsize_smd

from review_tools.synthesis.measures import MEASURES
from review_tools.synthesis.pooling import pool
from review_tools.synthesis.rows import Effects, effect_sizes


def counts(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["events_arm1", "n_arm1", "events_arm2", "n_arm2"])


def means(*rows: tuple[float, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2"])


def one(effects: Effects) -> tuple[float, float]:
    return float(effects.effect[0]), float(effects.variance[0])


def test_ratios_as_statsmodels() -> None:
    table = Table2x2(np.array([[12, 28], [20, 15]]))
    frame = counts((12, 40, 20, 35))
    assert one(effect_sizes(frame, "OR")) == pytest.approx((table.log_oddsratio, table.log_oddsratio_se**2))
    assert one(effect_sizes(frame, "RR")) == pytest.approx((table.log_riskratio, table.log_riskratio_se**2))
    assert one(effect_sizes(frame, "RD")) == pytest.approx(effectsize_2proportions(12, 40, 20, 35, statistic="diff"))


def test_hedges_g() -> None:
    """J for 8 degrees of freedom is Γ(4) / (√4 Γ(3.5)) = 0.9027; statsmodels has the approximation 1 - 3/31."""
    g, variance = one(effect_sizes(means((10, 2, 5, 8, 2, 5)), "SMD"))
    assert g == pytest.approx(0.902703, abs=1e-6)
    assert variance == pytest.approx(0.4 + g**2 / 20)
    approximate, _ = effectsize_smd(10, 2, 5, 8, 2, 5)
    assert g == pytest.approx(approximate, rel=2e-3)


def test_mean_difference_and_ratio_of_means() -> None:
    frame = means((10, 2, 5, 8, 3, 6))
    assert one(effect_sizes(frame, "MD")) == pytest.approx((2, 4 / 5 + 9 / 6))
    assert one(effect_sizes(frame, "ROM")) == pytest.approx((np.log(1.25), 4 / 500 + 9 / 384))


def test_peto() -> None:
    """1 of 10 against 4 of 10: E 2.5, V 10·10·5·15 / (400·19)."""
    information = 7500 / 7600
    assert one(effect_sizes(counts((1, 10, 4, 10)), "PETO")) == pytest.approx((-1.5 / information, 1 / information))


def test_proportions() -> None:
    assert one(effect_sizes(counts((3, 12, 0, 1)), "PLO")) == pytest.approx((np.log(1 / 3), 1 / 3 + 1 / 9))
    assert one(effect_sizes(counts((0, 12, 0, 1)), "PLO")) == pytest.approx((np.log(0.5 / 12.5), 2 + 1 / 12.5))
    assert one(effect_sizes(counts((3, 12, 0, 1)), "PAS")) == pytest.approx((np.pi / 6, 1 / 48))


def test_hazard_ratio_from_its_interval() -> None:
    frame = pd.DataFrame({"effect": [0.5], "ci_low": [0.25], "ci_high": [1.0]})
    effect, variance = one(effect_sizes(frame, "HR"))
    assert effect == pytest.approx(np.log(0.5))
    assert np.sqrt(variance) == pytest.approx(np.log(4) / (2 * 1.959963985))


@pytest.mark.parametrize(
    ("measure", "row", "expected"),
    [
        ("OR", (0, 10, 3, 10), (np.log(0.5 * 7.5 / (10.5 * 3.5)), 1 / 0.5 + 1 / 10.5 + 1 / 3.5 + 1 / 7.5)),
        ("RR", (0, 10, 3, 10), (np.log(0.5 / 3.5), 1 / 0.5 - 1 / 11 + 1 / 3.5 - 1 / 11)),
        ("RR", (10, 10, 3, 10), (np.log(1 / 0.3), 1 / 3 - 1 / 10)),  # computable, so nothing is added
        ("RD", (0, 10, 3, 10), (-0.3, 0.3 * 0.7 / 10)),  # likewise
        ("RD", (0, 10, 0, 20), (0, 0.5 * 10.5 / 11**3 + 0.5 * 20.5 / 21**3)),
    ],
)
def test_zero_cells(measure: str, row: tuple[int, int, int, int], expected: tuple[float, float]) -> None:
    assert one(effect_sizes(counts(row), measure)) == pytest.approx(expected)


def test_a_study_with_a_zero_does_not_change_the_others() -> None:
    alone = effect_sizes(counts((4, 20, 6, 20)), "OR")
    beside = effect_sizes(counts((4, 20, 6, 20), (0, 20, 6, 20)), "OR")
    assert one(alone) == one(beside)


@pytest.mark.parametrize("measure", ["RR", "OR", "PETO"])
def test_rows_without_information_are_left_out_of_ratios_and_named(measure: str) -> None:
    frame = counts((4, 20, 6, 20), (0, 10, 0, 12), (8, 8, 9, 9), (2, 9, 5, 9)).assign(study=["a", "b", "c", "d"])
    effects = effect_sizes(frame, measure)
    assert effects.labels == ("a", "d")
    left = {row.label: row.why for row in pool(effects).left_out}
    assert left == {"b": "no event in either arm", "c": "an event in everyone of both arms"}
    assert len(effect_sizes(frame, "RD").effect) == 4


@pytest.mark.parametrize("measure", MEASURES)
def test_back_transformation_undoes_the_scale(measure: str) -> None:
    frame = pd.concat([counts((3, 12, 6, 12)), means((10, 2, 12, 8, 2, 12)).drop(columns=["n_arm1", "n_arm2"])], axis=1)
    frame = frame.assign(effect=0.5, se=0.1, ci_low=0.3, ci_high=0.9)
    known = {"RR": 0.5, "OR": 1 / 3, "RD": -0.25, "MD": 2, "ROM": 1.25, "PLO": 0.25, "PAS": 0.25, "HR": 0.5, "GEN": 0.5}
    effects = effect_sizes(frame, measure)
    pooled = pool(effects)
    assert pooled.back_ci_low < pooled.back_estimate < pooled.back_ci_high
    assert pooled.back_estimate == pytest.approx(known.get(measure, effects.measure.back(effects.effect)[0]))
