"""Pages that are made from the data and that Sphinx reads like any other: studies, trials, versions.

Such a page enters search, contents and sitemap, and links are checked against it, because it is an ordinary
document: ``Sources`` names it to Sphinx, and ``PageParser`` reads it. No file is written for it.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.parsers import Parser
from sphinx.project import Project as SourceFiles

from review_tools.data.project import Project, once
from review_tools.site import study_pages, version_pages
from review_tools.site.pages import VERSIONS, Context, is_made, only_known, project_of

SOURCE = "review-data"
SUFFIXES = (".csv", ".json")
# What the theme leaves undone for assistive technology (found with axe).
UNNAMED, NAMED = "<summary>", '<summary aria-label="Pages of this part">'


class Sources(SourceFiles):
    """The chapters' files, and the pages that are made, each with the file it is made from."""

    made: Mapping[str, str] = {}

    def discover(self, exclude_paths: Iterable[str] = (), include_paths: Iterable[str] = ("**",)) -> set[str]:
        """Return the names of all pages."""
        super().discover(exclude_paths, include_paths)
        self.docnames |= self.made.keys()
        return self.docnames

    def doc2path(self, docname: str, absolute: bool) -> str:
        """Return the file that a page is read from."""
        if docname not in self.made:
            return super().doc2path(docname, absolute)
        name = self.made[docname]
        return str(Path(self.srcdir) / name) if absolute else name


def add_pages(app: Sphinx) -> None:
    """Tell Sphinx of these pages before it looks for sources and before links are checked."""
    sources = Sources(app.srcdir, app.config.source_suffix)
    sources.restore(app.project)
    project = project_of(app)
    sources.made = study_pages.listed(project) | version_pages.listed(project)
    app.project = app.env.project = sources


class PageParser(Parser):
    """Reads a page by making it."""

    supported = (SOURCE,)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Fill the document from the project."""
        self.setup_parse(inputstring, document)
        app, name = self.env.app, self.env.docname
        self.env.metadata[name]["orphan"] = True  # the contents list chapters only
        title, parts = (version_pages if name.startswith(f"{VERSIONS}/") else study_pages).make(app, name)
        page = nodes.section("", nodes.title(text=title), ids=[nodes.make_id(title) or "page"], classes=["record"])
        for anchor, heading, html in parts:
            body = nodes.raw("", only_known(app, html), format="html")
            page += nodes.section("", nodes.title(text=heading), body, ids=[anchor]) if heading else body
        document += page
        self.finish_parse()


def without_source(app: Sphinx, page: str, context: Context) -> None:
    """Offer no source to download or edit for a page that has none of its own."""
    if is_made(page):
        context["sourcename"] = context["page_source_suffix"] = ""


def add_contents(app: Sphinx, page: str, context: Context) -> None:
    """Give ``templates/sbt-sidebar-nav.html`` the list of contents beside a page.

    Pages of studies and trials share one, which takes the theme long to make; in it is marked the chapter that the page
    belongs to.
    """
    chapter, lists = study_pages.home(app, page), _lists(project_of(app))

    def contents(make: Callable[..., Any], **options: Any) -> str:
        if chapter is None:
            return str(make(**options)).replace(UNNAMED, NAMED)
        address = context["pathto"](chapter)
        if address not in lists:
            if "" not in lists:
                lists[""] = make(**options)
            lists[address] = str(_marked(copy(lists[""]), address)).replace(UNNAMED, NAMED)
        return str(lists[address])

    context["contents"] = contents


@once
def _lists(project: Project) -> dict[str, Any]:
    """Return where the lists are kept: the unmarked one under no name, the others by the chapter that is marked."""
    return {}


def _marked(contents: Any, address: str) -> Any:
    """Mark an entry as the current one, and open what it is folded in."""
    if here := contents.find("a", href=address):
        here["aria-current"] = "true"
        for item in here.find_parents("li"):
            item["class"] = [*item.get("class", []), "current", "active"]
        for fold in here.find_parents("details"):
            fold["open"] = "open"
    return contents
