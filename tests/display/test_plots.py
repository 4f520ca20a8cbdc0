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
from review_tools.synthesis.certainty import certainty, people_needed
from review_tools.synthesis.comparisons import answer, controlled
from review_tools.synthesis.words import interval, plainly, sentence, verdict, what_would_change
from small_pool import NAME, counts, low_risk, review

COMPARISONS = list(rt.load("comparisons")["comparison_id"])
HOSTILE = "\"'><img src=x onerror=alert(1)></table></svg><script>alert(2)</script>{{ 7*7 }}"
ORANGE, INK = "#D55E00", "#1f2d3d"


def drawn(plot: Plot) -> Any:
    return lxml.html.fromstring(f"<div>{plot._repr_html_()}</div>")


def rows(plot: Plot) -> list[Any]:
    return drawn(plot).xpath("//tbody/tr[not(contains(@class, 'axis') or contains(@class, 'panel'))]")


def told(*entries: str) -> bytes:
    """References of the studies a, b and so on, with these titles and authors."""
    return "".join(entries).encode()


def work(name: str, title: str = "T", author: str = "Invented, I") -> str:
    return f"@article{{{name}, title = {{{title}}}, year = {{2020}}, author = {{{author}}}}}\n"


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_comparison_draws_its_studies_and_says_once_what_they_mean(project: Project, name: str) -> None:
    result, plot = answer(project, name), forest(project, name)
    said = plainly(result, certainty(project, name)) or sentence(result)
    html = plot._repr_html_()
    assert lxml.html.fromstring(html).text_content().count(said) == 1
    if not result.k:
        assert "<svg" not in html
        assert "<table" not in html
        return
    heads = [line.kind for panel in plot.panels for line in panel.lines]
    assert heads.count("study") == result.k
    assert heads.count("pooled") == (result.k > 1)
    assert ("prediction" in heads) == (result.k >= 5)
    assert [row.xpath(".//a/@href")[0] for row in rows(plot)[: result.k]] == [
        f"site:studies/{study}"
        for study in result.entered.set_index("outcome_id").loc[list(result.effects.labels), "study_id"]
    ]
    assert ORANGE not in html
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
    rows = [counts(30, 50, 20, 50), counts(20, 50, 20, 50)]
    judged = low_risk("a", measurement="high")
    for held, each, once in ((judged, 1, 0), ([], 0, 1)):
        html = forest(
            review(*rows, risk_of_bias=held).with_files({"references.bib": told(work("a"), work("b"))}), NAME
        )._repr_html_()
        assert html.count('">not judged<') == each
        assert html.count("Risk of bias: not judged.") == once
    assert 'class="light-high"' not in html


def test_the_axis_names_the_side_that_is_good_for_patients() -> None:
    """Nothing is turned over: where fewer events are better, the left is good."""
    sides = {
        "crohns_fistula": ["← favours control", "favours MSCs →"],
        "cgvhd_prevention": ["← favours MSCs", "favours control →"],
        "sle_dose_relapse": ["← favours two infusions of MSCs", "favours another dose of MSCs →"],
    }
    for name, said in sides.items():
        spans = drawn(rt.charts.forest(name)).xpath("//tr[@class='forest-axis']//span/text()")
        spans = [span.replace("\u00a0", " ") for span in spans]
        assert spans == (said if answer(rt.project(), name).k else [])


def test_a_line_of_a_plot_lies_where_its_figures_do() -> None:
    axis = Axis.of_ratios([0.5, 4.0])
    assert axis.share(1.0) == pytest.approx(0.5)
    assert axis.share(2.0) - 0.5 == pytest.approx(math.log(2) / (2 * math.log(axis.high)), rel=1e-6)
    assert (axis.share(0.0), axis.share(math.inf)) == (0.0, 1.0)
    assert axis.high == pytest.approx(1 / axis.low)
    wide = Axis.of_ratios([0.0, math.inf])
    assert (wide.low, wide.high) == (0.05, 20.0)
    clipped = Plot("p", "Title", "", panels=[Panel(wide, [Line("study", [], [], (1.0, 0.01, math.inf))])])
    assert drawn(clipped).xpath("//svg/path/@d") == ["M0 0L7 -5V5z", "M0 0L-7 -5V5z"]
    assert list(Axis.of_differences([math.nan, math.inf]).ticks.values()) == ["−0.5", "0", "0.5"]


