"""The Sphinx extension: ``review_tools.site.extension`` in ``_config.yml``. Each part of the site sets itself up."""

import os
import sys
from functools import cache
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from review_tools import __name__ as package
from review_tools.site import (
    assets,
    bibliography,
    bundles,
    cards,
    cell_sources,
    contents,
    data_pages,
    execute,
    feed,
    footer,
    links,
    marks,
    metadata,
    pdf,
    policy,
    roles,
    rootfiles,
    search,
    study_pages,
    version_pages,
)
from review_tools.site.inputs import cores
from review_tools.site.kernel import end_with_parent

PARTS = (
    execute,
    cell_sources,
    assets,
    bibliography,
    roles,
    links,
    data_pages,
    study_pages,
    contents,
    cards,
    marks,
    version_pages,
    metadata,
    feed,
    footer,
    rootfiles,
    search,
    pdf,
    policy,
    bundles,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Set up all parts; Sphinx calls this when it loads the extension."""
    for part in PARTS:
        part.setup(app)
    app.connect("env-updated", write_side_by_side)
    return {"version": package, "parallel_read_safe": True, "parallel_write_safe": True}


def write_side_by_side(app: Sphinx, env: BuildEnvironment) -> None:
    """Let Sphinx write pages in a process a core; chapters are read one after the other, in the order of the book."""
    if sys.platform == "linux":
        app.parallel = cores() + 1  # the main process resolves, the others write
        app.connect("html-page-context", lambda *_: guard(os.getpid()))


@cache
def guard(process: int) -> None:
    """Let a process that writes pages end when the build is killed: the next one uses the same folder."""
    end_with_parent()
