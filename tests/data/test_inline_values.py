"""Numbers in prose come from the data, or the question is refused."""

import pytest

import review_tools as rt
from review_tools.data.inline_values import UnknownFactError
from review_tools.data.inline_values import answer as answered


def answer(kind: str, question: str) -> str:
    return answered(rt.project(), kind, question)


def test_counts_follow_conditions_and_sections() -> None:
    findings = rt.load("findings")
    assert answer("count", "findings") == str(len(findings))
    below = findings["section"].str.startswith("2.1")
    assert answer("count", "findings section=2.1") == str(below.sum())
    assert answer("count", 'findings basis="seed only"') == str((findings["basis"] == "seed only").sum())


def test_cells_and_percentages() -> None:
    assert answer("value", "outcomes deng_2017_randomised-1 events_arm1") == "9"
    assert answer("percent", "outcomes deng_2017_randomised-1 arm1") == "75"
    assert answer("value", "trials NCT00690066 status_date") == "2021-12-23"


def test_what_a_version_printed_is_that_of_its_snapshot() -> None:
    assert answer("released", "26.1.0 crohns_fistula text") == "1.06 (0.35 to 3.23)"
    assert answer("released", "26.1.0 crohns_fistula people") == "589"


@pytest.mark.parametrize(
    ("kind", "question"),
    [
        ("count", "trails"),
        ("count", "findings colour=blue"),
        ("count", "findings route=telepathy"),
        ("value", "outcomes nobody-1 events_arm1"),
        ("value", "outcomes deng_2017_randomised-1 mean_arm1"),
        ("value", "outcomes deng_2017_randomised-1"),
        ("count", 'findings basis="open'),
        ("released", "25.9.0 crohns_fistula text"),
        ("released", "26.1.0 crohn_fistula text"),
        ("released", "26.1.0 crohns_fistula verdict"),
        ("released", ""),
    ],
)
def test_a_question_without_answer_is_refused(kind: str, question: str) -> None:
    with pytest.raises(UnknownFactError):
        answer(kind, question)
