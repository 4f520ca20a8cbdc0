"""What vl-convert draws, kept from build to build by what it was drawn from: drawing is a third of a build."""

import contextlib
from collections.abc import Callable
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from review_tools.data.edit import replace_bytes

FOLDER = Path("_build") / ".drawings"
MOST = 1000  # files; the oldest leave first
_folder: Path | None = None


def use(root: Path) -> None:
    """Keep drawings in this project from now on; before this is called, none are."""
    global _folder
    _folder = root / FOLDER
    if _folder.is_dir():
        for path in sorted(_folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)[MOST:]:
            path.unlink(missing_ok=True)


def remember(key: str, make: Callable[[], str]) -> str:
    """Return the text that ``make`` makes of ``key``; a full disk only costs time."""
    if _folder is None:
        return make()
    path = _folder / blake2b(f"{version('vl-convert-python')}\n{key}".encode(), digest_size=16).hexdigest()
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8")
    text = make()
    with contextlib.suppress(OSError):
        replace_bytes(path, text.encode())
    return text
