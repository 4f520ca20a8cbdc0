"""Charts and the explorer as a reader meets them: data, downloads, links, theme, keyboard, no script."""

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page

import review_tools as rt
from browsing import DRAWN, WAKE
from review_tools.site.charts import BUNDLE, chart_id, figure

pytestmark = [pytest.mark.site, pytest.mark.browser]
EXPLORE = "book/explore.html"


def opened(tab: Page, url: str) -> Page:
    tab.goto(url)
    tab.evaluate(WAKE)
    tab.wait_for_function(DRAWN)
    return tab


def shown(tab: Page) -> Locator:
    return tab.locator("table.grid tbody tr:not([hidden])")


def chooser(tab: Page) -> Locator:
    return tab.locator("form.explorer")


def saved(tab: Page, chart: Locator, form: str) -> bytes:
    with tab.expect_download() as download:
        chart.locator(f"[data-save={form}]").click()
    assert download.value.suggested_filename == f"{chart.get_attribute('id')}.{form}"
    return Path(download.value.path()).read_bytes()


# Charts


def test_the_same_title_twice_gets_a_number() -> None:
    assert chart_id("Trials: by <phase>", set()) == "chart-trials-by-phase"
    assert chart_id("A", {"chart-a", "chart-a-2"}) == "chart-a-3"


FIT = """() => 0 === [...document.querySelectorAll('.chart-view')].filter(holder => [...holder.querySelectorAll('svg')]
  .some(svg => svg.getBoundingClientRect().width > holder.parentElement.clientWidth + 1)).length"""


def test_charts_keep_to_their_holder_when_the_window_changes(tab: Page, address: str) -> None:
    """A tablet is turned, a sidebar opens: it is the holder that changes, sometimes after the window."""
    opened(tab, f"{address}/book/trials.html")
    for width in (900, 1280, 768, 390, 1100):
        tab.set_viewport_size({"width": width, "height": 800})
        tab.wait_for_function(FIT)
    tab.evaluate("document.querySelector('.bd-article-container').style.maxWidth = '400px'")
    tab.wait_for_function(FIT)


# Words of still drawings: how far they stick out of what is seen, and how large their letters are on the screen.
STILL = """() => [...document.querySelectorAll('figure:not(.chart-wide) .chart-view > svg')].flatMap(svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  const box = svg.closest('.chart-scroll').getBoundingClientRect();  // it cuts off what is beyond
  return [...svg.querySelectorAll('text')].filter(text => text.textContent.trim()).map(text => {
    const words = text.getBoundingClientRect();
    const across = Math.max(box.left - words.left, words.right - box.right);
    const out = Math.max(across, box.top - words.top, words.bottom - box.bottom);
    return [text.textContent, out, parseFloat(getComputedStyle(text).fontSize) * scale];
  });
})"""


@pytest.mark.parametrize("width", [390, 1280])
def test_without_script_every_word_of_a_drawing_is_whole_and_legible(
    browser: Browser, address: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=False)
    page, seen = context.new_page(), 0
    for name in ("trials", "audit", "introduction", "discussion", "synthesis/gap-map", "synthesis/single-arms"):
        page.goto(f"{address}/book/{name}.html")
        words = page.evaluate(STILL)
        seen += len(words)
        assert not [word for word in words if word[1] > 1 or word[2] < 11], name
    assert seen > 100
    context.close()


# Tables with drawings in them


