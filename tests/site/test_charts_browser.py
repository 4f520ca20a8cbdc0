"""Charts as a reader meets them: data, downloads, links, font, theme, keyboard, no script."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

import review_tools as rt
from browsing import DRAWN, WAKE, alive, saved
from review_tools.site.charts import BUNDLE, chart_id, figure

pytestmark = [pytest.mark.site, pytest.mark.browser]
Window = Callable[..., Page]
TRIALS = "book/trials.html"


def test_the_same_title_twice_gets_a_number() -> None:
    assert chart_id("Trials: by <phase>", set()) == "chart-trials-by-phase"
    assert chart_id("A", {"chart-a", "chart-a-2"}) == "chart-a-3"


FIT = """() => 0 === [...document.querySelectorAll('.chart-view')].filter(holder => [...holder.querySelectorAll('svg')]
  .some(svg => svg.getBoundingClientRect().width > holder.parentElement.clientWidth + 1)).length"""


def test_charts_keep_to_their_holder_when_the_window_changes(tab: Page, address: str) -> None:
    """A tablet is turned, a sidebar opens: it is the holder that changes, sometimes after the window."""
    alive(tab, f"{address}/{TRIALS}")
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
# The least letters of a forest plot, how far its parts stick out, and whether its words stand above its line.
FOREST = """() => {
  const figure = document.querySelector('figure.forest'), box = figure.getBoundingClientRect();
  const parts = [...figure.querySelectorAll('th, td, a, span, text, p')].filter(part => part.getClientRects().length);
  const row = figure.querySelector('tbody tr:not(.forest-panel)');
  const [name, plot] = ['th', '.forest-plot'].map(part => row.querySelector(part).getBoundingClientRect());
  return [Math.min(...parts.map(e => parseFloat(getComputedStyle(e).fontSize))),
    Math.max(...parts.map(e => e.getBoundingClientRect().right - box.right)), plot.top >= name.bottom];
}"""


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_without_script_every_word_of_a_drawing_is_whole_and_legible(window: Window, address: str, width: int) -> None:
    page, seen = window(width, java_script_enabled=False), 0
    page.goto(f"{address}/book/diseases/acute-gvhd.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small, out, below = page.evaluate(FOREST)
    assert small >= 11
    assert out <= 1
    assert below == (width < 700)
    if width in (390, 1280):
        for name in ("trials", "audit", "introduction", "discussion", "synthesis/gap-map", "synthesis/single-arms"):
            page.goto(f"{address}/book/{name}.html")
            words = page.evaluate(STILL)
            seen += len(words)
            assert not [word for word in words if word[1] > 1 or word[2] < 11], name
        assert seen > 100


@pytest.mark.parametrize("width", [390, 1280])
def test_a_forest_plot_is_saved_as_table_drawing_and_picture(window: Window, address: str, width: int) -> None:
    page = window(width)
    page.goto(f"{address}/book/diseases/crohns.html")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    chart = page.locator("#chart-crohns_fistula")
    rows = list(csv.reader(io.StringIO(saved(page, chart, "csv").decode("utf-8-sig"))))
    assert {len(row) for row in rows} == {6}
    newest = next(row for row in rows if row[0].startswith("Raffals"))
    assert newest[1].startswith("RoB 2, overall: ")
    assert newest[2:4] == ["138/283", "132/285"]
    drawing = saved(page, chart, "svg").decode()
    assert all(words in drawing for words in (">Raffals<", ">138/283<", 'fill="#1f2d3d"'))
    assert saved(page, chart, "png").startswith(b"\x89PNG")


def test_the_data_of_a_chart_are_those_of_the_tables(tab: Page, address: str) -> None:
    alive(tab, f"{address}/{TRIALS}")
    weight = "getComputedStyle(document.querySelector('figure.chart .chart-says')).fontWeight"
    assert int(tab.evaluate(weight)) >= 400  # of the caption that holds the answer
    chart = tab.locator("#chart-trials-by-disease")
    assert not chart.locator("table").is_visible()
    chart.locator(".chart-data > summary").focus()
    tab.keyboard.press("Enter")
    assert chart.locator("thead th").all_inner_texts() == ["Trials by disease", "Trials"]
    assert sum(int(cell) for cell in chart.locator("tbody td").all_inner_texts()) == len(rt.load("trials"))
    rows = list(csv.reader(io.StringIO(saved(tab, chart, "csv").decode("utf-8-sig"))))
    assert len(rows) == 1 + chart.locator("tbody tr").count()
    assert rows[1][0] == chart.locator("tbody th").first.inner_text()


def test_pictures_are_saved_with_their_title_and_font(tab: Page, address: str, site: Path) -> None:
    for url in (f"{address}/{TRIALS}", (site / TRIALS).as_uri()):
        alive(tab, url)
        chart = tab.locator("#chart-trials-by-disease")
        drawing = saved(tab, chart, "svg").decode()
        assert drawing.startswith("<svg")
        assert ">Trials by disease</text>" in drawing
        if url.startswith("http"):
            assert drawing.count('src: url("data:font/woff2;base64,') == 2
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
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "title": HOSTILE[2], "description": HOSTILE[1],
        "datasets": {"d": [{"what": text, "n": 1} for text in HOSTILE]}, "data": {"name": "d"}, "mark": "bar",
        "encoding": {"y": {"field": "what", "type": "nominal"}, "x": {"field": "n", "type": "quantitative"},
                     "tooltip": tooltip}, "width": 300,
    }  # fmt: skip
    html = figure(spec, "chart-hostile")
    assert html.count("<script") == 1
    assert "<img" not in html
    scripts = f'<script src="/_static/save.js"></script><script src="/_static/charts.js" data-library="{BUNDLE}">'
    page = f'<link rel=stylesheet href="/_static/site.css"><body>{html}{scripts}</script>'
    tab.route("**/hostile.html", lambda route: route.fulfill(body=page, content_type="text/html; charset=utf-8"))
    alive(tab, f"{address}/hostile.html")
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
    alive(tab, f"{address}/{TRIALS}")
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


def test_charts_come_alive_when_a_reader_moves_and_they_are_in_view(tab: Page, address: str) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{address}/{TRIALS}", wait_until="networkidle")
    assert not tab.locator("figure.is-live").count()
    tab.mouse.wheel(0, 100)
    tab.locator("figure.chart").first.scroll_into_view_if_needed()
    tab.locator("figure.is-live").first.wait_for()
    assert [url for url in asked if url.endswith(BUNDLE)]


# The gap map


@pytest.mark.parametrize(("touch", "file"), [(False, False), (True, True)], ids=["mouse, served", "phone, folder"])
def test_a_cell_of_the_gap_map_leads_to_its_rows(
    window: Window, address: str, site: Path, file: bool, touch: bool
) -> None:
    page = window(390 if touch else 1280, has_touch=touch)
    alive(page, f"{site.as_uri() if file else address}/book/synthesis/gap-map.html")
    number = page.locator("figure.chart").first.locator(".mark-text text").first
    count = number.text_content()
    number.tap(force=True) if touch else number.click(force=True)  # it stands on the link
    page.wait_for_url(re.compile("#gap-"))
    assert len(page.context.pages) == 1
    row = page.locator("tr:target")
    assert row.inner_text().split()[0]
    assert page.locator("table[data-table=evidence] tbody tr:not(.grid-out)").count() == int(count)
    assert page.locator(".grid-filters select.is-set").count() == 2
    assert row.evaluate("e => { const r = e.getBoundingClientRect(); return r.bottom > 0 && r.top < innerHeight }")


@pytest.mark.parametrize("file", [False, True], ids=["served", "folder"])
def test_links_of_a_chart_stay_links_when_it_comes_alive(tab: Page, address: str, site: Path, file: bool) -> None:
    tab.goto(f"{site.as_uri() if file else address}/book/synthesis/gap-map.html")
    still = tab.locator(".chart-view > svg a").evaluate_all("all => all.map(link => link.href.baseVal)")
    links = tab.locator(".chart-live a")
    tab.locator(".chart-view > svg a").first.focus()
    tab.evaluate(WAKE)
    tab.wait_for_function(DRAWN)
    assert tab.evaluate("document.activeElement.href.baseVal") == still[0]
    for width in (1280, 800):  # the second drawing has its links too
        tab.set_viewport_size({"width": width, "height": 900})
        tab.wait_for_function("number => document.querySelectorAll('.chart-live a').length === number", arg=len(still))
        assert sorted(links.evaluate_all("all => all.map(link => link.href.baseVal)")) == sorted(still)
    assert len(still) > 20
    assert tab.locator(".chart-live[aria-hidden] a").count() == 0
    links.first.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url(re.compile("#gap-"))


# The font of the site, with which both drawings of a chart are measured

PLACES = """chart => [...chart.querySelectorAll('text')].filter(text => text.textContent).map(text => {
  const chart = text.ownerSVGElement.getBoundingClientRect(), { x, width } = text.getBoundingClientRect();
  return [text.textContent, Math.round(x - chart.x), Math.round(width)]; })"""
FONTS = "document.fonts.ready.then(all => [...all].filter(face => face.status === 'loaded').map(face => face.family))"


def test_the_font_is_small_has_its_licence_and_sets_all_words(tab: Page, address: str, site: Path) -> None:
    faces = list((site / "_static" / "fonts").glob("*.woff2"))
    assert len(faces) == 3
    assert sum(face.stat().st_size for face in faces) < 120_000
    assert "SIL Open Font License" in (site / "_static" / "fonts" / "OFL.txt").read_text(encoding="utf-8")
    tab.goto(f"{address}/{TRIALS}")
    assert tab.evaluate(FONTS).count("Review Sans") == 3
    for selector in ("p", "h1", "table", "button"):
        assert tab.locator(selector).first.evaluate("it => getComputedStyle(it).fontFamily").startswith('"Review Sans"')


def test_still_and_live_drawing_put_their_words_in_the_same_place(window: Window, address: str) -> None:
    """Were either measured with another font, axis titles, legends and margins would differ in place or width."""
    still, live = window(java_script_enabled=False), window()
    still.goto(f"{address}/book/explore.html")
    alive(live, f"{address}/book/explore.html")
    before = still.locator(".chart-view > svg").first.evaluate(PLACES)
    assert len(before) > 20
    assert before == live.locator(".chart-live svg").first.evaluate(PLACES)


# The figure of mechanisms

# Words that leave the drawing, and pairs of words or of a word and a cell that cover each other by more than a hair.
WRONG = """svg => {
  const box = (part) => { const { x, y, width, height } = part.getBBox();
    return { what: part.textContent.trim() || 'cell', x, y, right: x + width, bottom: y + height }; };
  const words = [...svg.querySelectorAll('text')].map(box);
  const all = [...words, ...[...svg.querySelectorAll('a > path.plate-cell')].map(box)];
  const { width, height } = svg.viewBox.baseVal;
  const out = words.filter(({ x, y, right, bottom }) => x < 0 || y < 0 || right > width || bottom > height);
  const hits = all.flatMap((a, at) => all.slice(at + 1).filter((b) =>
    Math.min(a.right, b.right) - Math.max(a.x, b.x) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y) > 2.5)
    .map((b) => `${a.what} / ${b.what}`));
  return [...out.map(({ what }) => what), ...hits];
}"""
CONTRAST = """figure => {
  const rgb = (colour) => { const pen = document.createElement('canvas').getContext('2d'); pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1); return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (colour) => { const [r, g, b] = rgb(colour).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const page = light(getComputedStyle(document.body).backgroundColor);
  const ratio = (one) => (Math.max(one, page) + 0.05) / (Math.min(one, page) + 0.05);
  const least = (parts, property) =>
    Math.min(...[...figure.querySelectorAll(parts)].map((part) => ratio(light(getComputedStyle(part)[property]))));
  return [least('svg tspan, svg text', 'fill'), least('svg a > path[stroke]', 'stroke')];
}"""


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_words_of_mechanisms_stay_inside_and_apart_and_stand_out(window: Window, address: str, width: int) -> None:
    for scheme in ("dark", "light"):
        page = window(width, color_scheme=scheme)
        page.goto(f"{address}/book/mechanisms/index.html")
        words, arcs = page.locator("figure.plate").first.evaluate(CONTRAST)
        assert words >= 4.5
        assert arcs >= 3
    for chapter in ("mechanisms/index", "mechanisms/macrophages", "experiments/paracrine-t-cells"):
        page.goto(f"{address}/book/{chapter}.html")
        page.evaluate("document.fonts.ready")
        (svg,) = page.locator("figure.plate > svg:visible").all()
        assert svg.evaluate(WRONG) == []
        assert svg.evaluate("svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width") >= 0.99
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_figure_of_mechanisms_needs_no_script(window: Window, address: str) -> None:
    page = window(390, java_script_enabled=False)
    page.goto(f"{address}/book/mechanisms/index.html")
    plate = page.locator("figure.plate")
    assert plate.locator("svg.plate-phone a").count() > 40
    plate.locator(".chart-data > summary").click()
    assert plate.locator(".chart-rows tbody tr:visible").count() == len(rt.charts.mechanisms().arcs)
    with page.expect_download() as download:
        plate.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text("utf-8-sig").startswith("Target,Route,Works")
    assert download.value.suggested_filename.endswith(".csv")


def test_an_arc_opens_its_findings(tab: Page, address: str) -> None:
    tab.goto(f"{address}/book/mechanisms/index.html")
    arc = next(arc for arc in rt.charts.mechanisms().arcs if (arc["cell"], arc["route"]) == ("Treg", "contact"))
    tab.locator('svg.plate-desk a[href$="#cell=Treg&route=contact"]').click()
    tab.wait_for_url("**/book/explore.html#cell=Treg&route=contact")
    says = tab.locator(".explorer-count").inner_text()
    assert says.startswith(f"{arc['findings']} findings from {arc['works']} studies")
    assert tab.locator("table.grid tbody tr:not([hidden])").count() == arc["findings"]
