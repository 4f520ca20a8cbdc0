"""Links that tables and roles make without knowing on which page they will stand, and the files they lead to.

``site:book/references#seed-42`` names a page of this book, with ``?trials.phase=2`` the filters of a table on it;
``site:data/studies.csv`` names a file to download. On the page each becomes a relative link.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools.data import export
from review_tools.data.problems import DataError
from review_tools.site.context import is_made, project_of

logger = logging.getLogger(__name__)
# Only inside a tag: a row may hold these words too, and pictures keep their quotation marks unescaped.
SITE_LINK = re.compile(r'(<a [^<>]*?)href="site:([^"#?]+)((?:\?[^"#]*)?)(#[^"]*)?"')
LINKED = re.compile(r'<a href="site:([^"#]+)((?:#[^"]*)?)">(.*?)</a>', re.DOTALL)


def setup(app: Sphinx) -> None:
    """Announce the files before pages link to them; resolve links after all other parts have made theirs."""
    app.connect("builder-inited", announce)
    app.connect("html-page-context", resolve, priority=900)
    app.connect("build-finished", write_downloads)


def announce(app: Sphinx) -> None:
    """Note which addresses are files."""
    try:
        files = {file.path for file in export.downloads(project_of(app))}
    except DataError as error:
        logger.warning(str(error), type="review", subtype="data")
        files = set()
    app.env.review_files = getattr(app.env, "review_files", set()) | files  # type: ignore[attr-defined]


def write_downloads(app: Sphinx, exception: Exception | None) -> None:
    """Write the files to take along, at addresses that stay."""
    if exception or app.builder.name != "html" or not app.env.review_files:  # type: ignore[attr-defined]
        return
    for path, content in export.files(project_of(app)).items():
        target = Path(app.outdir) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def known(app: Sphinx) -> set[str]:
    """Return every address that a link may name: pages and files."""
    env = app.env
    return {*env.found_docs, *getattr(env, "review_files", ())}


def resolve(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Turn ``site:`` addresses into relative ones; a page that does not exist is warned of."""

    def target(name: str, query: str, anchor: str) -> str:
        is_file = name in app.env.review_files  # type: ignore[attr-defined]
        is_state = "=" in anchor  # of the explorer, which works on the site
        if app.builder.name == "singlehtml" and (
            is_file or is_state or is_made(name) or name not in app.env.found_docs
        ):
            return f"{address}{name}{'' if is_file else '.html'}{query}{anchor}"
        if app.builder.name == "singlehtml":
            return anchor or f"#document-{name}"
        if is_file:
            return str(context["pathto"](name, True))
        return f"{'' if name == pagename and query + anchor else context['pathto'](name)}{query}{anchor}"

    def relative(match: re.Match[str]) -> str:
        start, name, query, anchor = match[1], match[2], match[3], match[4] or ""
        if name not in names:
            where = f"link to {name}, which is no page of this book"
            logger.warning(where, location=pagename, type="review", subtype="link")
        return f'{start}href="{target(name, query, anchor)}"'

    names = known(app)
    address = project_of(app).site_address if app.builder.name == "singlehtml" else ""
    if context.get("body"):
        context["body"] = SITE_LINK.sub(relative, context["body"])


def only_known(app: Sphinx, body: str) -> str:
    """Return a made text whose links to what this book does not have become words.

    A book of few chapters lacks pages; a page about past versions names claims that have gone since.
    """
    names = known(app)
    claims = {f"#claim-{claim}" for claim in project_of(app).table("claims")["claim_id"]}

    def kept(match: re.Match[str]) -> str:
        gone = match[2].startswith("#claim-") and match[2] not in claims
        return match[0] if match[1] in names and not gone else match[3]

    return LINKED.sub(kept, body)


def absolute(body: str, address: str) -> str:
    """Return a made text for readers elsewhere: its links to pages name the published site."""
    return LINKED.sub(lambda link: f'<a href="{address}{link[1]}.html{link[2]}">{link[3]}</a>', body)
