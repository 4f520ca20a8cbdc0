"""The content security policy of each page: only scripts that are files of this site run.

Data is untrusted. Everything from it is escaped; should an escape ever be forgotten, the browser still refuses to run
what a row smuggled into a page, to load anything from elsewhere, and to send anything away. ``'self'`` holds for
``file://`` too, so the copy of the site in a folder has the same policy. What makes it possible:

- Scripts that extensions give as text become files (``write_script``); those a page does not need are left out.
- The theme's templates hold a script of their own, ours another. They are allowed by hash, and the hash is computed
  from the templates, never from a page, where it would also bless what was smuggled in.
- Two buttons of the theme, for print and full screen, hold their action themselves; those two texts are allowed by hash
  (``'unsafe-hashes'`` lets a hash stand for such an action, and only for exactly that text).
- Charts are drawn with Vega's expression interpreter (``static/charts.js``), which needs no ``eval``.
- Styles stand inline in the theme's icons, in the charts' SVG and in notebook output, hence ``'unsafe-inline'`` for
  styles alone: a style runs nothing, and with no outside host allowed it cannot send anything away either.

A meta tag cannot say who may frame a page (``frame-ancestors``); that needs a header of the server.
"""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
from docutils import nodes
from markupsafe import escape
from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools.site.pages import TEMPLATES, Context

logger = logging.getLogger(__name__)
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme"
OWN_SCRIPT = re.compile(r"<script(?: data-cfasync=\"false\")?>(.*?)</script>", re.DOTALL)
ACTIONS = ("toggleFullScreen()", "window.print()")  # of the theme's buttons
# Whatever else a script element says of itself, a browser may run it; these two types are data.
RUNS = re.compile(r"<script(?! type=\"application/(?:ld\+)?json\")[^>]*>[^<]{0,60}", re.IGNORECASE)
THEBE = ('<script type="text/x-thebe-config">', "<script>kernelName")
# Marks of a script that is of no use to a page, and what the page's text would hold if it were.
UNUSED = {
    "thebe": None,  # live kernels, loaded from an outside host; this book offers none
    "doctools": None,  # keys of Sphinx's own theme, and the marking of words that were searched
    "sphinx_highlight": None,
    "copybutton": re.compile(r'class="[^"]*\bhighlight\b'),
    "clipboard": re.compile(r'class="[^"]*\bhighlight\b'),
    "DOCUMENTATION_OPTIONS.pagename": None,  # for a switcher of versions, which this book has not
    "DOCUMENTATION_OPTIONS.search_as_you_type = false": None,  # what holds without it
    "toggle": re.compile(r'class="[^"]*\b(?:toggle|dropdown)\b'),
    "design-tabs": re.compile(r'class="[^"]*\bsd-tab-'),
}


def without_thebe(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Take the settings of live kernels off a page."""
    for node in [*doctree.findall(nodes.raw)]:
        if node.astext().lstrip().startswith(THEBE):
            node.parent.remove(node)


def guard(app: Sphinx, page: str, context: Context) -> None:
    """Put the policy before everything else in the head, and warn of a script in the text of a page."""
    body = context.get("body") or ""
    for found in RUNS.findall(body):
        where = f"a script stands in the text of the page and will not run: {found!r}"
        logger.warning(where, location=page, type="review", subtype="policy")
    kept = [script for script in context["script_files"] if _is_used(script, body)]
    context["script_files"][:] = [script for script in kept if script.filename]
    for script in kept:
        if not script.filename:
            write_script(app, script.attributes["body"], script.priority)
    tag = f'\n    <meta http-equiv="Content-Security-Policy" content="{escape(policy(context["default_mode"]))}" />'
    context["metatags"] = tag + context.get("metatags", "")


def _is_used(script: Any, body: str) -> bool:
    says = f"{script.filename or ''} {script.attributes.get('body', '')}"
    marks = [mark for name, mark in UNUSED.items() if name in says]
    return all(mark is not None and mark.search(body) for mark in marks)


def write_script(app: Sphinx, text: str, priority: int) -> None:
    """Write a script that an extension gives as text to a file, which keeps its place before the other files."""
    name = f"inline-{hashlib.sha256(text.encode()).hexdigest()[:12]}.js"
    target = Path(app.outdir) / "_static" / name
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, encoding="utf-8")
    app.add_js_file(name, priority=priority - 1)


def policy(mode: str) -> str:
    """Return the policy; ``mode`` is the theme's default, which stands in one of its scripts."""
    scripts = " ".join(["'self'", "'unsafe-hashes'", *template_scripts(mode)])
    rules = {
        "default-src": "'none'",
        "script-src": scripts,
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",  # pictures of charts on their way into a PNG file
        "font-src": "'self'",
        "connect-src": "'self'",  # the font, for pictures of charts
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


@cache
def template_scripts(mode: str) -> list[str]:
    """Return the hashes of the scripts and actions that the templates hold, as a policy names them."""
    files = (THEME / "layout.html", TEMPLATES / "layout.html")
    texts = [path.read_text(encoding="utf-8") for path in files]
    found = [script.replace("{{ default_mode }}", mode) for text in texts for script in OWN_SCRIPT.findall(text)]
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (*found, *ACTIONS))
    return [f"'sha256-{hash_}'" for hash_ in hashes]
