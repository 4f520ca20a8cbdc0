"""What a chapter weighs, and that its charts need no script to be seen."""

import gzip
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import lxml.html
import pytest

from review_tools.site.charts import BUNDLE

pytestmark = pytest.mark.site
FIRST_VIEW = 150_000  # bytes of HTML, compressed as servers do


def chapters(site: Path) -> list[Path]:
    return sorted((site / "book").rglob("*.html"))


def weight(page: bytes) -> int:
    return len(gzip.compress(page, 6))


def test_no_page_is_heavy(site: Path) -> None:
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    sizes = {path.relative_to(site).as_posix(): weight(path.read_bytes()) for path in pages}
    heavy = {name: size for name, size in sizes.items() if size > FIRST_VIEW}
    assert len(pages) > 30
    assert not heavy


def test_one_bundle_serves_all_charts_and_only_pages_with_charts(site: Path) -> None:
    """The same address on every page, so that a browser fetches it once."""
    addresses = set()
    for path in chapters(site):
        page = lxml.html.fromstring(path.read_bytes())
        scripts = [script for script in page.xpath("//script/@src") if BUNDLE in script]
        assert len(scripts) == bool(page.xpath("//figure[contains(@class, 'chart')]")), path
        addresses |= {urljoin(f"/{path.relative_to(site).as_posix()}", script) for script in scripts}
    assert len(addresses) == 1
    assert (site / urlsplit(addresses.pop()).path.lstrip("/")).is_file()


def test_every_chart_is_a_picture_before_any_script_runs(site: Path) -> None:
    views = [
        (path, view)
        for path in chapters(site)
        for view in lxml.html.fromstring(path.read_bytes()).xpath("//div[@class='chart-view']")
    ]
    assert len(views) > 20
    for path, view in views:
        drawn = view.xpath("./*[local-name()='svg']//*[local-name()='path' or local-name()='text']")
        assert len(drawn) > 3, path
