"""The site as a reader meets it, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.site, pytest.mark.browser]


def chapters(site: Path) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in (site / "book").rglob("*.html"))


def test_no_page_asks_an_outside_host_or_reports_an_error(tab: Page, address: str, site: Path) -> None:
    outside: list[str] = []
    errors: list[str] = []
    tab.on(
        "request",
        lambda request: (
            outside.append(request.url) if not request.url.startswith((address, "data:", "blob:")) else None
        ),
    )
    tab.on("console", lambda message: errors.append(f"{tab.url}: {message.text}") if message.type == "error" else None)
    tab.on("pageerror", lambda error: errors.append(f"{tab.url}: {error}"))
    for chapter in ["index.html", *chapters(site)]:
        tab.goto(f"{address}/{chapter}")
        tab.wait_for_load_state("networkidle")
    assert not outside
    assert not errors


def test_charts_come_alive(tab: Page, address: str) -> None:
    tab.goto(f"{address}/book/trials.html")
    tab.wait_for_function(
        "document.querySelectorAll('figure.chart').length === document.querySelectorAll('figure.is-live').length"
    )
    assert tab.locator("figure.is-live").count() >= 5


def test_pointing_at_a_box_of_the_map_dims_the_other_lines_and_names_the_studies(tab: Page, address: str) -> None:
    tab.goto(f"{address}/book/mechanisms/index.html")
    figure = tab.locator("figure.chart-wide.is-live").first
    figure.wait_for()
    lines = figure.locator(".mark-line path")
    before = lines.evaluate_all("paths => paths.filter(p => +getComputedStyle(p).opacity < 0.1).length")
    box = figure.locator(".mark-rect path").first
    box.scroll_into_view_if_needed()
    box.hover(force=True)
    tab.wait_for_timeout(400)
    after = lines.evaluate_all("paths => paths.filter(p => +getComputedStyle(p).opacity < 0.1).length")
    assert before == 0
    assert 0 < after < lines.count()
    assert "Studies" in tab.locator("#vg-tooltip-element").inner_text()


def test_charts_stand_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/trials.html")
    pictures = page.locator(".chart-view > svg")
    assert pictures.count() >= 5
    assert all(pictures.nth(i).bounding_box()["width"] > 100 for i in range(pictures.count()))
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(browser: Browser, address: str, site: Path, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    for chapter in chapters(site):
        page.goto(f"{address}/{chapter}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, chapter
    context.close()


def test_the_site_opens_from_a_folder(tab: Page, site: Path) -> None:
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto((site / "book" / "trials.html").as_uri())
    tab.locator("figure.is-live").first.wait_for()
    assert not errors


def test_a_reader_finds_a_term_by_search(tab: Page, address: str) -> None:
    tab.goto(f"{address}/search.html?q=mitochondria")
    tab.locator("#search-results li a").first.wait_for()
    assert tab.locator("#search-results li").count() >= 1
