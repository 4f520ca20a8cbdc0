"""Runs the code cells of exactly the chapters whose record does not hold, while Sphinx reads those that have ended.

MyST-NB is told to execute nothing; its reader of Markdown notebooks is ours, which puts the outputs in. A build
whose inputs differ from those of the last one starts from an empty environment, so that a page can never rest on
what was read before: it is then the same as a clean build. ``review_execution = "mystnb"`` in ``_config.yml``
leaves everything to MyST-NB.
"""

import itertools
import json
import os
import shutil
import sys
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
from review_tools.site.freshness.plan import Chapter, chapters, plan
from review_tools.site.freshness.store import Store, StoreError
from review_tools.site.kernels import forked, plain
from review_tools.site.kernels.ahead import Ahead
from review_tools.site.kernels.jobs import Outcome
from review_tools.site.memory import settle

logger = logging.getLogger(__name__)
READER = f"{__name__}.read"
MODES = ("review", "mystnb")


class Session:
    """What one build knows: its application, and the outputs of each chapter as they come."""

    def __init__(self, app: Sphinx) -> None:
        self.app, self.root = app, Path(app.srcdir)
        self.store = Store(self.root)
        self.outputs: dict[str, list[dict[str, Any]]] = {}
        self.inputs: site_inputs.Inputs = {}
        self.lasting = True  # no chapter reads what no one can vouch for
        self.planned: set[str] = set()
        self.chapters: dict[str, Chapter] = {}
        self.outcomes: Iterator[Outcome] = iter(())
        self.ended, self.failed, self.started = 0, list[str](), 0.0

    def begin(self, paths: dict[str, Path]) -> None:
        """Starts on those of the chapters that are stale; they go on while Sphinx reads those that have ended."""
        config = self.app.config
        self.planned |= paths.keys()
        stale, fresh = plan(self.root, paths, self.store, config.nb_execution_timeout)
        self.outputs |= {name: record.cells for name, record in fresh.items()}
        self.chapters |= stale
        if not stale:
            logger.info(bold("executing: ") + f"nothing; {len(fresh)} chapters are up to date")
            return
        workers = config.review_workers or int(os.environ.get("REVIEW_WORKERS", "0")) or forked.cores()
        logger.info(bold("executing: ") + f"{len(stale)} chapters, {len(fresh)} are up to date, {workers} at a time")
        self.started = time.monotonic()
        self.outcomes = itertools.chain(self.outcomes, Ahead(_run(stale, workers)))

    def of(self, chapter: str) -> list[dict[str, Any]]:
        """The outputs of a chapter, as soon as it has ended.

        Raises:
            ExecutionError: a chapter fails, this one or another; the others end first.
        """
        while chapter not in self.outputs and not self.failed and (outcome := next(self.outcomes, None)):
            self.take(outcome)
        if self.failed:
            self.finish()
        return self.outputs[chapter]

    def finish(self) -> None:
        """Waits for every chapter. Raises as ``of`` does."""
        for outcome in self.outcomes:
            self.take(outcome)
        if self.failed:
            names = ", ".join(sorted(self.failed))
            raise ExecutionError(f"{len(self.failed)} of {len(self.chapters)} chapters failed: {names}")

    def take(self, outcome: Outcome) -> None:
        """Tells of one chapter that has ended, and keeps what it gave."""
        name, many = outcome.job.name, len(self.chapters)
        self.ended += 1
        if outcome.failure:
            self.failed.append(name)
            logger.error(_told(outcome, self.root), type="review", subtype="execution")
            return
        logger.info(f"executing... [{self.ended:>3} of {many}] {name} {outcome.seconds:.1f} s")
        record = self.chapters[name].record(outcome, self.root)
        self.outputs[name] = record.cells
        if outcome.observed.unmanaged:
            self.lasting = False
            read = ", ".join(name.replace(f"{self.root}/", "") for name in outcome.observed.unmanaged)
            # No Sphinx warning: those fail the build, and the page is right; it only costs time.
            logger.info(yellow(f"warning: {name} reads past review_tools: {read}; it will run each time"))
        else:
            try:
                self.store.keep(record)
            except StoreError as error:
                raise ExecutionError(str(error)) from error
        if self.ended == many and not self.failed:
            logger.info(bold("executed: ") + f"{many} chapters in {time.monotonic() - self.started:.1f} s")


_session: Session


def setup(app: Sphinx) -> None:
    """Takes over the execution of notebooks."""
    app.add_config_value("review_execution", "review", "env", str)
    app.add_config_value("review_workers", 0, "", int)
    app.connect("config-inited", take_over, priority=100)
    app.connect("env-before-read-docs", execute)
    app.connect("env-updated", complete)
    app.connect("build-finished", remember)


def take_over(app: Sphinx, config: Config) -> None:
    """Tells MyST-NB who executes. If anything has changed, forgets the last environment and starts on the chapters."""
    global _session
    if config.review_execution not in MODES:
        raise ConfigError(f"review_execution is {config.review_execution!r} → write one of {', '.join(MODES)}.")
    if config.review_execution == "mystnb" or config.nb_execution_mode == "off":
        config.review_execution = "mystnb"
        await_check()
        return
    settle()
    _session = Session(app)
    config.nb_execution_mode = "off"
    config.nb_custom_formats = {**config.nb_custom_formats, ".md": [READER, {}, False]}
    _session.inputs = site_inputs.inputs(Path(app.srcdir))
    changed = _known(app) != _session.inputs
    if changed:
        if forked.available():
            os.environ.setdefault("REVIEW_ROOT", str(_session.root))  # the tables that are read ahead
            forked.warm_up()
        forget(app)
    await_check()
    if changed:
        _session.store.tidy()
        _session.begin(chapters(_session.root))


def await_check() -> None:
    """Whoever started this build may still check the data; it says what is wrong, and ends this build then."""
    if os.environ.pop("REVIEW_WAITS", "") and not sys.stdin.readline():
        sys.exit("The data are not sound.")


def forget(app: Sphinx) -> None:
    """Removes what an earlier build left: its environment, and pages, some perhaps of rows that are no more."""
    _state(app).unlink(missing_ok=True)
    (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)
    if (Path(app.outdir) / "objects.inv").is_file():  # a site, not some other folder
        shutil.rmtree(app.outdir)
        Path(app.outdir).mkdir()


def execute(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Starts on the documents to be read that have not been thought of yet."""
    if app.config.review_execution == "review":
        paths = {name: Path(env.doc2path(name)) for name in docnames if name not in _session.planned}
        if paths:
            _session.begin(paths)


def complete(app: Sphinx, env: BuildEnvironment) -> None:
    """No page is written before every chapter has ended well."""
    if app.config.review_execution == "review":
        _session.finish()


def _run(chapters: dict[str, Chapter], workers: int) -> Iterator[Outcome]:
    jobs = [chapter.job for chapter in chapters.values()]
    return forked.run(jobs, workers) if forked.available() else plain.run(jobs, workers)


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
    return notebooks.fill(notebook, _session.of(env.docname))


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
