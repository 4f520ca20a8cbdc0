"""`review add` killed at any moment: no torn file, no lost row, the next command mends it."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from review_tools.check import check
from review_tools.data.project import Project
from sources.server import a_study

REVIEW = [sys.executable, "-m", "review_tools.cli"]


def start(copy: Path, number: int) -> subprocess.Popen[str]:
    """Adds one invented trial, read from a file."""
    name = f"NCT99{number:06d}"
    record = copy.parent / f"{name}.json"
    record.write_text(json.dumps(a_study(name, f"Invented trial {number}")), encoding="utf-8")
    words = ["add", "nct", name, "--from", str(record), "--set", "disease=Crohn's disease", "--root", str(copy)]
    return subprocess.Popen([*REVIEW, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def held(copy: Path) -> tuple[set[str], set[str]]:
    """Added trials in the table and in the changelog; a torn file cannot be read and raises."""
    project = Project(copy)
    rows = project.text("trials")["trial_id"]
    project.text("vocabulary")
    lines = (copy / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    told = {line.split("`")[1] for line in lines if line.startswith("- Trial `NCT99")}
    return {row for row in rows if row.startswith("NCT99")}, told


def next_command(copy: Path) -> None:
    done = subprocess.run([*REVIEW, "tables", "--root", str(copy)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (copy / ".edit/journal.json").exists()


@pytest.mark.long  # the writer itself is killed in tests/data/test_edit.py
def test_kill_9_at_any_moment(copy: Path) -> None:
    chance = random.Random(6)  # noqa: S311 (moments, not secrets)
    usual = time.monotonic()
    first = start(copy, 0)
    assert first.wait() == 0, first.communicate()
    usual = time.monotonic() - usual
    before, interrupted = held(copy)[0], 0
    for number in range(1, 101):
        process = start(copy, number)
        if number % 2:  # any moment of the run
            time.sleep(chance.uniform(0, usual))
        else:  # while files change places, or just after
            while process.poll() is None and not any((copy / ".edit").glob("*n*")):  # journal.json, new
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        said = process.communicate()[0]
        held(copy)  # what a reader finds before anything recovers: whole files
        interrupted += process.returncode == -signal.SIGKILL
        next_command(copy)
        rows, told = held(copy)
        assert rows == told
        assert before <= rows <= before | {f"NCT99{number:06d}"}
        assert "Added" not in said or f"NCT99{number:06d}" in rows
        before = rows
    assert interrupted
    assert check(Project(copy)) == []
