"""Which files the package's loader has read in this process, so that a build knows what a chapter rests on."""

import hashlib
from datetime import date
from pathlib import Path

_noted: dict[Path, str] = {}
_asked: set[Path] = set()  # as they were named: resolving a path asks the system about each folder above it
_days: set[str] = set()
ABSENT = ""  # the digest of a file that is not there


def note(path: Path) -> None:
    """Remembers a file that is about to be read, with the digest it has now."""
    if path in _asked:
        return
    if path.is_absolute():
        _asked.add(path)
    path = path.resolve()
    if path not in _noted:
        _noted[path] = digest(path)


def noted() -> dict[Path, str]:
    """Every file noted so far, with the digest it had when it was first read."""
    return dict(_noted)


def forget() -> None:
    """As if nothing had been read yet: for a process that others are forked from."""
    _noted.clear()
    _asked.clear()
    _days.clear()


def today() -> date:
    """The date, as something that a page rests on."""
    now = date.today()
    _days.add(now.isoformat())
    return now


def days() -> set[str]:
    """The dates that were asked for."""
    return set(_days)


def digest(path: Path) -> str:
    """A short digest of a file's content; ``ABSENT`` when there is no such file."""
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ABSENT
