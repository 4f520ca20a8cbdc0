"""The explorer as a reader meets it: choosing, its address, keyboard, phone, downloads, no script."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page

import review_tools as rt
from browsing import alive, saved

pytestmark = [pytest.mark.site, pytest.mark.browser]
EXPLORE = "book/explore.html"
SHOWN = "table.grid tbody tr:not([hidden])"
FINDINGS, MEDIATORS = rt.load("findings"), rt.load("finding_mediators")
TREG = FINDINGS[FINDINGS["target_cell"] == "Treg"]


def chooser(tab: Page) -> Locator:
    return tab.locator("form.explorer")


def until_shown(tab: Page, number: int) -> None:
    tab.wait_for_function(f"document.querySelectorAll('{SHOWN}').length === {number}")


def test_choosing_filters_map_count_and_list_together(tab: Page, address: str) -> None:
    alive(tab, f"{address}/{EXPLORE}")
    assert tab.locator(SHOWN).count() == len(FINDINGS)
    chooser(tab).get_by_label("Target cell").select_option("Treg")
    studies = TREG["study_id"].fillna("seed " + TREG["seed_number"].astype("string")).nunique()
    assert tab.locator(".explorer-count").inner_text().startswith(f"{len(TREG)} findings from {studies} studies")
    ids = tab.locator(SHOWN).evaluate_all("rows => rows.map(row => row.id)")
    assert {row[8:] for row in ids} == set(TREG["finding_id"])
    assert tab.locator(".mark-line path").count() == len(TREG.merge(MEDIATORS, on="finding_id", how="left"))
    assert tab.locator(".mark-text text", has_text=f"Treg · {len(TREG)}").count() == 1
    tab.locator(".grid-box").scroll_into_view_if_needed()
    assert tab.locator(".grid-count").inner_text().startswith(f"{len(TREG)} of ")
    assert "#cell=Treg" in tab.url
    option = tab.locator("select[name=mediator] option:not([disabled])").nth(3)
    expected = int(re.search(r"\((\d+)\)$", option.inner_text())[1])
    chooser(tab).get_by_label("Mediator").select_option(option.get_attribute("value"))
    assert tab.locator(SHOWN).count() == expected


def test_the_address_is_the_state(tab: Page, address: str, site: Path) -> None:
    for base in (f"{address}/{EXPLORE}", (site / EXPLORE).as_uri()):
        alive(tab, f"{base}#disease={quote('type 1 diabetes')}&cell=nobody")
        held = (FINDINGS["disease"] == "type 1 diabetes").sum()
        assert tab.locator(SHOWN).count() == held
        assert chooser(tab).get_by_label("Target cell").input_value() == ""
        chooser(tab).get_by_label("Product given").select_option("cells")
        fewer = tab.locator(SHOWN).count()
        assert 0 < fewer < held
        tab.go_back()
        until_shown(tab, held)
        tab.go_forward()
        until_shown(tab, fewer)
        tab.get_by_role("group", name="Choose findings").get_by_role("button", name="Clear").click()
        assert tab.locator(SHOWN).count() == len(FINDINGS)
        assert "=" not in tab.url


def test_it_works_from_the_keyboard_and_by_its_boxes(tab: Page, address: str) -> None:
    alive(tab, f"{address}/{EXPLORE}")
    chooser(tab).get_by_label("Target cell").focus()
    tab.keyboard.type("macro")
    tab.keyboard.press("Tab")
    tab.wait_for_url(re.compile("#cell=macrophage"))
    assert tab.locator(SHOWN).count() == (FINDINGS["target_cell"] == "macrophage").sum()
    assert tab.evaluate("document.activeElement.name") == "route"
    box = tab.locator(".explorer-map .mark-text text", has_text="macrophage")
    box.click(force=True)  # the words let the pointer through to the box
    assert "cell=" not in tab.url


def test_pointing_at_a_box_of_the_map_dims_the_other_lines_and_names_the_studies(tab: Page, address: str) -> None:
    alive(tab, f"{address}/{EXPLORE}")
    figure = tab.locator("figure.chart-wide.is-live").first
    lines = figure.locator(".mark-line path")
    assert lines.evaluate_all("paths => paths.filter(p => +getComputedStyle(p).opacity < 0.1).length") == 0
    box = figure.locator(".mark-rect path").first
    box.scroll_into_view_if_needed()
    box.hover(force=True)
    tab.wait_for_function(
        """([figure, all]) => {
          const faint = [...figure.querySelectorAll('.mark-line path')].filter(p => +getComputedStyle(p).opacity < 0.1);
          return faint.length > 0 && faint.length < all;
        }""",
        arg=[figure.element_handle(), lines.count()],
    )
    assert "Studies" in tab.locator("#vg-tooltip-element").inner_text()


def test_without_script_the_whole_map_and_list_stand(window: Callable[..., Page], address: str) -> None:
    page = window(java_script_enabled=False)
    page.goto(f"{address}/{EXPLORE}")
    assert page.locator(".chart-view > svg").bounding_box()["width"] > 600
    assert page.locator(SHOWN).count() == len(FINDINGS)
    assert "Choosing needs JavaScript" in chooser(page).inner_text()
    words = page.locator(".chart-view text").evaluate_all("all => all.map(text => getComputedStyle(text).fill)")
    assert len(words) > 60
    assert "none" not in words
    assert page.locator("[data-save]:visible, fieldset:not([disabled])").count() == 0


def test_on_a_phone_ranked_bars_stand_in_the_place_of_the_map(window: Callable[..., Page], address: str) -> None:
    page = window(390, has_touch=True)
    page.goto(f"{address}/{EXPLORE}#cell=Treg")
    until_shown(page, len(TREG))
    assert not page.locator("figure.chart-wide .chart-view").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("table.grid tbody tr[hidden]:visible").count() == 0
    counts = MEDIATORS[MEDIATORS["finding_id"].isin(TREG["finding_id"])].groupby("term")["finding_id"].nunique()
    bar = page.locator("ol[data-of=mediator] a", has=page.get_by_text("PD-L1", exact=True))
    assert bar.locator("b").inner_text() == str(counts["PD-L1"])
    bar.tap()
    page.wait_for_url(re.compile("#cell=Treg&mediator=PD-L1$"))
    until_shown(page, counts["PD-L1"])
    page.locator("ol[data-of=mediator] a[aria-current]").tap()
    page.wait_for_url(re.compile("#cell=Treg$"))


def test_the_saved_map_is_the_one_chosen(tab: Page, address: str) -> None:
    alive(tab, f"{address}/{EXPLORE}#cell=Treg")
    chart = tab.locator("figure.chart")
    assert json.loads(chart.locator(".chart-spec").inner_text())["usermeta"]["table"]["data"] == "boxes"
    drawing = saved(tab, chart, "svg").decode()
    assert drawing.count('class="mark-line') == tab.locator(".mark-line path").count() < 60
    assert "Treg ·\N{NO-BREAK SPACE}" in drawing
    assert "tissue ·\N{NO-BREAK SPACE}0" in drawing
    table = list(csv.reader(io.StringIO(saved(tab, chart, "csv").decode("utf-8-sig"))))
    assert [row[1] for row in table if row[0] == "Target cell"] == ["Treg"]
    assert chart.locator(".chart-rows tbody tr:not([hidden])").count() == len(table) - 1
