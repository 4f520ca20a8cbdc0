"""What comparisons say, for a decision: summaries of findings, and one comparison with everything behind it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from review_tools.data.project import Project, labels
from review_tools.display.data_tables import arms, commas, comparison_links, source_links, study_links
from review_tools.display.forest import TESTS, draw_lights, forest
from review_tools.display.grid import Cell, Grid, Shown, grid, lines, note, notes, stacks, tag
from review_tools.display.theme import plural
from review_tools.synthesis import bias, comparisons, words
from review_tools.synthesis.certainty import Certainty, certainty
from review_tools.synthesis.comparisons import Answer
from review_tools.synthesis.effects import MEANS
from review_tools.synthesis.pooling import Pooled
from review_tools.synthesis.sensitivity import other_choices, subgroups
from review_tools.synthesis.signatures import signature
from review_tools.synthesis.target import absolute

RATINGS = {"high": "dampens", "moderate": "dampens", "low": "mixed", "very low": "none"}
DIRECTIONS = {"better with MSCs": "dampens", "worse with MSCs": "promotes", "little or no difference": "mixed"}
READ = {"value_basis": "value basis", "read": "reading"}
NO_CONTROL, NOTHING_POOLED = "not rated: no comparison group", "not rated: no result to rate"
MANY = 4  # results of a summary that stand open
METHOD = "How sure, how it was worked out, and every row"


def summary_of_findings(project: Project, page: str | None = None) -> Shown:
    """Show the comparisons of a page, or all with a comparison group: risks, effect, certainty, plain words.

    Harms stand in a table of their own; the result that stands for the disease comes first. Of many the first stand
    open and the others behind them.
    """
    asked = {result.comparison["comparison_id"] for result in _answers(project, page)}
    results = [one for one in comparisons.ranked(project) if one.comparison["comparison_id"] in asked]
    harms, parts, behind = comparisons.harms(project), [], []
    for name, harmful in (("benefits", False), ("harms and deaths", True)):
        group = [result for result in results if (result.comparison["outcome_set"] in harms) == harmful]
        standing = len(group) if len(group) <= MANY + 2 else MANY
        if group:
            parts.append(_findings(project, name, group[:standing]))
        if group[standing:]:
            behind.append(_findings(project, f"other {name}", group[standing:]))
    return Shown(tuple(parts), behind=tuple((table.caption, table) for table in behind))


def _findings(project: Project, name: str, answers: list[Answer]) -> Grid:
    rated = [certainty(project, result.comparison["comparison_id"]) for result in answers]
    frame = pd.DataFrame([result.comparison for result in answers])
    people = [f"{result.people} people, {plural(result.k, 'study', 'studies')}" for result in answers]
    return grid(
        {
            "Outcome": stacks(comparison_links(frame), notes(frame["time_window"], people)),
            **_risks(answers),
            "Effect": [lines(words.named_interval(result), note(_good(result))) for result in answers],
            "Certainty": [_rating(one) for one in rated],
            "In plain words": [words.plainly(result, one) for result, one in zip(answers, rated, strict=True)],
        },
        f"Summary of findings, {name}: {plural(len(answers), 'result')}",
        name=f"summary-{name}",
        tools=False,
    )


def _good(result: Answer) -> str:
    """Return the unit of a mean difference, and which way is good for patients: of a score nobody could tell."""
    if result.measure.columns != MEANS:
        return ""
    units = result.entered["unit"].dropna().unique()
    return ", ".join([*units, "higher is better" if result.comparison["higher_is_better"] else "lower is better"])


def _risks(answers: list[Answer]) -> dict[str, list[Cell]]:
    """Return how many of 1,000 people have each outcome without MSCs and with them; nothing if none can be counted."""
    risks = [absolute(result) for result in answers]
    if not any(risks):
        return {}
    interval = [note(f"{risk.msc_low:.0f} to {risk.msc_high:.0f}") if risk else "" for risk in risks]
    return {
        "Without MSCs, of 1,000": [f"{risk.control:.0f}" if risk else "–" for risk in risks],
        "With MSCs, of 1,000": stacks([f"{risk.msc:.0f}" if risk else "–" for risk in risks], interval),
    }


def comparison(project: Project, comparison_id: str) -> Shown:
    """Show one comparison: figure, how sure and what would change it, and folded behind it method and every row."""
    result, rated = comparisons.answer(project, comparison_id), certainty(project, comparison_id)
    title = str(result.comparison["title"])
    behind = [_method(project, result, rated)]
    if rated is not None:
        behind.append(_reasons(rated, title))
    behind.append(comparison_rows(project, comparison_id))
    if result.k > 1:
        behind.append(sensitivity(project, comparison_id))
    for name, found in subgroups(project, comparison_id).items():
        caption = f"{name}: test of differences between groups, {found.words}"
        behind.append(grid(_pools(name, found.pools), caption, tools=False))
    says = lines(
        Markup("<strong>Certainty:</strong> {}.").format(rated.words) if rated else "",
        Markup("<strong>What would change it:</strong> {}").format(words.what_would_change(result, rated)),
    )
    return Shown((forest(project, comparison_id),), says, ((METHOD, Shown(tuple(behind))),))


def other_comparisons(project: Project, page: str, *shown: str) -> Shown:
    """Show the comparisons of a page but those shown already, each folded under its title and result."""
    behind = []
    for result in _answers(project, page):
        name, title = result.comparison["comparison_id"], result.comparison["title"]
        if name not in shown:
            said = words.named_interval(result) if result.k else "nothing can be pooled"
            behind.append((f"{title}: {said}", comparison(project, name)))
    return Shown(behind=tuple(behind))


def _method(project: Project, result: Answer, rated: Certainty | None) -> Grid:
    """Show how one comparison was worked out: question, model, spread of the results, who accepted it."""
    declared, pooled = result.comparison, result.pooled
    rows: dict[str, Cell] = {"Question": declared["question"]}
    if pooled is not None and pooled.k > 1:
        ends = " to ".join(words.figure(end, result.measure) for end in pooled.back_prediction or ())
        freedom = "" if pooled.df is None else f" (t with {plural(pooled.df, 'degree')} of freedom)"
        prediction = f"{ends}{freedom}" if ends else "needs five studies or more"
        spread = f"I² {pooled.i2:.0f}%, tau² {pooled.tau2:.3g}, Q {pooled.q:.2f} (p {pooled.q_p:.2g})"
        rows["Model"] = f"REML, {TESTS[str(pooled.test)]}.{words.too_few(result)}"
        rows["Heterogeneity"] = f"{spread}; prediction interval: {prediction}"
    if rated is None:
        rows["Certainty"] = NO_CONTROL if declared["design"] == comparisons.ONE_ARMED else NOTHING_POOLED
    rows["Accepted by"] = signature(project, declared["comparison_id"]).words
    return grid({"": rows, "In words": rows.values()}, str(declared["title"]))


def _reasons(rated: Certainty, title: str) -> Grid:
    """Show by how many levels each domain of GRADE lowers the certainty, and why."""
    return grid(
        {
            "Domain": [domain.name.capitalize() for domain in rated.domains],
            "Levels": [f"−{domain.levels}" if domain.levels else "0" for domain in rated.domains],
            "Because": [lines(domain.reason, note(domain.judged_by)) for domain in rated.domains],
        },
        f"{title}: starts {rated.start}, ends {rated.rating}",
        tools=False,
    )


def comparison_rows(project: Project, comparison_id: str) -> Grid:
    """Show every row that answers a comparison: pooled, or kept out with the reason."""
    frame = comparisons.answer(project, comparison_id).rows
    basis, reading = (frame[column].map(labels(project, kind)) for column, kind in READ.items())
    lights = [
        draw_lights(bias.judged(project, *of)) for of in zip(frame["study_id"], frame["outcome_set"], strict=True)
    ]
    return grid(
        {
            "Study": stacks(study_links(project, frame["study_id"]), notes(source_links(frame)), notes(basis, reading)),
            "Outcome": stacks(frame["outcome"], notes(frame["time"]), notes(frame["analysis_set"])),
            "MSC arm": arms(frame, "arm1"),
            "Comparator": arms(frame, "arm2"),
            "In the pool": stacks(in_the_pool(frame), notes(commas(frame["flags"]))),
            "Risk of bias": stacks(lights, notes(frame["study_id"].map(_by_others(project)))),
        },
        f"{plural(len(frame), 'row')} with this outcome, {(frame['reason'] == '').sum()} used",
        ids="row-" + frame["outcome_id"],
        name="rows",
        filters={
            "In the pool": (frame["reason"] == "").map({True: "yes", False: "no"}),
            "Take care": [flags or "nothing noted" for flags in frame["flags"]],
            "Basis": basis,
        },
    )


def _by_others(project: Project) -> pd.Series:
    """Return the overall judgements that others published of each study's risk of bias, as short text."""
    frame = project.table("assessments").dropna(subset=["study_id"])
    frame = frame[(frame["about"] == "risk of bias") & (frame["domain"] == "overall")]
    said = "others: " + frame["judgement"].fillna(frame["score"].astype(str)) + " (" + frame["tool"].fillna("") + ")"
    return said.groupby(frame["study_id"]).agg("; ".join)


