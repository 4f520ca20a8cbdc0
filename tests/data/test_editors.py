"""`review schema`: the JSON Schema of rows takes every real row and refuses bad ones."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from review_tools.cli import app
from review_tools.data import schema
from review_tools.data.inline_values import as_text
from review_tools.data.tables import load

TABLES = list(schema.tables(Path(__file__).parents[2]))


def printed(table: str, root: Path) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["schema", table, "--root", str(root)])
    assert result.exit_code == 0
    return json.loads(result.output)


def rows(table: str, root: Path) -> list[dict[str, Any]]:
    def plain(value: Any) -> Any:
        if pd.isna(value):
            return None
        return as_text(value) if isinstance(value, pd.Timestamp) else getattr(value, "item", lambda: value)()

    return [{name: plain(v) for name, v in row.items()} for row in load(table, root).astype(object).to_dict("records")]


@pytest.mark.parametrize("table", TABLES)
def test_every_real_row_is_valid(table: str, root: Path) -> None:
    told = printed(table, root)
    Draft202012Validator.check_schema(told)
    Draft202012Validator(told).validate(rows(table, root))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("study_id", "Not A Key"),
        ("study_id", "a_key\nmore"),
        ("kind", "telepathy"),
        ("kind", None),
        ("n", 0),
        ("n", "63 people"),
        ("trial_id", "NCT12"),
        ("source_url", "javascript:alert(1)"),
        ("status", ""),
        ("summary", " padded"),
        ("unknown", "x"),
    ],
)
def test_a_bad_row_is_refused(column: str, value: Any, root: Path) -> None:
    validator = Draft202012Validator(printed("studies", root))
    row = rows("studies", root)[0]
    assert validator.is_valid([row])
    assert not validator.is_valid([{**row, column: value}])


def test_a_table_that_does_not_exist_is_refused(root: Path) -> None:
    result = CliRunner().invoke(app, ["schema", "nothing", "--root", str(root)])
    assert result.exit_code == 1
    assert "there are studies" in result.output


def test_the_hook_runs_the_check(root: Path) -> None:
    """Both files for pre-commit have what it needs, and call a command that exists."""
    [repository] = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for hook in (*repository["hooks"], *yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))):
        assert {"id", "name", "entry", "language", "files"} <= set(hook)
        assert hook["entry"].endswith("review check")
        assert hook["pass_filenames"] is False
