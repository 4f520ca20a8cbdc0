"""Styles, scripts and templates of the pages: served from the site itself, and only where a page needs them.

One style sheet and one script hold those of Sphinx, its extensions and the theme. A page would ask for twenty of them,
and for the theme's icon script and fonts, which weigh more than the rest together; ``static/icons.css`` draws the same
icons.

Why ``static/tables.js`` and not DataTables (measured with the bundle of itables 2.9.1): 192 KB compressed against 6;
its bundle is an ES module, which browsers refuse from ``file://``; it takes filtered rows out of the document, so that
printed pages lack them and links to a row find nothing; and its sorting stands in the head, which phones do not show.
"""

import re
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import escape
from sphinx.application import Sphinx
from sphinx.config import Config

from review_tools.site import charts
from review_tools.site.pages import TEMPLATES, Context, project_of

STATIC = Path(__file__).parent / "static"
SCRIPTS = {  # what stands in a page that needs the script
    ' data-save="': "save.js",
    'class="chart-spec"': "charts.js",
    'class="explorer"': "explorer.js",
    'class="tag search-badge"': "schedule.js",
    'id="review-cards"': "cards.js",
    "<abbr ": "cards.js",
    " data-table=": "tables.js",
}
# docutils marks the bibliography with a role that ARIA 1.2 has deprecated, inside a list that then has no items.
ROLES = {' role="doc-biblioentry"': "", '<div role="list" class="citation-list">': '<div class="citation-list">'}
TABLE, ROW = re.compile(r'<table class="table">.*?</table>', re.DOTALL), re.compile(r"<tr\b.*?</tr>", re.DOTALL)
HEAD, CELL = re.compile(r'<th class="head[^>]*>(.*?)</th>', re.DOTALL), re.compile(r"<td\b")
TAG = re.compile(r"<[^>]*>")
COLUMNS = 4  # from which a row of a table is a card on a phone
STYLE, SCRIPT = "site.css", "site.js"
STYLES = ("basic.css", "styles/pydata-sphinx-theme.css")  # the theme names these in its templates
UNUSED = ("mystnb", "sphinx-thebe", "togglebutton")  # styles of what no page of this book has
BUNDLED = (
    "documentation_options.js",
    "scripts/bootstrap.js",
    "scripts/sphinx-book-theme.js",
    "scripts/pydata-sphinx-theme.js",
)
ICON_FONT = re.compile(r"@font-face\{[^}]*Font Awesome[^}]*\}|(?:\.fa-[\w-]+::?before,?)+\{[^}]*\}")
APART = re.compile(r"^(?://|/\*)# sourceMappingURL=.*$|^@charset \"UTF-8\";", re.MULTILINE)
RULE, COMMENT = re.compile(r"([^{}]+)\{([^{}]*)\}"), re.compile(r"/\*(?!!).*?\*/", re.DOTALL)
INSIDE, CLASS = re.compile(r"\([^()]*\)"), re.compile(r"\.(-?[A-Za-z_][\w-]*)")
CLASSES, WORD = re.compile(r'\bclass="([^"]*)"'), re.compile(r"[\w-]+")


def configure(app: Sphinx, config: Config) -> None:
    """Put our versions of the theme's templates before the theme's, and the day of the release on each page.

    The format of the date is a plain date, which Sphinx prints as it is: the same build gives the same bytes any day.
    """
    config.templates_path.insert(0, str(TEMPLATES))
    config.html_last_updated_fmt = project_of(app).citation.released


def prepare(app: Sphinx) -> None:
    """Copy the package's static files into the site."""
    if app.builder.format == "html":
        charts.keep_drawings(Path(app.srcdir))
        app.config.html_static_path.append(str(STATIC))
        app.add_css_file("icons.css")
        app.add_css_file("review.css")


def add_scripts(app: Sphinx, page: str, context: Context) -> None:
    """Add the scripts that a page needs, deferred, so that the page is read while they are on their way."""
    for script in dict.fromkeys(script for mark, script in SCRIPTS.items() if mark in context.get("body", "")):
        loads: dict[str, Any] = {"data-library": charts.BUNDLE} if script == "charts.js" else {}
        app.add_js_file(script, loading_method="defer", **loads)
    if page == "search":
        app.add_js_file("search.js")


