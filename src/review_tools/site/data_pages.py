"""Pages that are made from the data and that Sphinx reads like any other: studies, trials, versions.

Such a page enters search, contents and sitemap, and links are checked against it, because it is an ordinary
document: ``Sources`` names it to Sphinx, and ``PageParser`` reads it. No file is written for it.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.parsers import Parser
from sphinx.project import Project as SourceFiles

from review_tools.data.bibliography import FILE
from review_tools.site.context import is_made, project_of
from review_tools.site.links import only_known

SOURCE = "review-data"
Page = tuple[str, list[tuple[str, str, str]]]  # title; anchor, heading and HTML of each part, the first without heading
Make = Callable[[Sphinx, str], Page]


class Sources(SourceFiles):
    """The chapters' files, and the pages that are made: the file each is made from, and what makes it."""

    made: Mapping[str, tuple[str, Make]] = {}

    def discover(self, exclude_paths: Iterable[str] = (), include_paths: Iterable[str] = ("**",)) -> set[str]:
        """Return the names of all pages."""
        super().discover(exclude_paths, include_paths)
        self.docnames |= self.made.keys()
        return self.docnames

    def doc2path(self, docname: str, absolute: bool) -> str:
        """Return the file that a page is read from."""
        if docname not in self.made:
            return super().doc2path(docname, absolute)
        name = self.made[docname][0]
        return str(Path(self.srcdir) / name) if absolute else name


def add_pages(app: Sphinx, pages: Mapping[str, str], make: Make) -> None:
    """Tell Sphinx of pages, each with its file, before it looks for sources and before links are checked."""
    sources = Sources(app.srcdir, app.config.source_suffix)
    sources.restore(app.project)
    made = app.project.made if isinstance(app.project, Sources) else {}
    sources.made = {**made, **{name: (file, make) for name, file in pages.items()}}
    app.project = app.env.project = sources


def setup(app: Sphinx) -> None:
    """Let Sphinx read tables and snapshots as pages."""
    for suffix in (".csv", ".json"):
        app.add_source_suffix(suffix, SOURCE)
    app.add_source_parser(PageParser)
    app.connect("env-get-outdated", read_again)
    app.connect("html-page-context", without_source, priority=100)  # before the theme makes its buttons


def read_again(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> Iterable[str]:
    """Name these pages when anything has changed: they say which chapters cite a work, and lead to chapters."""
    return [name for name in env.found_docs if is_made(name)] if added or changed or removed else []


class PageParser(Parser):
    """Reads a page by making it."""

    supported = (SOURCE,)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Fill the document from the project."""
        self.setup_parse(inputstring, document)
        env, project = self.env, project_of(self.env.app)
        for name in (*map(project.file_of, project.schema), FILE):
            env.note_dependency(str(project.root / name))
        env.metadata[env.docname]["orphan"] = True  # the contents list chapters only
        assert isinstance(env.project, Sources)  # noqa: S101 (which named this page)
        title, parts = env.project.made[env.docname][1](env.app, env.docname)
        page = nodes.section("", nodes.title(text=title), ids=[nodes.make_id(title) or "page"], classes=["record"])
        for anchor, heading, html in parts:
            body = nodes.raw("", only_known(env.app, html), format="html")
            page += nodes.section("", nodes.title(text=heading), body, ids=[anchor]) if heading else body
        document += page
        self.finish_parse()


def without_source(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, object], doctree: nodes.document | None
) -> None:
    """Offer no source to download or edit for a page that has none of its own."""
    if is_made(pagename):
        context["sourcename"] = context["page_source_suffix"] = ""
