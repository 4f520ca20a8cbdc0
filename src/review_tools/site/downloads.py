"""Files to take along, at addresses that stay: ``data/`` of the site."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools.data import export
from review_tools.data.problems import DataError
from review_tools.site.context import project_of

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Announces the files before pages link to them, and writes them when the pages stand."""
    app.connect("builder-inited", announce)
    app.connect("build-finished", write)


def announce(app: Sphinx) -> None:
    """Tells the pages which addresses are files (site/links.py asks)."""
    project = project_of(app)
    try:
        known = {file.path for file in export.downloads(project)}
    except DataError as error:
        logger.warning(str(error), type="review", subtype="data")
        known = set()
    app.env.review_files = getattr(app.env, "review_files", set()) | known  # type: ignore[attr-defined]


def write(app: Sphinx, exception: Exception | None) -> None:
    """Writes every file."""
    project = project_of(app)
    if exception or app.builder.format != "html" or not app.env.review_files:  # type: ignore[attr-defined]
        return
    for path, content in export.files(project).items():
        target = Path(app.outdir) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
