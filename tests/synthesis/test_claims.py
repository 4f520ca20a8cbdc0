"""Claims are tested at each build; a verdict that changes stops it until somebody accepts the new one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import spoil
from review_tools.cli import app
from review_tools.data.project import Project
from review_tools.synthesis import claims
from review_tools.synthesis.claim_tests import TESTS, Claim, run
from small_pool import NAME, counts, low_risk, review

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
    problems = claims.check(spoil.cells(PROJECT, "claims", name, **cells))
    (problem,) = (one for one in problems if "cannot run" in one.why)
    assert problem.value == cells.get("test", "benefit")


def verdict(test: str, *rows: dict[str, object], subject: str = NAME, **more: object) -> str:
    project = review(*rows, **{"risk_of_bias": low_risk("a", "b")} | more)  # type: ignore[arg-type]
    return run(test, Claim(project, subject)).word


CLEAR, ALIKE, WIDE = counts(600, 1000, 400, 1000), counts(500, 1000, 490, 1000), counts(32, 100, 20, 100)


@pytest.mark.parametrize(
    ("test", "rows", "better", "said"),
    [
        ("benefit", (CLEAR, CLEAR), True, "holds"),
        ("benefit", (CLEAR,), True, "holds in part"),
        ("benefit", (CLEAR, CLEAR), False, "does not hold"),  # harm
        ("benefit", (ALIKE, ALIKE), True, "does not hold"),  # little or no difference
        ("benefit", (WIDE, WIDE), True, "holds in part"),  # its certainty is low
        ("benefit", (WIDE,), True, "cannot be tested yet"),
        ("benefit", (counts(40, 100, 1, 100),), True, "cannot be tested yet"),  # far too uncertain to say
        ("benefit", (WIDE, counts(20, 100, 28, 100)), True, "cannot be tested yet"),
        ("clearly_better", (WIDE,), True, "cannot be tested yet"),
        ("clearly_better", (CLEAR,), False, "does not hold"),
        ("not_worse", (WIDE,), False, "cannot be tested yet"),
    ],
)
def test_what_is_uncertain_never_makes_a_claim_fail(
    test: str, rows: tuple[dict[str, object], ...], better: bool, said: str
) -> None:
    lowered = [{"comparison_id": NAME, "domain": "indirectness", "levels": 2 * (rows[0] is WIDE), "reason": "So."}]
    assert verdict(test, *rows, better=better, certainty_judgements=lowered) == said


@pytest.mark.parametrize(
    ("rows", "named", "said"),
    [
        ((CLEAR,), "high", "holds"),
        ((CLEAR,), "low or very low", "does not hold"),
        ((WIDE,), "moderate or low", "holds"),
        ((counts(0, 10, 0, 10),), "high", "cannot be tested yet"),
    ],
)
def test_a_claim_can_test_the_certainty(rows: tuple[dict[str, object], ...], named: str, said: str) -> None:
    assert verdict("certainty_is", *rows, subject=f"{NAME}={named}") == said


def test_a_certainty_that_is_none_is_answered_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="there are very low, low, moderate, high"):
        verdict("certainty_is", CLEAR, subject=f"{NAME}=middling")


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
