"""Summaries, comparisons and tables of what is chosen say what the data say, and a stranger's words stay text."""

import csv
import io
import math
from collections.abc import Callable
from typing import Any

import pytest
from markupsafe import escape
from scipy.stats import chi2

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display import summary
from review_tools.display.selection_tables import ABSENT, NUMBERS, conflicts, reported_outcomes
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.comparisons import answer
from review_tools.synthesis.sensitivity import UNKNOWN, subgroups
from review_tools.synthesis.target import absolute
from review_tools.synthesis.words import named_interval, plainly
from small_pool import NAME, counts, low_risk, review

HOSTILE = "\"'><img src=x onerror=alert(1)></table><script>alert(2)</script>{{ 7*7 }}"


def plain(cells: dict[str, Any]) -> dict[str, str]:
    return {name: str(getattr(cell, "striptags", lambda cell=cell: cell)()) for name, cell in cells.items()}


def test_a_summary_of_findings_holds_risks_effect_certainty_and_plain_words(project: Project) -> None:
    """Of every result with a comparison group on the page; harms apart, the critical ones first."""
    declared = project.table("comparisons").query("page == 'diseases/acute-gvhd'")
    sets = project.table("outcome_sets").set_index("outcome_set")
    harm = (sets["domain"] == "harm") | sets["across"].notna()
    wanted = [answer(project, name) for name in declared["comparison_id"]]
    wanted = [result for result in wanted if result.excludes_no_effect is not None]
    made = rt.tables.summary_of_findings("diseases/acute-gvhd")
    benefits, harms = made.parts
    assert len(benefits.rows) + len(harms.rows) == len(wanted) > 1
    html = made._repr_html_()
    for result in wanted:
        rated, risk = certainty(project, str(result.comparison["comparison_id"])), absolute(result)
        linked = f">{escape(result.comparison['title'])}</a>"
        part = harms if harm[result.comparison["outcome_set"]] else benefits
        [text] = [plain(row.cells) for row in part.rows if linked in str(row.cells["Outcome"])]
        assert f"{result.people} people" in text["Outcome"]
        assert text["Relative effect"] == named_interval(result)
        assert text["In plain words"] == plainly(result, rated)
        assert rated is not None
        assert rated.rating in text["Certainty"]
        if risk:
            assert text["Without MSCs, of 1,000"] == f"{risk.control:.0f}"
            assert text["With MSCs, of 1,000"].startswith(f"{risk.msc:.0f}")
    places: dict[str, list[int]] = {one.comparison["importance"]: [] for one in wanted}
    for result in wanted:
        if not harm[result.comparison["outcome_set"]]:
            places[result.comparison["importance"]].append(html.index(f">{escape(result.comparison['title'])}</a>"))
    assert max(places.pop("critical")) < min(min(later, default=len(html)) for later in places.values())


def test_a_comparison_opens_with_its_answer_and_folds_the_rest_behind_it(project: Project) -> None:
    name = "crohns_fistula"
    made, result, rated = rt.tables.comparison(name), answer(project, name), certainty(project, name)
    assert rated is not None
    html = made._repr_html_()
    assert html.count("<details") == html.count("</details>") == 1
    shown, folded = html.split("<details", 1)
    assert shown.count(plainly(result, rated)) == 1
    assert plainly(result, rated) not in folded
    assert (
        shown.count("What would change it:") == html.count(str(escape(result.comparison["what_would_change_it"]))) == 1
    )
    assert result.comparison["question"] in folded
    for domain in rated.domains:
        assert domain.name.capitalize() in folded
    for choice in summary.sensitivity(project, name).rows:
        assert plain(choice.cells)["Choice"] in folded


def test_other_comparisons_are_those_of_the_page_that_stand_nowhere_else_on_it(project: Project) -> None:
    every = list(project.table("comparisons").query("page == 'diseases/crohns'")["comparison_id"])
    made = rt.tables.other_comparisons("diseases/crohns", "crohns_fistula")
    results = [answer(project, name) for name in every if name != "crohns_fistula"]
    said = [named_interval(result) if result.k else "nothing can be pooled" for result in results]
    titles = [f"{result.comparison['title']}: {words}" for result, words in zip(results, said, strict=True)]
    assert not made.parts
    assert [title for title, _ in made.behind] == titles
    assert all(str(escape(title)) in made._repr_html_() for title in titles)


