"""The Sphinx extension: ``review_tools.site.extension`` in ``_config.yml``."""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools import __name__ as package
from review_tools.evidence.problems import DataError
from review_tools.evidence.tables import load
from review_tools.site import charts, citations
from review_tools.site.roles import FactRole, SeedRole

logger = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "static"
SITE_LINK = re.compile(r'href="site:([^"#]+)(#[^"]*)?"')


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx when it loads the extension."""
    for name in ("count", "value", "percent"):
        app.add_role(name, FactRole())
    app.add_role("seed", SeedRole())
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", finish_page)
    return {"version": package, "parallel_read_safe": True, "parallel_write_safe": True}


def prepare(app: Sphinx) -> None:
    """Tells the references page the seed's numbers, and lays out the files every page shares."""
    try:
        known = load("citations", Path(app.srcdir)).dropna(subset=["study_id"])
        numbers = known.groupby("study_id")["seed_number"].agg(lambda group: [str(number) for number in group])
        citations.Listed.seed_numbers = {str(study): group for study, group in numbers.items()}
    except DataError as error:
        logger.warning(str(error), type="review", subtype="data")
    if app.builder.format == "html":
        generated = Path(app.doctreedir) / "review_static"
        charts.write_bundle(generated)
        app.config.html_static_path += [str(STATIC), str(generated)]
        app.add_css_file("review.css")


def finish_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Turns ``site:`` addresses into relative links, and gives pages with charts the scripts that draw them."""
    # Jupyter Book always loads Thebe (live kernels from an outside host). This book offers none.
    context["script_files"][:] = [script for script in context["script_files"] if not _is_thebe(script)]
    body = context.get("body")
    if not body:
        return

    def relative(match: re.Match[str]) -> str:
        if match[1] not in app.env.found_docs:
            logger.warning(
                f"link to {match[1]}, which is no page of this book", location=pagename, type="review", subtype="link"
            )
        page = "" if match[1] == pagename and match[2] else context["pathto"](match[1])
        return f'href="{page}{match[2] or ""}"'

    context["body"] = SITE_LINK.sub(relative, body)
    if 'class="chart-spec"' in body:
        app.add_js_file(charts.BUNDLE, loading_method="defer")
        app.add_js_file("charts.js", loading_method="defer")


def _is_thebe(script: Any) -> bool:
    return "thebe" in f"{script.filename or ''} {script.attributes.get('body', '')}".lower()
