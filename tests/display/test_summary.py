"""Summaries, comparisons and tables of what is chosen say what the data say, and a stranger's words stay text."""

import math
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from markupsafe import escape
from scipy.stats import chi2

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display import summary
from review_tools.display.synthesis_tables import ABSENT, NUMBERS, conflicts, reported_outcomes
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.comparisons import answer
from review_tools.synthesis.sensitivity import UNKNOWN, Groups, subgroups
from review_tools.synthesis.target import absolute
from review_tools.synthesis.words import named_interval, plainly
from small_pool import NAME, counts, low_risk, review

HOSTILE = "\"'><img src=x onerror=alert(1)></table><script>alert(2)</script>{{ 7*7 }}"
FREE = {  # columns of free text
    "outcome_sets": "outcome definition reason",
    "not_found": "what asked where link",
    "risk_of_bias": "reason source_where source_url judged_by",
    "comparisons": "title question outcome time_window what_would_change_it",
    "outcomes": "outcome arm1 arm2 source_where source_url",
    "certainty_judgements": "reason judged_by",
}


def plain(cells: dict[str, Any]) -> dict[str, str]:
    return {name: str(getattr(cell, "striptags", lambda cell=cell: cell)()) for name, cell in cells.items()}


def test_a_summary_of_findings_holds_risks_effect_certainty_and_plain_words(project: Project) -> None:
    """Of every result with a comparison group on the page; harms apart, the critical ones first."""
    declared = project.table("comparisons").query("page == 'diseases/acute-gvhd'")
    sets = project.table("outcome_sets").set_index("outcome_set")
    harm = (sets["domain"] == "harm") | sets["across"].notna()
    answers = [answer(project, name) for name in declared["comparison_id"]]
    wanted = {result.comparison["title"]: result for result in answers if result.excludes_no_effect is not None}
    benefits, harms = rt.tables.summary_of_findings("diseases/acute-gvhd").parts
    assert len(benefits.rows) + len(harms.rows) == len(wanted) > 1
    importance = []
    for row in [*benefits.rows, *harms.rows]:
        text, [title] = plain(row.cells), re.findall(r">([^<]*)</a>", row.cells["Outcome"])
        result = wanted[unescape(title)]
        rated, risk = certainty(project, str(result.comparison["comparison_id"])), absolute(result)
        assert (row in harms.rows) == harm[result.comparison["outcome_set"]]
        assert f"{result.people} people" in text["Outcome"]
        assert text["Effect"].startswith(named_interval(result))
        assert text["In plain words"] == plainly(result, rated)
        assert rated is not None
        assert rated.rating in text["Certainty"]
        if risk:
            assert text["Without MSCs, of 1,000"] == f"{risk.control:.0f}"
            assert text["With MSCs, of 1,000"].startswith(f"{risk.msc:.0f}")
        importance.append(result.comparison["importance"])
    firsts = importance[: len(benefits.rows)]
    assert firsts == sorted(firsts, key=lambda word: word != "critical")
    assert len(set(firsts)) > 1


def test_a_comparison_opens_with_its_answer_and_folds_the_rest_behind_it(project: Project) -> None:
    name = "crohns_fistula"
    made, result, rated = rt.tables.comparison(name), answer(project, name), certainty(project, name)
    assert rated is not None
    html = made._repr_html_()
    assert html.count("<details") == html.count("</details>") == 1
    shown, folded = html.split("<details", 1)
    assert shown.count(plainly(result, rated)) == 1
    assert plainly(result, rated) not in folded
    assert shown.count("What would change it:") == 1
    assert html.count(str(escape(result.comparison["what_would_change_it"]))) == 1
    assert result.comparison["question"] in folded
    for domain in rated.domains:
        assert domain.name.capitalize() in folded
    for choice in summary.sensitivity(project, name).rows:
        assert plain(choice.cells)["Choice"] in folded


def test_other_comparisons_are_those_of_the_page_that_stand_nowhere_else_on_it(project: Project) -> None:
    every = project.table("comparisons").query("page == 'diseases/crohns'")["comparison_id"]
    results = [answer(project, name) for name in every if name != "crohns_fistula"]
    said = [named_interval(result) if result.k else "nothing can be pooled" for result in results]
    made = rt.tables.other_comparisons("diseases/crohns", "crohns_fistula")
    titles = [f"{result.comparison['title']}: {words}" for result, words in zip(results, said, strict=True)]
    assert not made.parts
    assert [title for title, _ in made.behind] == titles
    assert all(str(escape(title)) in made._repr_html_() for title in titles)