def test_a_forest_plot_is_whole_at_every_width_without_script(browser: Browser, address: str) -> None:
    """Nothing sticks out, letters are of 11 pixels or more, and on a phone the words stand above their line."""
    for width in (320, 390, 768, 1280):
        context = browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{address}/book/diseases/acute-gvhd.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        small, out, below = page.evaluate(
            """() => {
              const figure = document.querySelector('figure.forest'), box = figure.getBoundingClientRect();
              const every = [...figure.querySelectorAll('th, td, a, span, text, p')];
              const parts = every.filter(part => part.getClientRects().length);
              const row = figure.querySelector('tbody tr:not(.forest-panel)');
              const [name, plot] = ['th', '.forest-plot'].map(part => row.querySelector(part).getBoundingClientRect());
              return [Math.min(...parts.map(e => parseFloat(getComputedStyle(e).fontSize))),
                Math.max(...parts.map(e => e.getBoundingClientRect().right - box.right)), plot.top >= name.bottom];
            }"""
        )
        assert small >= 11
        assert out <= 1
        assert below == (width < 700)
        context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_forest_plot_is_saved_as_table_drawing_and_picture(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/book/diseases/crohns.html")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    figure = page.locator("#chart-crohns_fistula")
    rows = list(csv.reader(io.StringIO(saved(page, figure, "csv").decode("utf-8-sig"))))
    assert {len(row) for row in rows} == {6}
    newest = next(row for row in rows if row[0].startswith("Raffals"))
    assert newest[1].startswith("RoB 2, overall: ")
    assert newest[2:4] == ["138/283", "132/285"]
    drawing = saved(page, figure, "svg").decode()
    assert ">Raffals<" in drawing
    assert ">138/283<" in drawing
    assert 'fill="#1f2d3d"' in drawing
    assert saved(page, figure, "png").startswith(b"\x89PNG")
    context.close()


def test_the_caption_that_holds_the_answer_is_not_thin(tab: Page, address: str) -> None:
    opened(tab, f"{address}/book/trials.html")
    weight = "getComputedStyle(document.querySelector('figure.chart .chart-says')).fontWeight"
    assert int(tab.evaluate(weight)) >= 400


def test_the_data_of_a_chart_are_those_of_the_tables(tab: Page, address: str) -> None:
    opened(tab, f"{address}/book/trials.html")
    chart = tab.locator("#chart-trials-by-disease")
    assert not chart.locator("table").is_visible()
    chart.locator(".chart-data > summary").focus()
    tab.keyboard.press("Enter")
    assert chart.locator("thead th").all_inner_texts() == ["Trials by disease", "Trials"]
    assert sum(int(cell) for cell in chart.locator("tbody td").all_inner_texts()) == len(rt.load("trials"))
    rows = list(csv.reader(io.StringIO(saved(tab, chart, "csv").decode("utf-8-sig"))))
    assert len(rows) == 1 + chart.locator("tbody tr").count()
    assert rows[1][0] == chart.locator("tbody th").first.inner_text()


def test_pictures_are_saved_with_their_title(tab: Page, address: str, site: Path) -> None:
    for url in (f"{address}/book/trials.html", (site / "book/trials.html").as_uri()):
        opened(tab, url)
        chart = tab.locator("#chart-trials-by-disease")
        drawing = saved(tab, chart, "svg").decode()
        assert drawing.startswith("<svg")
        assert ">Trials by disease</text>" in drawing
        picture = saved(tab, chart, "png")
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 5000


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "</script><script>window.ran = 1</script>",
    '"><img src=x onerror="window.ran = 1">',
    "{{ 7*7 }}",
]


def test_hostile_rows_are_text_everywhere(tab: Page, address: str) -> None:
    """In table, tooltip, caption and downloads."""
    tooltip = [{"field": "what", "title": HOSTILE[1]}]
    rows = [{"what": text, "n": 1} for text in HOSTILE]
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "title": HOSTILE[2], "description": HOSTILE[1],
        "datasets": {"d": rows}, "data": {"name": "d"}, "mark": "bar", "width": 300,
        "encoding": {"y": {"field": "what", "type": "nominal"}, "x": {"field": "n", "type": "quantitative"},
                     "tooltip": tooltip},
    }  # fmt: skip
    html = figure(spec, "chart-hostile")
    assert html.count("<script") == 1
    assert "<img" not in html
    page = f'<link rel=stylesheet href="/_static/site.css"><body>{html}'
    page += (
        f'<script src="/_static/save.js"></script><script src="/_static/charts.js" data-library="{BUNDLE}"></script>'
    )
    tab.route("**/hostile.html", lambda route: route.fulfill(body=page, content_type="text/html; charset=utf-8"))
    opened(tab, f"{address}/hostile.html")
    chart = tab.locator("figure.chart")
    chart.locator(".chart-data > summary").click()
    assert chart.locator("tbody th").all_inner_texts() == HOSTILE
    bar = chart.locator(".mark-rect path").first
    bar.hover()
    assert "=cmd" in tab.locator("#vg-tooltip-element").inner_text()
    bar.click()
    assert saved(tab, chart, "csv").decode("utf-8-sig").splitlines()[1] == "\"'=cmd|' /C calc'!A0\""
    assert b"<script" not in saved(tab, chart, "svg")
    saved(tab, chart, "png")
    assert tab.evaluate("window.ran") is None


