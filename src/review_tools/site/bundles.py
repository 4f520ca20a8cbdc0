"""One style sheet and one script for all pages, made from those of Sphinx, its extensions and the theme.

A page would ask for twenty of them, and for the theme's icon script and fonts, which weigh more than the rest together;
``static/icons.css`` draws the same icons.
"""

import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

STYLE, SCRIPT = "site.css", "site.js"
STYLES = ("basic.css", "styles/pydata-sphinx-theme.css")  # the theme names these in its templates
NEEDLESS = ("mystnb", "sphinx-thebe", "togglebutton")  # styles of what no page of this book has
SCRIPTS = (
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


def setup(app: Sphinx) -> None:
    """Let each page name the two files, after all other parts have said what it needs."""
    app.connect("html-page-context", use, priority=995)
    app.connect("build-finished", finish)


def use(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Put the two files in the place of those they hold; what a page needs beside them waits until it is read."""
    if app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    styles = [str(file.filename).removeprefix("_static/") for file in context["css_files"]]
    write(static / STYLE, (*STYLES, *(name for name in styles if not name.startswith(NEEDLESS))))
    write(static / SCRIPT, SCRIPTS)
    context["css_files"].clear()
    app.add_css_file(STYLE)
    held = {f"_static/{name}" for name in SCRIPTS}
    context["script_files"][:] = [file for file in context["script_files"] if str(file.filename) not in held]
    app.add_js_file(SCRIPT, priority=200, loading_method="defer")
    for file in context["script_files"]:
        file.attributes["defer"] = "defer"


@cache
def write(target: Path, names: tuple[str, ...]) -> None:
    """Write some files of the folder as one."""
    texts = (APART.sub("", (target.parent / name).read_text(encoding="utf-8")) for name in names)
    target.write_text("\n".join(texts), encoding="utf-8")


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Leave out the styles of what stands on no page, and the parts of the theme that no page names any more."""
    if exception or app.builder.name != "html":
        return
    site, static = Path(app.outdir), Path(app.outdir) / "_static"
    pages = (path.read_text(encoding="utf-8") for path in site.rglob("*.html"))
    classes = {name for page in pages for names in CLASSES.findall(page) for name in names.split()}
    scripts = {word for path in static.glob("*.js") for word in WORD.findall(path.read_text(encoding="utf-8"))}
    style = (static / STYLE).read_text(encoding="utf-8")
    (static / STYLE).write_text(needed(style, classes | scripts), encoding="utf-8")
    for folder in ("scripts", "styles", "vendor"):
        shutil.rmtree(static / folder, ignore_errors=True)


def needed(style: str, names: set[str]) -> str:
    """Return a style sheet without the rules for classes that are not among those names."""

    def kept(rule: re.Match[str]) -> str:
        selectors = INSIDE.sub("", INSIDE.sub("", rule[1])).split(",")
        there = (names.issuperset(CLASS.findall(one)) for one in selectors)
        return rule[0] if any(there) else ""

    return RULE.sub(kept, ICON_FONT.sub("", COMMENT.sub("", style)))
