"""Build the site aside and put it in place only when everything succeeded; do nothing when nothing changed.

A build reads every file of the project that is neither a by-product nor a test, and the package. One digest stands for
all of it: whatever changes, chapters run again and pages are written anew.
"""

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from filelock import FileLock, Timeout

from review_tools.data.problems import DataError

PACKAGE = Path(__file__).resolve().parents[1]
# Never read by a build; of src only the package is, wherever it is installed.
ASIDE = {"_build", "benchmarks", "docs", "node_modules", "scripts", "src", "tests", "__pycache__"}
CODE_READS = "CHANGELOG.md"  # the only Markdown that code cells read; other Markdown is prose
SITE, NOTEBOOKS, BEFORE, STATE = "html", "jupyter_execute", ".before", ".built-from"
# Jupyter Book ends when the other end of its input closes, however this process ends.
START = (
    "import os, threading; threading.Thread(target=lambda: os.read(0, 1) or os._exit(1), daemon=True).start(); "
    "from jupyter_book.cli.main import main; main()"
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
AT_ONCE = re.compile(r"^execut(ing|ed)|^(reading sources|writing output)\.\.\. \[ *\d+%\]|a code cell fails|^\| ")
MATTERS = re.compile(r"WARNING|ERROR|CRITICAL|Extension error|threw an exception|^OSError")


class BuildError(DataError):
    """The book did not build. The message says what went wrong, for the person who edits it."""


def build(root: Path, workers: int | None = None, check: Callable[[], None] = lambda: None) -> bool:
    """Build the book with Jupyter Book into ``_build/html``, warnings being errors; say whether anything changed.

    A failed or interrupted build leaves the site of the last good one as it is.

    Args:
        workers: chapters run at a time; as many as there are processors if left out.
        check: called when something has changed, while Jupyter Book starts. What it raises ends the build.

    Raises:
        BuildError: a chapter fails, a link or citation leads nowhere, anything else is warned of, the disk is full,
            or another build of this project is running.
    """
    root = root.resolve()
    folder = root / "_build"
    try:
        folder.mkdir(exist_ok=True)
        with FileLock(folder / ".build.lock", timeout=0):
            recover(folder)
            if is_current(root):
                return False
            state = digest(inputs(root))
            run(root, folder / "next", workers, check)
            new = folder / "next" / "_build"
            current = state == digest(inputs(root))  # else something changed meanwhile: build again next time
            (new / STATE).write_text(mark(new / SITE, state) if current else "", encoding="utf-8")
            publish(new, folder)
            shutil.rmtree(folder / "next")
            return True
    except Timeout:
        raise BuildError("Another build of this project is running; wait until it has ended.") from None
    except OSError as error:
        raise BuildError(
            f"{error.filename or folder}: {error.strerror} → free space or rights there and build again. "
            "The site was left as it was."
        ) from error


def is_current(root: Path) -> bool:
    """Say whether the site is there, untouched, and made from what is here now."""
    folder = root / "_build"
    try:
        return (folder / STATE).read_text(encoding="utf-8") == mark(folder / SITE, digest(inputs(root)))
    except OSError:
        return False


def mark(site: Path, state: str) -> str:
    """Return a digest of a state of the inputs and of name, size and time of each file of a site."""
    stats = ((path.relative_to(site), path.stat()) for path in sorted(site.rglob("*")) if path.is_file())
    lines = [f"{name.as_posix()} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats]
    return blake2b("\n".join([state, *lines]).encode(), digest_size=16).hexdigest()


def publish(new: Path, folder: Path) -> None:
    """Put the new site in the place of the old one in two renames; ``recover`` undoes the first alone."""
    (folder / STATE).unlink(missing_ok=True)
    (new / NOTEBOOKS).mkdir(exist_ok=True)  # a book without code has none
    for name in (NOTEBOOKS, SITE):
        if (folder / name).exists():
            (folder / name).rename(folder / f"{BEFORE}-{name}")
        (new / name).rename(folder / name)
        shutil.rmtree(folder / f"{BEFORE}-{name}", ignore_errors=True)
    (new / STATE).rename(folder / STATE)


def recover(folder: Path) -> None:
    """Put back what a build that was killed between two renames had set aside."""
    for before in folder.glob(f"{BEFORE}-*"):
        now = folder / before.name.removeprefix(f"{BEFORE}-")
        if now.exists():
            shutil.rmtree(before)
        else:
            before.rename(now)


def run(
    root: Path, aside: Path, workers: int | None, check: Callable[[], None] = lambda: None, builder: str = "html"
) -> None:
    """Run Jupyter Book into a folder of its own, and print its progress.

    Raises:
        BuildError: it fails.
    """
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    log = root / "_build" / "build.log"
    command = [sys.executable, "-c", START, "build", str(root), "--path-output", str(aside), "--builder", builder]
    command += ["-n", "-W", "--keep-going"] if builder == "html" else []  # other forms follow a site without warnings
    environment = {**os.environ, **({"REVIEW_WORKERS": str(workers)} if workers else {})}
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
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
        try:
            check()
            for raw in process.stdout:
                line = COLOUR.sub("", raw).rstrip().replace(f"{root}/", "")
                record.write(line + "\n")
                if AT_ONCE.search(line):
                    print(f"  {line[:160]}", flush=True)
                else:
                    lines.append(line)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        wrong = list(dict.fromkeys(line for line in lines if MATTERS.search(line))) or lines[-15:]
        if any("Errno 24" in line for line in wrong):
            wrong.append("→ allow more open files (ulimit -n 1024), or run fewer chapters at a time (--workers 1).")
        wrong.append(f"The site was left as it was. The whole log: {log.relative_to(root)}")
        raise BuildError("\n".join(wrong))


# What a build reads


def inputs(root: Path) -> dict[str, Path]:
    """Return the files a build depends on, by their names from the project or from the package."""
    project = {path.relative_to(root).as_posix(): path for path in _walk(root, ASIDE)}
    return project | {path.relative_to(PACKAGE.parent).as_posix(): path for path in _walk(PACKAGE, {"__pycache__"})}


def inputs_of_code(root: Path) -> dict[str, Path]:
    """Return those of the files that code cells may read: all but the prose."""
    return {name: path for name, path in inputs(root).items() if not name.endswith(".md") or name == CODE_READS}


def digest(files: dict[str, Path]) -> str:
    """Return one digest of names and contents, of the interpreter, of the installed packages and of the day."""
    digest = blake2b("\n".join([platform.python_version(), *installed(), day()]).encode(), digest_size=16)
    for name, path in sorted(files.items()):
        with contextlib.suppress(FileNotFoundError):  # an editor's own file, gone meanwhile
            digest.update(f"\n{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def libraries() -> list[Path]:
    """Return the folders that hold installed packages."""
    return [folder for name in sys.path if any((folder := Path(name)).glob("*.dist-info"))]


def installed() -> list[str]:
    """Return names and versions of the installed packages."""
    return sorted(info.name for folder in libraries() for info in folder.glob("*.dist-info"))


def day() -> str:
    """Return the day of the build, or the one that SOURCE_DATE_EPOCH fixes."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(fixed), UTC) if fixed else datetime.now().astimezone()
    return moment.date().isoformat()


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _walk(folder: Path, aside: set[str]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in aside or path.suffix in (".pyc", ".egg-info"):
            continue
        if path.is_dir():
            if not (path / "pyvenv.cfg").exists():  # an environment of Python
                yield from _walk(path, {"__pycache__"})
        else:
            yield path
