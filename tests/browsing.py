"""A tab of a browser that notes everything that goes wrong on the pages it opens."""

from playwright.sync_api import Error, Locator, Page

CANARY = "__pwned"  # what planted scripts set
# Charts come alive when a reader points at them; here a script asks for all.
WAKE = "document.querySelectorAll('figure.chart').forEach(figure => figure.dispatchEvent(new Event('chart-wanted')))"
DRAWN = "() => !document.querySelector('figure.chart:not(.is-live)')"
SHIFT = """window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())
  if (!entry.hadRecentInput) window.shift += entry.value; }).observe({type: 'layout-shift', buffered: true});"""


class Watch:
    """Opens pages in one tab and notes what goes wrong on them.

    Wrong are: a request to another host, an error or warning on the console or in a script, a refusal by the content
    security policy, a dialog, a chart that does not come alive, content that moves while it loads, a planted script
    that ran.
    """

    def __init__(self, page: Page) -> None:
        self.page, self.wrong, self.here = page, list[str](), ""
        page.add_init_script(SHIFT)
        page.on("request", lambda sent: self.requested(sent.url))
        page.on("console", lambda said: self.note(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.note(str(error)))
        page.on("dialog", lambda dialog: (self.note(f"dialog: {dialog.message}"), dialog.dismiss()))

    def note(self, what: str) -> None:
        self.wrong.append(f"{self.here}: {what}")

    def requested(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
            self.note(f"asks {url}")

    def open(self, url: str) -> Page:
        """Open a page, and wait until its charts are alive."""
        self.here = url
        self.page.goto(url)
        self.page.evaluate(WAKE)
        try:
            self.page.wait_for_function(DRAWN, timeout=20_000)
        except Error:
            self.note("a chart does not come alive")
        if "search.html" not in url and (moved := self.page.evaluate("window.shift")) >= 0.05:  # results arrive later
            self.note(f"content moves while it loads: {moved:.3f}")
        if ran := self.page.evaluate(f"window.{CANARY} ?? null"):
            self.note(f"a planted script ran: {ran}")
        return self.page


def alive(tab: Page, url: str) -> None:
    """Open a page and wait until its charts are alive."""
    tab.goto(url)
    tab.evaluate(WAKE)
    tab.wait_for_function(DRAWN)


def saved(tab: Page, chart: Locator, form: str) -> bytes:
    """Save a chart as ``csv``, ``svg`` or ``png``; the file is named by the chart."""
    with tab.expect_download() as download:
        chart.locator(f"[data-save={form}]").click()
    assert download.value.suggested_filename == f"{chart.get_attribute('id')}.{form}"
    return download.value.path().read_bytes()
