"""The foot of each page: version, status, and how current the review is."""

from typing import Any

from markupsafe import Markup
from sphinx.application import Sphinx

from review_tools.data.project import Project, once
from review_tools.data.versions import with_snapshot
from review_tools.display.protocol import current
from review_tools.site.context import project_of
from review_tools.site.versions import INDEX

PAGE = "book/methods"
SHOWN = 4  # other versions; the page of versions has all


def setup(app: Sphinx) -> None:
    """Adds the line to every page."""
    app.connect(
        "html-page-context",
        lambda app, page, template, context, doctree: line(app, *state(project_of(app)), context),
    )


@once
def state(project: Project) -> tuple[Markup, list[str]]:
    """The words of the line, and the numbers of the newest other versions."""
    read = project.protocol
    others = [one.number for one in reversed(with_snapshot(project)) if one.number != str(read["version"])]
    return Markup("Version {}, {}; {}.").format(read["version"], read["status"], current(project)), others[:SHOWN]


def line(app: Sphinx, words: Markup, others: list[str], context: dict[str, Any]) -> None:
    """The line in the theme's place for it."""
    if PAGE in app.env.found_docs:
        words += Markup(' <a href="{}#protocol">Protocol</a>').format(context["pathto"](PAGE).rstrip("#"))
    if INDEX in app.env.review_generated:  # type: ignore[attr-defined]
        words += _chooser(others, context["pathto"](INDEX).rstrip("#"))
    context["theme_extra_footer"] = Markup('<p class="review-state">{}</p>').format(words)


def _chooser(others: list[str], index: str) -> Markup:
    """Plain links to other versions, and to all."""
    links = [Markup('<a href="{}#version-{}">{}</a>').format(index, number, number) for number in others]
    links.append(Markup('<a href="{}">all versions</a>').format(index))
    return Markup(" Other versions: {}").format(Markup(", ").join(links))
