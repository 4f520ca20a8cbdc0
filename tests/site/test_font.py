"""The text font: shipped with the site, small, and what both drawings of a chart are measured with."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from browsing import WAKE

PAGE = "book/trials.html"
PLACES = """chart => [...chart.querySelectorAll('text')].filter(text => text.textContent).map(text => {
  const chart = text.ownerSVGElement.getBoundingClientRect(), { x, width } = text.getBoundingClientRect();
  return [text.textContent, Math.round(x - chart.x), Math.round(width)]; })"""


@pytest.mark.site
def test_the_font_is_small_and_has_its_licence(site: Path) -> None:
    folder = site / "_static" / "fonts"
    faces = list(folder.glob("*.woff2"))
    assert len(faces) == 3
    assert sum(face.stat().st_size for face in faces) < 120_000
    assert "SIL Open Font License" in (folder / "OFL.txt").read_text(encoding="utf-8")


@pytest.mark.browser
def test_words_are_set_in_the_font_of_the_site(tab: Page, address: str) -> None:
    tab.goto(f"{address}/{PAGE}")
    loaded = (
        "document.fonts.ready.then(all => [...all].filter(face => face.status === 'loaded').map(face => face.family))"
    )
    assert tab.evaluate(loaded).count("Review Sans") == 3
    for selector in ("p", "h1", "table", "button"):
        assert tab.locator(selector).first.evaluate("it => getComputedStyle(it).fontFamily").startswith('"Review Sans"')


@pytest.mark.browser
def test_still_and_live_drawing_put_their_words_in_the_same_place(tab: Page, address: str) -> None:
    """Were either measured with another font, axis titles, legends and margins would differ in place or width."""
    tab.goto(f"{address}/book/explore.html")
    still = tab.context.browser.new_context(java_script_enabled=False, viewport=tab.viewport_size).new_page()
    still.goto(f"{address}/book/explore.html")
    tab.evaluate(WAKE)
    tab.wait_for_selector("figure.chart.is-live")
    before = still.locator(".chart-view > svg").first.evaluate(PLACES)
    after = tab.locator(".chart-live svg").first.evaluate(PLACES)
    assert len(before) > 20
    assert before == after
    still.context.close()


@pytest.mark.browser
def test_a_saved_picture_holds_the_font(tab: Page, address: str) -> None:
    tab.goto(f"{address}/{PAGE}")
    tab.evaluate(WAKE)
    tab.wait_for_selector("figure.chart.is-live")
    with tab.expect_download() as saved:
        tab.locator("[data-save=svg]").first.click()
    assert Path(saved.value.path()).read_text(encoding="utf-8").count('src: url("data:font/woff2;base64,') == 2
