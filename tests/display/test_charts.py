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

CALLS: dict[str, dict[str, str]] = {
    "mechanism_map": {},
    "mediator_by_cell": {"section": "2.1"},
    "effect_by_cell": {},
    "disease_by_model": {},
    "products": {},
    "directions": {"section": "2.2.3"},
    "basis": {},
    "corrections_by_kind": {},
    "decision_timeline": {},
    "trial_timeline": {},
}


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


@pytest.mark.parametrize("name", ["directions", "effect_by_cell", "basis"])
def test_an_empty_selection_draws_without_failing(name: str) -> None:
    assert spec(name, section="9.9")["description"].endswith(".")


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