def in_the_pool(rows: pd.DataFrame) -> list[Cell]:
    """Return whether each row is pooled, and why not."""
    return [tag(f"no: {reason}", "none") if reason else tag("yes", "dampens") for reason in rows["reason"]]


def sensitivity(project: Project, comparison_id: str) -> Grid:
    """Show the comparison under other choices of model, interval and rows."""
    pools = other_choices(project, comparison_id)
    spread = ["–" if pooled.i2 is None else f"{pooled.i2:.0f}%" for pooled in pools.values()]
    return grid({**_pools("Choice", pools), "I²": spread}, "How much the choices matter")


def _pools(heading: str, pools: Mapping[str, Pooled]) -> dict[str, Any]:
    return {
        heading: pools,
        "Studies": [pooled.k for pooled in pools.values()],
        "Result (95% interval)": [words.interval(pooled) for pooled in pools.values()],
    }


def answers(project: Project) -> Grid:
    """Show all comparisons in one line each."""
    results = _answers(project)
    frame = pd.DataFrame([result.comparison for result in results], columns=project.table("comparisons").columns)
    pages, designs = (frame[name].map(labels(project, name)) for name in ("page", "design"))
    said = [words.direction(result) or "no comparison group" for result in results]
    found = [words.named_interval(result) if result.k else "nothing can be pooled" for result in results]
    alone = ["single study, not pooled" if result.k == 1 else "" for result in results]
    return grid(
        {
            "Comparison": stacks(comparison_links(frame), notes(pages, designs)),
            "Studies": [result.k for result in results],
            "People": [result.people for result in results],
            "Result (95% interval)": stacks(found, alone),
            "Direction": [tag(word, DIRECTIONS.get(word, "none")) for word in said],
            "Certainty": [_rating(certainty(project, name)) for name in frame["comparison_id"]],
        },
        f"{plural(len(frame), 'comparison')} and what they say",
        name="comparisons",
        filters={"Disease": pages, "Design": designs, "Direction": said},
    )


def _answers(project: Project, page: str | None = None) -> list[Answer]:
    """Return what the comparisons of a page say, or of all pages in their order. Raises KeyError for no page."""
    frame, order = project.table("comparisons"), list(labels(project, "page"))
    if page is not None and page not in order:
        raise KeyError(f"No page {page!r}; there are {', '.join(order)}")
    if page is not None:
        frame = frame[frame["page"] == page]
    frame = frame.sort_values("page", key=lambda names: names.map(order.index), kind="stable")
    return [comparisons.answer(project, name) for name in frame["comparison_id"]]


def _rating(rated: Certainty | None) -> Cell:
    """Return a rating with what lowered it."""
    if rated is None:
        return "–"
    lowered = [f"{domain.name} −{domain.levels}" for domain in rated.lowered]
    return lines(tag(f"{rated.symbol} {rated.rating}", RATINGS[rated.rating]), note(*lowered))
