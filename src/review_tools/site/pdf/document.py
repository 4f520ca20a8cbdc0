"""The PDF from the built site: printed twice, since only the first print tells on which page a chapter starts."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, ByteStringObject, DictionaryObject, NameObject, TextStringObject

from review_tools.data.citation import Citation
from review_tools.data.project import Project
from review_tools.site.pdf.assemble import Entry, assemble
from review_tools.site.pdf.chromium import print_pdf

FILE = "msc-living-review.pdf"


def make_pdf(project: Project) -> Path:
    """Prints the site in ``_build/html`` to ``_build/pdf``; a failed print leaves the last good file.

    Raises:
        DataError: the site is not built.
        NoBrowserError: there is no browser to print with.
    """
    folder, site = project.root / "_build" / "pdf", project.root / "_build" / "html"
    html, entries = assemble(project, site)
    folder.mkdir(parents=True, exist_ok=True)
    page, draft = folder / "review.html", folder / "draft.pdf"
    page.write_text(html, encoding="utf-8")
    print_pdf(page, draft)
    html, _ = assemble(project, site, first_pages(draft, entries))
    page.write_text(html, encoding="utf-8")
    print_pdf(page, draft)
    finish(draft, project.citation, headings(html))
    draft.replace(folder / FILE)
    return folder / FILE


def first_pages(pdf: Path, entries: list[Entry]) -> dict[str, int]:
    """The page, counted from 1, on which each chapter starts."""
    reader = PdfReader(pdf)
    places = {name.lstrip("/"): place for name, place in reader.named_destinations.items()}
    numbers = {}
    for entry in entries:
        number = reader.get_destination_page_number(places[entry.chapter.anchor])
        if number is None:
            raise ValueError(f"{entry.chapter.name} stands on no page of {pdf.name}")
        numbers[entry.chapter.anchor] = number + 1
    return numbers


def headings(html: str) -> list[str]:
    """The words of every heading, in order: what the outline holds."""
    found = BeautifulSoup(html, "html.parser").find_all(re.compile(r"^h[1-6]$"))
    return [" ".join(heading.get_text().split()) for heading in found]


def finish(pdf: Path, this: Citation, named: list[str]) -> None:
    """Title and authors for readers and catalogues; dates and identifier from the content, never from the clock.

    Chromium writes the title of a heading twice where it starts a page, so the outline takes its words from here.

    Raises:
        ValueError: the outline does not hold each heading once.
    """
    writer = PdfWriter(clone_from=pdf)
    for item, words in zip(
        _outline(cast(DictionaryObject, writer.root_object["/Outlines"].get_object())), named, strict=True
    ):
        item[NameObject("/Title")] = TextStringObject(words)
    day = this.released.replace("-", "")
    writer.metadata = {
        "/Title": this.title,
        "/Author": "; ".join(this.authors),
        "/Subject": f"Version {this.version}, {this.released}. {this.licence}.",
        "/Keywords": ", ".join(this.keywords),
        "/CreationDate": f"D:{day}000000Z",
        "/ModDate": f"D:{day}000000Z",
    }
    writer.page_mode = "/UseOutlines"
    content = "".join(page.extract_text() for page in writer.pages)
    mark = ByteStringObject(hashlib.sha256(content.encode()).digest()[:16])
    writer._ID = ArrayObject((mark, mark))
    writer.write(pdf)


def _outline(parent: DictionaryObject) -> Iterator[DictionaryObject]:
    """The items below one item of the outline, each before its own."""
    item = parent.get("/First")
    while item is not None:
        known = item.get_object()
        yield known
        yield from _outline(known)
        item = known.get("/Next")
