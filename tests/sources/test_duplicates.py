"""The same work is found under other numbers and a slightly other title; a different work is not."""

import pytest

from review_tools.sources.duplicates import Entry, Index

TITLE = "Umbilical cord mesenchymal stromal cells in lupus nephritis: a randomised trial, part 1"
KNOWN = Entry("known", doi="10.1000/a", pmid="123", trial_id="NCT00000001", title=TITLE, year="2020")


@pytest.mark.parametrize(
    "same",
    [
        Entry("x", doi="10.1000/A"),
        Entry("x", pmid="123"),
        Entry("x", trial_id="nct00000001"),
        Entry("x", doi="10.1101/preprint", title=TITLE.upper() + ".", year="2019"),
        Entry("x", title=TITLE.replace("randomised", "randomized"), year="2021"),
        Entry("x", title=f"RETRACTED ARTICLE: {TITLE}", year="2020"),
    ],
    ids=["DOI", "PMID", "registry number", "preprint", "spelling", "retracted"],
)
def test_the_same_work_is_found(same: Entry) -> None:
    assert Index([KNOWN]).find(same) == "known"


@pytest.mark.parametrize(
    "other",
    [
        Entry("x", doi="10.1000/b", pmid="1234", trial_id="NCT00000002"),
        Entry("x", title=TITLE.replace("part 1", "part 2"), year="2020"),
        Entry("x", title=TITLE, year="2023"),
        Entry("x", title=TITLE),
        Entry("x", title=f"Correction to: {TITLE}", year="2020"),
        Entry("x"),
    ],
    ids=["other numbers", "other part", "other year", "no year", "about it", "nothing known"],
)
def test_another_work_is_not(other: Entry) -> None:
    assert Index([KNOWN]).find(other) == ""


def test_a_short_title_identifies_nothing() -> None:
    assert (
        Index([Entry("known", title="Editorial", year="2020")]).find(Entry("x", title="Editorial", year="2020")) == ""
    )
