"""The foot of each page: version, status, and how current the review is."""

from typing import Any

from markupsafe import Markup
from sphinx.application import Sphinx

from review_tools.display.protocol import current
from review_tools.evidence.protocol import protocol

PAGE = "book/methods"


def setup(app: Sphinx) -> None:
    """Adds the line to every page."""
    app.connect("html-page-context", line)


def line(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """The line in the theme's place for it."""
    read = protocol()
    words = Markup("Version {}, {}; {}.").format(read["version"], read["status"], current())
    if PAGE in app.env.found_docs:
        words += Markup(' <a href="{}#protocol">Protocol</a>').format(context["pathto"](PAGE).rstrip("#"))
    context["theme_extra_footer"] = Markup('<p class="review-state">{}</p>').format(words)
