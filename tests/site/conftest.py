"""The site for the tests: served, in a browser, and as parsed pages."""

import functools
import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import small_book
from review_tools.site.build import build
from review_tools.site.pdf import ARGUMENTS, browser_path


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, lxml.html.HtmlElement]:
    """Every page of the built site, parsed; without those that only lead on and the page for lost readers."""
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html") if "_static" not in path.parts)
    parsed = {name: lxml.html.fromstring((site / name).read_bytes()) for name in names if name != "404.html"}
    return {name: page for name, page in parsed.items() if not page.xpath("//head/meta[@http-equiv='refresh']")}


@pytest.fixture(scope="session")
def built_book(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The small book, built once. Do not change it."""
    folder = tmp_path_factory.mktemp("built") / "book"
    small_book.make(root, folder)
    assert build(folder)
    return folder


@pytest.fixture
def book(built_book: Path, tmp_path: Path) -> Path:
    """A copy of the small book, built, for a test that changes it."""
    return shutil.copytree(built_book, tmp_path / "book")


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site on a port of this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")  # closed before a test prints: one playwright at a time in a process
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a window of some width, with what else a test asks of it, and closes it after the test."""
    opened = []

    def new(width: int = 1280, **asked: Any) -> Page:
        opened.append(browser.new_context(viewport={"width": width, "height": 844 if width < 700 else 900}, **asked))
        return opened[-1].new_page()

    yield new
    for context in opened:
        context.close()


@pytest.fixture
def tab(window: Callable[..., Page]) -> Page:
    """A desktop window."""
    return window()


@pytest.fixture
def phone(window: Callable[..., Page]) -> Page:
    return window(390)
