"""Decisions in force, and numbers of records that add up: each rule fails once on bad rows."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_tools.check import Evidence, screening, structure
from review_tools.data.prisma_counts import flow, idle_undos, in_force, outcomes


@pytest.fixture(scope="module")
def evidence(root: Path) -> Evidence:
    return Evidence.read(root)


def table(evidence: Evidence, name: str, *lines: str) -> pd.DataFrame:
    columns = evidence.schemas[name].columns
    rows = [line.split(",") for line in lines]
    return pd.DataFrame(rows, columns=columns, index=range(2, 2 + len(rows)), dtype="str")


def candidate(key: str, same: str = "") -> str:
    return f"{key},pubmed-1125,pubmed,{key},report,,,,A title of {key},2026,It names both,1,{same},2026-11-25"


def filled(
    evidence: Evidence,
    numbers: str = "5,2,2,1",
    repeats: str = "deng_2017_randomised",
    decisions: tuple[str, ...] = (),
    searches: int = 1,
) -> dict[str, pd.DataFrame]:
    """One search with two records to screen and one duplicate."""
    search = f"pubmed-1125,pubmed,main,1,2026-11-25,2026-11-18,2026-11-25,{numbers},complete,"
    candidates = (candidate("pubmed-1"), candidate("pubmed-2"), candidate("pubmed-3", repeats))
    return {
        "searches": table(evidence, "searches", *[search] * searches),
        "candidates": table(evidence, "candidates", *candidates),
        "screenings": table(evidence, "screenings", *(f"s{n},{line}" for n, line in enumerate(decisions))),
    }


def said(evidence: Evidence, sheets: dict[str, pd.DataFrame]) -> list[str]:
    """What the checks say about these tables beside the project's own."""
    here = replace(evidence, sheets={**evidence.sheets, **sheets})
    found = [*screening.check(here), *structure.check(here)]
    return [f"{problem.file} {problem.column} {problem.value}: {problem.why}" for problem in found]


GOOD = ("pubmed-1,A,2026-11-25,exclude,wrong design,", "pubmed-1,A,2026-11-25,undo,,", "pubmed-2,A,2026-11-25,unsure,,")


def test_sound_rows_pass(evidence: Evidence) -> None:
    assert said(evidence, filled(evidence, decisions=GOOD)) == []


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"numbers": "6,2,2,1"}, "searches.csv hits 6: not 2 new + 2 duplicates + 1 ruled_out"),
        ({"numbers": "6,3,2,1"}, "searches.csv new 3: data/candidates.csv holds 2 records to screen"),
        ({"numbers": "3,2,0,1"}, "searches.csv duplicates 0: data/candidates.csv holds 1 duplicates"),
        ({"repeats": "nobody_2024_x"}, "duplicate_of nobody_2024_x: no such candidate, study or trial"),
        ({"repeats": "pubmed-3"}, "duplicate_of pubmed-3: repeats itself"),
        ({"decisions": ("pubmed-1,A,2026-11-25,exclude,,",)}, "screenings.csv reason : an exclusion without a reason"),
        ({"decisions": ("pubmed-1,A,2026-11-25,include,wrong design,",)}, "a reason beside the decision “include”"),
        ({"decisions": ("pubmed-3,A,2026-11-25,include,,",)}, "candidate_id pubmed-3: a decision about a duplicate"),
        ({"decisions": ("pubmed-1,A,2026-11-25,undo,,",)}, "takes back a decision that does not stand"),
        ({"decisions": ("pubmed-9,A,2026-11-25,include,,",)}, "pubmed-9: no such candidate_id"),
        ({"searches": 0}, "search_id pubmed-1125: no such search_id"),
    ],
)
def test_each_bad_row_is_named(evidence: Evidence, bad: dict[str, str], says: str) -> None:
    assert any(says in problem for problem in said(evidence, filled(evidence, **bad))), says


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


def test_two_people_agree_or_are_in_conflict(evidence: Evidence) -> None:
    rows = screened(("pubmed-1", "X", "include", ""), ("pubmed-1", "Y", "unsure", ""), ("pubmed-2", "X", "unsure", ""))
    became = outcomes(filled(evidence)["candidates"], rows).set_index("candidate_id")
    assert became["outcome"].to_dict() == {"pubmed-1": "conflict", "pubmed-2": "unsure"}
    assert became["people"].to_dict() == {"pubmed-1": 2, "pubmed-2": 1}


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
    searches = pd.DataFrame({"search_id": ["s"], "hits": [11], "duplicates": [3], "ruled_out": [2], "new": [6]})
    candidates = pd.DataFrame({"candidate_id": [f"c{n}" for n in range(8)], "duplicate_of": [""] * 6 + ["c1"] * 2})
    candidates = candidates.assign(search_id="s", source="pubmed")
    found = flow(searches, candidates, screened(*((c, by, *what) for c, by, what in decisions)))
    assert found.identified == found.duplicates + found.ruled_out + found.new
    assert found.new == found.waiting + found.screened
    assert found.excluded == sum(number for _, number in found.reasons)


def test_records_of_other_searches_do_not_count(evidence: Evidence) -> None:
    sheets = filled(evidence, decisions=GOOD)
    whole = flow(**sheets)
    assert (whole.identified, whole.new, whole.waiting, whole.unsure) == (5, 2, 1, 1)
    assert flow(**{**sheets, "searches": sheets["searches"].iloc[:0]}).screened == 0