def test_charts_and_tooltips_follow_the_theme(tab: Page, address: str) -> None:
    opened(tab, f"{address}/book/trials.html")
    ink = "getComputedStyle(document.querySelector('.chart-live .role-axis-label text')).fill"
    ground = "getComputedStyle(document.querySelector('#vg-tooltip-element')).backgroundColor"
    seen = []
    for theme in ("light", "dark"):
        tab.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        tab.mouse.move(0, 0)
        tab.locator(".chart-live .mark-rect path").first.hover()
        tab.locator("#vg-tooltip-element.visible").wait_for()
        seen.append((tab.evaluate(ink), tab.evaluate(ground)))
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] != seen[1][1]
    tab.keyboard.press("Escape")
    assert not tab.locator("#vg-tooltip-element").is_visible()


@pytest.mark.parametrize(("touch", "file"), [(False, False), (True, True)], ids=["mouse, served", "phone, folder"])
def test_a_cell_of_the_gap_map_leads_to_its_rows(
    browser: Browser, address: str, site: Path, file: bool, touch: bool
) -> None:
    context = browser.new_context(viewport={"width": 390 if touch else 1280, "height": 844}, has_touch=touch)
    page = context.new_page()
    opened(
        page, ((site / "book/synthesis/gap-map.html").as_uri() if file else f"{address}/book/synthesis/gap-map.html")
    )
    number = page.locator("figure.chart").first.locator(".mark-text text").first
    count = number.text_content()
    number.tap(force=True) if touch else number.click(force=True)  # it stands on the link
    page.wait_for_url(re.compile("#gap-"))
    assert len(context.pages) == 1
    row = page.locator("tr:target")
    assert row.inner_text().split()[0]
    shown = page.locator("table[data-table=evidence] tbody tr:not(.grid-out)")
    assert shown.count() == int(count)
    assert page.locator(".grid-filters select.is-set").count() == 2
    assert row.evaluate("e => { const r = e.getBoundingClientRect(); return r.bottom > 0 && r.top < innerHeight }")
    context.close()


def test_pointing_at_a_box_of_the_map_dims_the_other_lines_and_names_the_studies(tab: Page, address: str) -> None:
    opened(tab, f"{address}/{EXPLORE}")
    figure = tab.locator("figure.chart-wide.is-live").first
    figure.wait_for()
    lines = figure.locator(".mark-line path")
    before = lines.evaluate_all("paths => paths.filter(p => +getComputedStyle(p).opacity < 0.1).length")
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
    assert before == 0
    assert "Studies" in tab.locator("#vg-tooltip-element").inner_text()


# The explorer


def test_choosing_filters_map_count_and_list_together(tab: Page, address: str) -> None:
    opened(tab, f"{address}/{EXPLORE}")
    findings = rt.load("findings")
    assert shown(tab).count() == len(findings)
    chooser(tab).get_by_label("Target cell").select_option("Treg")
    held = findings[findings["target_cell"] == "Treg"]
    studies = held["study_id"].fillna("seed " + held["seed_number"].astype("string")).nunique()
    assert tab.locator(".explorer-count").inner_text().startswith(f"{len(held)} findings from {studies} studies")
    assert {row[8:] for row in shown(tab).evaluate_all("rows => rows.map(row => row.id)")} == set(held["finding_id"])
    mediators = rt.load("finding_mediators")
    lines = held.merge(mediators, on="finding_id", how="left")
    assert tab.locator(".mark-line path").count() == len(lines)
    assert tab.locator(".mark-text text", has_text=f"Treg · {len(held)}").count() == 1
    tab.locator(".grid-box").scroll_into_view_if_needed()
    assert tab.locator(".grid-count").inner_text().startswith(f"{len(held)} of ")
    assert "#cell=Treg" in tab.url
    option = tab.locator("select[name=mediator] option:not([disabled])").nth(3)
    expected = int(re.search(r"\((\d+)\)$", option.inner_text())[1])
    chooser(tab).get_by_label("Mediator").select_option(option.get_attribute("value"))
    assert shown(tab).count() == expected