def test_orange_means_harm_alone(project: Project) -> None:
    for line in rows(rt.charts.overview()):
        [title] = line.xpath("th/a/text()")
        [result] = [one for one in controlled(project) if one.comparison["title"] == title]
        assert (ORANGE in line.xpath(".//path/@fill")) == (verdict(result) == "harm")


def test_the_overview_holds_every_pooled_ratio_with_harms_apart(project: Project) -> None:
    wanted = [result for result in controlled(project) if result.measure.is_ratio and result.k > 1]
    plot = rt.charts.overview()
    sets = project.table("outcome_sets").set_index("outcome_set")
    held = {panel.name: [str(line.before[0]) for line in panel.lines] for panel in plot.panels}
    assert sum(map(len, held.values())) == len(wanted) > 10
    for result in wanted:
        [name] = [
            name
            for name, group in held.items()
            if any(f">{escape(result.comparison['title'])}</a>" in words for words in group)
        ]
        about = sets.loc[result.comparison["outcome_set"]]
        harm = (about["domain"] == "harm" or isinstance(about["across"], str)) and not about["higher_is_better"]
        assert (name == "Harms and deaths") == harm
    for panel in plot.panels:
        good_on_the_right = panel.sides[1].startswith("favours MSCs")
        assert good_on_the_right == (panel.name == "Responses and survival")


def test_an_unknown_comparison_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"No comparison 'gvhd'; there are .*agvhd_response"):
        rt.charts.forest("gvhd")


def test_a_comparison_without_a_usable_row_is_one_line_of_words() -> None:
    for rows_, said in (
        ((), "No study tells response by arm"),
        ((counts(1, 2, 1, 2, block="words only"),), "No row can be pooled"),
    ):
        html = forest(review(*rows_), NAME)._repr_html_()
        assert html.startswith("<p ")
        assert said in html
        assert "<svg" not in html


def test_long_titles_many_authors_and_hostile_names_stay_text() -> None:
    authors = " and ".join(f"Author{number}, A" for number in range(200))
    bib = told(work("a", "W" * 300, authors), work("b", author=f"{{{HOSTILE.replace('{{ 7*7 }}', '')}}}"))
    many = review(counts(3, 9, 2, 9), counts(4, 9, 2, 9), comparison={"title": HOSTILE, "outcome": HOSTILE})
    html = forest(many.with_files({"references.bib": bib}), NAME)._repr_html_()
    assert "Author0 et al. 2020" in html
    assert "Author199" not in html
    assert "&lt;script&gt;alert(2)" in html
    assert "<img" not in html
    assert "<script" not in html
    assert "{{ 7*7 }}" in html


def test_how_many_people_are_missing_is_worked_out_from_the_declared_difference() -> None:
    """By hand: 7.84 × (0.5 × 0.5 + 0.6 × 0.4) / 0.1² = 384 in each arm."""
    small = review(counts(12, 20, 10, 20), comparison={"what_would_change_it": "A larger trial."})
    rated = certainty(small, NAME)
    assert rated is not None
    assert people_needed(answer(small, NAME), rated.target) == 770
    said = what_would_change(answer(small, NAME), rated)
    assert said == "A larger trial. To show a difference of 100 people per 1,000 takes about 770 people; 40 took part."
    enough = review(counts(1200, 2000, 1000, 2000), comparison={"what_would_change_it": "Nothing."})
    assert what_would_change(answer(enough, NAME), certainty(enough, NAME)) == "Nothing."
    without = review(counts(12, 20, 10, 20), differences=("", "", ""), comparison={"what_would_change_it": "Much."})
    assert what_would_change(answer(without, NAME), certainty(without, NAME)) == "Much."
