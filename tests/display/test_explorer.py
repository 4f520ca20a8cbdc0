"""The explorer offers what the findings hold, and counts what the data count."""

import json
import re

import pytest

import review_tools as rt
from review_tools.display import explorer
from review_tools.display.queries import NO, WITHOUT


def test_each_choice_offers_every_value_of_the_data_with_its_count() -> None:
    made = {
        choice.name: {value: count for value, _, count in choice.options} for choice in rt.tables.explorer().choices
    }
    findings, mediators = rt.load("findings"), rt.load("finding_mediators")
    assert made["cell"] == findings["target_cell"].value_counts().to_dict()
    assert made["model"] == findings["model"].value_counts().to_dict()
    assert made["product"] == findings["product"].value_counts().to_dict()
    assert made["disease"] == findings["disease"].fillna(NO["disease"]).value_counts().to_dict()
    assert (
        sum(made["route"].values())
        == len(findings) + (findings["route"].eq("both") & findings["product"].ne("none")).sum()
    )
    source = findings["tissue"].fillna(NO["tissue"]).where(findings["product"] != "none", WITHOUT)
    assert made["tissue"] == source.value_counts().to_dict()
    assert made["mediator"].pop(NO["mediator"]) == len(findings) - mediators["finding_id"].nunique()
    assert made["mediator"] == mediators.groupby("term")["finding_id"].nunique().to_dict()


def test_every_finding_is_there_once_under_the_row_it_has_in_the_table() -> None:
    rows = rt.tables.explorer().rows
    table = rt.tables.findings()._repr_html_()
    assert sorted(row["id"] for row in rows) == sorted(rt.load("findings")["finding_id"])
    assert all(f'id="finding-{row["id"]}"' in table for row in rows)
    studies = rt.load("findings")
    named = studies["study_id"].fillna("seed " + studies["seed_number"].astype("string"))
    assert repr(rt.tables.explorer()) == f"{len(rows)} findings from {named.nunique()} studies"


def test_the_columns_of_the_map_are_those_the_choices_name() -> None:
    spec = rt.charts.mechanism_map().to_dict()
    stages = {box["stage"] for box in spec["datasets"]["boxes"]}
    assert {choice.stage for choice in rt.tables.explorer().choices} - {""} < stages


def test_the_controls_are_labelled_and_off_until_the_script_runs() -> None:
    html = rt.tables.explorer()._repr_html_()
    assert html.count("<label>") == html.count("<select") == 7
    assert "<fieldset disabled>" in html
    assert "<noscript>" in html
    assert html == rt.tables.explorer()._repr_html_()


@pytest.mark.parametrize("value", ["</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"])
def test_hostile_text_is_text(value: str) -> None:
    choice = explorer.Choice("cell", value, value, "target_cell", [(value, value, 1)])
    html = explorer.Explorer([choice], [{"id": "f", "study": value, "cell": [value]}])._repr_html_()
    assert html.count("<script") == html.count("</script>") == 1
    assert "<img" not in html
    assert "49" not in html
    assert json.loads(re.search(r"explorer-data\">(.*?)</script>", html)[1])[0]["study"] == value
