"""What assistive technology relies on: language, headings in order, a way past the navigation."""

from itertools import pairwise
from pathlib import Path

import lxml.html
import pytest

pytestmark = pytest.mark.site
# The theme keeps a second title for print, which no screen and no screen reader shows.
HEADINGS = "//main//*[self::h1|self::h2|self::h3|self::h4|self::h5][not(ancestor::*[@id='jb-print-docs-body'])]"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, lxml.html.HtmlElement]:
    """Every page of the book, the generated ones included, without the root's redirect."""
    folders = ("book", "studies", "trials", "v")
    paths = [path for folder in folders for path in sorted((site / folder).rglob("*.html"))]
    paths += [site / "search.html", site / "genindex.html"]
    return {path.relative_to(site).as_posix(): lxml.html.fromstring(path.read_bytes()) for path in paths}


def test_every_page_names_its_language(pages: dict[str, lxml.html.HtmlElement]) -> None:
    assert {name: page.get("lang") for name, page in pages.items() if page.get("lang") != "en"} == {}


def test_headings_leave_no_level_out(pages: dict[str, lxml.html.HtmlElement]) -> None:
    wrong = {}
    for name, page in pages.items():
        levels = [int(head.tag[1]) for head in page.xpath(HEADINGS)]
        if levels[:1] != [1] or levels.count(1) != 1 or any(after > before + 1 for before, after in pairwise(levels)):
            wrong[name] = levels
    assert wrong == {}


def test_the_first_link_leads_past_the_navigation(pages: dict[str, lxml.html.HtmlElement]) -> None:
    wrong = {}
    for name, page in pages.items():
        first = next(iter(page.xpath("//body//a[@href]")))
        target = first.get("href", "")
        if "skip" not in first.text_content().casefold() or not page.xpath("//*[@id=$id]", id=target.lstrip("#")):
            wrong[name] = target
    assert wrong == {}
