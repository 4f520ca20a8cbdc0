"""Rows that cannot be right are named, all at once, and never turn into NaN."""

import numpy as np
import pandas as pd
import pytest

from review_tools.synthesis.effects import SynthesisError
from review_tools.synthesis.rows import BadRowsError, effect_sizes

COUNTS: dict[str, object] = {"events_arm1": 1, "n_arm1": 10, "events_arm2": 2, "n_arm2": 10}
MEANS: dict[str, object] = {"mean_arm1": 5, "sd_arm1": 1, "n_arm1": 9, "mean_arm2": 4, "sd_arm2": 1, "n_arm2": 9}
EFFECT: dict[str, object] = {"effect": 0.5, "se": 0.1}
HAZARD: dict[str, object] = {"effect": 0.5, "ci_low": 0.3, "ci_high": 0.9}


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
        ("ROM", MEANS, "mean_arm2", 0, "not above zero: a ratio of means has no meaning"),
        ("GEN", EFFECT, "se", 0, "not above zero"),
        ("GEN", EFFECT, "se", 1e-200, "the effect or its variance is zero or not finite"),
        ("SMD", MEANS, "sd_arm1", 1e200, "too large to be a result"),
        ("GEN", EFFECT, "effect", np.nan, "empty"),
        ("HR", HAZARD, "effect", -0.5, "not above zero"),
        ("HR", HAZARD, "ci_low", 0.9, "not below ci_high"),
    ],
)
def test_a_bad_cell_names_row_column_value_and_remedy(
    measure: str, good: dict[str, object], column: str, value: object, why: str
) -> None:
    rows = [good, {**good, column: value}, good]
    frame = pd.DataFrame(rows, index=[2, 3, 4], dtype=object)
    with pytest.raises(BadRowsError) as raised:
        effect_sizes(frame, measure, "trial.csv")
    (problem,) = raised.value.problems
    assert (problem.file, problem.row, problem.why) == ("trial.csv", 3, why)
    assert problem.remedy
    if "variance" not in why:
        assert problem.column == column
        assert problem.value == ("" if pd.isna(value) else str(value))


def test_all_problems_come_at_once_and_name_the_study() -> None:
    frame = pd.DataFrame([{**COUNTS, "events_arm1": 99}, {**COUNTS, "n_arm2": "x"}]).assign(study=["Smith", "Lee"])
    with pytest.raises(BadRowsError, match=r"Smith(.|\n)*Lee") as raised:
        effect_sizes(frame, "RR")
    assert len(raised.value.problems) == 2


def test_missing_and_doubled_columns_are_named() -> None:
    with pytest.raises(BadRowsError, match="column n_arm2: the column is missing → RR needs events_arm1"):
        effect_sizes(pd.DataFrame([COUNTS]).drop(columns="n_arm2"), "RR")
    for column in ("se", "study", "ci_low"):
        doubled = pd.DataFrame([[1, 2, 3, 4]], columns=["effect", "se", column, column])
        with pytest.raises(BadRowsError, match=f"column {column}: the column stands twice"):
            effect_sizes(doubled, "GEN")


def test_an_unknown_measure_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SynthesisError, match="there are RR, OR"):
        effect_sizes(pd.DataFrame([COUNTS]), "rr")


def test_text_and_numbers_read_alike() -> None:
    numbers = effect_sizes(pd.DataFrame([COUNTS, {**COUNTS, "events_arm1": 3}]), "OR")
    text = effect_sizes(pd.DataFrame([COUNTS, {**COUNTS, "events_arm1": " 3.0"}]).astype("str"), "OR")
    assert numbers.effect.tolist() == text.effect.tolist()


def test_labels_stay_with_their_rows() -> None:
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
    frame = pd.DataFrame([{**EFFECT, "ci_low": low, "ci_high": high}])
    warnings = effect_sizes(frame, "GEN").warnings
    assert [warning.column for warning in warnings] == ["effect"] * warned
