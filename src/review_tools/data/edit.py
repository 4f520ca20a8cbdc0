"""Changing the project's files: all of a change or none of it, one change at a time, always in the same form.

A change is written as a whole into ``.edit/journal.json``; that the file is there decides that the change happens.
Its files then take their places one by one, each in one step. A change that was interrupted after the decision is
finished by whoever comes next; one that was interrupted before it never was.
"""

import difflib
import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from review_tools.data.problems import DataError, Problem
from review_tools.data.project import Project
from review_tools.data.tables import csv_bytes

FOLDER = ".edit"  # not in _build, which may be removed at any time
JOURNAL = f"{FOLDER}/journal.json"
NAME = re.compile(r"\w[\w.,'’ -]{0,79}")
PATIENCE = 60.0  # seconds to wait for another writer


class Change:
    """One change to several files. Reading shows the change so far; nothing is written before ``edit`` ends."""

    def __init__(self, project: Project) -> None:
        self.project = project  # as first seen, so that what is edited by hand meanwhile is noticed
        self._written: dict[str, bytes] = {}

    def read(self, file: str) -> str:
        """Return the text of a file (path from the root) as this change leaves it."""
        return self.after.read(file).decode("utf-8")

    def write(self, file: str, text: str | bytes) -> None:
        """Set the content of a file, which is created if it is not there."""
        self._before(file)
        self._written[file] = text if isinstance(text, bytes) else text.encode("utf-8")

    def table(self, name: str) -> pd.DataFrame:
        """Return a table as text, as this change leaves it; the index is the line on which each row starts."""
        return self.after.text(name)

    def add_row(self, name: str, row: Mapping[str, str]) -> None:
        """Add one row as one line: at its place where the table is sorted by its key, else (or to a log) at the end.

        Raises KeyError if the row has a column that the table lacks.
        """
        table, frame, at = self.project.schema[name], self.table(name), None
        if not table.append_only:
            keys = list(frame[list(table.primary_key)].itertuples(index=False, name=None))
            new = tuple(row.get(column, "") for column in table.primary_key)
            if keys == sorted(keys):
                at = next((line - 1 for line, key in zip(frame.index, keys, strict=True) if key > new), None)
        self.add_rows(name, [row], at)

    def add_rows(self, name: str, rows: Sequence[Mapping[str, str]], at: int | None = None) -> None:
        """Add rows in their order, after line ``at`` or at the end of a table. Raises as ``add_row`` does."""
        if not rows:
            return
        table, file = self.project.schema[name], self.project.file_of(name)
        for column in {column for row in rows for column in row}:
            table.field(column)
        frame = pd.DataFrame([[row.get(column, "") for column in table.columns] for row in rows], dtype="str")
        text = csv_bytes(frame, header=False).decode("utf-8")
        lines = [f"{line}\n" for line in self.read(file).removesuffix("\n").split("\n")]
        at = len(lines) if at is None else at
        self.write(file, "".join([*lines[:at], text, *lines[at:]]))

    def set_cells(
        self, name: str, column: str, value: str, cells: Mapping[str, str], *, only_empty: bool = False
    ) -> None:
        """Write cells of the rows whose ``column`` is ``value``; with ``only_empty`` keep what is filled."""
        frame = self.table(name)
        rows = frame[column] == value
        for target, text in cells.items():
            frame.loc[rows & (frame[target] == "") if only_empty else rows, target] = text
        self.write(self.project.file_of(name), csv_bytes(frame))

    @property
    def after(self) -> Project:
        """The project as this change leaves it, in memory."""
        return self.project.with_files(self._written)

    @property
    def files(self) -> list[str]:
        """What really changes, in the order in which it was first written."""
        return [file for file, content in self._written.items() if content != self._before(file)]

    def diff(self, context: int = 0) -> str:
        """Return the change as a unified diff; a patch needs lines of context, to find its place."""
        shown: list[str] = []
        for file in self.files:
            # Not splitlines(): it also breaks at characters that a patch does not take for line ends.
            both = (one.decode("utf-8").removesuffix("\n") for one in (self._before(file), self._written[file]))
            before, after = (text.split("\n") if text else [] for text in both)
            shown += difflib.unified_diff(before, after, f"a/{file}", f"b/{file}", n=context, lineterm="")
        return "\n".join(shown)

    def journal(self) -> bytes:
        """Return the change as it is written down before it happens."""
        entries = [
            {"file": file, "before": sha256(self._before(file)), "after": self._written[file].decode("utf-8")}
            for file in self.files
        ]
        return json.dumps(entries, ensure_ascii=False).encode("utf-8")

    def _before(self, file: str) -> bytes:
        return self.project.read(file) if self.project.has(file) else b""


@contextmanager
def edit(root: Path, *, dry_run: bool = False) -> Iterator[Change]:
    """Yield a change, one at a time; then write all that the block changed, unless it raised.

    Raises DataError if another change does not end, or an interrupted one cannot be finished.
    """
    (root / FOLDER).mkdir(exist_ok=True)
    try:
        turn = FileLock(root / FOLDER / "lock", timeout=PATIENCE).acquire()
    except Timeout:
        remedy = "wait until it has ended, then try again"
        raise DataError(f"Another command is still changing {root} → {remedy}.") from None
    with turn:
        _finish(root)
        change = Change(Project(root))
        try:
            yield change
        except DataError as error:
            error.add_note("Nothing was changed.")
            raise
        if change.files and not dry_run:
            for folder in {(root / file).parent for file in change.files}:
                if folder.is_dir() and not os.access(folder, os.W_OK):  # before the change is decided
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
            replace_bytes(root / JOURNAL, change.journal(), root / FOLDER / "new")
            _finish(root)


def recover(root: Path) -> None:
    """Finish a change that was interrupted, if there is one. Raises what ``edit`` raises."""
    if (root / JOURNAL).is_file():
        with edit(root):
            pass


def _finish(root: Path) -> None:
    """Put the files of a decided change in place. What is there already is put there again, so it may be repeated."""
    if not (root / JOURNAL).is_file():
        return
    journal = json.loads((root / JOURNAL).read_text(encoding="utf-8"))
    for entry in journal:
        target = root / entry["file"]
        held = target.read_bytes() if target.is_file() else b""  # a file that is new was empty before
        if sha256(held) != entry["before"] and held != entry["after"].encode("utf-8"):
            why = f"an interrupted change waits in {JOURNAL}, but this file was changed since"
            remedy = f"compare it with git diff, put it right, then remove {JOURNAL}"
            raise DataError(Problem(entry["file"], why, remedy))
    for entry in journal:
        replace_bytes(root / entry["file"], entry["after"].encode("utf-8"), root / FOLDER / "new")
    (root / JOURNAL).unlink()


def replace_bytes(path: Path, content: bytes, new: Path | None = None) -> None:
    """Put a file in place in one step: a reader or an interruption finds either the old file or the new one.

    It is first written to ``new``, on the same file system; beside its place if left out.
    """
    new = new or path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with new.open("wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        new.chmod(path.stat().st_mode if path.exists() else 0o644)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def check_name(by: str) -> None:
    """Raise DataError if a contributor's name is given and is not a plain one."""
    if by and not NAME.fullmatch(by):
        raise DataError(f"--by {by!r}: not a plain name → use letters, spaces, points, commas and hyphens.")


def sha256(content: bytes) -> str:
    """Return the SHA-256 of a content, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
