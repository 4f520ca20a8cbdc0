"""The same work is found under other numbers and a slightly other title; a different work is not."""

import pytest

from review_tools.check.duplicates import Entry, Index

TITLE = "Umbilical cord mesenchymal stromal cells in lupus nephritis: a randomised trial, part 1"
KNOWN = Entry("known", doi="10.1000/a", pmid="123", trial_id="NCT00000001", title=TITLE, year="2020")


SAME = {
    "DOI": Entry("x", doi="10.1000/A"),
    "PMID": Entry("x", pmid="123"),
    "registry number": Entry("x", trial_id="nct00000001"),
    "preprint": Entry("x", doi="10.1101/preprint", title=TITLE.upper() + ".", year="2019"),
    "spelling": Entry("x", title=TITLE.replace("randomised", "randomized"), year="2021"),
    "retracted": Entry("x", title=f"RETRACTED ARTICLE: {TITLE}", year="2020"),
}
OTHER = {
    "other numbers": Entry("x", doi="10.1000/b", pmid="1234", trial_id="NCT00000002"),
    "other part": Entry("x", title=TITLE.replace("part 1", "part 2"), year="2020"),
    "other year": Entry("x", title=TITLE, year="2023"),
    "no year": Entry("x", title=TITLE),
    "about it": Entry("x", title=f"Reply to: {TITLE}", year="2020"),
    "short title": Entry("x", title="Editorial", year="2020"),
    "nothing known": Entry("x"),
}


@pytest.mark.parametrize("name", [*SAME, *OTHER])
def test_the_same_work_is_found_and_another_is_not(name: str) -> None:
    known = Index([KNOWN, Entry("short", title="Editorial", year="2020")])
    assert known.find((SAME | OTHER)[name]) == ("known" if name in SAME else "")
