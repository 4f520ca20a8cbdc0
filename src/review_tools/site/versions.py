"""Pages under ``v/`` that compare the versions of the review, made from their snapshots, and what chapters say of them.

``v/index`` lists the versions; ``v/26.0.0-26.1.0`` shows what the newer of two changes. Copies of the site as it was
lie beside them (``v/26.0.0/``, ``.ci/kept-sites``).
"""

import html
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from docutils import nodes
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from review_tools.changes import render
from review_tools.changes.compare import between
from review_tools.changes.model import Changes
from review_tools.changes.state import snapshot
from review_tools.data.problems import DataError
from review_tools.data.project import Project, once
from review_tools.data.versions import snapshot_file, with_snapshot
from review_tools.display.grid import grid, lines, link
from review_tools.site.context import project_of
from review_tools.site.links import absolute, only_known

logger = logging.getLogger(__name__)
HEADING = re.compile(r'<section id="([\w-]+)">\s*<h2>(.*?)<a ')
FOLDER = "v"  # of the site; copies of the site as it was lie in it too
INDEX = f"{FOLDER}/index"
KEPT = "_build/kept"  # sites of past versions; the workflow puts them into the folder v/ of the site
MOST = 60  # pages, unless each version with the newest and with the one after it are more
NUMBERS = (
    "A version has a number in three parts: the year of the search, the change of data, the fix. "
    "Each can be compared with others, and read as it was where its site is kept."
)
LINES = {"page": 300, "chapter": 8, "feed": 12}  # of a section


def setup(app: Sphinx) -> None:
    """Announces pages and files before chapters link to them, makes them at the end; gives chapters their directive."""
    app.add_directive("version-changes", Newest)
    app.connect("builder-inited", announce)
    app.connect("html-collect-pages", collect)
    app.connect("build-finished", write)


def announce(app: Sphinx) -> None:
    """Puts the names where links are checked (site/links.py)."""
    project = project_of(app)
    try:
        compared = comparisons(project)
    except DataError as error:
        logger.warning(str(error), type="review", subtype="versions")
        compared = {}
    numbers = [version.number for version in with_snapshot(project)] if compared else []
    names = {page(*pair) for pair in compared} | ({INDEX} if numbers else set())
    app.env.review_generated = getattr(app.env, "review_generated", set()) | names  # type: ignore[attr-defined]
    files = {f"{FOLDER}/{number}.json" for number in numbers}
    app.env.review_files = getattr(app.env, "review_files", set()) | files  # type: ignore[attr-defined]


@once
def comparisons(project: Project) -> dict[tuple[str, str], Changes]:
    """Return what the newer of two versions changes, for the pairs that have a page.

    Raises:
        DataError: a snapshot cannot be read.
    """
    states = {version.number: snapshot(project, version.number) for version in with_snapshot(project)}
    return {(old, new): between(states[old], states[new]) for old, new in pairs(list(states))}


def pairs(numbers: list[str], most: int = MOST) -> list[tuple[str, str]]:
    """Which of the versions, given the oldest first, are compared: each with the newest and with the one after it;
    of the others the newest, as long as there are no more than ``most`` pairs in all."""
    needed = {*pairwise(numbers), *((one, numbers[-1]) for one in numbers[:-1])}
    every = [(old, new) for at, new in enumerate(numbers) for old in numbers[:at]]
    others = [pair for pair in reversed(every) if pair not in needed][: max(most - len(needed), 0)]
    return [pair for pair in every if pair in needed or pair in others]


def page(old: str, new: str) -> str:
    return f"{FOLDER}/{old}-{new}"


def since_the_last(project: Project, number: str) -> Changes | None:
    """What a version changes against the one before it; None for the first, and where there is no snapshot."""
    return next((changes for (_, new), changes in reversed(comparisons(project).items()) if new == number), None)


def for_feed(app: Sphinx, number: str, address: str) -> str:
    """The same as HTML with full addresses; empty where there is nothing to compare."""
    project = project_of(app)
    changes = since_the_last(project, number)
    if changes is None:
        return ""
    whole = f"{address}{page(changes.before, changes.after)}.html"
    made = only_known(app, render.html(changes, limit=LINES["feed"], level=3, whole=whole))
    return absolute(made, address, app.env.review_files)  # type: ignore[attr-defined]


