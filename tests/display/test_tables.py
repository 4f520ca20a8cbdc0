"""Tables are escaped, complete, and lead to sources."""

import json
import re
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest

import review_tools as rt
from review_tools.display.grid import grid, lines, link, note, show, text

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
    "notices": {},
    "directions": {},
    "data_dictionary": {"table": "outcomes"},
}


@pytest.mark.parametrize("name", ALL)
def test_a_table_has_a_caption_headings_and_labelled_cells(name: str) -> None:
    table = getattr(rt.tables, name)(**ALL[name])
    html = table._repr_html_()
    if not table.rows:
        assert html == f'<p class="grid-none">{table.caption}.</p>'
        return
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


def frame(rows: int) -> pd.DataFrame:
    return pd.DataFrame({"a": [f"row {i}" for i in range(rows)], "kind": [["x"], ["x", "y"], []] * (rows // 3)})


def choices(html: str) -> list[dict[str, object]]:
    found = re.search(r'data-filters="([^"]*)"', html)
    assert found
    return json.loads(unescape(found[1]))


def test_only_large_or_marked_tables_get_tools() -> None:
    columns = [("A", text("a"))]
    assert "data-table" not in grid(frame(6), columns, "few")._repr_html_()
    assert 'data-table="rows"' in grid(frame(9), columns, "many", name="rows")._repr_html_()
    assert "data-table" in grid(frame(6), columns, "few, marked", tools=True)._repr_html_()
    assert "data-table" not in grid(frame(9), columns, "many, marked", tools=False)._repr_html_()


def test_filters_name_their_values_and_each_row_its_places() -> None:
    html = grid(frame(9), [("A", text("a"))], "c", filters={"A kind": "kind", "One": lambda row: 1})._repr_html_()
    assert choices(html) == [{"key": "a-kind", "label": "A kind", "values": ["x", "y", "not shown"]}]
    assert re.findall(r'data-is="([^"]*)"', html) == ["0", "0,1", "2"] * 3


def test_filters_fit_the_rows_that_are_picked() -> None:
    whole = grid(frame(9), [("A", text("a"))], "c", lambda row: row["a"], filters={"Kind": "kind"}, tools=True)
    part = replace(whole, rows=[whole.rows[4], whole.rows[5]])
    assert choices(part._repr_html_())[0]["values"] == ["x", "y", "not shown"]
    assert re.findall(r'data-is="([^"]*)"', part._repr_html_()) == ["0,1", "2"]
    assert choices(replace(whole, rows=[whole.rows[3]])._repr_html_()) == []


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_is_text_in_filters_too(value: str) -> None:
    html = grid(
        pd.DataFrame({"a": [value, "b"]}), [("A", text("a"))], "c", name=value, filters={value: "a"}, tools=True
    )._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert choices(html)[0]["label"] == value
    assert value in choices(html)[0]["values"]


def test_lines_and_cells_do_not_run_together_in_plain_text() -> None:
    """The site's search and screen readers take the text without its tags."""
    html = grid(
        pd.DataFrame({"a": ["one"]}), [("A", lambda row: lines([row["a"], note("two")])), ("B", text("a"))], "c"
    )._repr_html_()
    assert re.sub(r"<[^>]+>", "", html).split() == ["c", "A", "B", "one", "two", "one"]


def test_a_note_of_nothing_is_nothing() -> None:
    assert note(None, pd.NA, "") == ""
    assert "a, &lt;b&gt;" in note("a", None, "<b>")


@pytest.mark.parametrize("name", ALL)
def test_columns_and_filters_of_a_table_have_keys_of_their_own(name: str) -> None:
    html = getattr(rt.tables, name)(**ALL[name])._repr_html_()
    keys = re.findall(r'data-key="([^"]*)"', html)
    assert len(set(keys)) == len(keys)
    assert all(keys)
    if keys:
        filters = [each["key"] for each in choices(html)]
        assert len(set(filters)) == len(filters)
        assert not {"search", "sort", "hide"} & set(filters)


def test_a_page_never_holds_more_rows_than_it_can_bear() -> None:
    drawn = grid(pd.DataFrame({"a": range(2_345)}), [("A", text("a"))], "Numbers")
    html = drawn._repr_html_()
    assert html.count("<tr") == 1_001
    assert "Numbers (the first 1,000 of 2,345 rows; the downloads hold all)" in html
    assert len(drawn.rows) == 2_345
