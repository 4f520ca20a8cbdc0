"""What vl-convert makes, kept from build to build by what it was made from: drawing is a third of a build."""

import contextlib
import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from review_tools.data.edit import replace_bytes
from review_tools.site.checksummed import seal, text_digest, unsealed

FOLDER = Path("_build") / ".drawn"
MOST = 1000  # files; the ones not used for longest leave first
_folder: Path | None = None


def use(root: Path) -> None:
    """Keeps things in this project from now on; before this is called, nothing is kept."""
    global _folder
    _folder = root / FOLDER
    if _folder.is_dir():
        for path in sorted(_folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)[MOST:]:
            path.unlink(missing_ok=True)


def kept(key: str, make: Callable[[], str]) -> str:
    """The text that ``make`` makes of ``key``; a full disk only costs time."""
    if _folder is None:
        return make()
    path = _folder / text_digest(f"{version('vl-convert-python')}\n{key}")
    known = unsealed(path)
    if known is not None:
        with contextlib.suppress(OSError):
            os.utime(path)
        return known
    text = make()
    with contextlib.suppress(OSError):
        _folder.mkdir(parents=True, exist_ok=True)
        replace_bytes(path, seal(text).encode())
    return text
