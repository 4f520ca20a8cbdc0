"""A table is escaped, accessible, and offers sorting and filters where it is large."""

import json
import re
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest

from review_tools.display.grid import grid, lines, link, links, note, notes, show, stacks

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "=cmd|' /C calc'!A0"]
KINDS = [["x"], ["x", "y"], []]


def names(rows: int) -> dict[str, list[str]]:
    return {"A": [f"row {i}" for i in range(rows)]}


def choices(html: str) -> list[dict[str, object]]:
    found = re.search(r'data-filters="([^"]*)"', html)
    assert found
    made: list[dict[str, object]] = json.loads(unescape(found[1]))
    return made


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_is_text_everywhere(value: str) -> None:
    table = grid({value: [value, "b"]}, value, ids=[value, "b"], name=value, filters={value: [value, "b"]}, tools=True)
    html = table._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "49" not in html
    assert choices(html)[0]["label"] == value
    assert value in choices(html)[0]["values"]
    assert "<script" not in "".join([*links("https://e.org/" + pd.Series([value]), value), *notes([value], value)])


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", None, pd.NA, "//evil.example"])
def test_only_plain_addresses_become_links(address: str | None) -> None:
    assert "<a" not in link(address, "words")


@pytest.mark.parametrize("value", [None, pd.NA, float("nan"), pd.NaT])
def test_missing_values_are_said_to_be_missing(value: object) -> None:
    assert "not shown" in show(value)


def test_values_are_written_for_readers() -> None:
    frame = pd.DataFrame({"d": pd.to_datetime(["2026-11-25"]), "n": pd.array([3], "Int64"), "x": [0.50], "b": [True]})
    assert [show(frame[name].tolist()[0]) for name in frame] == ["2026-11-25", "3", "0.5", "yes"]


def test_only_large_or_marked_tables_get_tools() -> None:
    assert "data-table" not in grid(names(6), "few")._repr_html_()
    assert 'data-table="rows"' in grid(names(9), "many", name="rows")._repr_html_()
    assert "data-table" in grid(names(6), "few, marked", tools=True)._repr_html_()
    assert "data-table" not in grid(names(9), "many, marked", tools=False)._repr_html_()


def test_filters_name_their_values_and_each_row_its_places() -> None:
    html = grid(names(9), "c", filters={"A kind": KINDS * 3, "One": [1] * 9})._repr_html_()
    assert choices(html) == [{"key": "a-kind", "label": "A kind", "values": ["x", "y", "not shown"]}]
    assert re.findall(r'data-is="([^"]*)"', html) == ["0", "0,1", "2"] * 3


def test_filters_fit_the_rows_that_are_picked() -> None:
    whole = grid(names(9), "c", filters={"Kind": KINDS * 3}, tools=True)
    part = replace(whole, rows=[whole.rows[4], whole.rows[5]])
    assert choices(part._repr_html_())[0]["values"] == ["x", "y", "not shown"]
    assert re.findall(r'data-is="([^"]*)"', part._repr_html_()) == ["0,1", "2"]
    assert choices(replace(whole, rows=[whole.rows[3]])._repr_html_()) == []


def test_lines_and_cells_do_not_run_together_in_plain_text() -> None:
    """The site's search and screen readers take the text without its tags."""
    html = grid({"A": stacks(["one"], notes(["two"])), "B": ["one"]}, "c")._repr_html_()
    assert re.sub(r"<[^>]+>", "", html).split() == ["c", "A", "B", "one", "two", "one"]


def test_parts_of_a_cell_that_are_empty_take_no_place() -> None:
    assert note(None, pd.NA, "") == ""
    assert "a, &lt;b&gt;" in note("a", None, "<b>")
    assert lines("a", "", note()) == "a"


def test_a_page_never_holds_more_rows_than_it_can_bear() -> None:
    drawn = grid({"A": range(2_345)}, "Numbers")
    html = drawn._repr_html_()
    assert html.count("<tr") == 1_001
    assert "Numbers (the first 1,000 of 2,345 rows; the downloads hold all)" in html
    assert len(drawn.rows) == 2_345


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        grid({"A": ["one", "two"], "B": ["one"]}, "c")


def test_a_column_that_is_the_same_in_every_row_says_it_once_above() -> None:
    drawn = grid({"Study": ["A", "B"], "Bias": ["not judged", "not judged"], "Care": ["", ""], "k": [1, 2]}, "Two rows")
    html = drawn._repr_html_()
    assert html.count("not judged") == 1
    assert html.index("not judged") < html.index("<table")
    assert "<strong>Bias:</strong> not judged" in html
    assert "Care" not in html
    assert [row.cells["Bias"] for row in drawn.rows] == ["not judged"] * 2  # what other code reads
    alone = grid({"Study": ["A"], "Bias": ["not judged"]}, "One row")._repr_html_()
    assert 'data-label="Bias"' in alone
    hostile = grid({"Study": ["A", "B"], "Bias": ["<img src=x>"] * 2}, "Rows")._repr_html_()
    assert "<img" not in hostile
