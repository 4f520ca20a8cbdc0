"""The front page at a glance counts what the tables hold, and never claims a search or a grading."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

import review_tools as rt
from review_tools.display import glance
from review_tools.display.overview import RATIOS
from review_tools.evidence import schema

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


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (None, None),
        ("", None),
        ("a,2026-11-25,partial\n", None),
        ("a,2026-11-20,complete\nb,2026-11-25,partial\n", "2026-11-20"),
        ("a,2026-11-20,complete\nb,2026-11-22,complete\n", "2026-11-22"),
    ],
    ids=["no table", "empty", "only a partial one", "a complete one", "the latest"],
)
def test_only_a_complete_search_counts(
    copy: Path, monkeypatch: pytest.MonkeyPatch, rows: str | None, says: str | None
) -> None:
    monkeypatch.setenv("REVIEW_ROOT", str(copy))
    known = {name: table for name, table in schema.tables(copy).items() if name != "searches"}
    if rows is not None:
        (copy / "data" / "searches.csv").write_text(SEARCHES + rows, encoding="utf-8")
        fields = tuple(
            schema.Field(name, kind, "")
            for name, kind in (("search_id", "string"), ("run_on", "date"), ("status", "string"))
        )
        known["searches"] = schema.Table("searches", "Searches", "", "searches.csv", fields, ("search_id",), ())
    monkeypatch.setattr(schema, "tables", lambda root=None: known)
    made = rt.tables.at_a_glance()
    assert made.searched == says
    html = made._repr_html_()
    assert f'data-searched="{says or ""}" hidden' in html
    assert ("no systematic search yet" in html) == (says is None)


def test_a_direction_is_named_only_where_the_interval_leaves_out_no_difference() -> None:
    for result in glance.compared():
        assert (glance.direction(result) == "no clear difference") == (not result.excludes_no_effect)


def test_the_headline_chart_turns_ratios_so_that_right_is_better() -> None:
    spec = rt.charts.overview().to_dict()
    drawn = {row["title"]: row for rows in spec["datasets"].values() for row in rows if "estimate" in row}
    wanted = [result for result in glance.compared() if result.comparison["measure"] in RATIOS]
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
    assert html.count(">not assessed<") == len(glance.compared())
    assert not re.search(r"(high|moderate|low) certainty", html)


def test_hostile_text_is_text() -> None:
    bad = '"><img src=x onerror=alert(1)>'
    made = glance.Glance([glance.Card(1, bad, bad, "book/index")], [(bad, 1, 100)], None, bad, bad)
    assert "<img" not in made._repr_html_()
