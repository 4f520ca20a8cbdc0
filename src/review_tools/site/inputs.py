"""What a build reads: every file of the project that is neither a by-product nor a test, and the package.

One digest stands for all of it. Whatever changes, chapters run again and pages are written anew.
"""

import contextlib
import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
# Never read by a build; of src only the package is, wherever it is installed.
ASIDE = {"_build", "benchmarks", "docs", "node_modules", "scripts", "src", "tests", "__pycache__"}
CODE_READS = "CHANGELOG.md"  # the only Markdown that code cells read; other Markdown is prose


def files(root: Path) -> dict[str, Path]:
    """Return the files a build depends on, by their names from the project or from the package."""
    project = {path.relative_to(root).as_posix(): path for path in _walk(root, ASIDE)}
    return project | {path.relative_to(PACKAGE.parent).as_posix(): path for path in _walk(PACKAGE, {"__pycache__"})}


def files_for_code(root: Path) -> dict[str, Path]:
    """Return those of the files that code cells may read: all but the prose."""
    return {name: path for name, path in files(root).items() if not name.endswith(".md") or name == CODE_READS}


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
