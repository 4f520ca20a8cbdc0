"""Screenshots of the built site: ten pages, desktop and phone, light and dark, into ``_build/screenshots``.

    python scripts/screenshots.py [PAGE …]

Needs a built site and Chromium. PAGE is an address below the site, such as book/trials.html.
"""

import functools
import http.server
import sys
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

from review_tools.data.project import Project
from review_tools.site.chromium import ARGUMENTS, browser_path

PAGES = [
    "book/index.html",
    "book/mechanisms/contact.html",
    "book/trials.html",
    "book/synthesis/gvhd.html",
    "book/explore.html",
    "book/audit.html",
    "book/references.html",
    "studies/deng_2017_randomised.html",
    "book/synthesis/gap-map.html",
    "book/synthesis/claims.html",
]
WIDTHS = (1280, 390)
TALLEST = 4000  # pixels: pages of thousands of rows need not be shown to their end


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that says nothing."""

    def log_message(self, *_: object) -> None:
        pass


def main(pages: list[str]) -> None:
    build = Project.find().root / "_build"
    if not (build / "html" / "index.html").is_file():
        sys.exit("There is no site in _build/html: run make book first.")
    folder = build / "screenshots"
    folder.mkdir(exist_ok=True)
    serve = functools.partial(Quiet, directory=str(build / "html"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=list(ARGUMENTS))
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
                tab = context.new_page()
                for page in pages:
                    tab.set_viewport_size({"width": width, "height": 900})
                    tab.goto(f"http://127.0.0.1:{server.server_port}/{page}", wait_until="networkidle")
                    tall = min(tab.evaluate("document.documentElement.scrollHeight"), TALLEST)
                    tab.set_viewport_size({"width": width, "height": tall})
                    name = Path(page).with_suffix("").as_posix().replace("/", "-")
                    target = folder / f"{name}-{width}-{scheme}.png"
                    tab.screenshot(path=target)
                    print(target)
                context.close()
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1:] or PAGES)
