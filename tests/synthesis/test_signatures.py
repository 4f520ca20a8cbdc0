"""A signature stands for what was read, and lapses as soon as any of it moves."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import spoil
from review_tools.cli import app
from review_tools.data.project import Project
from review_tools.synthesis.signatures import digest, signature
from small_pool import NAME, counts, low_risk, review

JUDGED = {"comparison_id": NAME, "domain": "indirectness", "levels": 1, "reason": "Adults only.", "judged_by": "Ana"}
HELD = review(
    counts(600, 1000, 400, 1000), risk_of_bias=low_risk("a"), certainty_judgements=[JUDGED], trials=[], silent_trials=[]
)


@pytest.mark.parametrize(
    ("table", "row", "cells"),
    [
        ("outcomes", "a-1", {"events_arm1": "601"}),
        ("outcomes", "a-1", {"population": "adults"}),
        ("outcomes", "a-1", {"outcome_set": ""}),
        ("studies", "a", {"status": "retracted"}),
        ("outcome_sets", "set", {"important_difference": "50"}),
        ("comparisons", NAME, {"question": "Does it work well?"}),
        ("risk_of_bias", "a", {"judgement": "high"}),
        ("certainty_judgements", NAME, {"reason": "Children only."}),
    ],
)
def test_one_changed_cell_lapses_a_signature(table: str, row: str, cells: dict[str, str]) -> None:
    assert digest(HELD, NAME) == digest(HELD.with_files({}), NAME)
    assert digest(spoil.cells(HELD, table, row, **cells), NAME) != digest(HELD, NAME)


def test_what_is_elsewhere_lapses_nothing() -> None:
    more = spoil.again(HELD, "outcomes", "a-1", outcome_id="a-2", outcome_set="other")
    assert digest(more, NAME) == digest(HELD, NAME)


def test_signing_writes_one_line_that_stands_until_a_row_moves(
    copy: Path, set_cell: Callable[[str, str, str, str], None]
) -> None:
    signed = Project(copy).table("signatures")["comparison_id"]
    names = Project(copy).table("comparisons")["comparison_id"]
    name = str(names[~names.isin(signed)].iloc[0])
    assert signature(Project(copy), name).words == "not signed"
    for by in ("Ana", "Ben"):  # the second in place of the first
        made = CliRunner().invoke(app, ["sign", name, "--by", by, "--root", str(copy)])
        assert made.exit_code == 0, made.output
        found = signature(Project(copy), name)
        assert (found.by, found.stands) == (by, True)
        assert f"signed by {by} on " in found.words
    assert len(Project(copy).table("signatures")) == len(signed) + 1
    set_cell("comparisons", name, "what_would_change_it", "Another trial.")
    found = signature(Project(copy), name)
    assert found.words.endswith("lapsed, since something moved")
    assert not found.stands


@pytest.mark.parametrize(
    ("words", "says"), [(["gvhd", "--by", "A"], "No comparison 'gvhd'"), ([NAME, "--by", " "], "--by NAME")]
)
def test_who_signs_nothing_or_as_nobody_is_told(root: Path, words: list[str], says: str) -> None:
    refused = CliRunner().invoke(app, ["sign", *words, "--root", str(root)])
    assert refused.exit_code == 1
    assert says in refused.output
    assert "Traceback" not in refused.output
