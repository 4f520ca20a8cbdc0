"""The Sphinx extension: ``review_tools.site.extension`` in ``_config.yml``. Says which part of the site acts when."""

import gc
import os
import sys
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import ENUM
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError

from review_tools import __name__ as package
from review_tools.data.problems import DataError
from review_tools.site import (
    assets,
    charts,
    citations,
    data_pages,
    execute,
    metadata,
    pages,
    policy,
    references,
    roles,
    site_files,
    study_pages,
    version_pages,
)
from review_tools.site.build import cores
from review_tools.site.kernel import end_with_parent

Step = Callable[..., Any]
PAGE = "html-page-context"  # before a page is written; the theme's own steps have 500 and 501
STEPS: tuple[tuple[str, int, Step], ...] = (  # event, priority, what is done
    ("config-inited", 100, execute.begin),
    ("config-inited", 500, assets.configure),
    ("builder-inited", 500, assets.prepare),
    ("builder-inited", 500, references.number),
    ("builder-inited", 500, data_pages.add_pages),
    ("env-before-read-docs", 500, execute.execute),
    ("doctree-read", 500, charts.show_calls),
    ("doctree-resolved", 500, roles.explain),
    ("doctree-resolved", 500, study_pages.complete),
    ("doctree-resolved", 500, citations.mark),
    ("doctree-resolved", 900, policy.without_thebe),
    (PAGE, 100, data_pages.without_source),
    (PAGE, 100, data_pages.add_contents),
    (PAGE, 500, citations.add_cards),
    (PAGE, 500, metadata.add_state),
    (PAGE, 600, assets.add_scripts),
    (PAGE, 900, pages.resolve),
    (PAGE, 950, assets.mend),
    (PAGE, 950, metadata.describe),
    (PAGE, 960, assets.print_whole),
    (PAGE, 990, policy.guard),
    (PAGE, 995, assets.bundle),
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of all that the site adds to it; Sphinx calls this when it loads the extension."""
    app.add_config_value("review_execution", "review", "env", ENUM("review", "mystnb"))
    app.add_config_value("moved_pages", {}, "html", dict, "Old address of each page that moved, and its new one.")
    for name in roles.ROLES:
        app.add_role(name, roles.DataRole())
    app.add_directive("version-changes", version_pages.Newest)
    for suffix in data_pages.SUFFIXES:
        app.add_source_suffix(suffix, data_pages.SOURCE)
    app.add_source_parser(data_pages.PageParser)
    for event, priority, step in STEPS:
        app.connect(event, plainly(on_page(step) if event == PAGE else step), priority=priority)
    app.connect("env-updated", write_side_by_side)
    app.connect("build-finished", plainly(finish))
    return {"version": package, "parallel_read_safe": True, "parallel_write_safe": True}


def plainly(step: Step) -> Step:
    """Let a table that cannot be read end the build with the words for it."""

    @wraps(step)
    def wrapper(*args: Any) -> Any:
        try:
            return step(*args)
        except DataError as error:
            raise SphinxError(f"ERROR: {error}") from error

    return wrapper


def on_page(step: Step) -> Step:
    """Give a step the name of a page and what its template is given."""
    return lambda app, page, template, context, doctree: step(app, page, context)


def write_side_by_side(app: Sphinx, env: BuildEnvironment) -> None:
    """Let Sphinx write pages in a process a core; chapters are read one after the other, in the order of the book."""
    if sys.platform == "linux":
        gc.freeze()  # nobody looks through all of it again, in this process or in those that are forked from it
        app.parallel = cores() + 1  # the main process resolves, the others write
        app.connect(PAGE, lambda *_: end_with_build(os.getpid()))


@cache
def end_with_build(process: int) -> None:
    """Let a process that writes pages end when the build is killed: the next one uses the same folder."""
    end_with_parent()


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write what stands beside the pages, and what only all of them together tell."""
    site = Path(app.outdir)
    (site / ".buildinfo").unlink(missing_ok=True)  # Sphinx's record of its settings names folders of this machine
    if exception or app.builder.name != "html":
        return
    charts.write_bundle(site / "_static")
    site_files.write_downloads(app, site)
    site_files.write_feed(app, site)
    site_files.write_ways_in(app, site)
    written = {path.relative_to(site).as_posix(): path.read_text("utf-8") for path in site.rglob("*.html")}
    site_files.write_search(app, site, written)
    assets.drop_unused(site, written.values())
    gc.freeze()  # also not when the process ends
