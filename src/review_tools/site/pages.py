"""A page for each study and each trial, made from the data while the chapters are written.

Tables and prose lead here (``site:studies/<study_id>``, ``site:trials/<trial_id>``). The pages have no source
file, and need nothing of the chapters but what was read of them: they are written by processes of their own, and
their words are handed to the site's search.
"""

import html
import os
import re
import sys
from functools import cache
from multiprocessing.util import Finalize
from typing import Any

from docutils import nodes
from markupsafe import Markup, escape
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.search import IndexBuilder
from sphinx.util import logging
from sphinx.util.docutils import new_document
from sphinx.util.parallel import ParallelTasks, SerialTasks

from review_tools.data.problems import DataError
from review_tools.site.context import project_of
from review_tools.site.inputs import cores
from review_tools.site.kernel import end_with_parent
from review_tools.site.study_pages import STUDIES, TRIALS, Maker

logger = logging.getLogger(__name__)
HEADING = re.compile(r'<section id="([\w-]+)">\s*<h2>(.*?)<a ')
LEAST = 300  # pages for a process: each reads the data anew
Indexed = list[dict[str, Any]]
_writing: ParallelTasks | SerialTasks | None = None


def setup(app: Sphinx) -> None:
    """Announces the pages before chapters link to them, and makes them while the chapters are written."""
    app.connect("builder-inited", announce)
    app.connect("doctree-resolved", begin)
    app.connect("html-collect-pages", finish)


def announce(app: Sphinx) -> None:
    """Puts the names of the pages where links are checked."""
    project = project_of(app)
    global _writing
    _writing = None
    os.environ.setdefault("REVIEW_ROOT", str(project.root))  # the pages show the data of the book that is being built
    known: set[str] = getattr(app.env, "review_generated", set())
    try:
        names = {f"{STUDIES}/{name}" for name in project.table("studies")["study_id"]}
        names |= {f"{TRIALS}/{name}" for name in project.table("trials")["trial_id"]}
    except DataError as error:
        logger.warning(str(error), type="review", subtype="data")
        names = set()
    app.env.review_generated = known | names  # type: ignore[attr-defined]


def begin(app: Sphinx, *_: Any) -> None:
    """Starts on the pages when the first chapter is about to be written: by then the builder is ready."""
    global _writing
    if _writing is not None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    builder = app.builder
    names = [name for name in sorted(app.env.review_generated) if name.startswith((f"{STUDIES}/", f"{TRIALS}/"))]  # type: ignore[attr-defined]
    index = builder.indexer
    if index is not None:
        index.lang.stem = cache(index.lang.stem)  # type: ignore[method-assign]  # the pages share most of their words
        prune, generated = index.prune, sorted(app.env.review_generated)  # type: ignore[attr-defined]
        # Before it is written, the index forgets every page without a source file. These stay.
        index.prune = lambda docnames: prune([*docnames, *generated])  # type: ignore[method-assign]
    share = max(1, min(cores(), len(names) // LEAST))
    _writing = ParallelTasks(share) if sys.platform == "linux" else SerialTasks()
    if isinstance(_writing, ParallelTasks):  # a build that fails meanwhile would wait for what nobody takes any more
        Finalize(None, _writing.terminate, exitpriority=1)
    for part in range(share):
        _writing.add_task(lambda some: write(builder, some), names[part::share], lambda *told: know(index, told[-1]))


def finish(app: Sphinx) -> list[Any]:
    """Waits for the last page; its words are in the search then."""
    begin(app)
    assert _writing is not None  # noqa: S101 (it has just begun)
    _writing.join()
    return []


def write(builder: StandaloneHTMLBuilder, names: list[str]) -> Indexed:
    """Writes some of the pages; returns what the search knows of them."""
    end_with_parent()
    index = builder.indexer
    aside: dict[str, dict[str, str]] = {folder: {} for folder in (STUDIES, TRIALS)}
    maker = Maker(builder.app)
    for name in names:
        folder, _, row = name.partition("/")
        words, body = maker.page(folder, row)
        title = str(escape(words))  # Sphinx takes titles for HTML, in the page and in the search
        if index is not None:
            index.feed(name, f"{name}.html", title, searchable(name, title, body))
        shown = {"toc": contents(words, body), "display_toc": True, "kept_navigation": aside[folder]}
        builder.handle_page(name, {"title": title, "body": body, **shown}, "page.html")
    return known(index)


def known(index: IndexBuilder | None) -> Indexed:
    """The parts of an index of the search: page or word to what it knows of it."""
    if index is None:
        return []
    return [
        index._titles,
        index._filenames,
        index._all_titles,
        index._index_entries,
        index._mapping,
        index._title_mapping,
    ]


def know(index: IndexBuilder | None, more: Indexed) -> None:
    """Takes over what another process found."""
    for mine, theirs in zip(known(index), more, strict=True):
        for key, found in theirs.items():
            mine[key] = mine[key] | found if isinstance(found, set) and key in mine else found


def searchable(name: str, title: str, body: str) -> nodes.document:
    """A page as the search reads it: its title and its words."""
    document = new_document(name)
    words = Markup(body).striptags()  # noqa: S704 (becomes plain text)
    document += nodes.section("", nodes.title(text=title), nodes.paragraph(text=words))
    return document


def contents(title: str, body: str) -> Markup:
    """The headings of a page as the nested list the theme shows beside it."""
    heads = ((name, html.unescape(words)) for name, words in HEADING.findall(body))
    inner = Markup().join(Markup('<li><a href="#{}">{}</a></li>').format(*head) for head in heads)
    return Markup('<ul><li><a href="#">{}</a><ul>{}</ul></li></ul>').format(title, inner)
