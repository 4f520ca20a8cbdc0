"""Charts are compared as specifications: what they draw is what the tables hold."""

import json
from typing import Any

import pytest

import review_tools as rt

CALLS = {
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
}


def spec(name: str, **options: Any) -> dict[str, Any]:
    return getattr(rt.charts, name)(**options).to_dict()


def rows(chart: dict[str, Any], column: str) -> list[dict[str, Any]]:
    """The rows of the first data set that has the column."""
    return next(data for data in chart["datasets"].values() if data and column in data[0])


@pytest.mark.parametrize("name", CALLS)
def test_a_chart_says_what_it_shows_and_is_the_same_every_time(name: str) -> None:
    first, second = spec(name, **CALLS[name]), spec(name, **CALLS[name])
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
    held = findings[findings["section"].eq("2.1.1") & findings["target_cell"].eq("Treg")]
    assert cell["findings"] == len(held)
    assert "Piekarska et al. 2022" in cell["studies"]


def test_a_heat_map_counts_findings() -> None:
    cells = rows(spec("disease_by_model"), "findings")
    held = rt.load("findings")
    for cell in cells:
        expected = ((held["disease"] == cell["disease"]) & (held["model"] == cell["model"])).sum()
        assert cell["findings"] == expected


def test_trials_are_counted_by_every_property() -> None:
    for column in ("disease", "registered_phase", "registered_status", "cell_source", "registered_country"):
        assert sum(row["rows"] for row in rows(spec("trials_by", column=column), "rows")) == len(rt.load("trials"))


def test_rates_are_events_over_people_inside_their_interval() -> None:
    drawn = rows(spec("response_rates", study_id="deng_2017_randomised"), "rate")
    assert {"9/12", "5/6"} <= {row["people"] for row in drawn}
    assert all(row["low"] <= row["rate"] <= row["high"] for row in drawn)


def test_an_empty_selection_draws_without_failing() -> None:
    assert "0 findings" in spec("directions", section="4.1")["description"] or spec("directions", section="4.1")
