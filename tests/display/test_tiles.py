"""The front page says of each disease what its results say, by a rule that results do not sway."""

import re
from collections.abc import Callable
from typing import Any

import pytest

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display import tiles
from review_tools.synthesis import comparisons, words
from review_tools.synthesis.certainty import certainty

PAGES = list(rt.load("disease_pages")["page"].unique())
BAD = '"><img src=x onerror=alert(1)>'


def test_there_is_one_tile_and_one_row_a_disease() -> None:
    made, table = rt.tables.tiles(), rt.tables.diseases()
    assert sorted(tile.page for tile in made.tiles) == sorted(PAGES)
    links = re.findall(r'href="site:book/([^"]+)"', made._repr_html_())
    questions, linked = links[:4], links[4:]  # is it safe, how sure, find a trial, what is new
    assert questions == ["safety", "synthesis/index", "trials", "whats-new"]
    assert linked == [tile.page for tile in made.tiles]
    assert linked == re.findall(r'href="site:book/([^"]+)"', table._repr_html_())


@pytest.mark.parametrize("page", PAGES)
def test_a_tile_tells_the_result_that_stands_for_its_disease(project: Project, page: str) -> None:
    tile = next(one for one in rt.tables.tiles().tiles if one.page == page)
    result = tiles.standing_for(project, page)
    if result is None:
        assert tile.helps == tiles.NO_NUMBERS
        return
    rated = certainty(project, str(result.comparison["comparison_id"]))
    assert rated is not None
    assert tile.rated == rated
    assert f"{result.people} people" in tile.counted
    said = words.verdict(result)
    if rated.rating == "very low":  # tells no effect
        assert "uncertain" in tile.helps.lower()
    elif said in tiles.HELPS:
        assert tile.helps == tiles.HELPS[said][rated.rating]


def test_critical_randomised_and_larger_results_stand_for_a_disease(project: Project) -> None:
    sets = project.table("outcome_sets").set_index("outcome_set")
    for page in PAGES:
        chosen = tiles.standing_for(project, page)
        for other in comparisons.controlled(project):
            about = sets.loc[other.comparison["outcome_set"]]
            if other.comparison["page"] != page or about["domain"] == "harm" or about["across"] == about["across"]:
                continue
            assert chosen is not None
            mine = sets.loc[chosen.comparison["outcome_set"]]
            ranks = [
                (one["importance"] != "critical", result.comparison["design"] != "randomised", -result.people)
                for one, result in ((mine, chosen), (about, other))
            ]
            assert ranks[0] <= ranks[1], other.comparison["comparison_id"]


def test_a_sure_benefit_changes_the_verdict(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    unsure = tiles.tiles(project).verdict[0]
    assert unsure.startswith("No trials yet")
    monkeypatch.setattr(tiles, "SURE", ("very low", "low", "moderate", "high"))
    sure = tiles.tiles(project).verdict[0]
    assert sure.startswith("Trials show with good certainty")
    assert "acute GVHD" in sure


def test_without_outcomes_every_tile_says_that_there_are_no_numbers(shown_with: Callable[..., Any]) -> None:
    made = shown_with(outcomes=[], outcome_flags=[], trials=[], decisions=[]).tables
    assert {tile.helps for tile in made.tiles().tiles} == {tiles.NO_NUMBERS}
    assert f"Of {len(PAGES)} groups of diseases" in repr(made.tiles())
    html = made.diseases()._repr_html_()
    assert "none known here" in html
    assert "none may be open" in html


def test_hostile_names_and_outcomes_are_text(project: Project) -> None:
    frames = {}
    for table, column in (("vocabulary", "label"), ("comparisons", "outcome"), ("decisions", "country")):
        frame = project.text(table)
        frame[column] = BAD + frame[column]
        frames[f"data/{table}.csv"] = frame.to_csv(index=False).encode()
    spoiled = project.with_files(frames)
    html = tiles.tiles(spoiled)._repr_html_() + tiles.diseases(spoiled)._repr_html_()
    assert "<img" not in html
    assert html.count("&lt;img") > len(PAGES)
