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
from review_tools.display.queries import WITHOUT, as_chosen, findings

EVIL = "</title></svg><script>alert(1)</script><img src=x onerror=alert(1)>\"'\u202e"


@pytest.mark.parametrize("section", [None, "2.1", "2.2.3", "3.1"])
def test_an_arc_counts_the_works_of_its_target_and_route_by_what_they_say(
    project: Project, section: str | None
) -> None:
    """A work that points both ways is mixed; a weaker effect of blocked MSCs says nothing of what MSCs do."""
    held = as_chosen(findings(project, section))
    held = held[held["route"] != WITHOUT]
    groups = dict(list(held.groupby(["target_cell", "route"])))
    arcs = {(arc["cell"], arc["route"]): arc for arc in rt.charts.mechanisms(section=section).arcs}
    assert set(arcs) == set(groups)
    for place, here in groups.items():
        told = here["direction"].mask(here["effect"] == "weaker MSC effect", "none")
        signs = [set(said) - {"none"} for _, said in told.groupby(here["work"])]
        counts = {sign: signs.count({sign}) for sign in ("dampens", "promotes")}
        counts |= {"mixed": sum(len(said) > 1 or "mixed" in said for said in signs), "none": signs.count(set())}
        counts |= {"works": len(signs), "findings": len(here)}
        counts["people"] = here.loc[here["model"] == "patients", "work"].nunique()
        assert {name: arcs[place][name] for name in counts} == counts
    if section is None:  # the data hold both
        assert (held.loc[held["effect"] == "weaker MSC effect", "direction"] == "promotes").any()
        assert arcs["T cell", "not shown"]["mixed"]


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
    arcs = {(arc["cell"], arc["route"]): arc for arc in rt.charts.mechanisms().arcs}
    assert all(roles[term] & set(ACTS) for arc in arcs.values() for term in arc["terms"])
    assert arcs["macrophage", "paracrine"]["terms"][0] == "TSG-6"
    assert arcs["macrophage", "paracrine"]["mediators"].startswith("TSG-6 (2)")


def test_a_section_without_findings_says_so_and_draws() -> None:
    figure = rt.charts.mechanisms(section="9.9")
    assert "0 of 0 works" in figure.title
    assert "<svg" in figure._repr_html_()


def test_hostile_text_is_text(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Project.table

    def spoilt(self: Project, name: str) -> pd.DataFrame:
        return whole(self, name).assign(term=EVIL) if name == "finding_mediators" else whole(self, name)

    monkeypatch.setattr(Project, "table", spoilt)
    html = mechanisms(project)._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert html.count("<svg") == html.count("</svg>")
    assert set(ROUTES.values()) <= set(re.findall(r'plate-faint">([^<]*)<', html))
