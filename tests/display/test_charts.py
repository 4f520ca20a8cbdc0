"""Charts are compared as specifications: what they draw is what the tables hold."""

import json
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display.counts import DESIGNS, domains, evidence
from review_tools.display.queries import findings

CALLS: dict[str, dict[str, str]] = {
    "mechanism_map": {},
    "mediator_by_cell": {"section": "2.1"},
    "effect_by_cell": {"section": "9.9"},  # a section without findings
    "disease_by_model": {},
    "products": {},
    "directions": {"section": "9.9"},
    "basis": {"section": "9.9"},
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


def test_the_map_draws_every_finding_once_for_each_mediator_and_names_the_studies_of_each_box(project: Project) -> None:
    lines, boxes = (rows(spec("mechanism_map"), column) for column in ("path", "studies"))
    held, mediators = findings(project), project.table("finding_mediators")
    without = ~held["finding_id"].isin(mediators["finding_id"])
    assert {row["finding_id"] for row in lines} == set(held["finding_id"])
    assert len({row["path"] for row in lines}) == len(mediators) + without.sum()
    [cell] = [box for box in boxes if box["box"] == "target_cell: Treg"]
    here = held[held["target_cell"] == "Treg"]
    assert cell["findings"] == len(here)
    assert cell["studies"].startswith("; ".join(sorted(set(here["study"]))[:8]))


def test_a_heat_map_counts_findings() -> None:
    held = rt.load("findings")
    for cell in rows(spec("disease_by_model"), "findings"):
        expected = ((held["disease"] == cell["disease"]) & (held["model"] == cell["model"])).sum()
        assert cell["findings"] == expected


@pytest.mark.parametrize("column", ["disease", "registered_phase", "cell_source"])
def test_trials_are_counted_by_every_property(column: str) -> None:
    assert sum(row["rows"] for row in rows(spec("trials_by", column=column), "rows")) == len(rt.load("trials"))


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
