"""What vl-convert makes, kept from build to build by what it was made from: drawing is a third of a build.

Each file carries a digest of its text, so that one that was torn or spoilt counts as missing. Letters are measured
with the fonts of the machine: after a change of these, ``make clean``.
"""

import contextlib
import os
from collections.abc import Callable
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from review_tools.evidence.edit import replace_bytes

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
    path = _folder / _digest(f"{version('vl-convert-python')}\n{key}")
    with contextlib.suppress(OSError, UnicodeDecodeError):
        claimed, _, text = path.read_text(encoding="utf-8").partition("\n")
        if claimed == _digest(text):
            os.utime(path)
            return text
    text = make()
    with contextlib.suppress(OSError):
        _folder.mkdir(parents=True, exist_ok=True)
        replace_bytes(path, f"{_digest(text)}\n{text}".encode())
    return text


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
