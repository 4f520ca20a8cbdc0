"""The Atom feed of changes (RFC 4287), ``feed.xml``: one entry a release, with what it changes in the data."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools.changes import render
from review_tools.data.citation import CONTROL, Citation
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.site import version_pages
from review_tools.site.context import project_of
from review_tools.site.links import absolute, only_known

logger = logging.getLogger(__name__)
FILE = "feed.xml"
CHANGELOG = "CHANGELOG.md"
HEADING = re.compile(r"^## \[?([^\]\s]+)\]? - (\d{4}-\d{2}-\d{2})[ \t]*$", re.MULTILINE)
PAGE = "book/whats-new"
LINES = 12  # of a section
ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class Release:
    """One version with its date (YYYY-MM-DD), what the changelog says, in Markdown, and what the data say, in HTML."""

    version: str
    date: str
    changes: str
    data: str = ""
    page: str = PAGE


def setup(app: Sphinx) -> None:
    """Write the feed when the pages stand."""
    app.connect("build-finished", write)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the feed; a changelog that cannot be read is warned of."""
    if exception or app.builder.name != "html":
        return
    try:
        cite = project_of(app).citation
        content = atom(cite, [_with_data(app, one, cite.url) for one in releases(project_of(app))])
    except DataError as error:
        logger.warning(str(error), type="review", subtype="feed")
        return
    (Path(app.outdir) / FILE).write_bytes(content)


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
    _add(feed, "link", rel="self", type="application/atom+xml", href=cite.url + FILE)
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
    ElementTree.indent(feed)
    text: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _add(parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, tag, attributes)
    element.text = None if text is None else CONTROL.sub("", text)  # XML knows no way to write control characters
    return element
