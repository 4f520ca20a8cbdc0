"""All pooled comparisons with a control group on one figure."""

import pandas as pd

from review_tools.data.project import Project
from review_tools.display.forest import pooled_figures, sides
from review_tools.display.grid import lines, note
from review_tools.display.plots import INTERVAL, Axis, Line, Panel, Plot
from review_tools.display.summary import comparison_links
from review_tools.display.theme import plural
from review_tools.synthesis import words
from review_tools.synthesis.certainty import EXTREME, certainty
from review_tools.synthesis.comparisons import Answer, controlled, harms
from review_tools.synthesis.target import HARM

GROUPS = RESPONSES, PREVENTION, HARMS = "Responses and survival", "What MSCs are meant to prevent", "Harms and deaths"


def overview(project: Project) -> Plot:
    """Draw the pooled comparisons with a control group: responses, what MSCs are to prevent, and harms, each apart."""
    every = [result for result in controlled(project) if result.measure.is_ratio]
    results = [result for result in every if result.k > 1]
    groups: dict[str, list[Answer]] = {name: [] for name in GROUPS}
    for result in sorted(results, key=lambda one: -one.people):
        groups[_group(project, result)].append(result)
    panels = [
        Panel(Axis.of_ratios([EXTREME]), [_line(project, one) for one in group], sides(group[0]), name)
        for name, group in groups.items()
        if group
    ]
    said = pd.Series([words.direction(result) for result in results], dtype="str").value_counts()
    directions = [words.direction_of(verdict) for verdict in words.VERDICTS]
    found = ", ".join(f"{said[name]} {name}" for name in directions if name in said)
    says = (
        f"{plural(len(results), 'pooled result')}: {found}; {len(every) - len(results)} questions more rest on a "
        "single study. A diamond is what several studies say together, as wide as its 95% interval."
    )
    title, after = "What trials with a control group found", (f"Ratio{INTERVAL}", "Certainty")
    return Plot("chart-overview", title, says, ("Question",), after, panels)


def _group(project: Project, result: Answer) -> str:
    if result.comparison["higher_is_better"]:
        return RESPONSES
    return HARMS if result.comparison["outcome_set"] in harms(project) else PREVENTION


def _line(project: Project, result: Answer) -> Line:
    assert result.pooled is not None  # noqa: S101 (``overview`` gives answers with results only)
    declared = result.comparison
    name = lines(
        *comparison_links(declared.to_frame().T), note(plural(result.k, "study", "studies"), f"{result.people} people")
    )
    graded = certainty(project, str(declared["comparison_id"]))
    sure = f"{graded.symbol} {graded.rating}" if graded else "not rated"
    kind = "harm" if words.verdict(result) == HARM else "pooled"
    return Line(kind, [name], [pooled_figures(result), sure], result.pooled.back)
