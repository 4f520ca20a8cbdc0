"""The explorer offers what the findings hold, and counts what the data count."""

import json
import re

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display.explorer import CHOICES, Explorer
from review_tools.display.queries import NO, as_chosen, findings

HOSTILE = "</script><script>alert(1)</script>\"><img src=x onerror=alert(1)>{{ 7*7 }}'"


def test_each_choice_offers_every_value_of_the_data_with_its_count() -> None:
    options = rt.tables.explorer().options
    made = {name: {value: count for value, _, count in held} for name, held in options.items()}
    held, mediators = rt.load("findings"), rt.load("finding_mediators")
    for name, column in (("cell", "target_cell"), ("model", "model"), ("product", "product")):
        assert made[name] == held[column].value_counts().to_dict()
    assert made["disease"] == held["disease"].fillna(NO["disease"]).value_counts().to_dict()
    given = held["product"] != "none"
    assert sum(made["route"].values()) == len(held) + (given & held["route"].eq("both")).sum()
    assert made["tissue"] == held["tissue"].fillna("not shown").where(given, "no MSC product").value_counts().to_dict()
    assert made["mediator"].pop(NO["mediator"]) == len(held) - mediators["finding_id"].nunique()
    assert made["mediator"] == mediators.groupby("term")["finding_id"].nunique().to_dict()
    boxes = rt.charts.mechanism_map().to_dict()["datasets"]["boxes"]
    assert {choice.stage for choice in CHOICES} - {""} < {box["stage"] for box in boxes}


def test_every_finding_is_there_once_under_the_row_it_has_in_the_table(project: Project) -> None:
    made, table = rt.tables.explorer(), rt.tables.findings()._repr_html_()
    held = as_chosen(findings(project))
    assert sorted(row["id"] for row in made.rows) == sorted(set(held["finding_id"]))
    assert all(f'id="finding-{row["id"]}"' in table for row in made.rows)
    assert made.count == f"{held['finding_id'].nunique()} findings from {held['work'].nunique()} studies"


def test_the_controls_are_labelled_and_off_until_the_script_runs() -> None:
    html = rt.tables.explorer()._repr_html_()
    assert html.count("<label>") == html.count("<select") == 7
    assert "<fieldset disabled>" in html
    assert "<noscript>" in html
    assert html == rt.tables.explorer()._repr_html_()


def test_hostile_text_is_text() -> None:
    options = {choice.name: [(HOSTILE, HOSTILE, 1)] for choice in CHOICES}
    html = Explorer(options, [{"id": "f", "study": HOSTILE, "cell": [HOSTILE]}])._repr_html_()
    assert html.count("<script") == html.count("</script>") == 1
    assert "<img" not in html
    assert "49" not in html
    assert json.loads(re.search(r"explorer-data\">(.*?)</script>", html)[1])[0]["study"] == HOSTILE
