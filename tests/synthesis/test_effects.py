"""Effect sizes, against figures worked out by hand or by another library; and rows that cannot be right."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.meta_analysis import effectsize_2proportions, effectsize_smd

from review_tools.data.problems import DataError
from review_tools.synthesis.effects import MEASURES, Effects
from review_tools.synthesis.pooling import pool
from review_tools.synthesis.rows import effect_sizes

TABLE = Table2x2(np.array([[12, 28], [20, 15]]))
GOOD = {  # one sound row of each form
    **dict.fromkeys(("RR", "OR", "RD", "PETO"), (1, 10, 2, 10)),
    **dict.fromkeys(("MD", "SMD"), (5, 1, 9, 4, 1, 9)),
    **dict.fromkeys(("HR", "IRR"), (0.5, 0.3, 0.9)),
    "PLO": (1, 10),
    "GEN": (0.5, 0.1),
}


def frame(measure: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows or [GOOD[measure]], columns=list(MEASURES[measure].columns), dtype=object)


def sized(measure: str, *rows: tuple[object, ...]) -> Effects:
    return effect_sizes(frame(measure, *rows), measure)


def one(effects: Effects) -> tuple[float, float]:
    return float(effects.effect[0]), float(effects.variance[0])


@pytest.mark.parametrize(
    ("measure", "row", "expected"),
    [
        ("OR", (12, 40, 20, 35), (TABLE.log_oddsratio, TABLE.log_oddsratio_se**2)),
        ("RR", (12, 40, 20, 35), (TABLE.log_riskratio, TABLE.log_riskratio_se**2)),
        ("RD", (12, 40, 20, 35), effectsize_2proportions(12, 40, 20, 35, statistic="diff")),
        ("MD", (10, 2, 5, 8, 3, 6), (2, 4 / 5 + 9 / 6)),
        ("SMD", (10, 2, 5, 8, 2, 5), (0.9027033337, 0.4 + 0.9027033337**2 / 20)),  # J: Γ(4) / (√4 Γ(3.5))
        ("PETO", (1, 10, 4, 10), (-1.5 * 7600 / 7500, 7600 / 7500)),  # E 2.5, V 10·10·5·15 / (400·19)
        ("PLO", (3, 12), (math.log(1 / 3), 1 / 3 + 1 / 9)),
        ("PLO", (0, 12), (math.log(0.5 / 12.5), 2 + 1 / 12.5)),
        ("HR", (0.5, 0.25, 1.0), (math.log(0.5), (math.log(4) / (2 * 1.959963985)) ** 2)),
        ("IRR", (0.5, 0.25, 1.0), (math.log(0.5), (math.log(4) / (2 * 1.959963985)) ** 2)),
        ("GEN", (0.5, 0.1), (0.5, 0.01)),
        ("OR", (0, 10, 3, 10), (math.log(0.5 * 7.5 / (10.5 * 3.5)), 1 / 0.5 + 1 / 10.5 + 1 / 3.5 + 1 / 7.5)),
        ("RR", (0, 10, 3, 10), (math.log(0.5 / 3.5), 1 / 0.5 - 1 / 11 + 1 / 3.5 - 1 / 11)),
        ("RR", (10, 10, 3, 10), (math.log(1 / 0.3), 1 / 3 - 1 / 10)),  # computable, so nothing is added
        ("RD", (0, 10, 3, 10), (-0.3, 0.3 * 0.7 / 10)),  # likewise
        ("RD", (0, 10, 0, 20), (0, 0.5 * 10.5 / 11**3 + 0.5 * 20.5 / 21**3)),
    ],
)
def test_effect_and_variance_by_hand_or_another_library(
    measure: str, row: tuple[float, ...], expected: tuple[float, float]
) -> None:
    assert one(sized(measure, row)) == pytest.approx(expected)


@pytest.mark.parametrize("n", [2, 3, 10, 99, 101, 1000])
def test_correction_of_hedges_g(n: int) -> None:
    df = 2 * n - 2
    exact = math.exp(gammaln(df / 2) - math.log(df / 2) / 2 - gammaln((df - 1) / 2))
    g, _ = one(sized("SMD", (1, 1, n, 0, 1, n)))
    assert g == pytest.approx(exact, rel=1e-11)
    assert g == pytest.approx(effectsize_smd(1, 1, n, 0, 1, n)[0], rel=0.02)  # which approximates it


def test_a_study_with_a_zero_does_not_change_the_others() -> None:
    assert one(sized("OR", (4, 20, 6, 20))) == one(sized("OR", (4, 20, 6, 20), (0, 20, 6, 20)))


@pytest.mark.parametrize("measure", ["RR", "OR", "PETO"])
def test_rows_without_information_are_left_out_of_ratios_and_named(measure: str) -> None:
    rows = frame(measure, (4, 20, 6, 20), (0, 10, 0, 12), (8, 8, 9, 9), (2, 9, 5, 9)).assign(study=list("abcd"))
    effects = effect_sizes(rows, measure)
    assert effects.labels == ("a", "d")
    assert pool(effects).left_out == (("b", "no event in either arm"), ("c", "an event in everyone of both arms"))
    assert effect_sizes(rows, "RD").k == 4


@pytest.mark.parametrize(
    ("measure", "row", "back"),
    [
        *(("RR", (3, 12, 6, 12), 0.5), ("OR", (3, 12, 6, 12), 1 / 3), ("RD", (3, 12, 6, 12), -0.25)),
        *(("MD", (10, 2, 12, 8, 2, 12), 2), ("PLO", (3, 12), 0.25), ("HR", GOOD["HR"], 0.5), ("GEN", GOOD["GEN"], 0.5)),
    ],
)
def test_the_readers_scale(measure: str, row: tuple[float, ...], back: float) -> None:
    ((estimate, low, high),) = sized(measure, row).intervals()
    assert low < estimate < high
    assert pool(sized(measure, row)).back[0] == estimate == pytest.approx(back)


@pytest.mark.parametrize(
    ("measure", "column", "value", "why"),
    [
        ("RR", "events_arm1", -1, "less than zero"),
        ("RR", "events_arm2", 11, "more events than people"),
        ("OR", "events_arm1", 1.5, "not a whole number"),
        *(("OR", "events_arm1", value, "not a number") for value in ("two", "1,5", "1_0", "nan", "inf", True)),
        ("RD", "n_arm1", 0, "less than 1"),
        ("RD", "n_arm2", "", "empty"),
        ("PETO", "events_arm1", None, "empty"),
        ("PLO", "events_arm1", np.nan, "empty"),
        ("PLO", "events_arm1", np.inf, "not a number"),
        ("MD", "sd_arm1", 0, "not above zero"),
        ("SMD", "sd_arm2", -1, "not above zero"),
        ("SMD", "n_arm1", 1, "less than 2"),
        ("SMD", "sd_arm1", 1e16, "too large to be a result"),
        ("GEN", "se", 0, "not above zero"),
        ("GEN", "se", 1e-16, "the effect or its variance is too small or too large to calculate with"),
        ("HR", "effect", -0.5, "not above zero"),
        ("HR", "ci_low", 0.9, "not below ci_high"),
    ],
)
def test_a_bad_cell_names_row_column_value_and_remedy(measure: str, column: str, value: object, why: str) -> None:
    rows = frame(measure, *[GOOD[measure]] * 3).set_axis([2, 3, 4])
    rows.loc[3, column] = value
    with pytest.raises(DataError) as raised:
        effect_sizes(rows, measure, "trial.csv")
    (problem,) = raised.value.problems
    assert (problem.file, problem.row, problem.why) == ("trial.csv", 3, why)
    assert problem.remedy
    if "variance" not in why:
        assert (problem.column, problem.value) == (column, "" if pd.isna(value) else str(value))


def test_all_problems_come_at_once_and_name_the_study() -> None:
    rows = frame("RR", (99, 10, 2, 10), (1, 10, 2, "x")).assign(study=["Smith", "Lee"])
    with pytest.raises(DataError, match=r"Smith(.|\n)*Lee") as raised:
        effect_sizes(rows, "RR")
    assert len(raised.value.problems) == 2


def test_missing_and_doubled_columns_are_named() -> None:
    with pytest.raises(DataError, match="column n_arm2: the column is missing → RR needs events_arm1"):
        effect_sizes(frame("RR").drop(columns="n_arm2"), "RR")
    for column in ("se", "study", "ci_low"):
        doubled = pd.DataFrame([[1, 2, 3, 4]], columns=["effect", "se", column, column])
        with pytest.raises(DataError, match=f"column {column}: the column stands twice"):
            effect_sizes(doubled, "GEN")


def test_text_and_numbers_read_alike_and_labels_stay_with_their_rows() -> None:
    numbers, text = (
        sized("OR", (1, 10, 2, 10), (3, 10, 2, 10)),
        sized("OR", ("1", "10", "2", "10"), (" 3.0", 10, 2, 10)),
    )
    assert numbers.effect.tolist() == text.effect.tolist()
    effects = effect_sizes(
        frame("GEN", (0, 0.1), (1, 0.1), (2, 0.1)).set_axis([5, 5, 9]).assign(study=["a", "", "c"]), "GEN"
    )
    assert dict(zip(effects.labels, effects.effect.tolist(), strict=True)) == {"a": 0, "row 5": 1, "c": 2}


def test_ses_in_place_of_sds_are_warned_about() -> None:
    (warning,) = sized("SMD", GOOD["SMD"], (5, 0.1, 9, 4, 0.1, 9)).warnings
    assert warning.row == 1
    assert "SEs instead of SDs" in warning.remedy


@pytest.mark.parametrize(
    ("low", "high", "warned"), [(0.4, 0.6, False), (0.6, 0.9, True), ("", "", False), ("?", 1, True)]
)
def test_an_effect_outside_its_interval_is_warned_about(low: object, high: object, warned: bool) -> None:
    warnings = effect_sizes(frame("GEN").assign(ci_low=low, ci_high=high), "GEN").warnings
    assert [warning.column for warning in warnings] == ["effect"] * warned
