"""Tables of results lead from each number to its rows and sources."""

import re

import pytest

import review_tools as rt


@pytest.mark.parametrize("name", list(rt.load("comparisons")["comparison_id"]))
def test_every_declared_row_is_shown_with_its_place_and_source(name: str) -> None:
    html = rt.tables.comparison_rows(name)._repr_html_()
    declared = rt.load("comparison_outcomes").query("comparison_id == @name")["outcome_id"]
    for outcome in declared:
        assert f'id="row-{outcome}"' in html
    assert html.count('href="http') >= len(declared)
    assert "What would change it" in rt.tables.answer(name)._repr_html_()


def test_certainty_is_never_made_up() -> None:
    for name in rt.load("comparisons")["comparison_id"]:
        assert "Not assessed" in rt.tables.answer(name)._repr_html_()


def test_the_update_table_shows_what_moved_and_why() -> None:
    html = rt.tables.update()._repr_html_()
    assert re.search(r"[2-9]\d* of \d+ comparisons moved", html)
    assert "Raffals" in html
    assert "Jiang" in html


def test_published_pools_stand_as_printed() -> None:
    html = rt.tables.published_pools()._repr_html_()
    for pool in ("xiao2025-2", "khan2025-2"):
        row = rt.load("published_pools").set_index("pool_id").loc[pool]
        assert f"{row['estimate']:g} ({row['ci_low']:g} to {row['ci_high']:g})" in html


def test_the_ledger_shows_every_claim_with_its_verdict() -> None:
    html = rt.tables.claims()._repr_html_()
    for claim in rt.load("claims")["claim_id"]:
        assert f'id="claim-{claim}"' in html
