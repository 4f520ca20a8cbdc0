"""Changing files: all or nothing, one at a time, one line a row."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from review_tools.data import edit as editing
from review_tools.data.edit import JOURNAL, Change, edit, recover, replace_bytes
from review_tools.data.problems import DataError
from review_tools.data.project import Project

STUDY = {"study_id": "zzz_2025_row", "kind": "unknown", "status": "current", "read": "title only"}
# Adds numbered rows to three files for ever, and says each number once the change is made.
WRITER = """
import sys
from pathlib import Path
from review_tools.data.edit import edit
root, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for number in range(count):
    with edit(root) as change:
        key = f"{name}_{number:06d}"
        change.add_row("studies", {"study_id": key, "kind": "unknown", "summary": "x" * 200})
        change.add_row("vocabulary", {"kind": "test", "term": key})
        change.write("CHANGELOG.md", change.read("CHANGELOG.md") + f"- {key}\\n")
    print(key, flush=True)
"""


def writer(root: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), name, str(count)], stdout=subprocess.PIPE, text=True
    )


def held(root: Path, name: str) -> list[set[str]]:
    """The keys of one writer in each of the three files; a torn file cannot be read and raises."""
    studies, vocabulary = (Project(root).text(name) for name in ("studies", "vocabulary"))
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    return [
        {key for key in studies["study_id"] if key.startswith(name)},
        {key for key in vocabulary["term"] if key.startswith(name)},
        {line[2:] for line in changelog if line.startswith(f"- {name}")},
    ]


def four_files(change: Change) -> None:
    change.add_row("studies", STUDY)
    change.add_row("vocabulary", {"kind": "test", "term": STUDY["study_id"]})
    change.write("CHANGELOG.md", change.read("CHANGELOG.md") + f"- {STUDY['study_id']}\n")
    change.write("folder/new.json", "{}\n")


def interrupted(root: Path) -> None:
    """Leave a change as an interruption does: decided, and no file in its place."""
    with edit(root, dry_run=True) as change:
        four_files(change)
        assert "+{}" in change.diff()
        (root / JOURNAL).write_bytes(change.journal())


def test_a_row_is_one_line_at_its_place(copy: Path) -> None:
    before = (copy / "data" / "studies.csv").read_text(encoding="utf-8").splitlines()
    with edit(copy) as change:
        change.add_row("studies", STUDY | {"study_id": "baa_2025_row", "summary": "with, comma"})
    after = (copy / "data" / "studies.csv").read_text(encoding="utf-8").splitlines()
    new = [line for line in after if line not in before]
    assert new == ['baa_2025_row,unknown,,,,,,,current,title only,,,,,"with, comma",,,']
    assert [line for line in after if line not in new] == before
    assert after == [after[0], *sorted(after[1:])]


def test_a_dry_run_and_a_failure_write_nothing(copy: Path) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*.*") if path.is_file()}
    with edit(copy, dry_run=True) as change:
        change.add_row("studies", STUDY)
        assert "+zzz_2025_row" in change.diff()

    def fail_halfway() -> None:
        with edit(copy) as change:
            change.add_row("studies", STUDY)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    with pytest.raises(KeyError, match="no column"), edit(copy) as change:
        change.add_row("studies", {"no_such": "x"})
    assert {path: path.read_bytes() for path in before} == before


def test_a_decided_change_is_finished_by_the_next_command_whole(copy: Path) -> None:
    """New files and old; a change after it makes a file anew, and another."""
    new = copy / "folder" / "new.json"
    interrupted(copy)
    assert not new.exists()
    recover(copy)
    assert held(copy, "zzz") == [{STUDY["study_id"]}] * 3
    assert new.read_text(encoding="utf-8") == "{}\n"
    assert not (copy / JOURNAL).exists()
    with edit(copy) as change:
        change.write("folder/new.json", "[]\n")
        change.write("folder/other.json", "{}\n")
    assert new.read_text(encoding="utf-8") == "[]\n"
    assert (copy / "folder" / "other.json").is_file()


def test_an_interrupted_change_does_not_overwrite_what_was_edited_since(copy: Path) -> None:
    interrupted(copy)
    (copy / "data" / "studies.csv").write_text("study_id\nby_hand\n", encoding="utf-8")
    with pytest.raises(DataError, match="changed since"):
        recover(copy)
    assert (copy / "data" / "studies.csv").read_text(encoding="utf-8") == "study_id\nby_hand\n"


@pytest.mark.parametrize("step", range(5))
def test_whatever_step_is_interrupted_all_files_change_or_none(
    copy: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the steps the first is the journal, which decides."""
    steps = iter(range(5))

    def replace(*what: Any) -> None:
        if next(steps) == step:
            raise KeyboardInterrupt
        replace_bytes(*what)

    monkeypatch.setattr(editing, "replace_bytes", replace)
    with pytest.raises(KeyboardInterrupt), edit(copy) as change:
        four_files(change)
    monkeypatch.undo()
    recover(copy)
    assert held(copy, "zzz") == [{STUDY["study_id"]} if step else set()] * 3
    assert (copy / "folder" / "new.json").is_file() == bool(step)


@pytest.mark.parametrize("kills", [3, pytest.param(100, marks=pytest.mark.long)])
def test_kill_9_at_any_moment_tears_no_file_and_loses_no_row(copy: Path, kills: int) -> None:
    said: set[str] = set()
    for number in range(kills):
        process = writer(copy, f"kill{number:03d}", 10_000)
        assert process.stdout is not None
        process.stdout.readline()
        said.add(process.stdout.readline().strip())  # at least one change is made
        time.sleep((number * 37 % 100) / 400)
        process.send_signal(signal.SIGKILL)
        said |= {line.strip() for line in process.stdout}
        process.wait()
        if number % 2:  # what a reader finds before anything recovers: whole files
            held(copy, "kill")
        recover(copy)
        studies, vocabulary, changelog = held(copy, "kill")
        assert studies == vocabulary == changelog
        assert said <= studies
    assert said


@pytest.mark.parametrize("pairs", [1, pytest.param(50, marks=pytest.mark.long)])
def test_two_writers_at_once_lose_no_row(copy: Path, pairs: int) -> None:
    for number in range(pairs):
        names = (f"left{number:03d}", f"right{number:03d}")
        processes = [writer(copy, name, 5) for name in names]
        for process in processes:
            process.communicate(timeout=120)
            assert process.returncode == 0
        for name in names:
            assert [len(keys) for keys in held(copy, name)] == [5, 5, 5]
