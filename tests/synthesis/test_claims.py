"""Claims are tested at each build, and results are signed; what changes stands until somebody has read it again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import spoil
from review_tools.cli import app
from review_tools.data.project import Project
from review_tools.synthesis import claims
from review_tools.synthesis.claim_tests import TESTS, Claim, run
from review_tools.synthesis.signatures import digest, signature
from small_pool import NAME, PROJECT, counts, low_risk, review

LEDGER = PROJECT.table("claims").set_index("claim_id")
RUN = CliRunner()
# The lupus nephritis trial finds more remissions than it did: 12 of 12 against 0 of 6.
MORE = {"events_arm1": "12", "events_arm2": "0", "printed_percent_arm1": "100", "printed_percent_arm2": "0"}
FLIPPED = spoil.cells(PROJECT, "outcomes", "deng_2017_randomised-1", **MORE)


def test_every_claim_has_the_verdict_that_was_accepted_and_all_four_occur() -> None:
    tested = claims.verdicts(PROJECT)
    assert len(tested) >= 40
    assert [claim.row["claim_id"] for claim in tested if claim.verdict.word != claim.row["expected"]] == []
    words = [claim.verdict.word for claim in tested]
    assert set(words) == {"holds", "holds in part", "does not hold", "cannot be tested yet"}
    assert words != [
        claim.verdict.word for claim in claims.verdicts(PROJECT, version="26.0.0")
    ]  # an update changes some
    assert set(LEDGER["test"]) == set(TESTS)
    assert all(function.__doc__ for function in TESTS.values())


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
    assert run("no_rows", Claim(retracted, "outcomes study_id=deng_2017_randomised")).word == "holds"
    assert run("nobody_in_msc_arm", Claim(retracted, "deng_2017_randomised-1")).word == "cannot be tested yet"


@pytest.mark.parametrize(
    ("cells", "says", "value"),
    [
        ({"test": "feels_right"}, "the test cannot run: feels_right", "feels_right"),
        ({"subject": "no_such_comparison"}, "the test cannot run: No comparison", "benefit"),
        ({"chapter": "book/none.md"}, "no such chapter", "book/none.md"),
    ],
)
def test_a_claim_with_an_unknown_test_subject_or_chapter_is_a_problem(
    cells: dict[str, str], says: str, value: str
) -> None:
    name = LEDGER.index[LEDGER["test"] == "benefit"][0]
    problems = claims.check(spoil.cells(PROJECT, "claims", name, **cells))
    assert [problem.value for problem in problems if says in problem.why] == [value]


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
    ("row", "named", "said"),
    [
        (CLEAR, "high", "holds"),
        (CLEAR, "low or very low", "does not hold"),
        (WIDE, "moderate or low", "holds"),
        (counts(0, 10, 0, 10), "high", "cannot be tested yet"),
    ],
)
def test_a_claim_can_test_the_certainty(row: dict[str, object], named: str, said: str) -> None:
    assert verdict("certainty_is", row, subject=f"{NAME}={named}") == said


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


# Signatures

JUDGED = {"comparison_id": NAME, "domain": "indirectness", "levels": 1, "reason": "Adults only.", "judged_by": "Ana"}
HELD = review(CLEAR, risk_of_bias=low_risk("a"), certainty_judgements=[JUDGED], trials=[], silent_trials=[])


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
    signed, names = (Project(copy).table(table)["comparison_id"] for table in ("signatures", "comparisons"))
    name = str(names[~names.isin(signed)].iloc[0])
    assert signature(Project(copy), name).words == "not signed"
    for by in ("Ana", "Ben"):  # the second in place of the first
        made = RUN.invoke(app, ["sign", name, "--by", by, "--root", str(copy)])
        assert made.exit_code == 0, made.output
        found = signature(Project(copy), name)
        assert (found.by, found.stands) == (by, True)
        assert f"signed by {by} on " in found.words
    assert len(Project(copy).table("signatures")) == len(signed) + 1
    set_cell("comparisons", name, "what_would_change_it", "Another trial.")
    found = signature(Project(copy), name)
    assert (found.stands, found.words.endswith("lapsed, since something moved")) == (False, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["sign", "gvhd", "--by", "A"], "No comparison 'gvhd'"),
        (["sign", NAME, "--by", " "], "--by NAME"),
        (["accept", "nothing", "--by", "A"], "no claim 'nothing'"),
        (["accept", LEDGER.index[0], "--by", " "], "--by NAME"),
    ],
)
def test_who_signs_or_accepts_nothing_or_as_nobody_is_told(root: Path, words: list[str], says: str) -> None:
    refused = RUN.invoke(app, [*words, "--root", str(root)])
    assert refused.exit_code == 1
    assert says in refused.output
    assert "Traceback" not in refused.output
