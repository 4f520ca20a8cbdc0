"""Decisions in force, and numbers of records that add up."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from review_tools.data.prisma_counts import flow, idle_undos, in_force, outcomes

SEARCHES = pd.DataFrame({"search_id": ["s"], "source": "pubmed", "hits": 5, "new": 2, "duplicates": 2, "ruled_out": 1})
CANDIDATES = pd.DataFrame({"candidate_id": ["a", "b", "c"], "duplicate_of": ["", "", "x"], "search_id": "s"})


def screened(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["candidate_id", "by", "decision", "reason"])
    return frame.assign(date="2026-11-25", note="")


def test_undo_brings_back_the_decision_before() -> None:
    rows = screened(
        ("a", "X", "include", ""), ("a", "X", "exclude", "no outcome"), ("a", "X", "undo", ""), ("a", "X", "undo", "")
    )
    assert in_force(rows.iloc[:3])["decision"].tolist() == ["include"]
    assert in_force(rows).empty
    assert list(idle_undos(pd.concat([rows, rows.iloc[3:]], ignore_index=True))) == [4]


def test_two_people_agree_or_are_in_conflict() -> None:
    rows = screened(("a", "X", "include", ""), ("a", "Y", "unsure", ""), ("b", "X", "unsure", ""))
    became = outcomes(CANDIDATES, rows).set_index("candidate_id")
    assert became["outcome"].to_dict() == {"a": "conflict", "b": "unsure"}


EXCLUDED = [("exclude", reason) for reason in ("no outcome", "not MSCs")]
DECISIONS = st.lists(
    st.tuples(
        st.sampled_from([f"c{n}" for n in range(6)]),
        st.sampled_from("XYZ"),
        st.sampled_from([("include", ""), *EXCLUDED, ("unsure", ""), ("undo", "")]),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(decisions=DECISIONS)
def test_whatever_is_decided_the_numbers_add_up(decisions: list[tuple[str, str, tuple[str, str]]]) -> None:
    searches = SEARCHES.assign(hits=11, duplicates=3, ruled_out=2, new=6)
    candidates = pd.DataFrame({"candidate_id": [f"c{n}" for n in range(8)], "duplicate_of": [""] * 6 + ["c1"] * 2})
    candidates["search_id"] = "s"
    found = flow(searches, candidates, screened(*((c, by, *what) for c, by, what in decisions)))
    assert found.identified == found.duplicates + found.ruled_out + found.new
    assert found.new == found.waiting + found.screened
    assert found.excluded == sum(number for _, number in found.reasons)


def test_records_of_other_searches_do_not_count() -> None:
    rows = screened(("a", "A", "exclude", "wrong design"), ("a", "A", "undo", ""), ("b", "A", "unsure", ""))
    whole = flow(SEARCHES, CANDIDATES, rows)
    assert (whole.identified, whole.new, whole.waiting, whole.unsure) == (5, 2, 1, 1)
    assert flow(SEARCHES.iloc[:0], CANDIDATES, rows).screened == 0


def test_records_found_by_other_methods_are_told_apart() -> None:
    both = pd.concat([SEARCHES, SEARCHES.assign(search_id="t", source="other", hits=7)])
    found = flow(both, CANDIDATES, screened())
    assert (found.identified, found.elsewhere) == (12, 7)
