"""Run the chapters side by side before Sphinx reads them, and keep their outputs by a digest of all inputs.

MyST-NB executes nothing: it is handed each chapter with its outputs, as a format of its own. Its cache would know a
chapter by its code alone, and leave an old number on the page when a table changes.
``review_execution: mystnb`` in ``_config.yml`` gives execution back to it.
"""

import contextlib
import gc
import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import nbformat
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx.util.console import bold

from review_tools.data.edit import replace_bytes
from review_tools.site import build, kernel
from review_tools.site.pages import project_of
from review_tools.synthesis import claims

logger = logging.getLogger(__name__)
# Forked from one process that has the imports done (``warm``); where forking is not safe, each imports anew.
PROCESSES = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
PROCESSES.set_forkserver_preload(["review_tools.site.warm"])
MANY = 8  # chapters, for which it pays to work out all results before the first one runs
STATES = 5  # of the inputs, whose outputs are kept
Outputs = tuple[dict[str, Any], list[tuple[int | None, list[Any]]]]  # language; number and outputs of each code cell
notebooks: dict[str, Any] = {}  # chapters with their outputs, by path


class ChapterError(Exception):
    """A chapter fails. The message says where and why."""


def begin(app: Sphinx, config: Config) -> None:
    """Keep MyST-NB from executing, and Sphinx from relying on what it read and wrote before."""
    (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)
    if (Path(app.outdir) / "objects.inv").is_file():  # a site, not some other folder
        shutil.rmtree(app.outdir)
        Path(app.outdir).mkdir()
    if config.review_execution == "mystnb" or config.nb_execution_mode == "off":
        config.review_execution = "mystnb"
        return
    config.nb_execution_mode = "off"
    gc.set_threshold(50_000, 20, 50)  # what a build makes lasts to its end: to look less often saves 7% of its time
    vars(sys.modules["__main__"]).pop("__file__", None)  # else each chapter's process imports jupyter-book
    os.environ["REVIEW_ROOT"] = str(app.srcdir)
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # the kernel's debugger warns of itself


def execute(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    """Hand each chapter to MyST-NB with its outputs, having run those whose outputs are not kept.

    Raises:
        SphinxError: chapters fail. Each is logged as soon as it does, and the others run to their end.
    """
    if app.config.review_execution == "mystnb":
        return
    root, started = Path(app.srcdir), time.monotonic()
    files = build.inputs_of_code(root)
    state = build.digest(files)
    store = root / "_build" / ".executed" / state
    chapters = [chapter for name in names if (chapter := read(env, name, store))]
    stale = [chapter for chapter in chapters if not chapter.load()]
    workers = int(os.environ.get("REVIEW_WORKERS", "0")) or build.cores()
    logger.info(bold("executing: ") + f"{len(stale)} of {len(chapters)} chapters, {workers} at a time")
    readable = frozenset(os.path.realpath(path) for path in files.values())
    failed: list[str] = []
    if len(stale) > MANY:
        os.environ["REVIEW_WARM"] = "1"  # for the process that they are forked from
    pool = ThreadPoolExecutor(workers)
    try:
        runs = {pool.submit(chapter.run, app.config.nb_execution_timeout, readable): chapter for chapter in stale}
        if len(stale) > MANY:  # the pages need them in this process too, which has nothing else to do meanwhile
            with contextlib.suppress(Exception):  # the chapter or page that asks says what is wrong
                claims.work_out(project_of(app))
        for count, run in enumerate(as_completed(runs), 1):
            chapter = runs[run]
            try:
                outputs = run.result()
            except ChapterError as error:
                failed.append(chapter.name)
                logger.error(str(error), type="review", subtype="execution")
                continue
            chapter.fill(outputs)
            if build.digest(build.inputs_of_code(root)) == state:  # else they may come from other inputs
                chapter.keep(outputs)
            logger.info(f"executing... [{count:>3} of {len(stale)}] {chapter.name}")
    finally:  # also when the build is interrupted
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.kill()
    if failed:
        raise SphinxError(f"ERROR: {len(failed)} of {len(chapters)} chapters failed: {', '.join(sorted(failed))}")
    if stale:
        logger.info(bold("executed: ") + f"{len(stale)} chapters in {time.monotonic() - started:.1f} s")
    tidy(store)


def tidy(store: Path) -> None:
    """Remove the outputs of all but the latest states of the inputs."""
    with contextlib.suppress(OSError):
        os.utime(store)
        for old in sorted(store.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-STATES]:
            shutil.rmtree(old)


def read(env: BuildEnvironment, name: str, store: Path) -> "Chapter | None":
    """Read a page and tell MyST-NB to take it from here; None when it has no code cells."""
    path = Path(env.doc2path(name))
    if path.suffix != ".md":
        return None
    text = path.read_text(encoding="utf-8")
    if not is_myst_markdown_notebook(text):
        return None
    notebook = read_myst_markdown_notebook(text, env.myst_config, add_source_map=True, path=str(path))  # type: ignore[attr-defined]
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place}"  # nbformat draws one by lot, and readers download the notebook
    notebooks[str(path)] = notebook
    env.mystnb_config.custom_formats[str(path)] = (f"{__name__}.with_outputs", {"path": str(path)}, False)  # type: ignore[attr-defined]
    return Chapter(name, path.parent, notebook, store)


