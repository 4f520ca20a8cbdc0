"""What a page asks for before a reader does anything, and what only afterwards."""

import gzip
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from browsing import DRAWN, WAKE
from review_tools.site.charts import BUNDLE

pytestmark = [pytest.mark.site, pytest.mark.browser]
MOST, REQUESTS = 300_000, 20  # bytes, compressed as servers do
KINDS = (
    "index", "diseases/index", "diseases/crohns", "safety", "trials", "mechanisms/index", "methods", "explore",
    "synthesis/gap-map", "references", "discussion", "contribute",
)  # fmt: skip
LATER = re.compile(rf"{BUNDLE}|searchindex|searchtools|language_data|fontawesome|/webfonts/")


def asked(tab: Page, url: str) -> list[str]:
    """Open a page and leave it alone: the paths of what it asks for."""
    paths: list[str] = []
    tab.on("request", lambda request: paths.append(urlsplit(request.url).path))
    tab.goto(url, wait_until="networkidle")
    return paths


def weight(file: Path) -> int:
    content = file.read_bytes()
    return len(content if file.suffix in (".woff2", ".png") else gzip.compress(content, 6))


def kinds(site: Path) -> list[str]:
    heaviest = (max(site.glob(f"{folder}/*.html"), key=weight) for folder in ("studies", "trials", "v"))
    return [*(f"book/{name}.html" for name in KINDS), *(path.relative_to(site).as_posix() for path in heaviest)]


def test_no_page_is_heavy_before_a_reader_does_anything(tab: Page, address: str, site: Path) -> None:
    heavy = []
    for name in kinds(site):
        paths = asked(page := tab.context.new_page(), f"{address}/{name}")
        page.close()
        weighs = sum(weight(site / path.lstrip("/")) for path in paths)
        print(f"{name}: {len(paths)} requests, {weighs // 1000} KB")
        if weighs > MOST or len(paths) > REQUESTS or any(LATER.search(path) for path in paths):
            heavy.append((name, weighs, len(paths), [path for path in paths if LATER.search(path)]))
    assert not heavy


def test_charts_come_alive_when_a_reader_moves_and_they_are_in_view(tab: Page, address: str) -> None:
    paths = asked(tab, f"{address}/book/trials.html")
    assert not tab.locator("figure.is-live").count()
    tab.mouse.wheel(0, 100)
    chart = tab.locator("figure.chart").first
    chart.scroll_into_view_if_needed()
    tab.locator("figure.is-live").first.wait_for()
    assert [path for path in paths if path.endswith(BUNDLE)]


@pytest.mark.parametrize("file", [False, True], ids=["served", "folder"])
def test_links_of_a_chart_stay_links_when_it_comes_alive(tab: Page, address: str, site: Path, file: bool) -> None:
    name = "book/synthesis/gap-map.html"
    tab.goto((site / name).as_uri() if file else f"{address}/{name}")
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
