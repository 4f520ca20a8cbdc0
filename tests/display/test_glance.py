"""The front page at a glance counts what the tables hold, and never claims a search or a grading."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

import review_tools as rt
from review_tools.display import front_page
from review_tools.display.overview import RATIOS

SEARCHES = "search_id,run_on,status\n"


def test_cards_count_the_tables_and_lead_to_chapters(root: Path) -> None:
    made = rt.tables.at_a_glance()
    counts = {card.name: card.count for card in made.cards}
    assert counts["studies"] == len(rt.load("studies"))
    assert counts["registered trials"] == len(rt.load("trials")) == sum(count for _, count, _ in made.statuses)
    assert all((root / f"{card.page}.md").is_file() for card in made.cards)


def test_each_status_leads_to_as_many_rows_of_the_trial_table() -> None:
    table = rt.tables.trials()
    held = list(table.filters["Status"].values())
    linked = re.findall(r"trials\.status=([^\"#]+)#all-trials", rt.tables.at_a_glance()._repr_html_())
    made = {name: count for name, count, _ in rt.tables.at_a_glance().statuses}
    assert {unquote(name) for name in linked} == set(made)
    for name, count in made.items():
        assert sum(name in values for values in held) == count, name


ALL = ("clinicaltrials", "pubmed", "europepmc", "crossref")
LATEST = dict.fromkeys(ALL, "2026-11-25")
SEARCHED: dict[str, tuple[dict[str, str], str, str | None, str | None]] = {
    "none": ({}, "complete", None, None),
    "only partial ones": (LATEST, "partial", None, None),
    "not every source": ({"pubmed": "2026-11-22"}, "complete", "2026-11-22", None),
    "every source": (LATEST, "complete", "2026-11-25", "2026-12-02"),
    "one source longer ago": ({**LATEST, "pubmed": "2026-11-20"}, "complete", "2026-11-25", "2026-11-27"),
}


@pytest.mark.parametrize(("days", "status", "last", "due"), SEARCHED.values(), ids=SEARCHED.keys())
def test_only_complete_searches_count_and_the_schedule_tells_the_next(
    copy: Path, monkeypatch: pytest.MonkeyPatch, days: dict[str, str], status: str, last: str | None, due: str | None
) -> None:
    monkeypatch.setenv("REVIEW_ROOT", str(copy))
    with (copy / "data" / "searches.csv").open("a", encoding="utf-8") as file:
        for source, day in days.items():
            file.write(f"{source}-1,{source},main,1,{day},2024-01-01,{day},0,0,0,0,{status},\n")
    made = rt.tables.at_a_glance()
    assert (made.searched, made.due and made.due.day) == (last, due)
    html = made._repr_html_()
    assert ("no systematic search yet" in html) == (last is None)
    assert (f'data-due="{due}" data-every="7" hidden' in html) == (due is not None)
    assert ("not every source has been searched yet" in html) == (last is not None and due is None)


def test_a_review_that_is_paused_has_no_schedule(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_ROOT", str(copy))
    with (copy / "data" / "searches.csv").open("a", encoding="utf-8") as file:
        for source, day in LATEST.items():
            file.write(f"{source}-1,{source},main,1,{day},2024-01-01,{day},0,0,0,0,complete,\n")
    path = copy / "data" / "review.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("status: living", "status: paused"), encoding="utf-8")
    html = rt.tables.at_a_glance()._repr_html_()
    assert "search-badge" not in html
    assert "all sources searched up to 2026-11-25" in html


def test_a_direction_is_named_only_where_the_interval_leaves_out_no_difference() -> None:
    for result in front_page.compared():
        assert (front_page.direction(result) == "no clear difference") == (not result.excludes_no_effect)


def test_the_headline_chart_turns_ratios_so_that_right_is_better() -> None:
    spec = rt.charts.overview().to_dict()
    drawn = {row["title"]: row for rows in spec["datasets"].values() for row in rows if "estimate" in row}
    wanted = [result for result in front_page.compared() if result.comparison["measure"] in RATIOS]
    assert len(drawn) == len(wanted)
    for result in wanted:
        row = drawn[result.comparison["title"]]
        assert (row["estimate"] > 1) == result.favours_msc
        assert row["low"] <= row["estimate"] <= row["high"]
        assert row["certainty"] == "not assessed"
        if row["direction"] == "better with MSCs":
            assert row["low"] > 1


def test_no_certainty_is_made_up() -> None:
    html = rt.tables.directions()._repr_html_()
    assert html.count(">not assessed<") == len(front_page.compared())
    assert not re.search(r"(high|moderate|low) certainty", html)


def test_hostile_text_is_text() -> None:
    bad = '"><img src=x onerror=alert(1)>'
    made = front_page.Glance([front_page.Card(1, bad, bad, "book/index")], [(bad, 1, 100)], None, bad, bad)
    assert "<img" not in made._repr_html_()
