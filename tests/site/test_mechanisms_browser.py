"""The figure of mechanisms as readers meet it: at the desk, on a phone, in the dark, without JavaScript."""

import pytest
from playwright.sync_api import Browser, Page

import review_tools as rt

pytestmark = [pytest.mark.site, pytest.mark.browser]
CHAPTERS = ["mechanisms/index", "mechanisms/macrophages", "experiments/paracrine-t-cells"]
SHOWN = "figure.plate > svg:visible"
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
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_words_stay_inside_and_apart(browser: Browser, address: str, chapter: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(f"{address}/book/{chapter}.html")
    page.evaluate("document.fonts.ready")
    assert page.locator(SHOWN).count() == 1
    assert page.locator(SHOWN).evaluate(WRONG) == []
    assert page.locator(SHOWN).evaluate("svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width") >= 0.99
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_and_arcs_stand_out_from_the_page(browser: Browser, address: str, scheme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/book/mechanisms/index.html")
    words, arcs = page.locator("figure.plate").first.evaluate(CONTRAST)
    assert words >= 4.5
    assert arcs >= 3
    context.close()


def test_it_needs_no_script(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/mechanisms/index.html")
    figure = page.locator("figure.plate")
    assert figure.locator("svg.plate-phone a").count() > 40
    figure.locator(".chart-data > summary").click()
    assert figure.locator(".chart-rows tbody tr:visible").count() == len(rt.charts.mechanisms().arcs)
    with page.expect_download() as saved:
        figure.get_by_role("link", name="CSV").click()
    assert saved.value.path().read_text("utf-8-sig").startswith("Target,Route,Works")
    assert saved.value.suggested_filename.endswith(".csv")
    context.close()


def test_an_arc_opens_its_findings(tab: Page, address: str) -> None:
    tab.goto(f"{address}/book/mechanisms/index.html")
    arc = next(arc for arc in rt.charts.mechanisms().arcs if (arc["cell"], arc["route"]) == ("Treg", "contact"))
    tab.locator('svg.plate-desk a[href$="#cell=Treg&route=contact"]').click()
    tab.wait_for_url("**/book/explore.html#cell=Treg&route=contact")
    assert (
        tab.locator(".explorer-count")
        .inner_text()
        .startswith(f"{arc['findings']} findings from {arc['works']} studies")
    )
    assert tab.locator("table.grid tbody tr:not([hidden])").count() == arc["findings"]
