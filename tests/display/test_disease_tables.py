"""The pieces of the disease pages and the front page say what the tables hold, and say so where they hold nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display import disease_tables, trial_tables
from review_tools.display.grid import lines

PAGES = list(rt.load("disease_pages")["page"].unique())
PIECES = ("controlled_trials", "open_trials", "approvals", "laboratory")

STATUSES = [  # status, its date, planned end, why it is only what was last known
    ("recruiting", "2026-10-01", "2027-01", ""),
    ("recruiting", "2026-10-01", "2026", ""),
    ("recruiting", "2026-10-01", "2026-10", "past its own end"),
    ("recruiting", "2026-10-01", "2025", "past its own end"),
    ("not yet recruiting", "2025-05-28", "2027-01-01", "status older than 18 months"),
    ("active, not recruiting", "", "", "date of the status not shown"),
    ("completed", "2012-01-01", "2012-01", ""),
    ("not shown", "", "", ""),
]


@pytest.mark.parametrize(("status", "date", "end", "why"), STATUSES)
def test_a_status_that_may_no_longer_hold_is_what_was_last_known(
    trials_with: Callable[..., Any], status: str, date: str, end: str, why: str
) -> None:
    project = trials_with(registered_status=status, status_date=date, completion_date=end)
    trials = trial_tables.known_trials(project).head(1)
    assert list(trials["why"]) == [why]
    words = str(trial_tables.statuses(trials)[0])
    assert words.startswith(f"last known as {status}" if why else status)
    assert date in words
    assert lines(why) in words


@pytest.mark.parametrize("page", PAGES)
def test_the_pieces_of_a_disease_read_well_and_hold_each_controlled_study_once(project: Project, page: str) -> None:
    said = [getattr(rt.tables, name)(page)._repr_html_() for name in PIECES]
    assert not re.search(r"\b(nan|None|NaT)\b|<NA>|&lt;(a|br|span)\b", "".join(said))
    rows = project.table("outcomes")
    rows = rows[rows["disease"].isin(disease_tables.of_page(project, page)) & (rows["domain"] != "conduct")]
    wanted = set(rows.loc[rows["design"] != "single-arm", "study_id"])
    assert sorted(re.findall(r'href="site:studies/([^"]+)"', said[0])) == sorted(wanted)


def test_a_long_table_of_a_disease_is_folded_and_a_short_one_open() -> None:
    long, short = (rt.tables.controlled_trials(f"diseases/{name}") for name in ("acute-gvhd", "lupus"))
    assert [len(part) for part in (long.parts, long.behind, short.parts, short.behind)] == [0, 1, 1, 0]


def test_an_unknown_page_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"diseases/gout.*diseases/lupus"):
        rt.tables.open_trials("diseases/gout")


def test_a_disease_of_which_nothing_is_held_says_so(shown_with: Callable[..., Any]) -> None:
    empty = ("trials", "decisions", "findings", "finding_mediators", "outcomes", "outcome_flags")
    tables = shown_with(**{table: [] for table in empty}).tables
    said = "".join(getattr(tables, name)("diseases/lupus")._repr_html_() for name in PIECES)
    assert "<table" not in said
    for words in ("No study with a control group", "No trial is known to be open", "No licence", "No experiment"):
        assert words in said


def test_a_trial_that_may_be_open_stands_apart_from_one_last_known_as_open(trials_with: Callable[..., Any]) -> None:
    name = rt.load("trials")["trial_id"].iloc[0]
    for status, date, places in (
        ("recruiting", "2026-10-01", [True, False]),
        ("recruiting", "", [False, True]),
        ("completed", "2026-10-01", [False, False]),
    ):
        project = trials_with(registered_status=status, status_date=date, completion_date="")
        shown = disease_tables.open_trials(project, "diseases/multiple-sclerosis")
        late = "".join(table._repr_html_() for _, table in shown.behind)
        assert [name in shown.parts[0]._repr_html_(), name in late] == places


def test_decisions_name_secondary_sources_and_conflicts(project: Project) -> None:
    html = rt.tables.approvals("diseases/acute-gvhd")._repr_html_()
    decisions = project.table("decisions")
    named = decisions["diseases"].fillna("").str.contains("acute GVHD")
    assert html.count('<th scope="row"') == named.sum() > 0
    assert html.count("Secondary source") == (decisions[named]["read"] == "secondary").sum() > 0
    assert "CONFLICT between sources" in html


def test_the_laboratory_counts_each_finding_once(project: Project, root: Path) -> None:
    table, findings = rt.tables.laboratory("diseases/lupus").parts[0], project.table("findings")
    counts = [int(row.cells["Findings"]) for row in table.rows]
    assert sum(counts) == findings["disease"].isin(disease_tables.of_page(project, "diseases/lupus")).sum()
    for section, page in disease_tables.CHAPTERS.items():
        text = (root / "book" / f"{page}.md").read_text(encoding="utf-8")
        assert f"(seed-section-{section.replace('.', '-')})=" in text
