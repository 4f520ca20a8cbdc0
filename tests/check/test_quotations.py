"""Numbers against the words of their source: which are shown, and that one wrong digit is refused."""

import random

import pytest

import spoil
from review_tools.check import RULES
from review_tools.check.engine import whole
from review_tools.check.quotations import CHECKED, COLUMNS, fitting_counts, not_shown, state, unshown
from review_tools.data.project import Project

DRAWN = 50
EMPTY = dict.fromkeys((*COLUMNS, "arm1", "arm2"), "") | {"block": "binary", "value_basis": "printed"}
APART = "arm1=UC-MSC arm2=placebo"
ABOUT_OUTCOMES = [rule for rule in RULES.values() if "outcomes" in rule.about or not rule.about]


@pytest.mark.parametrize(
    ("words", "numbers", "missing"),
    [
        ("9/12 (75%) vs 5/6 (83%)", "events_arm1=9 n_arm1=12 events_arm2=5 n_arm2=6", ""),
        ("9/12 (75%) vs 5/6 (83%)", "events_arm1=5 n_arm1=6 events_arm2=9 n_arm2=12", "events_arm2 n_arm2"),
        ("5/6 vs 9/12; no effect", "events_arm1=0 n_arm1=6 events_arm2=9 n_arm2=12", "events_arm1 n_arm1"),
        ("Twenty-four of 54 achieved CR", "events_arm1=24 n_arm1=54", ""),
        ("Three subjects v none", "events_arm1=3 events_arm2=0", ""),
        ("Three subjects v none", "events_arm1=0 events_arm2=3", "events_arm2"),
        ("One hundred and two people, a hundred ill", "n_arm1=102 events_arm1=100", ""),
        ("One hundred and two people", "n_arm1=101", "n_arm1"),
        ("1 stroke with placebo", f"events_arm1=0 events_arm2=1 {APART}", "events_arm1"),
        ("1 stroke with placebo", f"events_arm1=1 {APART}", "events_arm1"),
        ("two with MSC, none with placebo", f"events_arm1=0 events_arm2=2 {APART}", "events_arm1 events_arm2"),
        ("MSC v placebo: 3 v 4", f"events_arm1=3 events_arm2=4 {APART}", ""),
        ("5/6 with placebo; 9/12 with MSC", f"events_arm1=5 n_arm1=6 {APART}", "events_arm1 n_arm1"),
        ("all 6 vs 2", "events_arm1=6 events_arm2=2 n_arm1=6", "n_arm1"),
        (
            "9/20, 4/20 and 2/6 vs 2/7",
            "events_arm1=15 n_arm1=46 events_arm2=2 n_arm2=7 value_basis=combined~by~hand",
            "",
        ),
        ("9/20, 4/20 and 2/6 vs 2/7", "events_arm1=15 n_arm1=46 events_arm2=2 n_arm2=7", "events_arm1 n_arm1"),
        (
            "45% vs 29%",
            "events_arm1=9 n_arm1=20 events_arm2=2 n_arm2=7 printed_percent_arm1=45 printed_percent_arm2=29"
            " value_basis=derived~from~percent",
            "n_arm1 n_arm2",
        ),
        ("75 versus 33%, P = 0.020", "printed_percent_arm1=75 printed_percent_arm2=20", "printed_percent_arm2"),
        ("0 (0%) vs 1 (1.0%)", "events_arm1=0 events_arm2=1 printed_percent_arm1=0 printed_percent_arm2=1.0", ""),
        ("-2.1 (1.8) vs -1.4 (1.1)", "mean_arm1=-2.1 sd_arm1=1.8 mean_arm2=-1.4 sd_arm2=1.1", ""),
        ("-2.1 (1.8) vs -1.4 (1.1)", "mean_arm1=2.1 sd_arm1=1.8 mean_arm2=-1.4 sd_arm2=1.1", "mean_arm1"),
        ("0.24+/-0.18 vs 0.53+/-0.23, p=0.04", "mean_arm1=0.24 sd_arm1=0.18 mean_arm2=0.53 sd_arm2=0.23", ""),
        ("OR 2.00 (1.01-3.94), P=0.043", "effect=2.00 ci_low=1.01 ci_high=3.94", ""),
        ("OR 2.00 (1.01-3.94), P=0.043", "effect=2.00 ci_low=0.043 ci_high=3.94", "ci_low"),
        ("MSC group 66.1, control 61.3", "printed_percent_arm1=66.1 printed_percent_arm2=61.3", ""),
        (
            "IL-6 and ACR20 at week 12, group 2",
            "events_arm1=6 events_arm2=20 n_arm1=12",
            "events_arm1 events_arm2 n_arm1",
        ),
        ("(n = 21/group)", "n_arm1=21 n_arm2=21", ""),
        ("fever in some [4/41]", "events_arm1=4 n_arm1=41", ""),
        ("fever in some [4 of 41 people]", "events_arm1=4 n_arm1=41", "events_arm1 n_arm1"),
    ],
)
def test_which_numbers_words_show(words: str, numbers: str, missing: str) -> None:
    given = {column: cell.replace("~", " ") for column, cell in (pair.split("=") for pair in numbers.split())}
    assert sorted(not_shown(EMPTY | {"reported": words} | given)) == sorted(missing.split())


def test_the_size_of_an_arm_may_stand_in_another_row_of_that_arm(project: Project) -> None:
    spoiled = spoil.cells(project, "outcomes", "chen_2019_efficacy-3", n_arm1="48")
    rows, before, after = whole(project, "outcomes").rows, unshown(project), unshown(spoiled)
    line = next(line for line, row in rows.items() if row["outcome_id"] == "chen_2019_efficacy-3")
    assert (before[line], after[line]) == ([], ["n_arm1"])


@pytest.mark.parametrize(("percent", "n", "counts"), [(45, 20, [9]), (24, 309, [73, 74, 75]), (99, 3, [3])])
def test_counts_that_print_as_a_percentage(percent: float, n: int, counts: list[int]) -> None:
    assert fitting_counts(percent, n) == counts


def test_no_outcome_is_passed_over(project: Project) -> None:
    """Each is checked against words, or says why it cannot be."""
    rows = whole(project, "outcomes").rows
    assert {state(rows[line], missing) for line, missing in unshown(project).items()} == {CHECKED, "not checkable"}


def test_one_wrong_digit_is_refused(project: Project) -> None:
    """One digit of one number of each of fifty rows drawn from those that are checked."""
    chance = random.Random(2026)  # noqa: S311
    missing = unshown(project)
    rows = [
        row
        for line, row in whole(project, "outcomes").rows.items()
        if state(row, missing[line]) == CHECKED and any(row[column] for column in COLUMNS)
    ]
    accepted = []
    for row in chance.sample(rows, DRAWN):
        column = chance.choice([column for column in COLUMNS if row[column]])
        held = row[column]
        at = chance.choice([at for at, character in enumerate(held) if character.isdigit()])
        others = {f"{held[:at]}{digit}{held[at + 1 :]}" for digit in "0123456789"}
        value = chance.choice(sorted(other for other in others if float(other) != float(held)))
        spoiled = spoil.cells(project, "outcomes", row["outcome_id"], **{column: value})
        if not any(problem for rule in ABOUT_OUTCOMES for problem in rule.find(spoiled, "outcomes")):
            accepted.append(f"{row['outcome_id']}, {column}: {held} -> {value}; {row['reported']}")
    print(f"{DRAWN - len(accepted)} of {DRAWN} wrong digits refused")
    assert not accepted