def test_groups_are_pooled_each_and_tested_for_their_difference() -> None:
    """Two groups of one study each: Q is that of the two log risk ratios, worked out here by hand."""
    rows = [counts(30, 50, 20, 50), counts(20, 50, 20, 50), counts(10, 40, 12, 40)]
    terms = [{"kind": "age group", "term": group, "label": group.capitalize()} for group in ("adults", "children")]
    terms += [{"kind": "subgroup", "term": "age_group", "label": "Age"}]

    def found(*groups: str, **comparison: str) -> dict[str, Groups]:
        studies = [{"study_id": name, "status": "current", "age_group": group, "added_in": "26.2.0"}
                   for name, group in zip("abc", groups, strict=True)]  # fmt: skip
        return subgroups(review(*rows, comparison=comparison, studies=studies, vocabulary=terms), NAME)

    [(name, groups)] = found("adults", "children", "", subgroup="age_group").items()
    assert name == "Age"
    assert list(groups.pools) == ["Adults", "Children", UNKNOWN]
    assert [pooled.k for pooled in groups.pools.values()] == [1, 1, 1]
    one, other = (1 / events - 1 / 50 + 1 / 20 - 1 / 50 for events in (30, 20))
    q = math.log(30 / 20) ** 2 / (one + other)
    assert (groups.q, groups.df) == (pytest.approx(q, rel=1e-6), 1)
    assert groups.p == pytest.approx(chi2.sf(q, 1), rel=1e-6)
    assert found("adults", "adults", "adults", subgroup="age_group") == found("adults", "children", "") == {}


def test_what_a_study_says_of_each_declared_outcome_is_told_apart(project: Project) -> None:
    drawn = reported_outcomes(project, "lupus nephritis")
    rows = project.table("outcomes").query("disease == 'lupus nephritis' and design in ('randomised', 'controlled')")
    sets = project.table("outcome_sets").query("disease == 'lupus nephritis'").set_index("outcome_set")["outcome"]
    assert len(drawn.rows) == rows["study_id"].nunique() > 1
    cells = {project.works[study].label: study for study in rows["study_id"].unique()}
    for row in drawn.rows:
        text = plain(row.cells)
        [study] = [study for label, study in cells.items() if text["Study"].startswith(label)]
        own = rows[rows["study_id"] == study]
        for name in own.loc[own["block"].isin(["binary", "continuous", "effect"]), "outcome_set"].dropna():
            assert sets[name] in text[NUMBERS]
        added = own["contrast"].eq("add-on").any()  # the outcomes of the disease are asked of MSCs that are added
        for name in (set(rows["outcome_set"].dropna()) - set(own["outcome_set"])) if added else ():
            assert sets[name] in text[ABSENT] or list(sets).count(sets[name]) > 1


def test_judgements_not_found_and_declared_outcomes_show_every_row(project: Project) -> None:
    for name, call in {"risk_of_bias": "judgements", "not_found": "not_found", "outcome_sets": "outcome_sets"}.items():
        assert len(getattr(rt.tables, call)().rows) == len(project.table(name)) > 0
    for row, shown in zip(project.table("not_found").to_dict("records"), rt.tables.not_found().rows, strict=True):
        assert shown.id == f"not-found-{row['not_found_id']}"
        assert row["asked"] in plain(shown.cells)["Asked"]


def test_two_people_who_differ_are_in_conflict_and_two_who_agree_are_not() -> None:
    held = [{**row, "judged_by": "One", "reason": "r"} for row in low_risk("a", "b")]
    second = [{**held[0], "judgement": "high", "judged_by": "Two"}, {**held[1], "judged_by": "Two"}]
    both = counts(3, 9, 2, 9), counts(3, 9, 2, 9)
    drawn = conflicts(review(*both, risk_of_bias=[*held, *second]))
    assert [(row.cells["By"], row.cells["Judgement"]) for row in drawn.rows] == [("One", "low"), ("Two", "high")]
    assert not conflicts(review(*both, risk_of_bias=[*held, {**held[0], "judged_by": "Two"}])).rows


def test_hostile_text_is_text(project: Project, shown_with: Callable[..., Any]) -> None:
    rows = {}
    for table, columns in FREE.items():
        frame = project.text(table).assign(**dict.fromkeys(columns.split(), HOSTILE))
        rows[table] = frame.to_csv(index=False, lineterminator="\n").splitlines()[1:]
    tables = shown_with(**rows).tables
    for made in (
        *(tables.outcome_sets(), tables.extraction(), tables.not_found(), tables.judgements()),
        *(tables.summary_of_findings("diseases/crohns"), tables.other_comparisons("diseases/crohns")),
        *(tables.comparison("crohns_fistula"), tables.comparison("agvhd_cgvhd")),
    ):
        html = made._repr_html_()
        assert "&lt;script&gt;alert(2)" in html
        assert "<img" not in html
        assert "<script" not in html
        assert "{{ 7*7 }}" in html


def test_an_unknown_page_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"No page 'lupus'; there are .*diseases/lupus"):
        rt.tables.other_comparisons("lupus")
