"""The front page counts what the tables hold, says of each disease what its results say, and claims no search."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display import front_page, methods_tables
from review_tools.synthesis import comparisons, words
from review_tools.synthesis.certainty import certainty

PAGES = list(rt.load("disease_pages")["page"].unique())
BAD = '"><img src=x onerror=alert(1)>'
SOURCES = ("clinicaltrials", "pubmed", "europepmc", "crossref")


def test_cards_count_the_tables_and_lead_to_chapters(root: Path) -> None:
    html = rt.tables.at_a_glance()._repr_html_()
    cards = re.findall(r'<a href="site:([^"]+)"><b>(\d+)</b> <span>([^<]+)', html)
    counts = {name: int(count) for _, count, name in cards}
    assert counts["studies"] == len(rt.load("studies"))
    assert counts["registered trials"] == len(rt.load("trials"))
    assert len(cards) == 6
    assert all((root / f"{page}.md").is_file() for page, _, _ in cards)


LATEST = dict.fromkeys(SOURCES, "2026-11-25")
OLDER = {**LATEST, "pubmed": "2026-11-20"}
SEARCHED: dict[str, tuple[dict[str, str], str, str | None, str | None, str]] = {
    "none": ({}, "complete", None, None, methods_tables.NEVER),
    "only partial ones": (LATEST, "partial", None, None, methods_tables.NEVER),
    "one source": ({"pubmed": "2026-11-22"}, "complete", "2026-11-22", None, "not every source has been searched yet"),
    "every source": (LATEST, "complete", "2026-11-25", "2026-12-02", "all sources searched up to 2026-11-25"),
    "one longer ago": (OLDER, "complete", "2026-11-25", "2026-11-27", "all sources searched up to 2026-11-20"),
    "paused": (LATEST, "complete", "2026-11-25", None, "all sources searched up to 2026-11-25"),
}


@pytest.mark.parametrize("name", SEARCHED)
def test_only_complete_searches_count_and_the_schedule_tells_the_next(
    shown_with: Callable[..., Any], name: str
) -> None:
    days, status, last, due, current = SEARCHED[name]
    rows = [f"{source}-1,{source},main,1,{day},2024-01-01,{day},0,0,0,0,{status}," for source, day in days.items()]
    project = shown_with(searches=rows).project
    if name == "paused":
        settings = project.read("data/review.yml").replace(b"status: living", b"status: paused")
        project = project.with_files({"data/review.yml": settings})
    assert methods_tables.current(project) == current
    html = front_page.at_a_glance(project)._repr_html_()
    assert f"<dd>{last or 'no systematic search yet'}" in html
    assert (f'data-due="{due}" data-every="7" hidden' in html) == ("search-badge" in html) == (due is not None)
    assert (current in html) == (last is not None and due is None)
    never = len(days) < len(SOURCES) or status == "partial"
    assert (methods_tables.NEVER in methods_tables.protocol(project)._repr_html_()) == never


def test_there_is_one_tile_and_one_row_a_disease() -> None:
    drawn = (rt.tables.tiles(), rt.tables.diseases())
    tiles, rows = (re.findall(r'href="site:book/([^"]+)"', one._repr_html_()) for one in drawn)
    assert tiles == ["safety", "synthesis/index", "trials", "whats-new", *rows]
    assert sorted(rows) == sorted(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_tile_tells_the_result_that_stands_for_its_disease(project: Project, page: str) -> None:
    [tile] = [one for one in front_page.disease_tiles(project) if one.page == page]
    result = front_page.standing_for(project, page)
    if result is None:
        assert tile.helps == front_page.NO_NUMBERS
        return
    rated, said = certainty(project, str(result.comparison["comparison_id"])), words.verdict(result)
    assert rated is not None
    assert f"{rated.symbol} {rated.rating} certainty" == tile.certainty
    assert f"{result.people} people" in tile.counted
    if rated.rating == "very low":  # tells no effect
        assert "uncertain" in tile.helps.lower()
        assert tile.look == "open"
    elif said in front_page.HELPS:
        assert tile.helps == f"They {front_page.HOW_SURE[rated.rating]}{front_page.HELPS[said]}"


def test_critical_randomised_and_larger_results_stand_for_a_disease(project: Project) -> None:
    sets = project.table("outcome_sets").set_index("outcome_set")

    def rank(result: comparisons.Answer) -> tuple[bool, bool, int]:
        critical = sets.loc[result.comparison["outcome_set"], "importance"] == "critical"
        return not critical, result.comparison["design"] != "randomised", -result.people

    harms, every = comparisons.harms(project), comparisons.controlled(project)
    benefits = [one for one in every if one.comparison["outcome_set"] not in harms]
    for page in PAGES:
        ranks = [rank(one) for one in benefits if one.comparison["page"] == page]
        chosen = front_page.standing_for(project, page)
        assert (chosen and rank(chosen)) == min(ranks, default=None)


def test_a_sure_benefit_changes_the_verdict(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repr(front_page.tiles(project)).startswith("No trials yet")
    monkeypatch.setattr(front_page, "SURE", ("very low", "low", "moderate", "high"))
    sure = repr(front_page.tiles(project)).partition(".")[0]
    assert sure.startswith("Trials show with good certainty")
    assert "acute GVHD" in sure


def test_without_outcomes_every_tile_says_that_there_are_no_numbers(shown_with: Callable[..., Any]) -> None:
    shown = shown_with(outcomes=[], outcome_flags=[], trials=[], decisions=[])
    assert {tile.helps for tile in front_page.disease_tiles(shown.project)} == {front_page.NO_NUMBERS}
    assert f"Of {len(PAGES)} groups of diseases" in repr(shown.tables.tiles())
    html = shown.tables.diseases()._repr_html_()
    assert "none known here" in html
    assert "none may be open" in html


def test_hostile_text_is_text(project: Project) -> None:
    frames = {}
    for table, column in (("vocabulary", "label"), ("comparisons", "outcome"), ("decisions", "country")):
        frame = project.text(table)
        frame[column] = BAD + frame[column]
        frames[f"data/{table}.csv"] = frame.to_csv(index=False).encode()
    spoiled = project.with_files(frames)
    html = front_page.tiles(spoiled)._repr_html_() + front_page.diseases(spoiled)._repr_html_()
    assert html.count("&lt;img") > len(PAGES)
    html += front_page.GLANCE.render(cards=[(1, BAD, BAD, "index")], searched=BAD, current=BAD, released=BAD)
    assert "<img" not in html + front_page.CITE.render(forms=[("Text", BAD), ("RIS", BAD)])


DAYS = "2026-11-25,2026-11-18,2026-11-25"
SEARCHES = ("a-1", "a-1", "a-1", "a-1", "b-1")
SOME = {
    "searches": [f"a-1,pubmed,main,1,{DAYS},9,4,3,2,complete,", f"b-1,europepmc,main,2,{DAYS},1,1,0,0,complete,"],
    "candidates": [f"c-{n},{s},pubmed,{n},report,,,,T,2026,m,1,,2026-11-25" for n, s in enumerate(SEARCHES)],
    "screenings": ["s-1,c-0,A,2026-11-25,include,,", "s-2,c-1,A,2026-11-25,exclude,no outcome,"],
}


def test_without_a_search_the_flow_diagram_says_so(shown_with: Callable[..., Any]) -> None:
    shown = shown_with(searches=[], candidates=[], screenings=[])
    assert "No record has been identified yet" in shown.charts.prisma_flow().to_dict()["description"]
    assert "0 rows" in repr(shown.tables.search_log())
    assert "0 rows" in repr(shown.tables.screening_queue())


def test_the_boxes_of_the_flow_diagram_hold_the_numbers(shown_with: Callable[..., Any]) -> None:
    shown = shown_with(**SOME)
    spec = shown.charts.prisma_flow().to_dict()
    boxes = {row["stage"]: row["records"] for rows in spec["datasets"].values() for row in rows if "stage" in row}
    assert boxes.pop("Works in the review") == len(rt.load("studies"))
    assert list(boxes.values()) == [10, 5, 5, 3, 2, 1, 0, 1]
    assert "No outcome of interest: 1" in str(spec)
    assert [[*map(str, row.cells.values())] for row in shown.tables.screening_queue().rows] == [
        ["PubMed", "3", "1", "1", "0", "0"]
    ]
    assert len(shown.tables.search_log().rows) == 2
