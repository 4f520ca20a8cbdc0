"""Builds the site aside and puts it in place only when everything succeeded."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BUILT = ("html", "jupyter_execute")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# ipykernel says this of every kernel; the kernels here listen on this machine only.
NOISE = re.compile(r"Kernel is running over TCP without encryption|Debugger warning|frozen modules|PYDEVD_|^0\.\d+s - ")
PROGRESS = re.compile(r"Executing notebook|^(reading sources|writing output)\.\.\. \[ *\d+%\]")
MATTERS = re.compile(r"WARNING|ERROR|CRITICAL")


class BuildError(Exception):
    """The book did not build. The message says what went wrong, for the person who edits it."""


def build(root: Path) -> Path:
    """Builds the whole book with Jupyter Book, warnings being errors; returns the folder of the site.

    A failed build leaves the site of the last good one as it is.

    Raises:
        BuildError: a chapter fails, a link or citation leads nowhere, or anything else is warned of.
    """
    aside = root / "_build" / "next"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    log = root / "_build" / "build.log"
    command = [
        sys.executable,
        "-c",
        "from jupyter_book.cli.main import main; main()",
        "build",
        str(root),
        "--path-output",
        str(aside),
        "-n",
        "-W",
        "--keep-going",
    ]
    lines: list[str] = []
    with (
        log.open("w", encoding="utf-8") as record,
        subprocess.Popen(  # noqa: S603 (our own interpreter, fixed arguments)
            command,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
        for raw in process.stdout:
            line = COLOUR.sub("", raw).rstrip()
            record.write(line + "\n")
            if NOISE.search(line):
                continue
            lines.append(line)
            if PROGRESS.search(line):
                print(f"  {line.replace(str(root) + '/', '')[:110]}", flush=True)
    if process.returncode:
        raise BuildError(
            "\n".join([*explain(lines, root), f"The site was left as it was. The whole log: {log.relative_to(root)}"])
        )
    for name in BUILT:
        shutil.rmtree(root / "_build" / name, ignore_errors=True)
        (aside / "_build" / name).rename(root / "_build" / name)
    shutil.rmtree(aside)
    return root / "_build" / "html"


def explain(lines: list[str], root: Path) -> Iterator[str]:
    """What a reader of the log needs: each warning once, and the traceback of a failing cell."""
    seen = set()
    for line in lines:
        text = line.replace(f"{root}/", "")
        if MATTERS.search(line) and text not in seen:
            seen.add(text)
            yield text
    cell = next(
        (i for i, line in enumerate(lines) if "An error occurred while executing the following cell" in line), None
    )
    if cell is not None:
        chapter = next((line for line in reversed(lines[:cell]) if "Executing notebook" in line), "")
        yield chapter.replace(f"{root}/", "").split(": Executing")[0] + ": a code cell fails"
        end = next(
            (i for i, line in enumerate(lines[cell:], cell) if line.startswith("The full traceback")), len(lines)
        )
        yield from (line for line in lines[cell + 1 : end] if line.strip("- "))
    elif not seen:
        yield from lines[-15:]
