"""Absolute effects agree with hand calculations, and there is none where nothing can be said."""

import math

import pytest

from review_tools.synthesis.comparisons import answer
from review_tools.synthesis.target import absolute
from small_pool import NAME, counts, printed, review

# By hand, for 30 of 100 with MSCs and 20 of 100 without. Reach of the interval: 1.959964 standard errors.
REACH_RR = 1.959964 * math.sqrt(1 / 30 - 1 / 100 + 1 / 20 - 1 / 100)
REACH_OR = 1.959964 * math.sqrt(1 / 30 + 1 / 70 + 1 / 20 + 1 / 80)
REACH_RD = 1.959964 * math.sqrt(0.3 * 0.7 / 100 + 0.2 * 0.8 / 100)
INFORMATION = 100 * 100 * 50 * 150 / (200**2 * 199)  # Peto: observed less expected is 30 − 25


def of_odds(odds_ratio: float) -> float:
    odds = 0.25 * odds_ratio  # 20 of 100 are odds of 1 to 4
    return 1000 * odds / (1 + odds)


BY_HAND = {
    "RR": (300, 300 * math.exp(-REACH_RR), 300 * math.exp(REACH_RR)),
    "OR": (300, of_odds(12 / 7 * math.exp(-REACH_OR)), of_odds(12 / 7 * math.exp(REACH_OR))),
    "RD": (300, 300 - 1000 * REACH_RD, 300 + 1000 * REACH_RD),
    "PETO": tuple(of_odds(math.exp(5 / INFORMATION + z / math.sqrt(INFORMATION))) for z in (0, -1.959964, 1.959964)),
}


@pytest.mark.parametrize(("measure", "wanted"), BY_HAND.items())
def test_the_risk_with_mscs_by_hand(measure: str, wanted: tuple[float, float, float]) -> None:
    found = absolute(answer(review(counts(30, 100, 20, 100), measure=measure), NAME))
    assert found is not None
    assert found.control == pytest.approx(200)
    assert (found.msc, found.msc_low, found.msc_high) == pytest.approx(wanted, rel=1e-6)


def test_a_hazard_ratio_takes_the_percentage_that_its_row_prints() -> None:
    """1 − 0.64^0.5 = 0.2; the ends 1 − 0.64^0.25 and 1 − 0.64^1."""
    row = printed(0.5, 0.25, 1.0, "hazard ratio", n_arm1=100, n_arm2=100, printed_percent_arm2=36)
    found = absolute(answer(review(row, measure="HR", better=False), NAME))
    assert found is not None
    assert (found.control, found.msc, found.msc_low, found.msc_high) == pytest.approx((360, 200, 105.5728, 360))


def test_a_percentage_need_not_be_a_whole_number_of_people() -> None:
    row = printed(0.5, 0.25, 1.0, "hazard ratio", n_arm1=99, n_arm2=99, printed_percent_arm2=62.7)
    found = absolute(answer(review(row, measure="HR", better=False), NAME))
    assert found is not None
    assert found.control == pytest.approx(627)


def test_the_risk_without_mscs_is_that_of_all_comparators() -> None:
    effect = printed(0.9, 0.5, 1.6, "risk ratio", n_arm2=100, printed_percent_arm2=31.5)
    rows = counts(1, 10, 2, 10), counts(30, 100, 40, 190), counts(9, 10, 10, 10, design="single-arm"), effect
    found = absolute(answer(review(*rows), NAME))
    assert found is not None
    assert found.control == pytest.approx(1000 * (42 + 31.5) / 300)


def test_nobody_can_be_more_than_everybody() -> None:
    found = absolute(answer(review(counts(10, 10, 8, 10)), NAME))
    assert found is not None
    assert found.msc_high == 1000
    assert "1000) of 1,000" in found.words.replace(", of", " of")


@pytest.mark.parametrize(
    ("row", "measure"),
    [
        (counts(3, 10, 0, 10), "RR"),  # nobody in the comparator has the event
        (counts(3, 10, 0, 10), "OR"),
        (printed(0.5, 0.2, 1.1, "hazard ratio"), "HR"),  # no risk without MSCs is printed
        (printed(0.5, 0.2, 1.1, "rate ratio", n_arm2=50, printed_percent_arm2=20), "IRR"),  # events, not people
        (printed(2.5, 1.2, 3.8, "mean difference"), "MD"),
        (counts(0, 10, 0, 10), "RR"),  # nothing pooled
    ],
)
def test_where_there_is_no_absolute_effect(row: dict[str, object], measure: str) -> None:
    assert absolute(answer(review(row, measure=measure), NAME)) is None


def test_a_difference_needs_no_event_in_the_comparator() -> None:
    found = absolute(answer(review(counts(3, 10, 0, 10), measure="RD"), NAME))
    assert found is not None
    assert (found.control, found.msc) == pytest.approx((0, 300))