class Newest(SphinxDirective):
    """``{version-changes}``: what the newest version changes against the one before it, as a section of the chapter."""

    def run(self) -> list[nodes.Node]:
        compared = comparisons(project_of(self.env.app))
        if not compared:
            return [nodes.paragraph(text="There is no earlier version to compare with.")]
        (old, new), changes = list(compared.items())[-1]
        name = f"site:{page(old, new)}"
        body = render.html(changes, limit=LINES["chapter"], level=3, whole=name)
        body += Markup('<p><a href="{}">The whole comparison</a>, <a href="site:{}">all versions</a></p>').format(
            name, INDEX
        )
        section = nodes.section("", nodes.title(text=f"What changed from {old} to {new}"), ids=["newest-changes"])
        section += nodes.raw("", only_known(self.env.app, body), format="html")
        return [section]


def collect(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The list of versions and each comparison."""
    project = project_of(app)
    compared = comparisons(project) if INDEX in app.env.review_generated else {}  # type: ignore[attr-defined]
    if not compared:
        return
    yield _page(app, INDEX, "Versions of this review", _listed(project, list(compared)))
    for (old, new), changes in compared.items():
        chooser = lines(*_others(old, new, list(compared)))
        says = f"What version {new} of this review changes against version {old}, computed from the snapshots of both."
        body = Markup('<p>{}</p>\n<p class="chooser">{}</p>\n').format(says, chooser)
        yield _page(
            app,
            page(old, new),
            f"From version {old} to {new}",
            body + render.html(changes, limit=LINES["page"]),
        )


def _page(app: Sphinx, name: str, title: str, body: Markup) -> tuple[str, dict[str, Any], str]:
    body = Markup('<section class="record versions"><h1>{}</h1>\n{}</section>').format(title, body)
    return (
        name,
        {"title": title, "body": only_known(app, body), "toc": contents(title, body), "display_toc": True},
        "page.html",
    )


def _listed(project: Project, compared: list[tuple[str, str]]) -> Markup:
    """Every version, the newest first, with what leads on from it."""
    known = with_snapshot(project)
    before = {new: old for old, new in compared}  # of several the last stays: the one just before
    numbers = [one.number for one in reversed(known)]

    def against(old: str | None, new: str) -> Any:
        return link(f"site:{page(old, new)}", f"from {old} to {new}") if old and old != new else "–"

    opened = Markup('<a href="{}/index.html">open</a>')
    site = [opened.format(number) if is_kept(project, number) else "not kept here" for number in numbers]
    table = grid(
        {
            "Version": numbers,
            "Date": [one.date for one in reversed(known)],
            "What it changed": [against(before.get(number), number) for number in numbers],
            "What has changed since": [against(number, numbers[0]) for number in numbers],
            "The site as it was": site,
            "What it says, for machines": [link(f"site:{FOLDER}/{number}.json", "JSON") for number in numbers],
        },
        "Versions, the newest first",
        ids=[f"version-{number}" for number in numbers],
        name="versions",
    )
    return Markup("<p>{}</p>\n{}").format(NUMBERS, Markup(table._repr_html_()))  # noqa: S704 (a grid escapes)


def is_kept(project: Project, number: str) -> bool:
    """Say whether the site of a version, as it was, is published with this one: ``.ci/kept-sites`` unpacks it."""
    return (project.root / KEPT / number).is_dir()


def _others(old: str, new: str, compared: list[tuple[str, str]]) -> Iterator[Markup]:
    """Links to the other comparisons of the two versions."""
    for words, side, fixed in ((f"From {old} to", 1, old), (f"To {new} from", 0, new)):
        chosen = [pair for pair in compared if pair[1 - side] == fixed]
        links = (
            Markup("<b>{}</b>").format(pair[side]) if pair == (old, new) else link(f"site:{page(*pair)}", pair[side])
            for pair in chosen
        )
        yield Markup("{}: {}").format(words, Markup(" · ").join(links))
    yield Markup('<a href="site:{}">All versions</a>').format(INDEX)


def write(app: Sphinx, exception: Exception | None) -> None:
    """The snapshots, as files to take along."""
    project = project_of(app)
    if exception or app.builder.format != "html" or INDEX not in app.env.review_generated:  # type: ignore[attr-defined]
        return
    for version in with_snapshot(project):
        target = Path(app.outdir) / FOLDER / f"{version.number}.json"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(project.read(snapshot_file(version.number)))


def contents(title: str, body: str) -> Markup:
    """The headings of a page as the nested list the theme shows beside it."""
    heads = ((name, html.unescape(words)) for name, words in HEADING.findall(body))
    inner = Markup().join(Markup('<li><a href="#{}">{}</a></li>').format(*head) for head in heads)
    return Markup('<ul><li><a href="#">{}</a><ul>{}</ul></li></ul>').format(title, inner)
