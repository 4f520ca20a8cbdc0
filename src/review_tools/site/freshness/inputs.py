"""What the site as a whole rests on: every file of the project that is not a by-product or a test, and the package."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from review_tools.data.reads import digest
from review_tools.site.freshness.surroundings import installed

PACKAGE = Path(__file__).resolve().parents[2]
OWN = f"{PACKAGE.name}/"
ASIDE = {"_build", "tests", "scripts", "src", "node_modules", "__pycache__"}  # never read by a build
Inputs = dict[str, str]
STATE = "review-inputs.json"  # beside the environment of Sphinx that was read from them


def inputs(root: Path) -> Inputs:
    """Name and digest of each input. The day counts: Sphinx prints it at the foot of each page."""
    found = {path.relative_to(root).as_posix(): digest(path) for path in _files(root, ASIDE)}
    found |= {named(path, root): digest(path) for path in _files(PACKAGE, ASIDE)}
    return found | {"the installed versions": installed(), "the day": day(), "the folder": str(root)}


def named(path: Path, root: Path) -> str:
    """How records call a file: the package's own by what imports call it, wherever it is installed."""
    if path.is_relative_to(PACKAGE):
        return OWN + path.relative_to(PACKAGE).as_posix()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def placed(name: str, root: Path) -> Path:
    """The file that a record calls ``name``, in the package that runs now."""
    return PACKAGE / name.removeprefix(OWN) if name.startswith(OWN) else root / name


def day() -> str:
    """The day that pages show: that of the build, or the one that SOURCE_DATE_EPOCH fixes."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(fixed), UTC) if fixed else datetime.now().astimezone()
    return moment.date().isoformat()


def _files(folder: Path, aside: set[str]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in aside or path.suffix in (".pyc", ".egg-info"):
            continue
        if path.is_dir():
            yield from _files(path, aside={"__pycache__"})
        else:
            yield path


def differences(old: Inputs, new: Inputs) -> list[str]:
    """What changed between two states, in words."""
    words = {}
    for name in old.keys() | new.keys():
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            words[name] = f"{name} is new" if not before else f"{name} is gone" if not after else f"{name} changed"
            if before and after:
                words[name] += f" ({before[:12]} → {after[:12]})"
    return [words[name] for name in sorted(words)]
