"""A table is escaped, accessible, and offers sorting and filters where it is large."""

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import lxml.html
import pandas as pd
import pytest

from review_tools.display.grid import Grid, grid, lines, link, links, note, notes, show, stacks

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "=cmd|' /C calc'!A0"]
KINDS = [["x"], ["x", "y"], []]


def filters(table: Grid) -> Any:
    """The filters of a table, and the places of each of its rows in them."""
    html = table._repr_html_()
    return json.loads(unescape(re.search(r'data-filters="([^"]*)"', html)[1])), re.findall(r'data-is="([^"]*)"', html)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_is_text_everywhere(value: str) -> None:
    two = [value, "b"]
    table = grid({value: two, "same": [value] * 2}, value, ids=two, name=value, filters={value: two}, tools=True)
    html = "".join([table._repr_html_(), *links("https://e.org/" + pd.Series([value]), value), *notes([value], value)])
    assert "<script" not in html
    assert "<img" not in html
    assert "49" not in html
    [held], _ = filters(table)
    assert held["label"] == value
    assert value in held["values"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", None, pd.NA, "//evil.example"])
def test_only_plain_addresses_become_links(address: str | None) -> None:
    assert "<a" not in link(address, "words")


def test_values_are_written_for_readers() -> None:
    frame = pd.DataFrame({"d": pd.to_datetime(["2026-11-25"]), "n": pd.array([3], "Int64"), "x": [0.50], "b": [True]})
    assert [show(frame[name].tolist()[0]) for name in frame] == ["2026-11-25", "3", "0.5", "yes"]
    assert all("not shown" in show(value) for value in (None, pd.NA, float("nan"), pd.NaT))


def test_only_large_or_marked_tables_get_tools() -> None:
    for rows, marked, has in ((6, None, False), (9, None, True), (6, True, True), (9, False, False)):
        html = grid({"A": range(rows)}, "c", name="rows", tools=marked)._repr_html_()
        assert ('data-table="rows"' in html) == has


def test_filters_name_their_values_and_fit_the_rows_that_are_picked() -> None:
    whole = grid({"A": range(9)}, "c", filters={"A kind": KINDS * 3, "One": [1] * 9}, tools=True)
    kind = {"key": "a-kind", "label": "A kind", "values": ["x", "y", "not shown"]}
    assert filters(whole) == ([kind], ["0", "0,1", "2"] * 3)
    assert filters(replace(whole, rows=whole.rows[4:6])) == ([kind], ["0,1", "2"])
    assert filters(replace(whole, rows=whole.rows[3:4])) == ([], [])


def test_lines_and_cells_do_not_run_together_in_plain_text() -> None:
    """The site's search and screen readers take the text without its tags."""
    html = grid({"A": stacks(["one"], notes(["two"])), "B": ["one"]}, "c")._repr_html_()
    assert lxml.html.fromstring(html).text_content().split() == ["c", "A", "B", "one", "two", "one"]


def test_parts_of_a_cell_that_are_empty_take_no_place() -> None:
    assert note(None, pd.NA, "") == ""
    assert "a, &lt;b&gt;" in note("a", None, "<b>")
    assert lines("a", "", note()) == "a"


def test_a_page_never_holds_more_rows_than_it_can_bear() -> None:
    drawn = grid({"A": range(2_345)}, "Numbers")
    assert drawn._repr_html_().count("<tr") == 1_001
    assert "Numbers (the first 1,000 of 2,345 rows; the downloads hold all)" in drawn._repr_html_()
    assert len(drawn.rows) == 2_345


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        grid({"A": ["one", "two"], "B": ["one"]}, "c")


def test_a_column_that_is_the_same_in_every_row_says_it_once_above() -> None:
    columns = {"Study": ["A", "B"], "Bias": ["not judged"] * 2, "Care": ["", ""], "k": [1, 2]}
    drawn = grid(columns, "Two rows")
    above, table = drawn._repr_html_().split("<table")
    assert "<strong>Bias:</strong> not judged" in above
    assert "not judged" not in table
    assert "Care" not in above + table
    assert [row.cells["Bias"] for row in drawn.rows] == ["not judged"] * 2  # what other code reads
    assert 'data-label="Bias"' in grid({"Study": ["A"], "Bias": ["not judged"]}, "One row")._repr_html_()
