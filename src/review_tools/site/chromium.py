"""Headless Chromium, which prints and tests pages of this machine."""

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


class PrintError(Exception):
    """The review could not be printed; the message says what to do."""


def browser_path() -> str | None:
    """Return the browser named by ``REVIEW_BROWSER`` or installed here; None lets playwright use its own."""
    paths = (shutil.which(name) for name in NAMES)
    return os.environ.get("REVIEW_BROWSER") or next((path for path in paths if path), None)


def ensure_browser() -> None:
    """Download playwright's Chromium if this machine has no browser. Raises PrintError when that fails."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        if browser_path() or Path(playwright.chromium.executable_path).exists():
            return
    print("No Chromium or Chrome on this machine: downloading one for playwright (once) …", flush=True)
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        raise PrintError(
            "Chromium could not be downloaded → install Chromium or Chrome on the system "
            "(Debian, Ubuntu: apt install chromium), or name one in REVIEW_BROWSER."
        )


def print_page(page: Path, target: Path) -> None:
    """Print a page of this machine, without script or network, with an outline made from its headings.

    Raises:
        PrintError: there is no Chromium, or playwright is not installed.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise PrintError("Printing needs playwright → pip install 'review-tools[pdf]'.") from error
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=browser_path(), args=list(ARGUMENTS))
        except Error as error:
            raise PrintError(
                "No Chromium was found → install chromium, name one in REVIEW_BROWSER, "
                "or run `.venv/bin/playwright install chromium`."
            ) from error
        tab = browser.new_context(java_script_enabled=False, offline=True, color_scheme="light").new_page()
        tab.set_default_timeout(300_000)
        tab.goto(page.as_uri())
        tab.pdf(path=target, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
        browser.close()


if __name__ == "__main__":
    try:
        ensure_browser()
    except PrintError as error:
        sys.exit(str(error))
