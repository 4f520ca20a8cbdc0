"""The Atom feed of changes (RFC 4287), ``feed.xml``: one entry a release, with what it changes in the data."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit
from xml.etree import ElementTree

from docutils import nodes
from markdown_it import MarkdownIt
from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools.data.citation import CONTROL, Citation
from review_tools.data.problems import DataError
from review_tools.site import versions
from review_tools.site.changelog import Release, releases
from review_tools.site.context import project_of

logger = logging.getLogger(__name__)
FILE = "feed.xml"
PAGE = "book/whats-new"
ATOM = "http://www.w3.org/2005/Atom"
# Raw HTML in the changelog is shown as text; addresses such as javascript: do not become links.
MARKDOWN = MarkdownIt("commonmark", {"html": False})


def setup(app: Sphinx) -> None:
    """Writes the feed when the pages stand."""
    app.connect("build-finished", write)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Writes the feed; a changelog that cannot be read is warned of."""
    project = project_of(app)
    if exception or app.builder.format != "html":
        return
    try:
        cite = project.citation
        made = {one.version: versions.for_feed(app, one.version, cite.url) for one in releases(project)}
        content = atom(cite, releases(project), lambda release: _place(app, release), made)
    except DataError as error:
        logger.warning(str(error), type="review", subtype="feed")
        return
    (Path(app.outdir) / FILE).write_bytes(content)


def atom(
    cite: Citation,
    changes: list[Release],
    place: Callable[[Release], str] = lambda _: f"{PAGE}.html",
    data: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """The feed. Its ids rest on the address, the first date and the version: they stay when anything else changes.

    Args:
        place: where the site tells of a release, from its root.
        data: what each version changes in the review, as HTML.
    """
    address = urlsplit(cite.url)
    # A tag URI (RFC 4151): unique for ever, whoever owns the address later.
    base = f"tag:{address.hostname},{min(release.date for release in changes)}:{address.path.strip('/') or 'review'}"
    feed = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(feed, "id", base)
    _add(feed, "title", "MSC Living Review: what is new")
    _add(feed, "subtitle", cite.title)
    _add(feed, "updated", _moment(max(release.date for release in changes)))
    _add(feed, "link", rel="self", type="application/atom+xml", href=cite.url + FILE)
    _add(feed, "link", rel="alternate", type="text/html", href=f"{cite.url}{PAGE}.html")
    _add(feed, "rights", f"Licence: {cite.licence}")
    for name in cite.authors:
        _add(_add(feed, "author"), "name", name)
    for release in changes:
        entry = _add(feed, "entry")
        _add(entry, "id", f"{base}/{release.version}")
        _add(entry, "title", f"Version {release.version}")
        _add(entry, "published", _moment(release.date))
        _add(entry, "updated", _moment(release.date))
        _add(entry, "link", rel="alternate", type="text/html", href=cite.url + place(release))
        _add(entry, "content", data.get(release.version, "") + MARKDOWN.render(release.changes), type="html")
    ElementTree.indent(feed)
    text: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _add(parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, tag, attributes)
    element.text = None if text is None else CONTROL.sub("", text)  # XML knows no way to write control characters
    return element


def _moment(date: str) -> str:
    return f"{date}T00:00:00Z"


def _place(app: Sphinx, release: Release) -> str:
    """Where the site tells of the release: in the chapter, else in its comparison with the one before."""
    project = project_of(app)
    contents = app.env.tocs.get(PAGE)
    for link in contents.findall(nodes.reference) if contents else ():
        if link.astext().startswith(release.version):
            return f"{PAGE}.html{link['anchorname']}"
    changes = versions.since_the_last(project, release.version)
    return f"{versions.page(changes.before, changes.after) if changes else PAGE}.html"
