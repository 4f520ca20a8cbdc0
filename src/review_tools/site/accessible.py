"""What the theme leaves undone for assistive technology (found with axe)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

TEMPLATES = Path(__file__).parent / "templates"
UNNAMED, NAMED = "<summary>", '<summary aria-label="Pages of this part">'
# docutils marks the bibliography with a role that ARIA 1.2 has deprecated, inside a list that then has no items.
ROLES = {' role="doc-biblioentry"': "", '<div role="list" class="citation-list">': '<div class="citation-list">'}


def setup(app: Sphinx) -> None:
    """Names the unnamed parts of each page."""
    app.connect("config-inited", add_templates)
    app.connect("html-page-context", mend, priority=950)


def add_templates(app: Sphinx, config: Config) -> None:
    """Our versions of the theme's templates go before the theme's."""
    config.templates_path.insert(0, str(TEMPLATES))


def mend(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Takes deprecated roles off the page and names the buttons that unfold the contents."""
    for found, better in ROLES.items():
        if found in (context.get("body") or ""):
            context["body"] = context["body"].replace(found, better)
    if "generate_toctree_html" in context:
        context["generate_toctree_html"] = _named(context["generate_toctree_html"])


def _named(make: Callable[..., Any]) -> Callable[..., Any]:
    def contents(*options: Any, **named: Any) -> Any:
        made = make(*options, **named)
        # The theme hands over parsed HTML; only the text that a template prints is changed.
        return made if named.get("kind") == "raw" else str(made).replace(UNNAMED, NAMED)

    return contents
