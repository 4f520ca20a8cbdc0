"""The foot of each page: version, status, and how current the review is."""

from typing import Any

from markupsafe import Markup
from sphinx.application import Sphinx

from review_tools.data.project import Project, once
from review_tools.display.protocol_tables import current
from review_tools.site.context import project_of
from review_tools.site.version_pages import INDEX

METHODS = "book/methods"


def setup(app: Sphinx) -> None:
    """Add the line to every page."""
    app.connect("html-page-context", add)


@once
def state(project: Project) -> Markup:
    """Return the words of the line."""
    protocol = project.protocol
    return Markup("Version {}, {}; {}.").format(protocol["version"], protocol["status"], current(project))


def add(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Put the line in the theme's place for it, with links to what a small book may not have."""
    words = state(project_of(app))
    for name, anchor, title in ((METHODS, "#protocol", "Protocol"), (INDEX, "", "All versions")):
        if name in app.env.found_docs:
            address = context["pathto"](name).rstrip("#") + anchor
            words += Markup(' <a href="{}">{}</a>').format(address or "#", title)
    context["theme_extra_footer"] = Markup('<p class="review-state">{}</p>').format(words)