def test_the_address_is_the_state(tab: Page, address: str, site: Path) -> None:
    for base in (f"{address}/{EXPLORE}", (site / EXPLORE).as_uri()):
        opened(tab, f"{base}#disease={quote('type 1 diabetes')}&cell=nobody")
        held = (rt.load("findings")["disease"] == "type 1 diabetes").sum()
        assert shown(tab).count() == held
        assert chooser(tab).get_by_label("Target cell").input_value() == ""
        chooser(tab).get_by_label("Product given").select_option("cells")
        fewer = shown(tab).count()
        assert 0 < fewer < held
        tab.go_back()
        tab.wait_for_function(f"document.querySelectorAll('table.grid tbody tr:not([hidden])').length === {held}")
        tab.go_forward()
        tab.wait_for_function(f"document.querySelectorAll('table.grid tbody tr:not([hidden])').length === {fewer}")
        tab.get_by_role("group", name="Choose findings").get_by_role("button", name="Clear").click()
        assert shown(tab).count() == len(rt.load("findings"))
        assert "=" not in tab.url


def test_the_explorer_works_from_the_keyboard_and_by_its_boxes(tab: Page, address: str) -> None:
    opened(tab, f"{address}/{EXPLORE}")
    chooser(tab).get_by_label("Target cell").focus()
    tab.keyboard.type("macro")
    tab.keyboard.press("Tab")
    tab.wait_for_url(re.compile("#cell=macrophage"))
    assert shown(tab).count() == (rt.load("findings")["target_cell"] == "macrophage").sum()
    assert tab.evaluate("document.activeElement.name") == "route"
    box = tab.locator(".explorer-map .mark-text text", has_text="macrophage")
    box.click(force=True)  # the words let the pointer through to the box
    assert "cell=" not in tab.url


def test_without_script_the_whole_map_and_list_stand(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{EXPLORE}")
    assert page.locator(".chart-view > svg").bounding_box()["width"] > 600
    assert shown(page).count() == len(rt.load("findings"))
    assert "Choosing needs JavaScript" in chooser(page).inner_text()
    words = page.locator(".chart-view text").evaluate_all("all => all.map(text => getComputedStyle(text).fill)")
    assert len(words) > 60
    assert "none" not in words
    assert page.locator("[data-save]:visible, fieldset:not([disabled])").count() == 0
    context.close()


def test_on_a_phone_ranked_bars_stand_in_the_place_of_the_map(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{address}/{EXPLORE}#cell=Treg")
    page.wait_for_function("document.querySelectorAll('table.grid tbody tr[hidden]').length")
    assert not page.locator("figure.chart-wide .chart-view").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("table.grid tbody tr[hidden]:visible").count() == 0
    mediators, findings = rt.load("finding_mediators"), rt.load("findings")
    held = findings[findings["target_cell"] == "Treg"]
    counts = mediators[mediators["finding_id"].isin(held["finding_id"])].groupby("term")["finding_id"].nunique()
    bar = page.locator("ol[data-of=mediator] a", has=page.get_by_text("PD-L1", exact=True))
    assert bar.locator("b").inner_text() == str(counts["PD-L1"])
    bar.tap()
    page.wait_for_url(re.compile("#cell=Treg&mediator=PD-L1$"))
    page.wait_for_function(
        f"document.querySelectorAll('table.grid tbody tr:not([hidden])').length === {counts['PD-L1']}"
    )
    page.locator("ol[data-of=mediator] a[aria-current]").tap()
    page.wait_for_url(re.compile("#cell=Treg$"))
    context.close()


def test_the_saved_map_is_the_one_chosen(tab: Page, address: str) -> None:
    opened(tab, f"{address}/{EXPLORE}#cell=Treg")
    chart = tab.locator("figure.chart")
    spec = json.loads(chart.locator(".chart-spec").inner_text())
    assert spec["usermeta"]["table"]["data"] == "boxes"
    drawing = saved(tab, chart, "svg").decode()
    assert drawing.count('class="mark-line') == tab.locator(".mark-line path").count() < 60
    assert "Treg ·\N{NO-BREAK SPACE}" in drawing
    assert "tissue ·\N{NO-BREAK SPACE}0" in drawing
    table = list(csv.reader(io.StringIO(saved(tab, chart, "csv").decode("utf-8-sig"))))
    assert ["Target cell", "Treg"] in [row[:2] for row in table]
    assert [row[1] for row in table if row[0] == "Target cell"] == ["Treg"]
    assert chart.locator(".chart-rows tbody tr:not([hidden])").count() == len(table) - 1
