"""The Sphinx extension: ``review_tools.site.extension`` in ``_config.yml``. Each part of the site sets itself up."""

from typing import Any

from sphinx.application import Sphinx

from review_tools import __name__ as package
from review_tools.site import (
    accessible,
    assets,
    bibliography,
    cards,
    downloads,
    execute,
    feed,
    footer,
    links,
    metadata,
    pages,
    policy,
    reproducible,
    retracted_marks,
    roles,
    rootfiles,
    tables,
    terms,
    versions,
)

PARTS = (
    execute,
    accessible,
    assets,
    bibliography,
    roles,
    links,
    pages,
    cards,
    terms,
    retracted_marks,
    tables,
    downloads,
    versions,
    metadata,
    feed,
    footer,
    rootfiles,
    policy,
    reproducible,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx when it loads the extension."""
    for part in PARTS:
        part.setup(app)
    return {"version": package, "parallel_read_safe": True, "parallel_write_safe": True}
