"""Words follow from the figures: the verdict of the interval, and size and certainty in one plain sentence."""

import re
from pathlib import Path

import pytest

from review_tools.data.project import Project
from review_tools.synthesis import comparisons, words
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.comparisons import answer
from small_pool import NAME, counts, low_risk, printed, review

CLEAR = counts(600, 1000, 400, 1000)
SMALL = counts(555, 1000, 400, 1000)  # 155 more of 1,000: important, not large
ALIKE = counts(500, 1000, 490, 1000)


@pytest.mark.parametrize(
    ("row", "better", "said", "direction"),
    [
        (CLEAR, True, "benefit", "better with MSCs"),
        (CLEAR, False, "harm", "worse with MSCs"),
        (ALIKE, True, "little or no difference", "little or no difference"),
        (counts(5300, 10000, 4900, 10000), True, "little or no difference", "little or no difference"),  # not by chance
        (counts(32, 100, 20, 100), True, "uncertain", "uncertain"),
        (counts(20, 30, 1, 30), True, "far too uncertain to say", "far too uncertain to say"),
        (counts(1, 300, 20, 300), False, "far too uncertain to say", "far too uncertain to say"),
        (counts(0, 10, 0, 10), True, "", ""),
    ],
)
def test_the_verdict_of_the_interval(row: dict[str, object], better: bool, said: str, direction: str) -> None:
    result = answer(review(row, better=better), NAME)
    assert (words.verdict(result), words.direction(result)) == (said, direction)
    assert said in words.VERDICTS or not said


def test_what_says_nothing_is_told_without_its_digits() -> None:
    result = answer(review(counts(20, 30, 1, 30)), NAME)
    told = words.sentence(result), words.named_interval(result)
    assert not any(re.search(r"\d\.\d\d", text) for text in told)
    assert all("far too uncertain to say" in text for text in told)
    assert re.search(r"\d\.\d\d", words.interval(result.pooled))  # the data keep them


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ((CLEAR,), "not pooled"),
        ((CLEAR, CLEAR), "Two studies cannot tell how much studies differ; their interval is the normal one"),
        ((CLEAR, CLEAR, CLEAR), "3 studies of 6000 people together give a risk ratio of 1.50"),
        ((ALIKE,), "within the differences that matter: little or no difference"),
        ((counts(32, 100, 20, 100),), "includes no difference, and differences that matter: uncertain"),
        ((counts(0, 10, 0, 10),), "No row can be pooled for response"),
    ],
)
def test_the_sentence_says_what_the_interval_says(rows: tuple[dict[str, object], ...], says: str) -> None:
    assert says in words.sentence(answer(review(*rows), NAME))


def plainly(*rows: dict[str, object], **more: object) -> str:
    project = review(*rows, **{"risk_of_bias": low_risk("a")} | more)  # type: ignore[arg-type]
    return words.plainly(answer(project, NAME), certainty(project, NAME))


def lowered(levels: int) -> list[dict[str, object]]:
    return [{"comparison_id": NAME, "domain": "indirectness", "levels": levels, "reason": "So.", "judged_by": "Ana"}]


@pytest.mark.parametrize(
    ("row", "levels", "better", "says"),
    [
        (CLEAR, 0, True, "MSCs increase response by a large amount: 400 without MSCs, 600 with them (548 to 657)"),
        (CLEAR, 1, True, "MSCs probably increase response by a large amount"),
        (CLEAR, 2, False, "MSCs may increase response by a large amount"),
        (CLEAR, 3, True, "The evidence is very uncertain about the effect of MSCs on response."),
        (counts(400, 1000, 600, 1000), 0, True, "MSCs reduce response by a large amount"),
        (SMALL, 1, True, "MSCs probably increase response: 400 without MSCs, 555"),
        (ALIKE, 0, True, "MSCs make little or no difference to response"),
        (ALIKE, 1, True, "MSCs probably make little or no difference to response"),
        (counts(32, 100, 20, 100), 0, True, "no difference is not ruled out."),
    ],
)
def test_size_and_certainty_in_one_sentence(row: dict[str, object], levels: int, better: bool, says: str) -> None:
    assert says in plainly(row, better=better, certainty_judgements=lowered(levels))


def test_an_effect_without_people_is_told_by_its_figures() -> None:
    row = printed(0.5, 0.4, 0.625, "hazard ratio", n_arm1=300, n_arm2=300)
    assert plainly(row, measure="HR") == "MSCs reduce response (hazard ratio 0.50 (0.40 to 0.62))."
    assert plainly(counts(0, 10, 0, 10)) == ""


def test_no_sentence_of_the_review_says_that_something_does_not_hold_or_is_proven(root: Path) -> None:
    project = Project(root)
    for name in project.table("comparisons")["comparison_id"]:
        result = answer(project, name)
        told = f"{words.sentence(result)} {words.plainly(result, certainty(project, name))}"
        assert not re.search(r"does not hold|\bproven?\b|no effect\b|\bnan\b|None", told), told


def test_like_is_compared_with_like() -> None:
    """A third trial changes the usual interval from the normal one to that of Hartung and Knapp; both get the first."""
    rows = (CLEAR | {"added_in": "26.0.0"}, SMALL | {"added_in": "26.0.0"}, ALIKE)
    [(before, after)] = comparisons.before_and_after(review(*rows), "26.0.0")
    assert (before.k, after.k) == (2, 3)
    tests = [getattr(one.pooled, "test", "") for one in (before, after)]
    assert tests == ["z", "z"]
    assert getattr(answer(review(*rows), NAME).pooled, "test", "") == "hksj"
