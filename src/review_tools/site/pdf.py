"""The whole review as one PDF: Sphinx's single page, printed by headless Chromium, which also tests pages.

Why Chromium and not LaTeX: the tables and figures exist as HTML and SVG only, with their escaping tested there. A LaTeX
build would need a second drawing of each table and a TeX installation of gigabytes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from pypdf import PdfWriter
from pypdf.generic import ArrayObject, ByteStringObject, DictionaryObject, NameObject, TextStringObject

from review_tools.data.citation import Citation
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.site.build import run

FILE = "msc-living-review.pdf"
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


class PrintError(DataError):
    """The review could not be printed; the message says what to do."""


def make_pdf(project: Project) -> Path:
    """Print the review to ``_build/pdf``; a failed print leaves the last good file.

    Raises:
        BuildError: the single page cannot be built.
        PrintError: there is no browser.
        DataError: the citation cannot be read.
    """
    citation, folder = project.citation, project.root / "_build" / "pdf"
    folder.mkdir(parents=True, exist_ok=True)
    run(project.root, folder / "page", None, builder="singlehtml")
    page = folder / "page" / "_build" / "singlehtml" / f"{project.settings('_toc.yml')['root']}.html"
    print_page(page, folder / "draft.pdf")
    finish(folder / "draft.pdf", citation)
    (folder / "draft.pdf").replace(folder / FILE)
    return folder / FILE


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


def finish(pdf: Path, citation: Citation) -> None:
    """Write title and authors for readers and catalogues; dates and identifier come from the content, not the clock."""
    writer, day = PdfWriter(clone_from=pdf), citation.released.replace("-", "")
    writer.metadata = {
        "/Title": citation.title,
        "/Author": "; ".join(citation.authors),
        "/Subject": f"Version {citation.version}, {citation.released}. {citation.licence}.",
        "/Keywords": ", ".join(citation.keywords),
        "/CreationDate": f"D:{day}000000Z",
        "/ModDate": f"D:{day}000000Z",
    }
    writer.page_mode = "/UseOutlines"
    for item in _outline(cast(DictionaryObject, writer.root_object["/Outlines"].get_object())):
        half = len(title := str(item["/Title"])) // 2
        if title == 2 * title[:half]:  # Chromium writes the title of a heading twice where it starts a page
            item[NameObject("/Title")] = TextStringObject(title[:half])
    content = "".join(page.extract_text() for page in writer.pages)
    mark = ByteStringObject(hashlib.sha256(content.encode()).digest()[:16])
    writer._ID = ArrayObject((mark, mark))
    writer.write(pdf)


def _outline(parent: DictionaryObject) -> Iterator[DictionaryObject]:
    """Yield the items below one item of the outline, each before its own."""
    item = parent.get("/First")
    while item is not None:
        item = item.get_object()
        yield item
        yield from _outline(item)
        item = item.get("/Next")


if __name__ == "__main__":
    try:
        ensure_browser()
    except PrintError as error:
        sys.exit(str(error))
