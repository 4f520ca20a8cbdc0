"""Tables are complete, lead from each number to its rows and sources, and never make anything up."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import review_tools as rt
from review_tools.data.project import Project, order
from review_tools.display import TABLES, open_questions, summary
from review_tools.display.grid import Grid
from review_tools.display.study_tables import study_parts
from review_tools.sources.forms import questions
from review_tools.synthesis import claims
from review_tools.synthesis.certainty import SYMBOLS, certainty
from review_tools.synthesis.comparisons import answer

NO_GRIDS = (
    *("approvals", "at_a_glance", "cite", "comparison", "controlled_trials", "data_dictionary", "explorer"),
    *("extraction", "laboratory", "open_trials", "other_comparisons", "summary_of_findings", "tiles"),
    "trial_differences",
)
GRIDS = sorted({name for names in TABLES.values() for name in names.split()} - {*NO_GRIDS})
EVERY_ROW = ("findings", "corrections", "trials", "citations", "studies", "claims", "outcomes")
COMPARISONS = list(rt.load("comparisons")["comparison_id"])


@pytest.mark.parametrize("name", GRIDS)
def test_a_table_has_a_caption_headings_labelled_cells_and_keys_of_its_own(project: Project, name: str) -> None:
    drawn: Grid = getattr(rt.tables, name)()
    html = drawn._repr_html_()
    if not drawn.rows:
        assert html == f'<p class="grid-none">{drawn.caption}.</p>'
        return
    assert "<caption>" in html
    assert 'scope="col"' in html
    assert html.count("<td") == html.count("<td data-label") + ("" in drawn.rows[0].cells)
    assert not re.search(r"\b(nan|None|NaT)\b|<NA>|&lt;(a|br|span)\b", html)
    for keys in (re.findall(r'data-key="([^"]*)"', html), re.findall(r"&#34;key&#34;:&#34;(.*?)&#34;", html)):
        assert len(set(keys)) == len(keys)
        assert all(keys)
        assert not {"search", "sort", "hide"} & set(keys)
    ids = re.findall(r'<tr id="([^"]*)"', html)
    assert len(set(ids)) == len(ids)
    if name in EVERY_ROW:
        key = project.schema[name].primary_key[0]
        assert set(ids) == {f"{key.split('_')[0]}-{value}" for value in project.table(name)[key]}


def test_a_section_covers_its_sub_sections() -> None:
    whole, *parts = (len(rt.tables.findings(section=section).rows) for section in ("2.1", "2.1.1", "2.1.2"))
    assert whole == sum(parts) > 0


def test_differences_are_those_between_the_two_sides() -> None:
    trial = rt.load("trials").set_index("trial_id").loc["NCT04061746"]
    assert trial["reviewed_status"] != trial["registered_status"]
    assert "NCT04061746" in rt.tables.trial_differences().behind[0][1]._repr_html_()


def test_a_notice_says_what_where_and_since_when(shown_with: Callable[..., Any]) -> None:
    study = rt.load("studies")["study_id"].iloc[0]
    shown = shown_with(notices=[f"{study},retraction,pubmed,pmid:123,2026-01-02,2026-11-02,https://e.org/a"])
    html = shown.tables.notices()._repr_html_()
    assert '<a href="https://pubmed.ncbi.nlm.nih.gov/123/">Retraction of 2026-01-02</a>' in html
    assert 'seen at <a href="https://e.org/a">PubMed</a> on 2026-11-02' in html


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_declared_row_is_shown_with_its_place_and_source(project: Project, name: str) -> None:
    html = summary.comparison_rows(project, name)._repr_html_()
    declared = answer(project, name).rows["outcome_id"]
    assert all(f'id="row-{outcome}"' in html for outcome in declared)
    assert html.count('href="http') >= len(declared)
    words = rt.tables.comparison(name)._repr_html_()
    assert "What would change it" in words
    graded = any(symbol in words for symbol in SYMBOLS.values())
    assert graded == bool(certainty(project, name))  # a series has none
    assert "signed by" in words or "not signed" in words


def test_the_update_table_shows_what_moved_and_why(project: Project) -> None:
    drawn = rt.tables.update()
    preceding = order(project.protocol["preceding"]["version"])
    held = [order(version) <= preceding for version in rt.load("comparisons")["added_in"]]
    told = re.match(r"(\d+) of (\d+) results moved by their data alone, (\d+) are new", drawn.caption)
    moved, compared, new = map(int, told.groups() if told else ())
    assert 0 < moved < compared == sum(held)  # what the list of versions compares, too
    assert new == len(held) - sum(held)
    words = [re.sub("<[^>]+>", "", str(row.cells["Moved"])).strip() for row in drawn.rows]
    assert words == sorted(words, key=["yes", "new", "no"].index)
    assert any("perianal fistula" in row.cells["Comparison"] for row in drawn.rows[: words.count("yes")])
    assert "panes_2016_expanded" in drawn._repr_html_()  # the study that moved it


def test_the_page_of_a_study_holds_its_rows_without_the_column_that_names_it(project: Project) -> None:
    study = "alvarogracia_2017_intravenous"
    outcomes = {anchor: table for anchor, _, table in study_parts(project, study)}["outcomes"]
    assert len(outcomes.rows) == (project.table("outcomes")["study_id"] == study).sum() > 0
    assert not any("Study" in row.cells for row in outcomes.rows)


def test_published_pools_stand_as_printed() -> None:
    html, pools = rt.tables.published_pools()._repr_html_(), rt.load("published_pools").set_index("pool_id")
    for pool in ("xiao2025-2", "khan2025-2"):
        row = pools.loc[pool]
        assert f"{row['estimate']:g} ({row['ci_low']:g} to {row['ci_high']:g})" in html


TAKE = re.compile(r'<a href="([^"]*)" aria-label="Take this: ([^"]*)">Take this</a>')
OPEN = {
    "drifted_trials": "value",
    "open_references": "reference",
    "unchecked_values": "value",
    "trials_without_outcomes": "trial",
    "untested_claims": "study",
}


@pytest.mark.parametrize(("name", "form"), OPEN.items())
def test_each_open_question_can_be_taken(project: Project, name: str, form: str) -> None:
    drawn = getattr(rt.tables, name)()
    found = TAKE.findall(drawn._repr_html_())
    assert len({address for address, _ in found}) == len(found) == len(drawn.rows) > 0
    fields = {question.id for question in questions(project, form)}
    for address, subject in found:
        parts = urlsplit(unescape(address))
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        assert (parts.scheme, parts.netloc) == ("https", "github.com")
        assert parts.path.endswith("/issues/new")
        assert (query.pop("template"), query.pop("title")) == (f"{form}.yml", unescape(subject))
        assert set(query) <= fields
        assert query.get("row") in (None, *rt.load("outcomes")["outcome_id"], *rt.load("trials")["trial_id"])


def test_open_questions_are_those_nobody_has_answered_and_what_a_stranger_wrote_stays_text(project: Project) -> None:
    assert len(rt.tables.open_references().rows) == (rt.load("citations")["match"] == "unidentified").sum()
    words = [claim.verdict.word for claim in claims.verdicts(project)]
    assert len(rt.tables.untested_claims().rows) == words.count(open_questions.UNTESTED)
    [cell] = open_questions.takes(project, "value", 'x"><script>alert(1)</script>{}', ["<script>a&b=c"], row="{}")
    assert "<script" not in cell
    assert parse_qs(urlsplit(unescape(TAKE.findall(cell)[0][0])).query)["row"] == ["<script>a&b=c"]


def test_the_protocol_says_what_a_living_review_must() -> None:
    html = rt.tables.protocol()._repr_html_()
    for part in ("Version and status", "Preceding version", "Population", "Retirement", "Authors and roles"):
        assert part in html
    for source in ("ClinicalTrials.gov", "PubMed", "Europe PMC", "Crossref"):
        assert f"Search of {source}" in html


def test_the_checklist_has_every_item_and_leads_to_pages(root: Path) -> None:
    rows = rt.load("prisma_lsr")
    assert set(rows["item_id"]) >= {"1a", "1b", "2", "3a", "3b", "4", "L1a", "L1b", "L1c", "L2", "L3", "L4"}
    answered = rows[rows["met"] == "yes"]
    assert answered["page"].notna().all()
    assert rows.loc[rows["met"] == "not yet", "note"].notna().all()
    for page in answered["page"]:
        file, _, anchor = page.partition("#")
        text = (root / f"{file}.md").read_text(encoding="utf-8")
        headings = {re.sub(r"[^a-z0-9]+", "-", h.lower()).strip("-") for h in re.findall(r"^#+ (.+)$", text, re.M)}
        assert not anchor or f"({anchor})=" in text or anchor in headings, page


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(AttributeError, match=r"tables has no 'trails'; it has .*trials"):
        rt.tables.trails()
