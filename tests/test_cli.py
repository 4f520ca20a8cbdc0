"""The command line: what it offers is documented, and a user's mistake gets a plain answer."""

import json
import re
from pathlib import Path

from typer.testing import CliRunner

from review_tools.cli import app

RUN = CliRunner()


def test_tables_lists_every_table_with_its_size(root: Path) -> None:
    sizes = json.loads(RUN.invoke(app, ["tables", "--root", str(root), "--json"]).output)
    assert sizes["citations"]["rows"] == 121
    assert "outcomes" in RUN.invoke(app, ["tables", "--root", str(root)]).output


def test_a_folder_that_is_no_project_is_refused_plainly(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["check", "--root", str(tmp_path)])
    assert result.exit_code == 1
    assert "holds no data" in result.output
    assert "Traceback" not in result.output


def test_every_command_is_described_in_the_readme(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"review {command.name or command.callback.__name__}" in readme


def test_every_make_target_has_its_line_of_help(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"\.PHONY: (.*)", makefile)[1].split()
    helped = re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)
    assert set(phony) == set(helped)
