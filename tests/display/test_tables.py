"""Tables are escaped, complete, and lead to sources."""

import re

import pandas as pd
import pytest

import review_tools as rt
from review_tools.display.grid import grid, link, show, text

ALL = {
    "findings": {},
    "corrections": {},
    "trials": {},
    "trial_differences": {},
    "outcomes": {},
    "citations": {},
    "studies": {},
    "glossary": {},
    "table_sizes": {},
    "withdrawn": {},
    "at_a_glance": {},
    "data_dictionary": {"table": "outcomes"},
}


@pytest.mark.parametrize("name", ALL)
def test_a_table_has_a_caption_headings_and_labelled_cells(name: str) -> None:
    html = getattr(rt.tables, name)(**ALL[name])._repr_html_()
    assert "<caption>" in html
    assert 'scope="col"' in html
    assert html.count("<td") == html.count("<td data-label")
    assert not re.search(r">\s*(nan|None|<NA>|NaT)\s*<", html)


def test_tables_show_every_row() -> None:
    for name, table in (
        ("findings", "findings"),
        ("corrections", "corrections"),
        ("trials", "trials"),
        ("citations", "citations"),
    ):
        html = getattr(rt.tables, name)()._repr_html_()
        assert html.count('<th scope="row"') == len(rt.load(table))


def test_a_section_covers_its_sub_sections() -> None:
    whole = rt.tables.findings(section="2.1").rows
    parts = [rt.tables.findings(section=part).rows for part in ("2.1.1", "2.1.2")]
    assert len(whole) == sum(len(part) for part in parts) > 0


def test_differences_are_those_between_the_two_sides() -> None:
    html = rt.tables.trial_differences()._repr_html_()
    trials = rt.load("trials").set_index("trial_id")
    assert trials.loc["NCT04061746", "reviewed_status"] != trials.loc["NCT04061746", "registered_status"]
    assert "NCT04061746" in html


HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_is_text(value: str) -> None:
    frame = pd.DataFrame({"a": [value]})
    html = grid(frame, [("A", text("a"))], value)._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "49" not in html


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", None, "//evil.example"])
def test_only_plain_addresses_become_links(address: str | None) -> None:
    assert "<a" not in link(address, "words")


def test_missing_values_are_said_to_be_missing() -> None:
    for value in (None, pd.NA, float("nan"), pd.NaT):
        assert "not shown" in show(value)
