"""Files at the root of the site, and what keeps a build the same bytes: no date and no folder of the machine.

The date that the theme prints is that of the release, and Sphinx's record of its settings is no part of the site.
"""

from pathlib import Path
from xml.etree import ElementTree

import vl_convert as vlc
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from review_tools.data.problems import DataError
from review_tools.site.context import TEMPLATES, project_of, template
from review_tools.site.metadata import PICTURE, UNLISTED

logger = logging.getLogger(__name__)
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# The page is shown at whatever address was not found, so it carries its style and names no file beside it.
ONLY_ITSELF = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def setup(app: Sphinx) -> None:
    """Set the date before pages are written; write the files when the pages stand."""
    app.add_config_value("moved_pages", {}, "html", dict, "Old address of each page that moved, and its new one.")
    app.connect("config-inited", date)
    app.connect("build-finished", write)
    app.connect("build-finished", clear, priority=950)


def date(app: Sphinx, config: Config) -> None:
    """Print the day of the release as “Last updated on”. The format is a plain date, which Sphinx prints as it is."""
    try:
        config.html_last_updated_fmt = project_of(app).citation.released
    except DataError as error:
        logger.warning(str(error), type="review", subtype="metadata")


def clear(app: Sphinx, exception: Exception | None) -> None:
    """Remove Sphinx's record of its settings, which names folders of this machine."""
    (Path(app.outdir) / ".buildinfo").unlink(missing_ok=True)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the way in, a way on from each address that moved, the page for lost readers, map and preview."""
    project = project_of(app)
    if exception or app.builder.name != "html":
        return
    try:
        address = project.site_address
    except DataError as error:
        logger.warning(str(error), type="review", subtype="metadata")
        return
    folder, root = Path(app.outdir), app.config.root_doc
    pages = sorted(app.env.found_docs - UNLISTED)
    known = {
        "address": address,
        "root": root,
        "policy": ONLY_ITSELF,
        "title": app.config.html_title,
        "pages": set(pages),
    }
    (folder / "404.html").write_text(template("404.html").render(known), encoding="utf-8")
    moved = {old: page for old, page in app.config.moved_pages.items() if page in app.env.found_docs}
    for old, page in {"index": root, **moved}.items():
        (folder / old).parent.mkdir(parents=True, exist_ok=True)
        way_on = template("index.html").render(known, page=page, up="../" * old.count("/"))
        (folder / f"{old}.html").write_text(way_on, encoding="utf-8")
    (folder / "sitemap.xml").write_bytes(sitemap(address, pages))
    robots = f"User-agent: *\nDisallow:\n\nSitemap: {address}sitemap.xml\n"
    (folder / "robots.txt").write_text(robots, encoding="utf-8")
    (folder / PICTURE).write_bytes(vlc.svg_to_png((TEMPLATES / "preview.svg").read_text(encoding="utf-8")))


def sitemap(address: str, pages: list[str]) -> bytes:
    """Return the map of all pages, without dates: the day of a build says nothing about the day of a change."""
    listing = ElementTree.Element("urlset", {"xmlns": SITEMAP})
    for page in pages:
        ElementTree.SubElement(ElementTree.SubElement(listing, "url"), "loc").text = f"{address}{page}.html"
    ElementTree.indent(listing)
    text: bytes = ElementTree.tostring(listing, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
