"""Forest plots are read as tables: what each row says, what is drawn in it, and what it says of itself aloud."""

import math
from typing import Any

import lxml.html
import pytest
from markupsafe import escape

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display.forest import forest
from review_tools.display.plots import Axis, Line, Panel, Plot
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.comparisons import answer, controlled
from review_tools.synthesis.words import interval, plainly, sentence, verdict, what_would_change
from small_pool import NAME, counts, low_risk, review, work

COMPARISONS = list(rt.load("comparisons")["comparison_id"])
HOSTILE = "\"'><img src=x onerror=alert(1)></table></svg><script>alert(2)</script>{{ 7*7 }}"
ORANGE, INK = "#D55E00", "#1f2d3d"


def drawn(plot: Plot) -> Any:
    return lxml.html.fromstring(f"<div>{plot._repr_html_()}</div>")


def rows(plot: Plot) -> list[Any]:
    return drawn(plot).xpath("//tbody/tr[not(contains(@class, 'axis') or contains(@class, 'panel'))]")


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_comparison_draws_its_studies_and_says_once_what_they_mean(project: Project, name: str) -> None:
    result, plot = answer(project, name), forest(project, name)
    said, html = plainly(result, certainty(project, name)) or sentence(result), plot._repr_html_()
    assert lxml.html.fromstring(html).text_content().count(said) == 1
    assert ("<svg" in html) == ("<table" in html) == (result.k > 0)
    assert ORANGE not in html
    if not result.k:
        return
    kinds = [line.kind for panel in plot.panels for line in panel.lines]
    assert kinds == ["study"] * result.k + ["pooled"] * (result.k > 1) + ["prediction"] * (result.k >= 5)
    studies = result.entered.set_index("outcome_id").loc[list(result.effects.labels), "study_id"]
    links = [row.xpath(".//a/@href")[0] for row in rows(plot)[: result.k]]
    assert links == [f"site:studies/{study}" for study in studies]
    if result.k > 1:
        [pool] = drawn(plot).xpath("//tr[@class='forest-pool']")
        assert set(pool.xpath(".//path/@fill")) == {INK}
        assert interval(result.pooled).replace("-", "−") in html or "far too uncertain to say" in html


def test_counts_weights_intervals_and_judgements_stand_beside_each_study() -> None:
    [newest] = [row for row in rows(rt.charts.forest("crohns_fistula")) if "Raffals" in row.text_content()]
    cells = {cell.get("data-label"): cell for cell in newest.xpath("td")}
    assert cells["MSCs"].text == "138/283"
    assert cells["Control"].text == "132/285"
    assert cells["Risk ratio"].text == "1.05 (0.89 to 1.25)"
    assert cells["Weight"].text.endswith("%")
    [lights] = cells["Risk of bias"].xpath("svg/@aria-label")
    assert lights.startswith("RoB 2, overall: some concerns; randomisation: low; ")
    signs = cells["Risk of bias"].xpath("svg/g/text/text()")
    assert signs[0] == "?"
    assert len(signs) == 6
    assert set(signs) <= {"+", "?", "−"}


def test_where_nobody_judged_anything_it_is_said_once() -> None:
    pair, judged = [counts(30, 50, 20, 50), counts(20, 50, 20, 50)], low_risk("a", measurement="high")
    for held, each, once in ((judged, 1, 0), ([], 0, 1)):
        html = forest(review(*pair, risk_of_bias=held), NAME)._repr_html_()
        assert html.count('">not judged<') == each
        assert html.count("Risk of bias: not judged.") == once
    assert 'class="light-high"' not in html


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crohns_fistula", ["← favours control", "favours MSCs →"]),
        ("cgvhd_prevention", ["← favours MSCs", "favours control →"]),
        ("sle_dose_relapse", ["← favours two infusions of MSCs", "favours another dose of MSCs →"]),
    ],
)
def test_the_axis_names_the_side_that_is_good_for_patients(name: str, said: list[str]) -> None:
    """Nothing is turned over: where fewer events are better, the left is good."""
    spans = drawn(rt.charts.forest(name)).xpath("//tr[@class='forest-axis']//span/text()")
    assert [span.replace("\u00a0", " ") for span in spans] == (said if answer(rt.project(), name).k else [])


