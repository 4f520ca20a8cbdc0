"""Nothing disappears from the data by accident: the check compares with what git knows."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from review_tools.check import RULES
from review_tools.check.engine import run
from review_tools.data.problems import Problem
from review_tools.data.project import Project


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def found(copy: Path, rule: str) -> list[Problem]:
    return run(Project(copy), [RULES[rule]])


def change(path: Path, edit: Callable[[list[str]], list[str]]) -> None:
    path.write_text("".join(edit(path.read_text(encoding="utf-8").splitlines(keepends=True))), encoding="utf-8")


@pytest.fixture
def committed(copy: Path) -> Path:
    """A committed copy in which the table of decisions is a log."""
    package = copy / "data" / "datapackage.json"
    data = json.loads(package.read_text(encoding="utf-8"))
    next(one for one in data["resources"] if one["name"] == "decisions")["appendOnly"] = True
    package.write_text(json.dumps(data), encoding="utf-8")
    git(copy, "init", "-q")
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "all")
    return copy


def test_a_study_that_disappears_is_missed(committed: Path) -> None:
    """Removing a study fails the check before and after it is committed, until it is recorded as withdrawn."""
    change(committed / "data/studies.csv", lambda lines: [one for one in lines if not one.startswith("pan_2016_low,")])
    assert [problem.value for problem in found(committed, "study_gone")] == ["pan_2016_low"]
    git(committed, "commit", "-qam", "remove")
    assert [problem.value for problem in found(committed, "study_gone")] == ["pan_2016_low"]
    withdrawn = "pan_2016_low,2026-11-23,Entered by mistake,A. Reader\n"
    change(committed / "data/withdrawn.csv", lambda lines: [*lines, withdrawn])
    assert found(committed, "study_gone") == []


def test_the_past_lines_of_a_log_stay_as_they_were(committed: Path) -> None:
    """Changing or removing a committed line of a table that only grows is refused; adding one is not."""
    decisions = committed / "data" / "decisions.csv"
    before = decisions.read_text(encoding="utf-8")
    held = next(line for line in before.splitlines(keepends=True) if line.startswith("nmpa-2025-amimestrocel,"))
    more = held.replace("nmpa-2025-amimestrocel", "nmpa-2026-other")
    change(decisions, lambda lines: [*lines, more])
    assert found(committed, "past_line_changed") == []
    git(committed, "commit", "-qam", "a line more")
    change(decisions, lambda lines: [*lines[:-1], lines[-1].replace("2025-01-02", "2025-01-03", 1)])
    [problem] = found(committed, "past_line_changed")
    assert (problem.column, problem.value) == ("date", "2025-01-03")
    git(committed, "commit", "-qam", "a past line changed")
    [problem] = found(committed, "past_line_changed")
    assert "it said '2025-01-02'" in problem.why
    decisions.write_text(before, encoding="utf-8")
    [problem] = found(committed, "past_line_changed")
    assert problem.value == "nmpa-2026-other"
