"""Claims are tested at each build; a verdict that changes stops it until somebody accepts the new one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import spoil
from review_tools.cli import app
from review_tools.data.project import Project
from review_tools.synthesis import claims
from review_tools.synthesis.claim_tests import TESTS

PROJECT = Project(Path(__file__).resolve().parents[2])
LEDGER = PROJECT.table("claims").set_index("claim_id")
RUN = CliRunner()


# The lupus nephritis trial finds more remissions than it did: 12 of 12 against 0 of 6.
MORE = {"events_arm1": "12", "events_arm2": "0", "printed_percent_arm1": "100", "printed_percent_arm2": "0"}
FLIPPED = spoil.cells(PROJECT, "outcomes", "deng_2017_randomised-1", **MORE)


def test_every_claim_has_the_verdict_that_was_accepted_and_all_four_occur() -> None:
    tested = claims.verdicts(PROJECT)
    assert len(tested) >= 40
    assert [claim.row["claim_id"] for claim in tested if not claim.agrees] == []
    words = {claim.verdict.word for claim in tested}
    assert words == {"holds", "holds in part", "does not hold", "cannot be tested yet"}


def test_every_test_function_is_used_and_says_what_it_asks() -> None:
    assert set(LEDGER["test"]) == set(TESTS)
    assert all(function.__doc__ for function in TESTS.values())


def test_the_first_update_changes_verdicts() -> None:
    before, now = (
        [claim.verdict.word for claim in claims.verdicts(PROJECT, version=version)] for version in ("26.0.0", None)
    )
    assert before != now


def test_a_changed_row_stops_the_check_and_names_claim_chapter_and_sentence() -> None:
    problems = claims.check(FLIPPED)
    assert problems
    for problem in problems:
        row = LEDGER.loc[problem.value]
        assert row["chapter"] in problem.remedy
        assert row["statement"] in problem.why
        assert f"review accept {problem.value}" in problem.remedy


def test_a_retracted_study_no_longer_carries_a_claim() -> None:
    retracted = spoil.cells(PROJECT, "studies", "deng_2017_randomised", status="retracted")
    assert any("cannot be tested yet" in problem.why for problem in claims.check(retracted))


@pytest.mark.parametrize("cells", [{"test": "feels_right"}, {"subject": "no_such_comparison"}])
def test_a_claim_with_an_unknown_test_or_subject_is_a_problem(cells: dict[str, str]) -> None:
    name = LEDGER.index[LEDGER["test"] == "benefit"][0]
    (problem,) = claims.check(spoil.cells(PROJECT, "claims", name, **cells))
    assert "cannot run" in problem.why
    assert problem.value == cells.get("test", "benefit")


def test_accepting_the_new_verdicts_mends_the_check(copy: Path) -> None:
    (copy / "data" / "outcomes.csv").write_bytes(FLIPPED.read("data/outcomes.csv"))
    stopped = RUN.invoke(app, ["build", "--root", str(copy)])
    assert stopped.exit_code == 1
    assert "Nothing was built" in stopped.output
    before = (copy / "data" / "claims.csv").read_text(encoding="utf-8").splitlines()
    for problem in claims.check(Project(copy)):
        result = RUN.invoke(app, ["accept", problem.value, "--by", "A. Reader", "--root", str(copy)])
        assert result.exit_code == 0, result.output
    assert claims.check(Project(copy)) == []
    assert (Project(copy).table("claims")["accepted_by"] == "A. Reader").any()
    after = (copy / "data" / "claims.csv").read_text(encoding="utf-8").splitlines()
    assert 0 < sum(line != other for line, other in zip(before, after, strict=True)) < 10  # the rest byte for byte
    for arguments in (["nothing", "--by", "A"], [LEDGER.index[0], "--by", " "]):
        refused = RUN.invoke(app, ["accept", *arguments, "--root", str(copy)])
        assert refused.exit_code == 1
        assert "Traceback" not in refused.output
