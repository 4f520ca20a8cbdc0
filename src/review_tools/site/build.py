"""Builds the site aside and puts it in place only when everything succeeded; does nothing when nothing changed."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from review_tools.site.freshness import inputs as site_inputs
from review_tools.site.freshness.published import Published

BUILT = ("html", "jupyter_execute")
START = (
    "import sys; from review_tools.site.kernels.orphans import die_with_parent; "
    "die_with_parent(int(sys.argv.pop(1))); from jupyter_book.cli.main import main; main()"
)
GO = "go\n"  # what the build waits for before it touches the data
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# ipykernel says this of every kernel; the kernels here listen on this machine only.
NOISE = re.compile(r"Kernel is running over TCP without encryption|Debugger warning|frozen modules|PYDEVD_|^0\.\d+s - ")
PROGRESS = re.compile(r"^execut(ing|ed)|^(reading sources|writing output)\.\.\. \[ *\d+%\]")
AT_ONCE = re.compile(r"^warning: |a code cell fails")
MATTERS = re.compile(r"WARNING|ERROR|CRITICAL|Extension error|^OSError")


class BuildError(Exception):
    """The book did not build. The message says what went wrong, for the person who edits it."""


def build(root: Path, workers: int | None = None, check: Callable[[], None] = lambda: None) -> bool:
    """Builds the book with Jupyter Book into ``_build/html``, warnings being errors; says whether anything changed.

    Only chapters whose code, inputs or surroundings changed are executed, ``workers`` at a time. A failed or
    interrupted build leaves the site of the last good one as it is.

    Args:
        check: called when something has changed, while Jupyter Book starts; what it raises ends the build before
            a chapter runs.

    Raises:
        BuildError: a chapter fails, a link or citation leads nowhere, anything else is warned of, or another
            build of this project is running.
    """
    root = root.resolve()
    folder = root / "_build"
    folder.mkdir(exist_ok=True)
    try:
        with FileLock(folder / ".build.lock", timeout=0):
            published = Published(folder)
            published.recover()
            if published.holds(site_inputs.inputs(root)):
                return False
            state = _sphinx(root, folder / "next", workers, check)
            published.replace(folder / "next" / "_build", BUILT, state)
            shutil.rmtree(folder / "next")
            return True
    except Timeout:
        raise BuildError("Another build of this project is running; wait until it has ended.") from None


def _sphinx(root: Path, aside: Path, workers: int | None, check: Callable[[], None]) -> site_inputs.Inputs | None:
    """Runs Jupyter Book; returns what the site rests on, None when that cannot be known."""
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    log = root / "_build" / "build.log"
    command = [sys.executable, "-c", START, str(os.getpid()), "build", str(root), "--path-output", str(aside)]
    command += ["-n", "-W", "--keep-going"]
    environment = {**os.environ, **({"REVIEW_WORKERS": str(workers)} if workers else {}), "REVIEW_WAITS": "1"}
    lines: list[str] = []
    with (
        log.open("w", encoding="utf-8") as record,
        subprocess.Popen(  # noqa: S603 (our own interpreter, fixed arguments)
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 (pipes were asked for)
        try:
            check()
            with contextlib.suppress(BrokenPipeError):  # it has failed already; its log says why
                process.stdin.write(GO)
                process.stdin.close()
            for raw in process.stdout:
                line = COLOUR.sub("", raw).rstrip()
                record.write(line + "\n")
                if NOISE.search(line):
                    continue
                lines.append(line)
                if PROGRESS.search(line) or AT_ONCE.search(line):
                    print(f"  {line.replace(f'{root}/', '')[:160]}", flush=True)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise BuildError(
            "\n".join([*explain(lines, root), f"The site was left as it was. The whole log: {log.relative_to(root)}"])
        )
    state = aside / "_build" / ".doctrees" / site_inputs.STATE
    known: site_inputs.Inputs | None = json.loads(state.read_text(encoding="utf-8")) if state.is_file() else None
    return known


def explain(lines: list[str], root: Path) -> Iterator[str]:
    """What a reader of the log needs: each warning once, with the cell and traceback of a failing chapter."""
    seen: set[str] = set()
    following = False
    for line in lines:
        text = line.replace(f"{root}/", "")
        if PROGRESS.search(line):
            following = False
        elif following or (MATTERS.search(line) and text not in seen):
            following = following or "a code cell fails" in line
            seen.add(text)
            yield text
    if not seen:
        yield from lines[-15:]
