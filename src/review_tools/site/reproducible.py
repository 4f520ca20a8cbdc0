"""The same commit builds the same bytes, whenever and wherever it is built.

Most of what a page shows comes from the data in a fixed order already. What is left is mended here: the date the
theme prints is that of the release, not of the build, and Sphinx's record of its settings, which names folders of the
machine, is no part of the site.
"""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from review_tools.data.problems import DataError
from review_tools.site.context import project_of

logger = logging.getLogger(__name__)
RECORD = ".buildinfo"  # lets Sphinx skip pages of an earlier build; each build here starts anew


def setup(app: Sphinx) -> None:
    """Sets the date before pages are written, and takes the record off when they stand."""
    app.connect("config-inited", date)
    app.connect("build-finished", clear, priority=950)


def date(app: Sphinx, config: Config) -> None:
    """“Last updated on” the day of the release. The format is a plain date, so Sphinx prints it as it is."""
    project = project_of(app)
    try:
        config.html_last_updated_fmt = project.citation.released
    except DataError as error:
        logger.warning(str(error), type="review", subtype="metadata")


def clear(app: Sphinx, exception: Exception | None) -> None:
    """The site is the pages and their files only."""
    (Path(app.outdir) / RECORD).unlink(missing_ok=True)
