"""Files beside the pages: downloads, the feed, the ways in, the map of the site, what the search knows of each page."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import vl_convert as vlc
from sphinx.application import Sphinx

from review_tools.changes import render
from review_tools.data import export
from review_tools.data.citation import CONTROL, Citation
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.site import version_pages
from review_tools.site.pages import (
    STUDIES,
    TEMPLATES,
    TRIALS,
    VERSIONS,
    absolute,
    only_known,
    project_of,
    script_json,
    snapshots,
    template,
)

# The feed of changes
FEED = "feed.xml"
CHANGELOG = "CHANGELOG.md"
HEADING = re.compile(r"^## \[?([^\]\s]+)\]? - (\d{4}-\d{2}-\d{2})[ \t]*$", re.MULTILINE)
PAGE = "book/whats-new"
LINES = 12  # of a section
ATOM = "http://www.w3.org/2005/Atom"
# Ways in
PICTURE = "_static/preview.png"
UNLISTED = {"search", "genindex"}  # of use to readers, of none to search engines
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# The page is shown at whatever address was not found, so it carries its style and names no file beside it.
ONLY_ITSELF = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
# The search
SEARCH = "search-pages.js"
DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)"')
KINDS = {
    f"{STUDIES}/": "Study",
    f"{TRIALS}/": "Trial",
    f"{VERSIONS}/": "Version",
    "book/diseases/": "Disease page",
    "book/": "Chapter",
}
ABBREVIATION = re.compile(r"(.*?) \((\w+)\)$")  # “Multiple sclerosis (MS)”


def write_downloads(app: Sphinx, site: Path) -> None:
    """Write the files to take along, at addresses that stay."""
    project = project_of(app)
    kept = {path: project.read(file) for path, file in snapshots(project).items()}
    for path, content in (export.files(project) | kept).items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(content)


def write_feed(app: Sphinx, site: Path) -> None:
    """Write the Atom feed of changes (RFC 4287): one entry a release, with what it changes in the data."""
    project = project_of(app)
    changes = [_with_data(app, one, project.citation.url) for one in releases(project)]
    (site / FEED).write_bytes(atom(project.citation, changes))


@dataclass(frozen=True)
class Release:
    """One version with its date (YYYY-MM-DD), what the changelog says, in Markdown, and what the data say, in HTML."""

    version: str
    date: str
    changes: str
    data: str = ""
    page: str = PAGE


def releases(project: Project) -> list[Release]:
    """Return all released versions of the changelog, the newest first; what has no date is not yet released.

    Raises:
        DataError: the file is missing or names no release.
    """
    if not project.has(CHANGELOG):
        raise DataError(f"{CHANGELOG}: the file is missing → restore it from git.")
    text = project.read(CHANGELOG).decode("utf-8")
    found = [
        Release(match[1], match[2], text[match.end() :].split("\n## ", 1)[0].strip())
        for match in HEADING.finditer(text)
    ]
    if not found:
        raise DataError(f"{CHANGELOG}: names no release → write a heading such as “## [26.1.0] - 2026-11-23”.")
    return found


def _with_data(app: Sphinx, release: Release, address: str) -> Release:
    """Add what a version changes in the data, with full addresses."""
    changes = version_pages.since_the_last(project_of(app), release.version)
    if changes is None:
        return release
    page = version_pages.page(changes.before, changes.after)
    data = absolute(only_known(app, render.digest(changes, LINES, f"site:{page}")), address)
    return replace(release, data=data, page=page)


def atom(cite: Citation, changes: list[Release]) -> bytes:
    """Return the feed. Its ids come from the address, the first date and the version, so that they never change."""
    address = urlsplit(cite.url)
    # A tag URI (RFC 4151): unique for ever, whoever owns the address later.
    base = f"tag:{address.hostname},{min(release.date for release in changes)}:{address.path.strip('/') or 'review'}"
    feed = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(feed, "id", base)
    _add(feed, "title", "MSC Living Review: what is new")
    _add(feed, "subtitle", cite.title)
    _add(feed, "updated", f"{max(release.date for release in changes)}T00:00:00Z")
    _add(feed, "link", rel="self", type="application/atom+xml", href=cite.url + FEED)
    _add(feed, "link", rel="alternate", type="text/html", href=f"{cite.url}{PAGE}.html")
    _add(feed, "rights", f"Licence: {cite.licence}")
    for name in cite.authors:
        _add(_add(feed, "author"), "name", name)
    for release in changes:
        entry = _add(feed, "entry")
        _add(entry, "id", f"{base}/{release.version}")
        _add(entry, "title", f"Version {release.version}")
        for date in ("published", "updated"):
            _add(entry, date, f"{release.date}T00:00:00Z")
        _add(entry, "link", rel="alternate", type="text/html", href=f"{cite.url}{release.page}.html")
        _add(entry, "content", release.data + render.MARKDOWN.render(release.changes), type="html")
    return _written(feed)


def _add(parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, tag, attributes)
    element.text = None if text is None else CONTROL.sub("", text)  # XML knows no way to write control characters
    return element


def _written(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def write_ways_in(app: Sphinx, site: Path) -> None:
    """Write the way in, a way on from each address that moved, the page for lost readers, map and preview."""
    address, root = project_of(app).site_address, app.config.root_doc
    pages = sorted(app.env.found_docs - UNLISTED)
    known = {"address": address, "root": root, "title": app.config.html_title, "policy": ONLY_ITSELF, "pages": pages}
    (site / "404.html").write_text(template("404.html").render(known), encoding="utf-8")
    moved = {old: page for old, page in app.config.moved_pages.items() if page in app.env.found_docs}
    for old, page in {"index": root, **moved}.items():
        (site / old).parent.mkdir(parents=True, exist_ok=True)
        way_on = template("index.html").render(known, page=page, up="../" * old.count("/"))
        (site / f"{old}.html").write_text(way_on, encoding="utf-8")
    (site / "sitemap.xml").write_bytes(sitemap(address, pages))
    robots = f"User-agent: *\nDisallow:\n\nSitemap: {address}sitemap.xml\n"
    (site / "robots.txt").write_text(robots, encoding="utf-8")
    (site / PICTURE).write_bytes(vlc.svg_to_png((TEMPLATES / "preview.svg").read_text(encoding="utf-8")))


def sitemap(address: str, pages: list[str]) -> bytes:
    """Return the map of all pages, without dates: the day of a build says nothing about the day of a change."""
    listing = ElementTree.Element("urlset", {"xmlns": SITEMAP})
    for page in pages:
        _add(_add(listing, "url"), "loc", f"{address}{page}.html")
    return _written(listing)


def write_search(app: Sphinx, site: Path, written: Mapping[str, str]) -> None:
    """Write what the search page knows of each page beside Sphinx's index of words; ``static/search.js`` reads both.

    That is its kind, title and description, and what it is called: a page is found first by its name. These are words
    that its front matter lists as ``keywords``, and for the page of a disease each term of the vocabulary that has its
    home there.
    """
    env, names = app.env, diseases(project_of(app))
    parents = {page: parent for parent, pages in env.toctree_includes.items() for page in pages}
    known = {}
    for page in sorted(env.found_docs):
        said = DESCRIPTION.search(written[f"{page}.html"])
        kind = next((kind for start, kind in KINDS.items() if page.startswith(start)), "Page")
        parent = parents.get(page, app.config.root_doc)
        if kind == "Chapter" and parent != app.config.root_doc:
            kind = f"Chapter of “{env.titles[parent].astext()}”"
        words = str(env.metadata[page].get("keywords", ""))
        called = [*(word.strip() for word in words.split(",") if word.strip()), *names.get(page, [])]
        known[page] = [kind, env.titles[page].astext(), html.unescape(said[1]) if said else "", called]
    (site / "_static" / SEARCH).write_text(f"Search.setPages({script_json(known)});\n", encoding="utf-8")


def diseases(project: Project) -> dict[str, list[str]]:
    """Return what the diseases of each page are called: term, name and abbreviation."""
    labels = project.table("vocabulary").query("kind == 'disease'").set_index("term")["label"]
    found: dict[str, list[str]] = {}
    for disease, page in project.table("disease_pages").itertuples(index=False):
        short = ABBREVIATION.match(labels[disease])
        called = [disease, *(short.groups() if short else [labels[disease]])]
        found.setdefault(f"book/{page}", []).extend(called)
    return found
