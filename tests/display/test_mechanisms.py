"""The figure of mechanisms: what it draws is what the tables hold, and what the explorer opens."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pandas as pd
import pytest

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display.mechanisms import ACTS, ROUTES, mechanisms


def expected(section: str | None = None) -> pd.DataFrame:
    """Works, findings and works in patients by target and route, counted anew from the tables."""
    held = rt.load("findings")
    held = held[held["product"] != "none"]
    if section:
        held = held[(held["section"] == section) | held["section"].str.startswith(f"{section}.")]
    held = held.assign(work=held["study_id"].fillna("seed " + held["seed_number"].astype("string")))
    both = held[held["route"] == "both"]
    single = held[held["route"] != "both"].assign(route=held["route"].fillna("not shown"))
    held = pd.concat([single, both.assign(route="contact"), both.assign(route="paracrine")])
    groups = held.groupby(["target_cell", "route"])
    people = held[held["model"] == "patients"].groupby(["target_cell", "route"])["work"].nunique()
    return pd.DataFrame({"works": groups["work"].nunique(), "findings": groups.size()}).assign(people=people).fillna(0)


@pytest.mark.parametrize("section", [None, "2.1", "2.2.3", "3.1"])
def test_an_arc_counts_the_works_of_its_target_and_route(section: str | None) -> None:
    arcs, wanted = rt.charts.mechanisms(section=section).arcs, expected(section)
    assert {(arc["cell"], arc["route"]) for arc in arcs} == set(wanted.index)
    for arc in arcs:
        row = wanted.loc[(arc["cell"], arc["route"])]
        assert (arc["works"], arc["findings"], arc["people"]) == (row["works"], row["findings"], row["people"])
        assert sum(arc[sign] for sign in ("dampens", "mixed", "promotes", "none")) == arc["works"]


def test_a_work_that_points_both_ways_is_neither_for_nor_against() -> None:
    held = rt.load("findings")
    held = held[(held["target_cell"] == "T cell") & held["route"].isna() & (held["product"] != "none")]
    held = held.assign(work=held["study_id"].fillna("seed " + held["seed_number"].astype("string")))
    weaker = held["effect"] == "weaker MSC effect"  # says what the MSCs do by what happens without it
    assert (held.loc[weaker, "direction"] == "promotes").any()
    told = held.assign(direction=held["direction"].mask(weaker, "none"))
    told = told.groupby("work")["direction"].agg(set).map(lambda signs: frozenset(signs - {"none"}))
    (arc,) = (arc for arc in rt.charts.mechanisms().arcs if (arc["cell"], arc["route"]) == ("T cell", "not shown"))
    assert arc["promotes"] == (told == {"promotes"}).sum()
    assert arc["dampens"] == (told == {"dampens"}).sum()
    assert arc["mixed"] == told.map(len).gt(1).sum() > 0


def test_links_open_as_many_findings_as_the_figure_counts() -> None:
    """Numbers of the table of sources and of what is not drawn stand right after or in their links."""
    figure, rows = rt.charts.mechanisms(), rt.tables.explorer().rows
    html = unescape(figure._repr_html_())

    def opened(address: str) -> list[dict[str, Any]]:
        chosen = dict(parse_qsl(address))
        return [row for row in rows if all(value in row[name] for name, value in chosen.items())]

    links = re.findall(r'href="site:book/explore#([^"]*)"', html)
    assert len(links) > 100
    assert all(opened(link) for link in links)
    for arc in figure.arcs:
        held = opened(urlencode({"cell": arc["cell"], "route": arc["route"]}))
        assert len(held) == arc["findings"]
        assert len({row["study"] for row in held}) == arc["works"]
    cells = re.findall(r'#(disease=[^"]*&tissue=[^"]*)"[^>]*>[^<]*?(\d+)</a>', html)
    rest = re.findall(r'#(disease=[^"&]*)">[^<]*</a> \((\d+)\)', html)
    assert min(len(cells), len(rest)) > 5
    for link, works in cells + rest:
        assert len({row["study"] for row in opened(link)}) == int(works)


def test_arcs_are_labelled_with_their_commonest_mediators() -> None:
    roles = rt.load("finding_mediators").groupby("term")["role"].agg(set)
    for arc in rt.charts.mechanisms().arcs:
        assert all(roles[term] & set(ACTS) for term in arc["terms"])
    (arc,) = (a for a in rt.charts.mechanisms().arcs if (a["cell"], a["route"]) == ("macrophage", "paracrine"))
    assert arc["terms"][0] == "TSG-6"
    assert arc["mediators"].startswith("TSG-6 (2)")


def test_a_section_without_findings_says_so_and_draws() -> None:
    figure = rt.charts.mechanisms(section="9.9")
    assert "0 of 0 works" in figure.title
    assert "<svg" in figure._repr_html_()


def test_hostile_text_is_text(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "</title></svg><script>alert(1)</script><img src=x onerror=alert(1)>\"'\u202e"
    whole = Project.table

    def spoilt(self: Project, name: str) -> pd.DataFrame:
        frame = whole(self, name)
        return frame.assign(term=evil) if name == "finding_mediators" else frame

    monkeypatch.setattr(Project, "table", spoilt)
    html = mechanisms(project)._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert html.count("<svg") == html.count("</svg>")
    assert set(ROUTES.values()) <= set(re.findall(r'plate-faint">([^<]*)<', html))
