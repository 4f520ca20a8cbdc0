"""Links that tables and roles make without knowing on which page they will stand.

``site:book/references#seed-42`` names a page of this book, with ``?trials.phase=2`` the filters of a table on it;
``site:data/studies.csv`` names a file to download. On the page each becomes a relative link.
"""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
# Only inside a tag: a row may hold these words too, and pictures keep their quotation marks unescaped.
SITE_LINK = re.compile(r'(<a [^<>]*?)href="site:([^"#?]+)((?:\?[^"#]*)?(?:#[^"]*)?)"')


def setup(app: Sphinx) -> None:
    """Resolves the links of each page when it is written, after all other parts have made theirs."""
    app.connect("html-page-context", resolve, priority=900)


def resolve(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Turns ``site:`` addresses into relative ones; a page that does not exist is warned of."""

    def relative(match: re.Match[str]) -> str:
        start, name, anchor = match[1], match[2], match[3]
        if name in files:
            return f'{start}href="{context["pathto"](name, True)}"'
        if name not in app.env.found_docs and name not in generated:
            where = f"link to {name}, which is no page of this book"
            logger.warning(where, location=pagename, type="review", subtype="link")
        page = "" if name == pagename and anchor else context["pathto"](name)
        return f'{start}href="{page}{anchor}"'

    generated: set[str] = getattr(app.env, "review_generated", set())  # pages that have no source file
    files: set[str] = getattr(app.env, "review_files", set())
    if context.get("body"):
        context["body"] = SITE_LINK.sub(relative, context["body"])
