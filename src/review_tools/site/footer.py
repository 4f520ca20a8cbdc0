"""The foot of each page: version, status, and how current the review is."""

from functools import cache
from typing import Any

from markupsafe import Markup
from sphinx.application import Sphinx

from review_tools.display.protocol import current
from review_tools.evidence.protocol import protocol

PAGE = "book/methods"


def setup(app: Sphinx) -> None:
    """Adds the line to every page; its words are made once."""
    words = cache(state)
    app.connect("html-page-context", lambda app, page, template, context, doctree: line(app, words(), context))


def state() -> Markup:
    """What the line says."""
    read = protocol()
    return Markup("Version {}, {}; {}.").format(read["version"], read["status"], current())


def line(app: Sphinx, words: Markup, context: dict[str, Any]) -> None:
    """The line in the theme's place for it."""
    if PAGE in app.env.found_docs:
        words += Markup(' <a href="{}#protocol">Protocol</a>').format(context["pathto"](PAGE).rstrip("#"))
    context["theme_extra_footer"] = Markup('<p class="review-state">{}</p>').format(words)
