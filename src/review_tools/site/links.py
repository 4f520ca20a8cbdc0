"""Links that tables and roles make without knowing on which page they will stand.

``site:book/references#seed-42`` names a page of this book, ``site:data/studies.csv`` a file to download; on the
page it becomes a relative link.
"""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
SITE_LINK = re.compile(r'href="site:([^"#]+)(#[^"]*)?"')


def setup(app: Sphinx) -> None:
    """Resolves the links of each page when it is written, after all other parts have made theirs."""
    app.connect("html-page-context", resolve, priority=900)


def resolve(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Turns ``site:`` addresses into relative ones; a page that does not exist is warned of."""

    def relative(match: re.Match[str]) -> str:
        if match[1] in files:
            return f'href="{context["pathto"](match[1], True)}"'
        if match[1] not in app.env.found_docs and match[1] not in generated:
            where = f"link to {match[1]}, which is no page of this book"
            logger.warning(where, location=pagename, type="review", subtype="link")
        page = "" if match[1] == pagename and match[2] else context["pathto"](match[1])
        return f'href="{page}{match[2] or ""}"'

    generated: set[str] = getattr(app.env, "review_generated", set())  # pages that have no source file
    files: set[str] = getattr(app.env, "review_files", set())
    if context.get("body"):
        context["body"] = SITE_LINK.sub(relative, context["body"])
