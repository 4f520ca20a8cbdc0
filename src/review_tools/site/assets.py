"""Styles and scripts: served from the site itself, and only on the pages that need them."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from review_tools.site import charts, drawing_cache

STATIC = Path(__file__).parent / "static"


def setup(app: Sphinx) -> None:
    """Lays out the files every page shares, and gives each page the scripts it needs."""
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", finish_page)
    app.connect("html-collect-pages", add_library, priority=400)


def prepare(app: Sphinx) -> None:
    """Copies the package's static files into the site."""
    if app.builder.format == "html":
        drawing_cache.use(Path(app.srcdir))
        app.config.html_static_path.append(str(STATIC))
        app.add_css_file("review.css")
        app.add_js_file("font.js", loading_method="async", priority=100)


def add_library(app: Sphinx) -> list[Any]:
    """Makes the chart library (its name tells its version) while other processes still write pages."""
    charts.write_bundle(Path(app.outdir) / "_static")
    return []


def finish_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Adds the scripts of charts, explorer, search and schedule to the pages that have them."""
    if 'class="chart-spec"' in context.get("body", ""):
        app.add_js_file(charts.BUNDLE, loading_method="defer")
        app.add_js_file("charts.js", loading_method="defer")
    if 'class="explorer"' in context.get("body", ""):
        app.add_js_file("explorer.js", loading_method="defer")
    if 'class="tag search-badge"' in context.get("body", ""):
        app.add_js_file("schedule.js", loading_method="defer")
    if pagename == "search":
        app.add_js_file("search.js")