def mend(app: Sphinx, page: str, context: Context) -> None:
    """Mend what the theme leaves undone: a title not escaped, wide tables on a phone, old roles, a missing button."""
    if "pagetitle" in context:  # the theme prints it as it is, and a study is named by its authors
        context["pagetitle"] = escape(context["pagetitle"])
    context["body"] = TABLE.sub(in_cards, context.get("body") or "")
    for role, better in ROLES.items():
        context["body"] = context["body"].replace(role, better)
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
            repository = project_of(app).citation.repository.removeprefix("https://github.com/")
            address = f"https://codespaces.new/{repository}"
            button = {"type": "link", "text": "Codespaces", "tooltip": "Launch in the devcontainer", "url": address}
            group["buttons"].append(button)


def in_cards(table: re.Match[str]) -> str:
    """Return a wide table written in Markdown with its headings at each cell, where a phone shows them."""
    heads = [TAG.sub("", head).strip().replace('"', "&quot;") for head in HEAD.findall(table[0])]
    if len(heads) < COLUMNS:
        return table[0]

    def labelled(row: re.Match[str]) -> str:
        names = iter(heads)
        return CELL.sub(lambda cell: f'{cell[0]} data-label="{next(names, "")}"', row[0])

    return ROW.sub(labelled, table[0]).replace('class="table"', 'class="table cards"', 1)


def print_whole(app: Sphinx, page: str, context: Context) -> str | None:
    """Name the template of the single page: cover, contents and text, no script, and nothing folded away."""
    if app.builder.name != "singlehtml" or page != app.config.root_doc:
        return None
    # Sphinx names the file of the page in links within it, and charts the filters of a table.
    within = re.compile(rf'href="(?:{re.escape(page)}\.html)?(?:\?[^"#]*)?#')
    body = re.sub(r'<a class="headerlink".*?</a>', "", context["body"]).replace("<details", "<details open")
    context["body"], context["toc"] = within.sub('href="#', body), within.sub('href="#', context["toc"])
    context |= {"citation": project_of(app).citation, "style": (TEMPLATES / "print.css").read_text(encoding="utf-8")}
    return "print.html"


def bundle(app: Sphinx, page: str, context: Context) -> None:
    """Put the two files in the place of those they hold; what a page needs beside them waits until it is read."""
    if app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    styles = [str(file.filename).removeprefix("_static/") for file in context["css_files"]]
    write(static / STYLE, (*STYLES, *(name for name in styles if not name.startswith(UNUSED))))
    write(static / SCRIPT, BUNDLED)
    context["css_files"].clear()
    app.add_css_file(STYLE)
    held = {f"_static/{name}" for name in BUNDLED}
    context["script_files"][:] = [file for file in context["script_files"] if str(file.filename) not in held]
    app.add_js_file(SCRIPT, priority=200, loading_method="defer")
    for file in context["script_files"]:
        file.attributes["defer"] = "defer"


@cache
def write(target: Path, names: tuple[str, ...]) -> None:
    """Write some files of the folder as one."""
    texts = (APART.sub("", (target.parent / name).read_text(encoding="utf-8")) for name in names)
    target.write_text("\n".join(texts), encoding="utf-8")


def drop_unused(site: Path, pages: Iterable[str]) -> None:
    """Drop the styles of what stands on no page, and the parts of the theme that no page names any more."""
    static = site / "_static"
    classes = {name for page in pages for names in CLASSES.findall(page) for name in names.split()}
    scripts = {word for path in static.glob("*.js") for word in WORD.findall(path.read_text(encoding="utf-8"))}
    style = (static / STYLE).read_text(encoding="utf-8")
    (static / STYLE).write_text(used_rules(style, classes | scripts), encoding="utf-8")
    for folder in ("scripts", "styles", "vendor"):
        shutil.rmtree(static / folder, ignore_errors=True)


def used_rules(style: str, names: set[str]) -> str:
    """Return a style sheet without the rules for classes that are not among those names."""

    def kept(rule: re.Match[str]) -> str:
        selectors = INSIDE.sub("", INSIDE.sub("", rule[1])).split(",")
        there = (names.issuperset(CLASS.findall(one)) for one in selectors)
        return rule[0] if any(there) else ""

    return RULE.sub(kept, ICON_FONT.sub("", COMMENT.sub("", style)))