def test_a_line_of_a_plot_lies_where_its_figures_do() -> None:
    axis = Axis.of_ratios([0.5, 4.0])
    assert axis.share(1.0) == pytest.approx(0.5)
    assert axis.share(2.0) - 0.5 == pytest.approx(math.log(2) / (2 * math.log(axis.high)), rel=1e-6)
    assert (axis.share(0.0), axis.share(math.inf)) == (0.0, 1.0)
    assert axis.high == pytest.approx(1 / axis.low)
    wide = Axis.of_ratios([0.0, math.inf])
    assert (wide.low, wide.high) == (0.05, 20.0)
    clipped = Plot("p", "Title", "", panels=[Panel(wide, [Line("study", {}, {}, (1.0, 0.01, math.inf))])])
    assert drawn(clipped).xpath("//svg/path/@d") == ["M0 0L7 -5V5z", "M0 0L-7 -5V5z"]
    assert list(Axis.of_differences([math.nan, math.inf]).ticks.values()) == ["−0.5", "0", "0.5"]


def test_the_overview_holds_every_pooled_ratio_with_harms_apart_and_orange_for_harm_alone(project: Project) -> None:
    wanted = {
        escape(result.comparison["title"]): result
        for result in controlled(project)
        if result.measure.is_ratio and result.k > 1
    }
    plot, sets = rt.charts.overview(), project.table("outcome_sets").set_index("outcome_set")
    assert sum(len(panel.lines) for panel in plot.panels) == len(wanted) > 10
    for panel in plot.panels:
        assert panel.sides[1].startswith("favours MSCs") == (panel.name == "Responses and survival")
        for line in panel.lines:
            [result] = [result for title, result in wanted.items() if f">{title}</a>" in line.before["Question"]]
            about = sets.loc[result.comparison["outcome_set"]]
            harm = (about["domain"] == "harm" or isinstance(about["across"], str)) and not about["higher_is_better"]
            assert (panel.name == "Harms and deaths") == harm
            assert (line.kind == "harm") == (verdict(result) == "harm")
    for line, row in zip([line for panel in plot.panels for line in panel.lines], rows(plot), strict=True):
        assert (ORANGE in row.xpath(".//path/@fill")) == (line.kind == "harm")


def test_an_unknown_comparison_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"No comparison 'gvhd'; there are .*agvhd_response"):
        rt.charts.forest("gvhd")


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ((), "No study tells response by arm"),
        ((counts(1, 2, 1, 2, block="words only"),), "No row can be pooled"),
    ],
)
def test_a_comparison_without_a_usable_row_is_one_line_of_words(held: Any, said: str) -> None:
    html = forest(review(*held), NAME)._repr_html_()
    assert html.startswith("<p ")
    assert said in html


def test_long_titles_many_authors_and_hostile_names_stay_text() -> None:
    authors = " and ".join(f"Author{number}, A" for number in range(200))
    bib = work("a", "W" * 300, authors) + work("b", author=f"{{{HOSTILE.replace('{{ 7*7 }}', '')}}}")
    many = review(counts(3, 9, 2, 9), counts(4, 9, 2, 9), comparison={"title": HOSTILE, "outcome": HOSTILE})
    html = forest(many.with_files({"references.bib": bib.encode()}), NAME)._repr_html_()
    assert "Author0 et al. 2020" in html
    assert "Author199" not in html
    assert "&lt;script&gt;alert(2)" in html
    assert "<img" not in html
    assert "<script" not in html
    assert "{{ 7*7 }}" in html


def test_how_many_people_are_missing_is_worked_out_from_the_declared_difference() -> None:
    """By hand: 7.84 × (0.5 × 0.5 + 0.6 × 0.4) / 0.1² = 384 in each arm."""

    def said(*row: int, **more: Any) -> str:
        held = review(counts(*row), comparison={"what_would_change_it": "A larger trial."}, **more)
        return what_would_change(answer(held, NAME), certainty(held, NAME))

    missing = "To show a difference of 100 people per 1,000 takes about 770 people; 40 took part."
    assert said(12, 20, 10, 20) == f"A larger trial. {missing}"
    assert said(1200, 2000, 1000, 2000) == said(12, 20, 10, 20, differences=("", "", "")) == "A larger trial."
