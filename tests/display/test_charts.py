"""Charts are compared as specifications: what they draw is what the tables hold."""

import json
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display.gapmap import DESIGNS, domains, evidence
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.comparisons import answer, controlled
from review_tools.synthesis.words import direction

CALLS: dict[str, dict[str, str]] = {
    "mechanism_map": {},
    "mediator_by_cell": {"section": "2.1"},
    "effect_by_cell": {},
    "disease_by_model": {},
    "products": {},
    "directions": {"section": "2.2.3"},
    "basis": {},
    "corrections_by_kind": {},
    "trial_timeline": {},
    "response_rates": {"disease": "acute GVHD"},
    "overview": {},
}
COMPARISONS = list(rt.load("comparisons")["comparison_id"])


@cache
def spec(name: str, **options: str) -> dict[str, Any]:
    drawn: dict[str, Any] = getattr(rt.charts, name)(**options).to_dict()
    return drawn


def rows(chart: dict[str, Any], column: str) -> list[dict[str, Any]]:
    """The rows of the first data set that has the column."""
    return next(data for data in chart["datasets"].values() if data and column in data[0])


@pytest.mark.parametrize("name", CALLS)
def test_a_chart_says_what_it_shows_and_is_the_same_every_time(name: str) -> None:
    first, second = spec(name, **CALLS[name]), getattr(rt.charts, name)(**CALLS[name]).to_dict()
    assert first["title"]
    assert first["description"].endswith(".")
    assert json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)


def test_the_map_draws_every_finding_once_for_each_mediator() -> None:
    drawn = rows(spec("mechanism_map"), "path")
    findings, mediators = rt.load("findings"), rt.load("finding_mediators")
    without = ~findings["finding_id"].isin(mediators["finding_id"])
    assert {row["finding_id"] for row in drawn} == set(findings["finding_id"])
    assert len({row["path"] for row in drawn}) == len(mediators) + without.sum()


def test_the_map_names_the_studies_of_each_box() -> None:
    boxes = rows(spec("mechanism_map", section="2.1.1"), "studies")
    cell = next(box for box in boxes if box["box"] == "target_cell: Treg")
    findings = rt.load("findings")
    assert cell["findings"] == (findings["section"].eq("2.1.1") & findings["target_cell"].eq("Treg")).sum()
    assert "Piekarska et al. 2022" in cell["studies"]


def test_a_heat_map_counts_findings() -> None:
    held = rt.load("findings")
    for cell in rows(spec("disease_by_model"), "findings"):
        expected = ((held["disease"] == cell["disease"]) & (held["model"] == cell["model"])).sum()
        assert cell["findings"] == expected


@pytest.mark.parametrize(
    "column", ["disease", "registered_phase", "registered_status", "cell_source", "registered_country"]
)
def test_trials_are_counted_by_every_property(column: str) -> None:
    assert sum(row["rows"] for row in rows(spec("trials_by", column=column), "rows")) == len(rt.load("trials"))


def test_rates_are_events_over_people_inside_their_interval() -> None:
    drawn = rows(spec("response_rates", study_id="deng_2017_randomised"), "rate")
    assert {"9/12", "5/6"} <= {row["people"] for row in drawn}
    assert all(row["low"] <= row["rate"] <= row["high"] for row in drawn)


@pytest.mark.parametrize("name", ["directions", "effect_by_cell", "basis"])
def test_an_empty_selection_draws_without_failing(name: str) -> None:
    assert spec(name, section="9.9")["description"].endswith(".")


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_comparison_draws_its_studies_and_says_what_they_mean(project: Project, name: str) -> None:
    result, chart = answer(project, name), spec("forest", comparison_id=name)
    drawn = rows(chart, "figures")
    assert sum(row["kind"] == "study" and row["row_id"] != "" for row in drawn) == result.k
    assert sum(row["kind"] == "pooled" for row in drawn) == (result.k > 1)
    assert any(row["kind"] == "prediction" for row in drawn) == (result.k >= 3)
    assert all(row["shown_high"] < row["high"] for row in drawn if row["clipped_high"])
    assert chart["description"].endswith(".")


def test_counts_weights_and_intervals_stand_beside_each_study() -> None:
    drawn = {row["row_id"]: row for row in rows(spec("forest", comparison_id="crohns_fistula"), "figures")}
    newest = drawn["raffals_2024_admire-1"]
    assert "138/283 v 132/285" in newest["figures"]
    assert "weight" in newest["figures"]
    assert newest["low"] < newest["estimate"] < newest["high"]


def test_the_axis_names_the_side_that_is_good_for_patients() -> None:
    for name, first in (("crohns_fistula", "← favours comparator"), ("cgvhd_prevention", "← favours MSC")):
        assert first in str(spec("forest", comparison_id=name))


def test_an_unknown_comparison_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"No comparison 'gvhd'; there are .*agvhd_response"):
        rt.charts.forest("gvhd")


def test_the_headline_chart_turns_ratios_so_that_right_is_better(project: Project) -> None:
    drawn = {row["title"]: row for row in rows(spec("overview"), "estimate")}
    wanted = [result for result in controlled(project) if result.measure.is_ratio and result.k > 1]
    assert len(drawn) == len(wanted)
    assert "clipped_high" in str(spec("overview"))
    for result in wanted:
        row = drawn[result.comparison["title"]]
        assert (row["estimate"] > 1) == result.favours_msc
        assert row["low"] <= row["estimate"] <= row["high"]
        graded = certainty(project, str(result.comparison["comparison_id"]))
        assert str(row["certainty"]).startswith(getattr(graded, "rating", "?"))
        assert row["direction"] == direction(result)
        if row["direction"] == "better with MSCs":
            assert row["low"] > 1


@pytest.mark.parametrize("by", ["design", "domain"])
def test_every_filled_cell_of_the_gap_map_opens_exactly_its_rows(project: Project, by: str) -> None:
    cells, held = rows(spec("gap_map", by=by), "rows"), evidence(project)
    html = rt.tables.gap_rows()._repr_html_()
    shown = held.assign(measured=held["domain"].map(domains(project)))
    assert any(cell["rows"] == 0 for cell in cells)
    if by == "design":
        assert sum(cell["rows"] for cell in cells) == len(held)
        assert len(cells) == held["disease"].nunique() * len(DESIGNS)
    for cell in cells:
        if not cell["rows"]:
            assert not cell["href"]
            continue
        parts = urlsplit(cell["href"])
        asked = {key.removeprefix("evidence."): value for key, value in parse_qsl(parts.query)}
        matching = shown[(shown[list(asked)] == pd.Series(asked)).all(axis=1)]
        assert len(matching) == cell["rows"]
        assert parts.fragment == f"gap-{matching['row'].iloc[0]}"
        assert html.count(f'id="{parts.fragment}"') == 1
