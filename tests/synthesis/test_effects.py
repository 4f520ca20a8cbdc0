"""Effect sizes, against figures worked out by hand or by another library; and rows that cannot be right."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.meta_analysis import effectsize_2proportions, effectsize_smd

from review_tools.data.problems import DataError
from review_tools.synthesis.effects import MEASURES, CannotPoolError, Effects
from review_tools.synthesis.pooling import pool
from review_tools.synthesis.rows import effect_sizes

COUNTS: dict[str, object] = {"events_arm1": 1, "n_arm1": 10, "events_arm2": 2, "n_arm2": 10}
MEANS: dict[str, object] = {"mean_arm1": 5, "sd_arm1": 1, "n_arm1": 9, "mean_arm2": 4, "sd_arm2": 1, "n_arm2": 9}
EFFECT: dict[str, object] = {"effect": 0.5, "se": 0.1}
HAZARD: dict[str, object] = {"effect": 0.5, "ci_low": 0.3, "ci_high": 0.9}


def counts(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COUNTS))


def means(*rows: tuple[float, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(MEANS))


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
    assert g == pytest.approx(effectsize_smd(10, 2, 5, 8, 2, 5)[0], rel=2e-3)


@pytest.mark.parametrize("n", [2, 3, 10, 99, 101, 1000])
def test_correction_of_hedges_g(n: int) -> None:
    df = 2 * n - 2
    exact = math.exp(gammaln(df / 2) - math.log(df / 2) / 2 - gammaln((df - 1) / 2))
    assert one(effect_sizes(means((1, 1, n, 0, 1, n)), "SMD"))[0] == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize(
    ("measure", "row", "expected"),
    [
        ("MD", (10, 2, 5, 8, 3, 6), (2, 4 / 5 + 9 / 6)),
        ("PETO", (1, 10, 4, 10), (-1.5 * 7600 / 7500, 7600 / 7500)),  # E 2.5, V 10·10·5·15 / (400·19)
        ("PLO", (3, 12, 0, 1), (math.log(1 / 3), 1 / 3 + 1 / 9)),
        ("PLO", (0, 12, 0, 1), (math.log(0.5 / 12.5), 2 + 1 / 12.5)),
        ("OR", (0, 10, 3, 10), (math.log(0.5 * 7.5 / (10.5 * 3.5)), 1 / 0.5 + 1 / 10.5 + 1 / 3.5 + 1 / 7.5)),
        ("RR", (0, 10, 3, 10), (math.log(0.5 / 3.5), 1 / 0.5 - 1 / 11 + 1 / 3.5 - 1 / 11)),
        ("RR", (10, 10, 3, 10), (math.log(1 / 0.3), 1 / 3 - 1 / 10)),  # computable, so nothing is added
        ("RD", (0, 10, 3, 10), (-0.3, 0.3 * 0.7 / 10)),  # likewise
        ("RD", (0, 10, 0, 20), (0, 0.5 * 10.5 / 11**3 + 0.5 * 20.5 / 21**3)),
    ],
)
def test_effect_and_variance_by_hand(measure: str, row: tuple[int, ...], expected: tuple[float, float]) -> None:
    frame = means(row) if measure == "MD" else counts(row)  # type: ignore[arg-type]
    assert one(effect_sizes(frame, measure)) == pytest.approx(expected)


@pytest.mark.parametrize("measure", ["HR", "IRR"])
def test_ratio_from_its_interval(measure: str) -> None:
    effect, variance = one(effect_sizes(pd.DataFrame({"effect": [0.5], "ci_low": [0.25], "ci_high": [1.0]}), measure))
    assert effect == pytest.approx(math.log(0.5))
    assert math.sqrt(variance) == pytest.approx(math.log(4) / (2 * 1.959963985))


def test_a_study_with_a_zero_does_not_change_the_others() -> None:
    beside = effect_sizes(counts((4, 20, 6, 20), (0, 20, 6, 20)), "OR")
    assert one(effect_sizes(counts((4, 20, 6, 20)), "OR")) == one(beside)


@pytest.mark.parametrize("measure", ["RR", "OR", "PETO"])
def test_rows_without_information_are_left_out_of_ratios_and_named(measure: str) -> None:
    frame = counts((4, 20, 6, 20), (0, 10, 0, 12), (8, 8, 9, 9), (2, 9, 5, 9)).assign(study=["a", "b", "c", "d"])
    effects = effect_sizes(frame, measure)
    assert effects.labels == ("a", "d")
    left = {row.label: row.why for row in pool(effects).left_out}
    assert left == {"b": "no event in either arm", "c": "an event in everyone of both arms"}
    assert effect_sizes(frame, "RD").k == 4


@pytest.mark.parametrize("measure", MEASURES)
def test_the_readers_scale(measure: str) -> None:
    frame = pd.concat([counts((3, 12, 6, 12)), means((10, 2, 12, 8, 2, 12)).drop(columns=["n_arm1", "n_arm2"])], axis=1)
    frame = frame.assign(effect=0.5, se=0.1, ci_low=0.3, ci_high=0.9)
    by_hand = {"RR": 0.5, "OR": 1 / 3, "RD": -0.25, "MD": 2, "PLO": 0.25, "HR": 0.5, "IRR": 0.5, "GEN": 0.5}
    effects = effect_sizes(frame, measure)
    ((estimate, low, high),) = effects.intervals()
    assert low < estimate < high
    assert pool(effects).back[0] == estimate
    if measure in by_hand:
        assert estimate == pytest.approx(by_hand[measure])


@pytest.mark.parametrize(
    ("measure", "good", "column", "value", "why"),
    [
        ("RR", COUNTS, "events_arm1", -1, "less than zero"),
        ("RR", COUNTS, "events_arm2", 11, "more events than people"),
        ("OR", COUNTS, "events_arm1", 1.5, "not a whole number"),
        ("OR", COUNTS, "events_arm1", "two", "not a number"),
        ("OR", COUNTS, "events_arm1", "1,5", "not a number"),
        ("OR", COUNTS, "events_arm1", "1_0", "not a number"),
        ("OR", COUNTS, "events_arm1", "nan", "not a number"),
        ("OR", COUNTS, "events_arm1", "inf", "not a number"),
        ("OR", COUNTS, "events_arm1", True, "not a number"),
        ("RD", COUNTS, "n_arm1", 0, "less than 1"),
        ("RD", COUNTS, "n_arm2", "", "empty"),
        ("PETO", COUNTS, "events_arm1", None, "empty"),
        ("PLO", COUNTS, "events_arm1", np.nan, "empty"),
        ("PLO", COUNTS, "events_arm1", np.inf, "not a number"),
        ("MD", MEANS, "sd_arm1", 0, "not above zero"),
        ("SMD", MEANS, "sd_arm2", -1, "not above zero"),
        ("SMD", MEANS, "sd_arm2", "", "empty"),
        ("SMD", MEANS, "n_arm1", 1, "less than 2"),
        ("GEN", EFFECT, "se", 0, "not above zero"),
        ("GEN", EFFECT, "se", 1e-16, "the effect or its variance is too small or too large to calculate with"),
        ("SMD", MEANS, "sd_arm1", 1e16, "too large to be a result"),
        ("GEN", EFFECT, "effect", np.nan, "empty"),
        ("HR", HAZARD, "effect", -0.5, "not above zero"),
        ("HR", HAZARD, "ci_low", 0.9, "not below ci_high"),
    ],
)
def test_a_bad_cell_names_row_column_value_and_remedy(
    measure: str, good: dict[str, object], column: str, value: object, why: str
) -> None:
    frame = pd.DataFrame([good, {**good, column: value}, good], index=[2, 3, 4], dtype=object)
    with pytest.raises(DataError) as raised:
        effect_sizes(frame, measure, "trial.csv")
    (problem,) = raised.value.problems
    assert (problem.file, problem.row, problem.why) == ("trial.csv", 3, why)
    assert problem.remedy
    if "variance" not in why:
        assert (problem.column, problem.value) == (column, "" if pd.isna(value) else str(value))


def test_all_problems_come_at_once_and_name_the_study() -> None:
    frame = pd.DataFrame([{**COUNTS, "events_arm1": 99}, {**COUNTS, "n_arm2": "x"}]).assign(study=["Smith", "Lee"])
    with pytest.raises(DataError, match=r"Smith(.|\n)*Lee") as raised:
        effect_sizes(frame, "RR")
    assert len(raised.value.problems) == 2


def test_missing_and_doubled_columns_are_named() -> None:
    with pytest.raises(DataError, match="column n_arm2: the column is missing → RR needs events_arm1"):
        effect_sizes(pd.DataFrame([COUNTS]).drop(columns="n_arm2"), "RR")
    for column in ("se", "study", "ci_low"):
        doubled = pd.DataFrame([[1, 2, 3, 4]], columns=["effect", "se", column, column])
        with pytest.raises(DataError, match=f"column {column}: the column stands twice"):
            effect_sizes(doubled, "GEN")


def test_an_unknown_measure_is_answered_with_the_known_ones() -> None:
    with pytest.raises(CannotPoolError, match="there are RR, OR"):
        effect_sizes(pd.DataFrame([COUNTS]), "rr")


def test_text_and_numbers_read_alike_and_labels_stay_with_their_rows() -> None:
    numbers = effect_sizes(pd.DataFrame([COUNTS, {**COUNTS, "events_arm1": 3}]), "OR")
    text = effect_sizes(pd.DataFrame([COUNTS, {**COUNTS, "events_arm1": " 3.0"}]).astype("str"), "OR")
    assert numbers.effect.tolist() == text.effect.tolist()
    frame = pd.DataFrame([{**EFFECT, "effect": i} for i in range(3)], index=[5, 5, 9]).assign(study=["a", "", "c"])
    effects = effect_sizes(frame, "GEN")
    assert dict(zip(effects.labels, effects.effect.tolist(), strict=True)) == {"a": 0, "row 5": 1, "c": 2}


def test_ses_in_place_of_sds_are_warned_about() -> None:
    frame = pd.DataFrame([MEANS, {**MEANS, "sd_arm1": 0.1, "sd_arm2": 0.1}])
    (warning,) = effect_sizes(frame, "SMD").warnings
    assert warning.row == 1
    assert "SEs instead of SDs" in warning.remedy


@pytest.mark.parametrize(
    ("low", "high", "warned"), [(0.4, 0.6, False), (0.6, 0.9, True), ("", "", False), ("?", 1, True)]
)
def test_an_effect_outside_its_interval_is_warned_about(low: object, high: object, warned: bool) -> None:
    warnings = effect_sizes(pd.DataFrame([{**EFFECT, "ci_low": low, "ci_high": high}]), "GEN").warnings
    assert [warning.column for warning in warnings] == ["effect"] * warned
