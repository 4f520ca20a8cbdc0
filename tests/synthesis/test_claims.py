"""Claims are tested at each build; a verdict that changes stops it until somebody accepts the new one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import review_tools as rt
from review_tools.cli import app
from review_tools.synthesis import claims
from review_tools.synthesis.claim_tests import TESTS

SetCell = Callable[[str, str, str, str], None]
RUN = CliRunner()


def test_every_claim_has_the_verdict_that_was_accepted() -> None:
    tested = claims.verdicts()
    assert len(tested) >= 40
    assert [claim.row["claim_id"] for claim in tested if not claim.agrees] == []


def test_all_four_verdicts_occur() -> None:
    assert {claim.verdict.word for claim in claims.verdicts()} == {
        "holds",
        "holds in part",
        "does not hold",
        "cannot be tested yet",
    }


def test_every_test_function_is_used_and_says_what_it_asks() -> None:
    assert set(rt.load("claims")["test"]) == set(TESTS)
    assert all(function.__doc__ for function in TESTS.values())


def test_the_first_update_changes_verdicts() -> None:
    before = {claim.row["claim_id"]: claim.verdict.word for claim in claims.verdicts(version="26.0.0")}
    now = {claim.row["claim_id"]: claim.verdict.word for claim in claims.verdicts()}
    assert any(before[name] != now[name] for name in now)


@pytest.fixture
def flipped(copy: Path, set_cell: SetCell) -> Path:
    """A copy in which the lupus nephritis trial found more remissions than it did: 12 of 12 against 0 of 6."""
    for column, value in (
        ("events_arm1", "12"),
        ("events_arm2", "0"),
        ("printed_percent_arm1", "100"),
        ("printed_percent_arm2", "0"),
    ):
        set_cell("outcomes", "deng_2017_randomised-1", column, value)
    return copy


def test_a_changed_row_stops_the_build_and_names_claim_chapter_and_sentence(flipped: Path) -> None:
    result = RUN.invoke(app, ["build", "--root", str(flipped)])
    assert result.exit_code == 1
    assert "Nothing was built" in result.output
    problems = claims.check(flipped)
    assert problems
    for problem in problems:
        row = rt.load("claims").set_index("claim_id").loc[problem.value]
        assert row["chapter"] in problem.remedy
        assert row["statement"] in problem.why
        assert f"review accept {problem.value}" in problem.remedy


def test_accepting_the_new_verdicts_mends_the_check(flipped: Path) -> None:
    for problem in claims.check(flipped):
        result = RUN.invoke(app, ["accept", problem.value, "--by", "A. Reader", "--root", str(flipped)])
        assert result.exit_code == 0, result.output
    assert claims.check(flipped) == []
    ledger = rt.data.tables.load("claims", flipped)
    assert (ledger["accepted_by"] == "A. Reader").any()
    before = (Path(__file__).parents[2] / "data" / "claims.csv").read_text(encoding="utf-8").splitlines()
    after = (flipped / "data" / "claims.csv").read_text(encoding="utf-8").splitlines()
    changed = [line for line, other in zip(before, after, strict=True) if line != other]
    assert 0 < len(changed) < 10  # only the accepted lines, the rest byte for byte


def test_a_retracted_study_no_longer_carries_a_claim(copy: Path, set_cell: SetCell) -> None:
    set_cell("studies", "deng_2017_randomised", "status", "retracted")
    changed = [problem.why for problem in claims.check(copy)]
    assert any("cannot be tested yet" in why for why in changed)


def test_accepting_needs_a_name_and_a_claim(copy: Path) -> None:
    for arguments in (["nothing", "--by", "A"], [rt.load("claims")["claim_id"].iloc[0], "--by", " "]):
        result = RUN.invoke(app, ["accept", *arguments, "--root", str(copy)])
        assert result.exit_code == 1
        assert "Traceback" not in result.output


def test_a_claim_with_an_unknown_test_or_subject_is_a_problem(copy: Path, set_cell: SetCell) -> None:
    first, second = rt.load("claims").query("test == 'benefit' or test == 'no_clear_benefit'")["claim_id"].iloc[:2]
    set_cell("claims", first, "test", "feels_right")
    set_cell("claims", second, "subject", "no_such_comparison")
    assert {problem.value for problem in claims.check(copy)} >= {"feels_right"}
    assert sum("cannot run" in problem.why for problem in claims.check(copy)) == 2
