"""Styles, scripts and templates of the pages: served from the site itself, and only where a page needs them.

Why ``static/tables.js`` and not DataTables (measured with the bundle of itables 2.9.1): 192 KB compressed against 6;
its bundle is an ES module, which browsers refuse from ``file://``; it takes filtered rows out of the document, so that
printed pages lack them and links to a row find nothing; and its sorting stands in the head, which phones do not show.
"""

import re
from pathlib import Path
from typing import Any

from markupsafe import escape
from sphinx.application import Sphinx
from sphinx.config import Config

from review_tools.site import charts, drawing_cache
from review_tools.site.context import TEMPLATES

STATIC = Path(__file__).parent / "static"
SCRIPTS = {  # what stands in a page that needs the script
    ' data-save="': ("save.js",),
    'class="chart-spec"': ("charts.js",),
    'class="explorer"': ("explorer.js",),
    'class="tag search-badge"': ("schedule.js",),
    'id="review-cards"': ("cards.js",),
    "<abbr ": ("cards.js",),
    " data-table=": ("tables.js",),
}
# What a script asks for when it is needed.
LOADS: dict[str, dict[str, Any]] = {"charts.js": {"data-library": charts.BUNDLE}}
# docutils marks the bibliography with a role that ARIA 1.2 has deprecated, inside a list that then has no items.
ROLES = {' role="doc-biblioentry"': "", '<div role="list" class="citation-list">': '<div class="citation-list">'}
TABLE, ROW = re.compile(r'<table class="table">.*?</table>', re.DOTALL), re.compile(r"<tr\b.*?</tr>", re.DOTALL)
HEAD, CELL = re.compile(r'<th class="head[^>]*>(.*?)</th>', re.DOTALL), re.compile(r"<td\b")
TAG = re.compile(r"<[^>]*>")
COLUMNS = 4  # from which a row of a table is a card on a phone


def setup(app: Sphinx) -> None:
    """Lay out the files that all pages share, and give each page the scripts it needs."""
    app.connect("config-inited", add_templates)
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", add_scripts, priority=600)  # after the cards
    app.connect("html-page-context", name_parts, priority=950)
    app.connect("html-collect-pages", add_library, priority=400)


def add_templates(app: Sphinx, config: Config) -> None:
    """Put our versions of the theme's templates before the theme's."""
    config.templates_path.insert(0, str(TEMPLATES))


def prepare(app: Sphinx) -> None:
    """Copy the package's static files into the site."""
    if app.builder.format == "html":
        drawing_cache.use(Path(app.srcdir))
        app.config.html_static_path.append(str(STATIC))
        app.add_css_file("icons.css")
        app.add_css_file("review.css")


def add_library(app: Sphinx) -> list[Any]:
    """Write the chart library; its name tells its version."""
    charts.write_bundle(Path(app.outdir) / "_static")
    return []


def add_scripts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Add the scripts that a page needs, deferred, so that the page is read while they are on their way."""
    needed = [script for mark, scripts in SCRIPTS.items() if mark in context.get("body", "") for script in scripts]
    for script in dict.fromkeys(needed):
        app.add_js_file(script, loading_method="defer", **LOADS.get(script, {}))
    if pagename == "search":
        app.add_js_file("search.js")


def name_parts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Mend what the theme leaves undone: deprecated roles, buttons without a name or missing, a title not escaped."""
    if "pagetitle" in context:  # the theme prints it as it is, and a study is named by its authors
        context["pagetitle"] = escape(context["pagetitle"])
    context["body"] = TABLE.sub(in_cards, context.get("body") or "")
    for role, better in ROLES.items():
        context["body"] = context["body"].replace(role, better)
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
            group["buttons"].append(codespace(app))


def in_cards(table: re.Match[str]) -> str:
    """Return a wide table written in Markdown with its headings at each cell, where a phone shows them."""
    heads = [TAG.sub("", head).strip().replace('"', "&quot;") for head in HEAD.findall(table[0])]
    if len(heads) < COLUMNS:
        return table[0]

    def labelled(row: re.Match[str]) -> str:
        names = iter(heads)
        return CELL.sub(lambda cell: f'{cell[0]} data-label="{next(names, "")}"', row[0])

    return ROW.sub(labelled, table[0]).replace('class="table"', 'class="table cards"', 1)


def codespace(app: Sphinx) -> dict[str, str]:
    """Return the button that opens the book in its devcontainer."""
    repository = str(app.config.html_theme_options["repository_url"]).removeprefix("https://github.com/")
    address = f"https://codespaces.new/{repository}"
    return {"type": "link", "text": "Codespaces", "tooltip": "Launch in the devcontainer", "url": address}