def with_outputs(text: str, path: str) -> Any:
    """Return a chapter with its outputs: MyST-NB's reader for the format that ``read`` names."""
    return notebooks[path]


@dataclass(frozen=True)
class Chapter:
    """A page with code cells. Its outputs are kept in a file named by its name and code."""

    name: str
    folder: Path
    notebook: Any
    store: Path  # for one state of the inputs

    @property
    def cells(self) -> list[Any]:
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def file(self) -> Path:
        code = [self.name, *([cell.source, cell.metadata.get("tags")] for cell in self.cells)]
        return self.store / f"{blake2b(json.dumps(code).encode(), digest_size=16).hexdigest()}.json"

    def load(self) -> bool:
        """Fill in outputs that are kept; say whether there are any, whole."""
        try:
            self.fill(json.loads(self.file.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return False
        return True

    def keep(self, outputs: Outputs) -> None:
        """Write the outputs, whole or not at all; a full disk only costs time."""
        with contextlib.suppress(OSError):
            replace_bytes(self.file, json.dumps(outputs).encode())

    def fill(self, outputs: Outputs) -> None:
        """Put outputs into the notebook, as a kernel leaves it."""
        language, cells = outputs
        self.notebook.metadata["language_info"] = nbformat.from_dict(language)
        for cell, (number, results) in zip(self.cells, cells, strict=True):
            cell.execution_count, cell.outputs = number, nbformat.from_dict(results)

    def run(self, timeout: float | None, files: frozenset[str]) -> Outputs:
        """Run the cells in a process of their own; return what ``fill`` takes.

        Raises:
            ChapterError: a cell fails, takes longer than ``timeout`` seconds, or ends its process.
        """
        timeout = self.notebook.metadata.get("mystnb", {}).get("execution_timeout", timeout)  # its front matter
        answers, theirs = PROCESSES.Pipe(duplex=False)
        cells = [(cell.source, cell.metadata.get("tags", [])) for cell in self.cells]
        process = PROCESSES.Process(  # type: ignore[attr-defined]
            target=kernel.run, args=(theirs, str(self.folder), cells, files), daemon=True
        )
        process.start()
        theirs.close()
        source = ""
        try:
            answers.recv()
            for source, tags in cells:
                if not answers.poll(timeout if timeout and timeout > 0 else None):
                    raise ChapterError(self.says(f"it took longer than {timeout:g} s", source))
                reply = answers.recv()
                if reply["status"] != "ok" and "raises-exception" not in tags:
                    raise ChapterError(self.says(f"{reply['ename']}: {reply['evalue']}", source, reply["traceback"]))
            outputs: Outputs = answers.recv()
            return outputs
        except EOFError:
            process.join(10)
            code = process.exitcode or 0
            how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
            how += " (out of memory?)" if code == -9 else ""
            raise ChapterError(self.says(f"its process ended with {how}", source)) from None
        finally:
            process.kill()
            process.join()
            answers.close()

    def says(self, why: str, source: str = "", traceback: Iterable[str] = ()) -> str:
        """Return the message for a cell that fails."""
        lines = "\n".join([*source.splitlines(), *traceback]).splitlines()
        return "\n".join([f"{self.name}.md: a code cell fails: {why}", *(f"| {line}" for line in lines)])
