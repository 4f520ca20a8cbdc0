"""The command line: what it offers is documented, and a user's mistake gets a plain answer."""

import errno
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from review_tools.cli import app
from review_tools.data.project import Project

RUN = CliRunner()
COMMANDS = typer.main.get_command(app).commands


def test_a_folder_that_is_no_project_is_refused_plainly(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["check", "--root", str(tmp_path)])
    assert result.exit_code == 1
    assert "holds no data" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "/x: Permission denied → work in a folder"),
        (OSError(errno.EMFILE, "Too many open files"), "The machine: Too many open files → allow more .* ulimit -n"),
        (OSError(errno.ENOSPC, "No space left", "/x"), "/x: No space left → free space"),
        (MemoryError(), "There is not enough memory → close other programs"),
    ],
)
def test_what_the_machine_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception, says: str) -> None:
    monkeypatch.setattr(Project, "find", lambda root: (_ for _ in ()).throw(error))
    result = RUN.invoke(app, ["check"])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert re.search(says, result.output)


def test_a_copied_folder_says_whose_code_runs(copy: Path) -> None:
    (copy / "src/review_tools").mkdir(parents=True)
    assert "not that of" in RUN.invoke(app, ["forms", "--root", str(copy)]).output


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_and_each_of_its_options_does(name: str) -> None:
    command = COMMANDS[name]
    for one in (command, *getattr(command, "commands", {}).values()):
        assert one.help, one.name
        assert f"review {name}" in (one.epilog or ""), one.name
        assert all(option.help for option in one.params), one.name


def test_the_help_has_three_panels() -> None:
    panels = [command.rich_help_panel for command in COMMANDS.values()]  # type: ignore[attr-defined]
    assert set(panels) == {"Contribute", "Maintain", "Look"}
    assert panels.count("Contribute") == 5


def test_what_the_documents_tell_to_run_exists(root: Path) -> None:
    documents = [root / "README.md", root / "CONTRIBUTING.md", *(root / "docs").glob("*.md")]
    documents += (root / "book").rglob("*.md")
    told = {word for path in documents for word in re.findall(r"`review ([a-z]+)", path.read_text(encoding="utf-8"))}
    assert {"add", "check", "build", "diff", "accept"} <= told <= set(COMMANDS)


def test_every_make_target_has_its_line_of_help(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"\.PHONY: (.*)", makefile)[1].split()
    helped = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    assert set(phony) == set(helped)
