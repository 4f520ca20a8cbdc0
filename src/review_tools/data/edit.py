"""Changing the project's files: all of a change or none of it, one change at a time, always in the same form.

A change is staged as whole files in ``.edit/staged``; renaming that folder to ``.edit/journal`` decides that it
happens. Its files then take their places one by one, each in one step. A change that was interrupted after
the decision is finished by whoever comes next; one that was interrupted before it never was.
"""

import difflib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.data.tables import parse_text

FOLDER = ".edit"  # not in _build, which may be removed at any time
MANIFEST = "manifest.json"
PATIENCE = 60.0  # seconds to wait for another writer


class Change:
    """One change to several files. Reading shows the change so far; nothing is written before ``edit`` ends."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._before: dict[str, bytes] = {}
        self._after: dict[str, bytes] = {}

    def read(self, file: str) -> str:
        """Text of a file (path from the root) as this change leaves it.

        Raises:
            FileNotFoundError: there is no such file.
        """
        if file not in self._before:
            self._before[file] = self._after[file] = self.project.read(file)
        return self._after[file].decode("utf-8")

    def create(self, file: str, text: str) -> None:
        """Makes a file that is not there yet, or gives the one that is there a new text."""
        if not self.project.has(file):
            self._before.setdefault(file, b"")
        else:
            self.read(file)
        self._after[file] = text.encode("utf-8")

    def write(self, file: str, text: str) -> None:
        """Gives a file a new text."""
        self.read(file)
        self._after[file] = text.encode("utf-8")

    def table(self, name: str) -> pd.DataFrame:
        """A table as text, as this change leaves it; the index is the line on which each row starts."""
        return parse_text(self.read(self._file(name)), self._file(name))

    def write_table(self, name: str, frame: pd.DataFrame) -> None:
        """Gives a table new rows, in the form of all tables: UTF-8, line feeds, quotes only where needed."""
        self.write(self._file(name), csv_bytes(frame).decode("utf-8"))

    def add_row(self, name: str, row: dict[str, str]) -> None:
        """Adds one row as one line: at its place by key where the table is sorted by its key, else at the end.

        A log is only ever added to at its end.

        Raises:
            KeyError: the row has a column that the table has not.
        """
        table = self.project.schema[name]
        for column in row:
            table.field(column)
        line = pd.DataFrame([[row.get(column, "") for column in table.columns]], dtype="str")
        text = line.to_csv(index=False, header=False, lineterminator="\n")
        file = self._file(name)
        frame = self.table(name)
        lines = [f"{one}\n" for one in self.read(file).removesuffix("\n").split("\n")]
        at = len(lines)
        if len(frame) and not table.append_only:
            keys = list(frame[list(table.primary_key)].itertuples(index=False, name=None))
            new = tuple(row.get(column, "") for column in table.primary_key)
            if keys == sorted(keys):
                at = next((number - 1 for number, key in zip(frame.index, keys, strict=True) if key > new), at)
        self.write(file, "".join([*lines[:at], text, *lines[at:]]))

    def set_cells(self, name: str, column: str, value: str, cells: dict[str, str], *, only_empty: bool = False) -> None:
        """Writes cells of the rows whose ``column`` is ``value``; with ``only_empty`` keeps what is filled."""
        frame = self.table(name)
        rows = frame[column] == value
        for target, text in cells.items():
            frame.loc[rows & (frame[target] == "") if only_empty else rows, target] = text
        self.write_table(name, frame)

    @property
    def after(self) -> Project:
        """The project as this change leaves it, in memory."""
        return self.project.with_files({file: self._after[file] for file in self.files})

    @property
    def files(self) -> list[str]:
        """What really changes, in the order in which it was first read."""
        return [file for file in self._before if self._before[file] != self._after[file]]

    def diff(self) -> str:
        """The change as a unified diff."""
        shown: list[str] = []
        for file in self.files:
            # Not splitlines(): it also breaks at characters that are no line ends to whoever applies the patch.
            both = (text[file].decode("utf-8").removesuffix("\n") for text in (self._before, self._after))
            before, after = (text.split("\n") if text else [] for text in both)
            shown += difflib.unified_diff(before, after, f"a/{file}", f"b/{file}", n=0, lineterm="")
        return "\n".join(shown)

    def _file(self, name: str) -> str:
        return f"data/{self.project.schema[name].path}"

    def _stage(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        manifest = []
        for number, file in enumerate(self.files):
            _write(folder / str(number), self._after[file])
            manifest.append({"file": file, "before": _hash(self._before[file]), "after": _hash(self._after[file])})
        _write(folder / MANIFEST, json.dumps(manifest).encode())
        _sync(folder)


@contextmanager
def edit(root: Path, *, dry_run: bool = False) -> Iterator[Change]:
    """One change at a time: waits for its turn, then writes all that the block changed, unless it raised.

    Raises:
        DataError: another change does not end, or an interrupted one cannot be finished.
    """
    with _turn(root):
        _finish(root)
        change = Change(Project(root))
        yield change
        if change.files and not dry_run:
            staged, journal = root / FOLDER / "staged", root / FOLDER / "journal"
            change._stage(staged)
            staged.rename(journal)
            _sync(journal.parent)
            _finish(root)


def recover(root: Path) -> None:
    """Finishes a change that was interrupted, if there is one.

    Raises:
        DataError: it cannot be finished, since a file was changed by hand meanwhile.
    """
    if (root / FOLDER / "journal").is_dir():
        with _turn(root):
            _finish(root)


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A frame of text as the bytes of its CSV file (UTF-8, line feeds, quotes only where needed)."""
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def replace_bytes(path: Path, content: bytes) -> None:
    """Puts a file in place in one step: a reader or an interruption finds either the old file or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        _write(Path(name), content)
        Path(name).chmod(path.stat().st_mode if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _turn(root: Path) -> Iterator[None]:
    (root / FOLDER).mkdir(exist_ok=True)
    try:
        with FileLock(root / FOLDER / "lock", timeout=PATIENCE):
            yield
    except Timeout:
        raise DataError(
            f"Another command is still changing {root} → wait until it has ended, then try again."
        ) from None


def _finish(root: Path) -> None:
    """Puts the files of a decided change in place; those already there are gone from the journal."""
    journal = root / FOLDER / "journal"
    if not journal.is_dir():
        return
    if not (journal / MANIFEST).is_file():  # all files in place, interrupted while tidying up
        shutil.rmtree(journal)
        return
    manifest = json.loads((journal / MANIFEST).read_text(encoding="utf-8"))
    waiting = [(journal / str(number), entry) for number, entry in enumerate(manifest)]
    waiting = [(new, entry) for new, entry in waiting if new.is_file()]
    for _, entry in waiting:
        target = root / entry["file"]
        held = _hash(target.read_bytes() if target.is_file() else b"")  # a file that is new was empty before
        if held not in (entry["before"], entry["after"]):
            raise DataError(
                f"{entry['file']}: an interrupted change waits in {FOLDER}/journal, but this file was changed since "
                f"→ compare it with git diff, put it right, then remove {FOLDER}/journal."
            )
    for new, entry in waiting:
        target = root / entry["file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        new.chmod(target.stat().st_mode if target.exists() else 0o644)
        new.replace(target)
        _sync(target.parent)
    (journal / MANIFEST).unlink()
    shutil.rmtree(journal)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Makes renames in a folder last through a loss of power, where the system can do that."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
