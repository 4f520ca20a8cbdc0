"""Executed chapters, kept with what they rested on: ``_build/.execution``.

A folder holds the records of one text of code cells, one for each state of the inputs, so that going back to an
earlier state finds its record again. A record is written whole or not at all and carries a digest of itself: one
that was torn or spoilt counts as missing.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from review_tools.data.reads import ABSENT, digest
from review_tools.site.checksummed import seal, text_digest, unsealed
from review_tools.site.freshness.inputs import placed

FOLDER = Path("_build") / ".execution"
KEPT = 400  # records; the ones not used for longest leave first


class StoreError(Exception):
    """A record cannot be written. The message says why and what to do."""


@dataclass(frozen=True)
class Record:
    """One execution: the outputs of each code cell, and what they rest on."""

    chapter: str
    code: str
    files: dict[str, str]  # by the names of inputs.named
    days: list[str]
    surroundings: dict[str, str]
    cells: list[dict[str, Any]]  # "execution_count" and "outputs", in the order of the code cells
    seconds: float

    def stale(self, root: Path, surroundings: dict[str, str]) -> list[str]:
        """Why the record does not hold any more; empty when it does."""
        reasons = [_changed(name, old, digest(placed(name, root))) for name, old in self.files.items()]
        reasons += [_changed(name, old, surroundings.get(name, ABSENT)) for name, old in self.surroundings.items()]
        today = date.today().isoformat()
        reasons += [f"it shows the date, and {day} has passed" for day in self.days if day != today]
        return [reason for reason in reasons if reason]


def _changed(name: str, old: str, new: str) -> str:
    if old == new:
        return ""
    if old == ABSENT or new == ABSENT:
        return f"{name} is {'new' if old == ABSENT else 'gone'}"
    return f"{name} changed ({old[:12]} → {new[:12]})"


class Store:
    """The records of one project."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / FOLDER

    def find(self, code: str, surroundings: dict[str, str]) -> Record | None:
        """The record of this code whose inputs are what they were."""
        for path in self._newest(self.folder / code):
            record = _read(path)
            if record and not record.stale(self.root, surroundings):
                with contextlib.suppress(OSError):
                    os.utime(path)
                return record
        return None

    def explain(self, chapter: str, code: str, surroundings: dict[str, str]) -> list[str]:
        """Why no record serves a chapter: against the last one of its code, else of its name."""
        for path in self._newest(self.folder / code):
            if record := _read(path):
                return record.stale(self.root, surroundings)
        for folder in self.folder.glob("*"):
            if any((record := _read(path)) and record.chapter == chapter for path in folder.glob("*.json")):
                return ["its code changed"]
        return ["no record of it"]

    def keep(self, record: Record) -> None:
        """Writes a record.

        Raises:
            StoreError: the disk is full or the folder cannot be written; what was kept before stays as it is.
        """
        text = json.dumps(asdict(record), ensure_ascii=False, sort_keys=True)
        state = json.dumps([record.files, record.days, record.surroundings], sort_keys=True)
        folder = self.folder / record.code
        name = ""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(seal(text))
            Path(name).replace(folder / f"{text_digest(state)}.json")
        except OSError as error:
            if name:
                Path(name).unlink(missing_ok=True)
            raise StoreError(
                f"{record.chapter} has run, but {folder} cannot be written ({error.strerror}) → "
                "free space or rights there and build again; the records kept before are intact"
            ) from error

    def tidy(self) -> None:
        """Removes what a killed build left half written, and the records not used for longest."""
        for part in self.folder.glob("*/*.part"):
            part.unlink(missing_ok=True)
        records = sorted(self.folder.glob("*/*.json"), key=_age, reverse=True)
        for path in records[KEPT:]:
            path.unlink(missing_ok=True)
        for folder in self.folder.glob("*"):
            with contextlib.suppress(OSError):
                folder.rmdir()  # only if empty

    @staticmethod
    def _newest(folder: Path) -> Iterator[Path]:
        yield from sorted(folder.glob("*.json"), key=_age, reverse=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read(path: Path) -> Record | None:
    text = unsealed(path)
    try:
        return Record(**json.loads(text)) if text is not None else None
    except (ValueError, TypeError):
        return None
