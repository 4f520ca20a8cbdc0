"""The whole review as one PDF: Sphinx's single page, printed by headless Chromium.

Why Chromium and not LaTeX: the tables and figures exist as HTML and SVG only, with their escaping tested there. A LaTeX
build would need a second drawing of each table and a TeX installation of gigabytes.
"""

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from review_tools.data.citation import Citation
from review_tools.data.project import Project
from review_tools.site.chromium import PrintError, print_page
from review_tools.site.context import project_of

FILE = "msc-living-review.pdf"
STYLE = Path(__file__).parent / "templates" / "print.css"


def setup(app: Sphinx) -> None:
    """Give the single page its own template, after all other parts have made its content."""
    app.connect("html-page-context", one_page, priority=960)


def one_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> str | None:
    """Name the template of the single page: cover, contents and text, no script, and nothing folded away."""
    if app.builder.name != "singlehtml" or pagename != app.config.root_doc:
        return None
    # Sphinx names the file of the page in links within it, and charts the filters of a table.
    within = re.compile(rf'href="(?:{re.escape(pagename)}\.html)?(?:\?[^"#]*)?#')
    for part in ("body", "toc"):
        context[part] = within.sub('href="#', context[part].replace("<details", "<details open"))
    context |= {"citation": project_of(app).citation, "style": STYLE.read_text(encoding="utf-8")}
    return "print.html"


def make_pdf(project: Project) -> Path:
    """Print the review to ``_build/pdf``; a failed print leaves the last good file.

    Raises:
        PrintError: the single page cannot be built, or there is no browser.
        DataError: the citation cannot be read.
    """
    citation, folder = project.citation, project.root / "_build" / "pdf"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "jupyter_book", "build", str(project.root), "--path-output", str(folder)]
    built = subprocess.run([*command, "--builder", "singlehtml"], capture_output=True, text=True, check=False)  # noqa: S603
    if built.returncode:
        raise PrintError(f"{built.stdout[-2000:]}{built.stderr[-2000:]}\nThe book does not build → run `review build`.")
    page = folder / "_build" / "singlehtml" / f"{project.settings('_toc.yml')['root']}.html"
    print_page(page, folder / "draft.pdf")
    finish(folder / "draft.pdf", citation)
    (folder / "draft.pdf").replace(folder / FILE)
    return folder / FILE


def finish(pdf: Path, citation: Citation) -> None:
    """Write title and authors for readers and catalogues; dates and identifier come from the content, not the clock."""
    from pypdf import PdfWriter
    from pypdf.generic import ArrayObject, ByteStringObject

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
    content = "".join(page.extract_text() for page in writer.pages)
    mark = ByteStringObject(hashlib.sha256(content.encode()).digest()[:16])
    writer._ID = ArrayObject((mark, mark))
    writer.write(pdf)
