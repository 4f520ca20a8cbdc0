"""Front page, protocol and flow count what the tables hold, and never claim a search or a grading."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import review_tools as rt
from review_tools.display import front_page, protocol_tables

DAYS = "2026-11-25,2026-11-18,2026-11-25"
SEARCHES = ("a-1", "a-1", "a-1", "a-1", "b-1")
NONE: dict[str, list[str]] = {"searches": [], "candidates": [], "screenings": []}
SOME = {
    "searches": [f"a-1,pubmed,main,1,{DAYS},9,4,3,2,complete,", f"b-1,europepmc,main,2,{DAYS},1,1,0,0,complete,"],
    "candidates": [f"c-{n},{s},pubmed,{n},report,,,,T,2026,m,1,,2026-11-25" for n, s in enumerate(SEARCHES)],
    "screenings": ["s-1,c-0,A,2026-11-25,include,,", "s-2,c-1,A,2026-11-25,exclude,no outcome,"],
}


def test_cards_count_the_tables_and_lead_to_chapters(root: Path) -> None:
    made = rt.tables.at_a_glance()
    counts = {card.name: card.count for card in made.cards}
    assert counts["studies"] == len(rt.load("studies"))
    assert counts["registered trials"] == len(rt.load("trials"))
    assert all((root / f"{card.page}.md").is_file() for card in made.cards)


LATEST = dict.fromkeys(("clinicaltrials", "pubmed", "europepmc", "crossref"), "2026-11-25")
OLDER = {**LATEST, "pubmed": "2026-11-20"}
SEARCHED: dict[str, tuple[dict[str, str], str, str | None, str | None, str]] = {
    "none": ({}, "complete", None, None, protocol_tables.NEVER),
    "only partial ones": (LATEST, "partial", None, None, protocol_tables.NEVER),
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
    planned = front_page.due(project)
    assert (front_page.last_search(project), planned and planned.day, protocol_tables.current(project)) == (
        last,
        due,
        current,
    )
    html = front_page.Glance([], last, "26.1.0", "2026-11-25", planned, current)._repr_html_()
    assert ("no systematic search yet" in html) == (last is None)
    assert (f'data-due="{due}" data-every="7" hidden' in html) == ("search-badge" in html) == (due is not None)
    assert (current in html) == (last is not None and due is None)
    assert (protocol_tables.NEVER in protocol_tables.protocol(project)._repr_html_()) == (
        len(days) < 4 or status == "partial"
    )


def test_hostile_text_is_text() -> None:
    bad = '"><img src=x onerror=alert(1)>'
    made = front_page.Glance([front_page.Card(1, bad, bad, "book/index")], None, bad, bad)
    assert "<img" not in made._repr_html_() + front_page.Cite((("Text", bad), ("RIS", bad)))._repr_html_()


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


def test_without_a_search_the_flow_diagram_says_so(shown_with: Callable[..., Any]) -> None:
    shown = shown_with(**NONE)
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
