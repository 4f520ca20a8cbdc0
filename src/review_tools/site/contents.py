"""The list of contents beside a page. Pages of studies and trials share one, which takes the theme long to make."""

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

from sphinx.application import Sphinx

from review_tools.site.study_pages import home

# What the theme leaves undone for assistive technology (found with axe).
UNNAMED, NAMED = "<summary>", '<summary aria-label="Pages of this part">'


def setup(app: Sphinx) -> None:
    """Give ``templates/sbt-sidebar-nav.html`` its list; early, since the theme tries every template."""
    app.connect("html-page-context", partial(add, {}), priority=100)


def add(
    shared: dict[str, Any], app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Let a page have its own list, or the shared one with the chapter marked that the page belongs to."""
    chapter = home(app, pagename)

    def contents(make: Callable[..., Any], **options: Any) -> str:
        if chapter is None:
            return _named(make(**options))
        address = context["pathto"](chapter)
        if address not in shared:
            if "" not in shared:
                shared[""] = make(**options)
            shared[address] = _named(_marked(copy(shared[""]), address))
        return str(shared[address])

    context["contents"] = contents


def _named(contents: Any) -> str:
    return str(contents).replace(UNNAMED, NAMED)


def _marked(contents: Any, address: str) -> Any:
    """Mark an entry as the current one, and open what it is folded in."""
    if here := contents.find("a", href=address):
        here["aria-current"] = "true"
        for item in here.find_parents("li"):
            item["class"] = [*item.get("class", []), "current", "active"]
        for fold in here.find_parents("details"):
            fold["open"] = "open"
    return contents
