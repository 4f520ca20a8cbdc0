"""Each gap has a link that opens a form which exists, with fields that the form has."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from review_tools.data.tables import load
from review_tools.display import open_questions
from review_tools.display.grid import Grid
from review_tools.sources.forms.questions import FORMS
from review_tools.synthesis import claims

TAKE = re.compile(r'<a href="([^"]*)" aria-label="Take this: ([^"]*)">Take this</a>')
TABLES: dict[str, tuple[Callable[[], Grid], Callable[[], int]]] = {
    "reference": (open_questions.open_references, lambda: int((load("citations")["match"] == "unidentified").sum())),
    "value": (open_questions.unchecked_values, lambda: len(open_questions.unchecked_values().rows)),
    "study": (open_questions.trials_without_outcomes, lambda: len(open_questions.trials_without_outcomes().rows)),
    "study ": (
        open_questions.untested_claims,
        lambda: sum(one.verdict.word == open_questions.OPEN for one in claims.verdicts()),
    ),
}


@pytest.mark.parametrize("form", TABLES)
def test_each_gap_can_be_taken(form: str) -> None:
    make, count = TABLES[form]
    found = TAKE.findall(make()._repr_html_())
    assert len(found) == count() > 0
    asked = {question.id for question in FORMS[form.strip()].questions}
    for address, subject in found:
        parts = urlsplit(unescape(address))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert (parts.scheme, parts.netloc) == ("https", "github.com")
        assert parts.path.endswith("/issues/new")
        assert (query.pop("template"), query.pop("title")) == (f"{form.strip()}.yml", unescape(subject))
        assert set(query) <= asked
    assert len({address for address, _ in found}) == len(found)


def test_a_taken_value_names_a_row_of_its_table() -> None:
    found = TAKE.findall(open_questions.unchecked_values()._repr_html_())
    rows = [parse_qs(urlsplit(unescape(address)).query)["row"][0] for address, _ in found]
    assert set(rows) <= set(load("outcomes")["outcome_id"])


def test_what_a_stranger_wrote_stays_text() -> None:
    cell = open_questions.take("value", 'x"><script>alert(1)</script>', row="a&b=c")
    assert "<script" not in cell
    query = parse_qs(urlsplit(unescape(TAKE.findall(cell)[0][0])).query)
    assert query["row"] == ["a&b=c"]
