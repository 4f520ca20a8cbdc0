"""The whole review as one PDF: Sphinx's single page, printed by headless Chromium.

Why Chromium and not LaTeX: the tables and figures exist as HTML and SVG only, with their escaping tested there. A LaTeX
build would need a second drawing of each table and a TeX installation of gigabytes.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from review_tools.data.project import Project
from review_tools.site.context import TEMPLATES, project_of

FILE = "msc-living-review.pdf"
START = "from jupyter_book.cli.main import main; main()"


def setup(app: Sphinx) -> None:
    """Give the single page its own template, after all other parts have made its content."""
    app.connect("html-page-context", one_page, priority=960)


def one_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> str | None:
    """Name the template of the single page: cover, contents and text, no script, and nothing folded away."""
    if app.builder.name != "singlehtml" or pagename != app.config.root_doc:
        return None
    # Sphinx names the file of the page in links within it, and charts the filters of a table.
    within = re.compile(rf'href="(?:{re.escape(pagename)}\.html)?(?:\?[^"#]*)?#')
    body = re.sub(r'<a class="headerlink".*?</a>', "", context["body"]).replace("<details", "<details open")
    context["body"], context["toc"] = within.sub('href="#', body), within.sub('href="#', context["toc"])
    context |= {"citation": project_of(app).citation, "style": (TEMPLATES / "print.css").read_text(encoding="utf-8")}
    return "print.html"


def make_pdf(project: Project) -> Path:
    """Print the review to ``_build/pdf``; a failed print leaves the last good file.

    Raises:
        PrintError: the single page cannot be built, or there is no browser.
        DataError: the citation cannot be read.
    """
    from review_tools.site.chromium import PrintError, finish, print_page  # a site without PDF needs none of it

    citation, folder = project.citation, project.root / "_build" / "pdf"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", START, "build", str(project.root), "--path-output", str(folder)]
    built = subprocess.run([*command, "--builder", "singlehtml"], capture_output=True, text=True, check=False)  # noqa: S603
    if built.returncode:
        raise PrintError(f"{built.stdout[-2000:]}{built.stderr[-2000:]}\nThe book does not build → run `review build`.")
    page = folder / "_build" / "singlehtml" / f"{project.settings('_toc.yml')['root']}.html"
    print_page(page, folder / "draft.pdf")
    finish(folder / "draft.pdf", citation)
    (folder / "draft.pdf").replace(folder / FILE)
    return folder / FILE
