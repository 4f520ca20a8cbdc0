"""Runs the code cells of exactly the chapters whose record does not hold, before Sphinx reads any page.

MyST-NB is told to execute nothing; its reader of Markdown notebooks is ours, which puts the outputs in. A build
whose inputs differ from those of the last one starts from an empty environment, so that a page can never rest on
what was read before: it is then the same as a clean build. ``review_execution = "mystnb"`` in ``_config.yml``
leaves everything to MyST-NB.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from myst_nb.core.execute import ExecutionError
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError
from sphinx.util import logging
from sphinx.util.console import bold, red, yellow

from review_tools.site import notebooks
from review_tools.site.freshness import inputs as site_inputs
from review_tools.site.freshness.plan import Chapter, plan
from review_tools.site.freshness.store import Store, StoreError
from review_tools.site.kernels import forked, plain
from review_tools.site.kernels.jobs import Outcome

logger = logging.getLogger(__name__)
READER = f"{__name__}.read"
MODES = ("review", "mystnb")


class Session:
    """What one build knows: its application, and the outputs of each chapter."""

    def __init__(self, app: Sphinx) -> None:
        self.app = app
        self.outputs: dict[str, list[dict[str, Any]]] = {}
        self.inputs: site_inputs.Inputs = {}
        self.lasting = True  # no chapter reads what no one can vouch for


_session: Session


def setup(app: Sphinx) -> None:
    """Takes over the execution of notebooks."""
    app.add_config_value("review_execution", "review", "env", str)
    app.add_config_value("review_workers", 0, "", int)
    app.connect("config-inited", take_over, priority=100)
    app.connect("env-before-read-docs", execute)
    app.connect("build-finished", remember)


def take_over(app: Sphinx, config: Config) -> None:
    """Tells MyST-NB who executes, and forgets the last environment if anything has changed since."""
    global _session
    if config.review_execution not in MODES:
        raise ConfigError(f"review_execution is {config.review_execution!r} → write one of {', '.join(MODES)}.")
    if config.review_execution == "mystnb" or config.nb_execution_mode == "off":
        config.review_execution = "mystnb"
        return
    _session = Session(app)
    config.nb_execution_mode = "off"
    config.nb_custom_formats = {**config.nb_custom_formats, ".md": [READER, {}, False]}
    _session.inputs = site_inputs.inputs(Path(app.srcdir))
    if _known(app) != _session.inputs:
        _state(app).unlink(missing_ok=True)
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)
        if (Path(app.outdir) / "objects.inv").is_file():  # a site, not some other folder
            shutil.rmtree(app.outdir)  # pages of chapters, studies and trials that are no more
            Path(app.outdir).mkdir()
        if forked.available() and os.environ.get("REVIEW_KERNELS") != "plain":
            forked.warm_up()


def execute(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Runs what is stale among the documents to be read; the first failures are told at once."""
    if app.config.review_execution != "review":
        return
    store, root = Store(Path(app.srcdir)), Path(app.srcdir)
    store.tidy()
    paths = {name: Path(env.doc2path(name)) for name in docnames}
    chapters, fresh = plan(root, paths, store, app.config.nb_execution_timeout)
    for name, record in fresh.items():
        _session.outputs[name] = record.cells
    if not chapters:
        logger.info(bold("executing: ") + f"nothing; {len(fresh)} chapters are up to date")
        return
    workers = app.config.review_workers or int(os.environ.get("REVIEW_WORKERS", "0")) or forked.cores()
    logger.info(bold("executing: ") + f"{len(chapters)} chapters, {len(fresh)} are up to date, {workers} at a time")
    failed, started = [], time.monotonic()
    for number, outcome in enumerate(_run(chapters, workers), 1):
        chapter = chapters[outcome.job.name]
        if outcome.failure:
            failed.append(outcome.job.name)
            logger.error(_told(outcome, root), type="review", subtype="execution")
            continue
        logger.info(f"executing... [{number:>3} of {len(chapters)}] {outcome.job.name} {outcome.seconds:.1f} s")
        record = chapter.record(outcome, root)
        _session.outputs[outcome.job.name] = record.cells
        if outcome.observed.unmanaged:
            _session.lasting = False
            read = ", ".join(name.replace(f"{root}/", "") for name in outcome.observed.unmanaged)
            # No Sphinx warning: those fail the build, and the page is right; it only costs time.
            logger.info(yellow(f"warning: {outcome.job.name} reads past review_tools: {read}; it will run each time"))
            continue
        try:
            store.keep(record)
        except StoreError as error:
            raise ExecutionError(str(error)) from error
    if failed:
        raise ExecutionError(f"{len(failed)} of {len(chapters)} chapters failed: {', '.join(sorted(failed))}")
    logger.info(bold("executed: ") + f"{len(chapters)} chapters in {time.monotonic() - started:.1f} s")


def _run(chapters: dict[str, Chapter], workers: int) -> Iterator[Outcome]:
    jobs = [chapter.job for chapter in chapters.values()]
    if forked.available() and os.environ.get("REVIEW_KERNELS") != "plain":
        return forked.run(jobs, workers)
    return plain.run(jobs, workers)


def _told(outcome: Outcome, root: Path) -> str:
    failure = outcome.failure
    assert failure is not None  # noqa: S101 (only failures are told)
    cell = next((cell for cell in outcome.job.cells if cell.index == failure.index), None)
    lines = [red(f"{outcome.job.name}.md: a code cell fails: {failure.why}")]
    if cell:
        lines += [f"| {line}" for line in cell.source.splitlines()]
    return "\n".join([*lines, failure.traceback.replace(f"{root}/", "")]).rstrip()


def read(text: str) -> Any:
    """A chapter with its outputs; called by MyST-NB for the document that Sphinx is reading."""
    env = _session.app.env
    notebook = notebooks.read(text, str(env.doc2path(env.docname)), env.myst_config)  # type: ignore[attr-defined]
    if notebook is None:
        return notebooks.page(text)
    return notebooks.fill(notebook, _session.outputs[env.docname])


def remember(app: Sphinx, exception: Exception | None) -> None:
    """After a good build, writes down what it rested on, unless that changed meanwhile or cannot be known."""
    if app.config.review_execution != "review" or exception or app.statuscode:
        return
    if _session.lasting and site_inputs.inputs(Path(app.srcdir)) == _session.inputs:
        _state(app).write_text(json.dumps(_session.inputs), encoding="utf-8")
    else:
        _state(app).unlink(missing_ok=True)


def _state(app: Sphinx) -> Path:
    return Path(app.doctreedir) / site_inputs.STATE


def _known(app: Sphinx) -> site_inputs.Inputs | None:
    """What the last build into this folder rested on."""
    try:
        known: site_inputs.Inputs = json.loads(_state(app).read_text(encoding="utf-8"))
        return known
    except (OSError, ValueError):
        return None