def test_groups_are_pooled_each_and_tested_for_their_difference() -> None:
    """Two groups of one study each: Q is that of the two log risk ratios, worked out here by hand."""
    rows = [counts(30, 50, 20, 50), counts(20, 50, 20, 50), counts(10, 40, 12, 40)]
    studies = [{"study_id": name, "status": "current", "age_group": group, "added_in": "26.2.0"}
               for name, group in zip("abc", ("adults", "children", ""), strict=True)]  # fmt: skip
    terms = [{"kind": "age group", "term": group, "label": group.capitalize()} for group in ("adults", "children")]
    terms += [{"kind": "subgroup", "term": "age_group", "label": "Age"}]
    asked = {"subgroup": "age_group"}
    found = subgroups(review(*rows, comparison=asked, studies=studies, vocabulary=terms), NAME)
    groups = found.pop("Age")
    assert not found
    assert [UNKNOWN] == [group for group in groups.pools if group == UNKNOWN] == list(groups.pools)[-1:]
    assert [pooled.k for pooled in groups.pools.values()] == [1, 1, 1]
    first, second = math.log(30 / 20), math.log(20 / 20)
    one, other = (1 / events - 1 / 50 + 1 / 20 - 1 / 50 for events in (30, 20))
    q = (first - second) ** 2 / (one + other)
    assert (groups.q, groups.df) == (pytest.approx(q, rel=1e-6), 1)
    assert groups.p == pytest.approx(chi2.sf(q, 1), rel=1e-6)
    same = [{**study, "age_group": "adults"} for study in studies]
    assert subgroups(review(*rows, comparison=asked, studies=same, vocabulary=terms), NAME) == {}
    assert subgroups(review(*rows, studies=studies, vocabulary=terms), NAME) == {}


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
    calls = {"risk_of_bias": "judgements", "not_found": "not_found", "outcome_sets": "outcome_sets"}
    for name, call in calls.items():
        assert len(getattr(rt.tables, call)().rows) == len(project.table(name)) > 0
    study = project.table("risk_of_bias")["study_id"].iloc[0]
    assert len(rt.tables.judgements(study_id=study).rows) == (project.table("risk_of_bias")["study_id"] == study).sum()
    for row, shown in zip(project.table("not_found").to_dict("records"), rt.tables.not_found().rows, strict=True):
        assert shown.id == f"not-found-{row['not_found_id']}"
        assert row["asked"] in str(plain(shown.cells)["Asked"])


def test_two_people_who_differ_are_in_conflict_and_two_who_agree_are_not() -> None:
    rows = low_risk("a", "b")
    held = [*({**row, "judged_by": "One", "reason": "r"} for row in rows)]
    second = [{**held[0], "judgement": "high", "judged_by": "Two"}, {**held[1], "judged_by": "Two"}]
    shown = _with_works(review(counts(3, 9, 2, 9), counts(3, 9, 2, 9), risk_of_bias=[*held, *second]))
    drawn = conflicts(shown)
    assert [row.cells["By"] for row in drawn.rows] == ["One", "Two"]
    assert [row.cells["Judgement"] for row in drawn.rows] == ["low", "high"]
    agreed = [*held[:5], {**held[0], "judged_by": "Two"}]
    assert not conflicts(_with_works(review(counts(3, 9, 2, 9), risk_of_bias=agreed))).rows


def _with_works(project: Project) -> Project:
    entries = "".join(
        f"@article{{{name}, title = {{T}}, year = {{2020}}, author = {{Invented, I}}}}\n" for name in "ab"
    )
    return project.with_files({"references.bib": entries.encode()})


@pytest.mark.parametrize(
    ("table", "columns", "call", "options"),
    [
        ("outcome_sets", ("outcome", "definition", "reason"), "outcome_sets", ()),
        ("outcome_sets", ("outcome",), "extraction", ()),
        ("not_found", ("what", "asked", "where", "link"), "not_found", ()),
        ("risk_of_bias", ("reason", "source_where", "source_url", "judged_by"), "judgements", ()),
        ("comparisons", ("title", "question", "outcome", "time_window"), "summary_of_findings", ("diseases/crohns",)),
        ("comparisons", ("title", "question", "outcome", "what_would_change_it"), "comparison", ("crohns_fistula",)),
        ("comparisons", ("title", "question", "outcome"), "other_comparisons", ("diseases/crohns",)),
        ("outcomes", ("outcome", "arm1", "arm2", "source_where", "source_url"), "comparison", ("crohns_fistula",)),
        ("certainty_judgements", ("reason", "judged_by"), "comparison", ("agvhd_cgvhd",)),
    ],
)
def test_hostile_text_is_text(
    project: Project, shown_with: Callable[..., Any], table: str, columns: tuple[str, ...], call: str, options: Any
) -> None:
    frame, text = project.text(table), io.StringIO()
    for column in columns:
        frame[column] = HOSTILE
    csv.writer(text, lineterminator="\n").writerows(frame.to_numpy().tolist())
    html = getattr(shown_with(**{table: text.getvalue().splitlines()}).tables, call)(*options)._repr_html_()
    assert "&lt;script&gt;alert(2)" in html or "&lt;img" in html
    assert "<img" not in html
    assert "<script" not in html
    assert "{{ 7*7 }}" in html


def test_an_unknown_page_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"No page 'lupus'; there are .*diseases/lupus"):
        rt.tables.other_comparisons("lupus")
