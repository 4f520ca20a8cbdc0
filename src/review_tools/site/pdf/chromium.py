"""Headless Chromium, which prints the page. Nothing is asked of the network, and no script runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


class NoBrowserError(Exception):
    """No Chromium could be started; the message says how to get one."""


def browser_path() -> str | None:
    """The browser named by ``REVIEW_BROWSER`` or installed on the system; None lets playwright use its own."""
    found = (shutil.which(name) for name in NAMES)
    return os.environ.get("REVIEW_BROWSER") or next((path for path in found if path), None)


def ensure_browser() -> None:
    """Download playwright's Chromium if this machine has no browser.

    Raises:
        NoBrowserError: the download failed.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        if browser_path() or Path(playwright.chromium.executable_path).exists():
            return
    print("No Chromium or Chrome on this machine: downloading one for playwright (once) …", flush=True)
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        raise NoBrowserError(
            "Chromium could not be downloaded → install Chromium or Chrome on the system "
            "(Debian, Ubuntu: apt install chromium), or name one in REVIEW_BROWSER."
        )


def print_pdf(page: Path, target: Path) -> None:
    """Prints a page of this machine, with an outline made from its headings.

    Raises:
        NoBrowserError: there is no Chromium, or playwright is not installed.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise NoBrowserError("Printing needs playwright → pip install 'review-tools[pdf]'.") from error
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=browser_path(), args=list(ARGUMENTS))
        except Error as error:
            raise NoBrowserError(
                "No Chromium was found → install chromium, name one in REVIEW_BROWSER, "
                "or run `.venv/bin/playwright install chromium`."
            ) from error
        context = browser.new_context(java_script_enabled=False, offline=True, color_scheme="light")
        tab = context.new_page()
        tab.set_default_timeout(300_000)
        tab.goto(page.as_uri())
        tab.pdf(path=target, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
        browser.close()


if __name__ == "__main__":
    try:
        ensure_browser()
    except NoBrowserError as error:
        sys.exit(str(error))
