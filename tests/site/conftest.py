"""Fixtures of the tests that build a book or drive a browser."""

import asyncio
import functools
import http.server
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, async_playwright
from playwright.sync_api import Browser, Page, sync_playwright

import small_book
from review_tools.site.build import build
from review_tools.site.pdf.chromium import ARGUMENTS


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

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser(browser_path: str | None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A desktop window."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


TABS = 6  # that load pages at the same time
DRAWN = "() => !document.querySelector('figure.chart:not(.is-live)')"
CANARY = "__pwned"  # what planted scripts set
POINT = """() => {  // what shows itself only when pointed at: cards of citations, tooltips of charts
  for (const link of document.querySelectorAll('.has-card')) {
    link.dispatchEvent(new PointerEvent('pointerenter', { pointerType: 'mouse' }));
  }
  const marks = [...document.querySelectorAll('.chart-live [class^=mark-] path, .chart-live [class^=mark-] text')];
  const step = Math.ceil(marks.length / 20);  // each move redraws a large map; twenty of its marks are enough
  for (const mark of marks.filter((_, place) => place % step === 0)) {
    for (const type of ['pointerover', 'mouseover', 'pointermove', 'mousemove']) {
      const { x, y } = mark.getBoundingClientRect();
      mark.dispatchEvent(new MouseEvent(type, { bubbles: true, clientX: x + 1, clientY: y + 1 }));
    }
  }
}"""
Visit = Callable[..., list[str]]


@pytest.fixture(scope="session")
def visit(browser_path: str | None) -> Visit:
    """Opens pages in many tabs at once; what went wrong, page by page.

    Wrong are: a request to another host, an error on the console or in a script, a refusal by the content security
    policy, a dialog, a chart that is not drawn, a planted script that ran, and whatever the script ``look`` returns.
    With ``bypass_csp`` the policy of the pages is not held, so that what they escape is tested alone.
    """

    async def work(context: BrowserContext, left: list[str], wrong: list[str], look: str) -> None:
        tab = await context.new_page()
        here = ""

        def note(what: str) -> None:
            wrong.append(f"{here}: {what}")

        def request(url: str) -> None:
            if not url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
                note(f"asks {url}")

        tab.on("request", lambda sent: request(sent.url))
        tab.on("console", lambda said: note(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: note(str(error)))
        tab.on("dialog", lambda dialog: (note(f"dialog: {dialog.message}"), asyncio.ensure_future(dialog.dismiss())))
        while left:
            here = left.pop()
            await tab.goto(here, wait_until="load")
            try:
                await tab.wait_for_function(DRAWN, timeout=20000)
            except Exception:
                note("a chart is not drawn")
            await tab.evaluate(POINT)
            await tab.wait_for_timeout(250)  # a card opens after 180 ms
            if ran := await tab.evaluate(f"window.{CANARY} ?? null"):
                note(f"a planted script ran: {ran}")
            if look:
                wrong.extend(f"{here}: {what}" for what in await tab.evaluate(look))

    async def all_of(addresses: Sequence[str], look: str = "", **options: bool) -> list[str]:
        wrong: list[str] = []
        left = list(addresses)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
            context = await browser.new_context(viewport={"width": 1280, "height": 900}, **options)
            await asyncio.gather(*(work(context, left, wrong, look) for _ in range(TABS)))
            await browser.close()
        return sorted(wrong)

    return lambda addresses, **named: asyncio.run(all_of(addresses, **named))
