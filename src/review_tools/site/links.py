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

LINKED = re.compile(r'<a href="site:([^"#]+)((?:#[^"]*)?)">(.*?)</a>', re.DOTALL)


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


def only_known(app: Sphinx, body: str) -> str:
    """A made text whose links to pages that a book of few chapters does not have become words."""
    env = app.env
    known = {*env.found_docs, *getattr(env, "review_generated", ()), *getattr(env, "review_files", ())}
    return LINKED.sub(lambda match: match[0] if match[1] in known else match[3], body)


def absolute(body: str, address: str, files: set[str]) -> str:
    """A made text for readers elsewhere: its links name the published site."""
    return LINKED.sub(
        lambda link: f'<a href="{address}{link[1]}{"" if link[1] in files else ".html"}{link[2]}">{link[3]}</a>', body
    )
