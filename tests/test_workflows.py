"""What the workflows run on GitHub's machines: their shell, run here against a stand-in for ``gh``."""

import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from review_tools.cli import app

GH = """#!/bin/sh
echo "gh $1 $2" >> "$PAPER"
for word in "$@"; do printf '%s\\n' "$word" >> "$PAPER"; done
case "$1 $2" in "issue list" | "pr list") [ "$OPEN" != broken ] || exit 1; printf '%s' "$OPEN" ;; esac
"""
WELL = dict.fromkeys(("SEARCH", "INSTALL", "DATA", "IDENTIFY", "WATCH", "RETRACTIONS"), "success") | {
    "PROPOSE": "skipped",
    "TITLE": "The weekly search failed or is incomplete",
    "RUN": "https://github.com/owner/name/actions/runs/1",
}
BROKEN = {
    "install": ({"SEARCH": "failure", "INSTALL": "failure", "DATA": "skipped"}, "packages could not be installed"),
    "data": ({"SEARCH": "failure", "DATA": "failure"}, "data do not pass the check"),
    "references": ({"IDENTIFY": "failure"}, "Crossref did not answer"),
    "service": ({"WATCH": "failure"}, "source did not answer the search"),
    "runner": ({"SEARCH": "failure", "INSTALL": "", "DATA": "", "WATCH": ""}, "searches ended with: failure"),
    "too long": ({"SEARCH": "cancelled"}, "searches ended with: cancelled"),
    "proposal": ({"PROPOSE": "failure"}, "opens the pull request ended with: failure"),
}
AGAIN = "Start a run for each form that waits"


def workflow(root: Path, name: str) -> dict[str, Any]:
    return yaml.safe_load((root / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))


def shell(root: Path, name: str, job: str, step: str) -> str:
    steps = workflow(root, name)["jobs"][job]["steps"]
    return next(one["run"] for one in steps if one.get("name") == step)


def run(script: str, folder: Path, **names: str) -> str:
    """What the script asked of ``gh``, as it stands on paper."""
    command, paper = folder / "bin" / "gh", folder / "paper"
    command.parent.mkdir(exist_ok=True)
    command.write_text(GH, encoding="utf-8")
    command.chmod(command.stat().st_mode | stat.S_IEXEC)
    paper.write_text("", encoding="utf-8")
    known = {"PATH": f"{command.parent}:{os.defpath}", "PAPER": str(paper), "OPEN": "", **names}
    subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], check=True, cwd=folder, env=known)
    return paper.read_text(encoding="utf-8")


@pytest.mark.parametrize(("outcome", "why"), BROKEN.values(), ids=BROKEN.keys())
def test_the_alarm_opens_an_issue(root: Path, tmp_path: Path, outcome: dict[str, str], why: str) -> None:
    script = shell(root, "weekly", "alarm", "Open an issue, or add to the open one")
    paper = run(script, tmp_path, **WELL | outcome)
    assert paper.count("gh issue create") == 1
    for said in (WELL["TITLE"], why, WELL["RUN"]):
        assert said in paper
    again = run(script, tmp_path, **WELL | outcome | {"OPEN": "7"})
    assert "gh issue create" not in again
    assert "gh issue comment\nissue\ncomment\n7\n" in again
    assert why in again
    assert "gh issue create" in run(script, tmp_path, **WELL | outcome | {"OPEN": "broken"})
    assert not run(script, tmp_path, **WELL)


@pytest.mark.parametrize("name", ["weekly", "nightly"])
def test_the_alarm_needs_nothing_of_what_it_watches(root: Path, name: str) -> None:
    jobs = workflow(root, name)["jobs"]
    alarm = jobs.pop("alarm")
    assert set(jobs) == set([alarm["needs"]] if isinstance(alarm["needs"], str) else alarm["needs"])
    assert alarm["if"].startswith("always()")
    assert [set(step) & {"uses"} for step in alarm["steps"]] == [set()]
    assert alarm["permissions"] == {"issues": "write"}
    for command in ("make", "review", "python", "pip", "git "):
        assert command not in alarm["steps"][0]["run"]


def test_the_drill_breaks_what_it_says(root: Path, copy: Path) -> None:
    script = shell(root, "weekly", "search", "Break something on purpose")
    offered = workflow(root, "weekly")[True]["workflow_dispatch"]["inputs"]["drill"]["options"]
    assert offered == ["nothing", "install", "data", "service"]
    told = copy / "environment"
    for drill in offered:
        run(script, copy, DRILL=drill, GITHUB_ENV=str(told))
    assert "a-package-that-is-broken==0" in (copy / "requirements-check.txt").read_text(encoding="utf-8")
    assert told.read_text(encoding="utf-8") == "REVIEW_PUBMED_URL=http://127.0.0.1:9\n"
    assert CliRunner().invoke(app, ["check", "--root", str(copy)]).exit_code == 1


def test_a_form_that_met_an_outage_waits_and_is_tried_again(root: Path, tmp_path: Path) -> None:
    answer, again = shell(root, "form", "refuse", "Answer on the issue"), shell(root, "form", "again", AGAIN)
    names = {"ISSUE": "7", "WAITS": "waits for a registry"}
    told = "issue\ncomment\n7\n--edit-last\n--create-if-none\n--body-file\nproposal/complaints.md"
    failed = run(answer, tmp_path, **names)  # nothing was written: the job failed before it read the form
    assert "Nothing is wrong with the form" in (tmp_path / "proposal/complaints.md").read_text("utf-8")
    assert "issue\nedit\n7\n--add-label\nwaits for a registry" in failed
    assert told in failed
    (tmp_path / "proposal" / "outage").unlink()
    refused = run(answer, tmp_path, **names)
    assert (told in refused, "--add-label" in refused) == (True, False)
    tried = run(again, tmp_path, **names | {"OPEN": "7\n9"})
    assert [f"--raw-field\nissue={number}\n" in tried for number in (7, 8, 9)] == [True, False, True]
    assert tried.index("issue=7") < tried.index("--remove-label")  # a run that did not start is not forgotten


def test_a_change_of_data_alone_does_not_wait_for_the_tests_of_the_code(root: Path) -> None:
    [step] = [one for one in workflow(root, "book")["jobs"]["scope"]["steps"] if one.get("id") == "files"]
    alone = re.search("grep -qvE '(.*)'", step["run"])[1]
    for name in ("data/outcomes.csv", "references.bib", "book/trials.md", ".github/ISSUE_TEMPLATE/trial.yml"):
        assert re.match(alone, name)
    for name in ("src/review_tools/cli/add.py", ".github/workflows/form.yml", "requirements.txt", "references.bib.py"):
        assert not re.match(alone, name)


def test_a_proposal_is_opened_once_and_then_renewed(root: Path, tmp_path: Path) -> None:
    script = shell(root, "propose", "propose", "Open or renew the pull request")
    folder = tmp_path / "_build" / "proposal"
    folder.mkdir(parents=True)
    (folder / "title.txt").write_text("What the weekly search found\n", encoding="utf-8")
    (folder / "text.md").write_text("ä" * 40_000, encoding="utf-8")
    assert "gh pr create" in run(script, tmp_path, BRANCH="weekly-search")
    assert (tmp_path / "text.md").read_text(encoding="utf-8") == "ä" * 30_000  # GitHub takes no longer text
    renewed = run(script, tmp_path, BRANCH="weekly-search", OPEN="7")
    assert "gh pr create" not in renewed
    assert "repos/{owner}/{repo}/pulls/7" in renewed
