"""One page made from all chapters: what only works on a screen is taken off, and links lead inside the page.

A link to another chapter becomes a link to its place here; a link to a page that is not printed (a study, a
trial, a download) becomes its address on the published site. Anchors carry the name of their chapter, so that
two chapters may use the same one.
"""

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.site.pdf.chapters import Chapter, chapters

HERE = Path(__file__).parent
SCREEN_ONLY = (
    "script, noscript, button, .headerlink, .grid-tools, .chart-tools, .chart-data, .chart-foot, .toctree-wrapper"
)
REFERS = ("aria-labelledby", "aria-describedby", "for", "headers")  # attributes that name ids
PAINT = re.compile(r"url\(#([^)]+)\)")
BROAD, LONG = 6, 8  # a table of that many columns and rows gets pages on their side


@dataclass(frozen=True)
class Entry:
    """One line of the contents."""

    chapter: Chapter
    title: str


def assemble(project: Project, site: Path, pages: dict[str, int] | None = None) -> tuple[str, list[Entry]]:
    """The page to print, and its contents.

    Args:
        site: the folder of the built site.
        pages: the page on which each chapter starts, by its anchor, once that is known.

    Raises:
        DataError: a chapter of ``_toc.yml`` is missing from the site, or the citation cannot be read.
    """
    this = project.citation
    listed = chapters(project)
    missing = [chapter.name for chapter in listed if not (site / f"{chapter.name}.html").is_file()]
    if missing:
        raise DataError(f"{site}: lacks {', '.join(missing)} → run `review build` first.")
    bodies = {chapter: article(site, chapter) for chapter in listed}
    known = {chapter.name: anchors(chapter, body) for chapter, body in bodies.items()}
    entries = []
    for chapter, body in bodies.items():
        relink(chapter, body, known, this.url)
        heading = body.find("h1")
        entries.append(Entry(chapter, heading.get_text(" ", strip=True) if heading else chapter.name))
        lower(body, chapter.depth)
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    html = templates.get_template("page.html").render(
        style=Markup((HERE / "print.css").read_text(encoding="utf-8")),  # noqa: S704 (our own file)
        this=this,
        entries=entries,
        pages=pages or {},
        bodies=[(chapter, Markup(body.decode_contents())) for chapter, body in bodies.items()],  # noqa: S704 (built)
    )
    return html, entries


def article(site: Path, chapter: Chapter) -> Tag:
    """The chapter's text without what needs a screen; wide tables are marked for pages on their side."""
    soup = BeautifulSoup((site / f"{chapter.name}.html").read_text(encoding="utf-8"), "html.parser")
    body = soup.select_one("article.bd-article")
    if body is None:
        raise DataError(f"{chapter.name}.html: has no article → run `review build` again.")
    if body.select_one("form.explorer"):
        fit_explorer(soup, body)
    for useless in body.select(SCREEN_ONLY):
        useless.decompose()
    for fold in body.select("details"):
        fold["open"] = ""
    for box in body.select(".grid-box"):
        fit_table(box)
    return body


def fit_explorer(soup: BeautifulSoup, body: Tag) -> None:
    """The explorer prints its map alone: its rows already stand in the chapters of their sections."""
    note = soup.new_tag("p", attrs={"class": "on-site"})
    note.string = "Choosing works on the site. The findings stand in the chapters on mechanisms and diseases."
    for form in body.select("form.explorer"):
        form.replace_with(note)
    for table in body.select("table[data-table='findings']"):
        (table.find_parent("section") or table).decompose()


def fit_table(box: Tag) -> None:
    """Short tables stay on one page, large ones get pages on their side, empty ones keep their caption alone."""
    columns, rows = len(box.select("thead tr > *")), len(box.select("tbody tr"))
    if not rows:
        caption = box.find("caption")
        box.clear()
        box.append(caption.get_text(" ", strip=True) if caption else "No rows.")
        _mark(box, "no-rows")
    elif rows < LONG:
        _mark(box, "short")
    elif columns >= BROAD:
        # A section of heading and table alone turns as a whole, so that the heading is not left behind.
        section = box.find_parent("section")
        alone = section is not None and len(section.find_all(["p", "figure", "section", "table", "li"])) == 1
        _mark(section if section is not None and alone else box, "sideways")


def _mark(element: Tag, name: str) -> None:
    element["class"] = " ".join([*filter(None, map(str, element.get_attribute_list("class"))), name])


def anchors(chapter: Chapter, body: Tag) -> set[str]:
    """Gives every anchor the name of its chapter; returns those the chapter had."""
    had = set()
    for element in body.find_all(id=True):
        had.add(str(element["id"]))
        element["id"] = f"{chapter.anchor}--{element['id']}"
    for element in body.find_all(True):
        for attribute in REFERS:
            if attribute in element.attrs:
                names = element.get_attribute_list(attribute)
                element[attribute] = " ".join(f"{chapter.anchor}--{name}" for name in " ".join(map(str, names)).split())
        for attribute, value in element.attrs.items():
            if isinstance(value, str) and "url(#" in value:
                element[attribute] = PAINT.sub(rf"url(#{chapter.anchor}--\1)", value)
    return had


def relink(chapter: Chapter, body: Tag, known: dict[str, set[str]], address: str) -> None:
    """Leads each link to its place in this page, or to the published site."""
    for link in body.find_all("a"):
        for attribute in ("href", "xlink:href"):
            if link.get(attribute):
                link[attribute] = _target(chapter, str(link[attribute]), known, address)


def _target(chapter: Chapter, href: str, known: dict[str, set[str]], address: str) -> str:
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return href
    path = posixpath.normpath(posixpath.join(posixpath.dirname(chapter.name), parts.path)) if parts.path else ""
    name = path.removesuffix(".html") or chapter.name
    if name not in known:
        return urljoin(address, path + (f"?{parts.query}" if parts.query else "") + f"#{parts.fragment}".rstrip("#"))
    anchor = name.replace("/", "-")
    return f"#{anchor}--{parts.fragment}" if parts.fragment in known[name] else f"#{anchor}"


def lower(body: Tag, depth: int) -> None:
    """Headings of a chapter that lies below another go down by its depth, so that the outline nests."""
    for heading in body.find_all(re.compile(r"^h[1-6]$")) if depth else []:
        heading.name = f"h{min(int(heading.name[1]) + depth, 6)}"
