"""Forest plots and the gap map draw what the comparisons and tables hold."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest

import review_tools as rt
from review_tools.display.gapmap import DESIGNS, domains, evidence
from review_tools.synthesis.comparisons import answer

NAMES = list(rt.load("comparisons")["comparison_id"])


def rows(chart: Any, column: str) -> list[dict[str, Any]]:
    datasets = chart.to_dict()["datasets"].values()
    return next(data for data in datasets if data and column in data[0])


@pytest.mark.parametrize("name", NAMES)
def test_every_comparison_draws_its_studies_and_says_what_they_mean(name: str) -> None:
    result, drawn = answer(name), rows(rt.charts.forest(name), "figures")
    assert sum(row["kind"] == "study" and row["row_id"] != "" for row in drawn) == result.k
    assert sum(row["kind"] == "pooled" for row in drawn) == (result.k > 1)
    assert any(row["kind"] == "prediction" for row in drawn) == (result.k >= 3)
    assert rt.charts.forest(name).to_dict()["description"].endswith(".")


def test_counts_weights_and_intervals_stand_beside_each_study() -> None:
    drawn = {row["row_id"]: row for row in rows(rt.charts.forest("crohns_fistula"), "figures")}
    newest = drawn["raffals_2024_admire-1"]
    assert "138/283 v 132/285" in newest["figures"]
    assert "weight" in newest["figures"]
    assert newest["low"] < newest["estimate"] < newest["high"]


def test_an_interval_beyond_the_axis_is_clipped_and_marked() -> None:
    clipped = [row for name in NAMES for row in rows(rt.charts.forest(name), "figures") if row["clipped_high"]]
    assert clipped
    assert all(row["shown_high"] < row["high"] for row in clipped)


def test_the_axis_names_the_side_that_is_good_for_patients() -> None:
    for name, first in (("crohns_fistula", "← favours comparator"), ("cgvhd_prevention", "← favours MSC")):
        assert first in str(rt.charts.forest(name).to_dict())


def test_the_gap_map_counts_rows_and_shows_empty_cells() -> None:
    cells = rows(rt.charts.gap_map("design"), "rows")
    held = evidence()
    assert sum(cell["rows"] for cell in cells) == len(held)
    assert len(cells) == held["disease"].nunique() * len(DESIGNS)
    assert any(cell["rows"] == 0 for cell in cells)


@pytest.mark.parametrize("by", ["design", "domain"])
def test_every_filled_cell_opens_exactly_its_rows(by: str) -> None:
    html, held = rt.tables.gap_rows()._repr_html_(), evidence()
    shown = held.assign(measured=held["domain"].map(domains()))
    for cell in rows(rt.charts.gap_map(by), "rows"):
        if not cell["rows"]:
            assert not cell["href"]
            continue
        parts = urlsplit(cell["href"])
        asked = {key.removeprefix("evidence."): value for key, value in parse_qsl(parts.query)}
        matching = shown[(shown[list(asked)] == pd.Series(asked)).all(axis=1)]
        assert len(matching) == cell["rows"]
        assert parts.fragment == f"gap-{matching['row'].iloc[0]}"
        assert html.count(f'id="{parts.fragment}"') == 1
