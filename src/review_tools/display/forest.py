"""Forest plots: the studies of one comparison with what they say together, and all pooled comparisons."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from review_tools.check.judgements import DOMAINS
from review_tools.data.project import Project
from review_tools.display.data_tables import comparison_links, study_link
from review_tools.display.grid import Cell, lines, note
from review_tools.display.plots import INTERVAL, PERCENTAGES, Axis, Line, Panel, Plot
from review_tools.display.theme import plural
from review_tools.synthesis import bias, words
from review_tools.synthesis.certainty import EXTREME, certainty
from review_tools.synthesis.comparisons import EFFECT, Answer, answer, controlled, harms
from review_tools.synthesis.target import HARM

LIGHTS = {"low": ("low", "+", "#7fd1b4", "#1f2d3d"), "high": ("high", "−", "#1f2d3d", "#ffffff")}  # colours of sign too
UNCLEAR = ("some", "?", "#f0e442", "#1f2d3d")
LIGHT = 14  # pixels from light to light
TESTS = {"hksj": "Hartung-Knapp interval", "z": "normal interval"}
BIAS, NOT_JUDGED, SHARE = "Risk of bias", "not judged", "share"
GROUPS = RESPONSES, PREVENTION, HARMS = "Responses and survival", "What MSCs are meant to prevent", "Harms and deaths"


def forest(project: Project, comparison_id: str) -> Plot:
    """Draw the studies of one comparison with figures, risk of bias and weights, and what they say together.

    One study is drawn as it is, without a pooled row; without a usable row nothing is drawn. Raises KeyError for an
    unknown comparison.
    """
    result = answer(project, comparison_id)
    measure, title = result.measure, str(result.comparison["title"])
    says = words.plainly(result, certainty(project, comparison_id)) or words.sentence(result)
    judged = {
        outcome: bias.judged(project, study, name)
        for outcome, study, name in result.entered[["outcome_id", "study_id", "outcome_set"]].itertuples(index=False)
    }
    lit = any(judged.values())
    studies = [_study(project, result, place, judged if lit else None) for place in range(result.k)]
    arms = ("MSCs",) if measure.no_effect is None else arm_names(result)
    before = ("Study", *([BIAS] if lit else []), *map(_capital, arms))
    after = (f"{_capital(SHARE if measure.no_effect is None else measure.title)}{INTERVAL}", "Weight")
    together = [*studies, *_together(result, lit)]
    panel = Panel(_axis(result, studies), together, () if measure.no_effect is None else sides(result))
    keys = [*_keys(judged.values())] if lit else [f"{BIAS}: {NOT_JUDGED}."]
    return Plot(f"chart-{comparison_id}", title, says, before, after, [panel] if studies else [], keys)


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def arm_names(result: Answer) -> tuple[str, str]:
    """Return what the arms are called: by their treatments where both had MSCs."""
    declared = result.comparison
    return (
        (declared["intervention"], declared["comparator"]) if declared["contrast"] == "active" else ("MSCs", "control")
    )


def sides(result: Answer) -> tuple[str, ...]:
    """Return what lies on the left and on the right of no difference."""
    first, second = arm_names(result) if result.comparison["higher_is_better"] else reversed(arm_names(result))
    return f"←\u00a0favours {second}", f"favours {first}\u00a0→"  # no arrow stands alone on a line


def _axis(result: Answer, studies: list[Line]) -> Axis:
    bounds = [bound for line in studies for bound in line.bounds[1:]]
    if result.measure.no_effect is None:
        return PERCENTAGES
    return Axis.of_ratios(bounds) if result.measure.is_ratio else Axis.of_differences(bounds)


def _study(project: Project, result: Answer, place: int, judged: dict[str, bias.Judged | None] | None) -> Line:
    assert result.effects is not None  # noqa: S101 (there are as many places as studies)
    assert result.pooled is not None  # noqa: S101
    outcome, bounds = result.effects.labels[place], list(result.effects.intervals())[place]
    row = result.entered.set_index("outcome_id").loc[outcome].to_dict()
    weight, lights = result.pooled.weights[place], [] if judged is None else [draw_lights(judged[outcome])]
    before = [study_link(project, row["study_id"]), *lights, *(_arm(row, arm) for arm in _arms(result))]
    estimate, low, high = (words.figure(bound, result.measure) for bound in bounds)
    figures = _minus(f"{estimate} ({low} to {high})")
    return Line("study", before, [figures, f"{weight:.0f}%"], bounds, weight)


def _minus(figures: str) -> str:
    """Return figures with the sign of the printer; a spreadsheet takes the hyphen for a formula."""
    return figures.replace("-", "−")


def _arms(result: Answer) -> tuple[str, ...]:
    return ("arm1",) if result.measure.no_effect is None else ("arm1", "arm2")


def _arm(row: Mapping[Any, Any], arm: str) -> Cell:
    events, n, mean = (row[f"{name}_{arm}"] for name in ("events", "n", "mean"))
    if pd.notna(events):
        return f"{events}/{n}"
    people = f"n {n}" if pd.notna(n) else "n not shown"
    return lines(f"{mean:g}", note(people)) if pd.notna(mean) and row["block"] != EFFECT else people


def _together(result: Answer, lit: bool) -> Iterator[Line]:
    """Yield the pooled row of several studies, and from five on the interval in which new ones are expected."""
    pooled, entered, arms = result.pooled, result.entered, _arms(result)
    if pooled is None or pooled.k < 2:
        return
    counted = entered[[f"events_{arm}" for arm in arms]].notna().all(axis=None)
    totals = [f"{entered[f'events_{arm}'].sum()}/" if counted else "n " for arm in arms]
    totals = [total + str(entered[f"n_{arm}"].sum()) for total, arm in zip(totals, arms, strict=True)]
    name = lines(f"{pooled.k} studies pooled", note(f"I² {pooled.i2:.0f}%, {TESTS[str(pooled.test)]}"))
    room: list[Cell | None] = [None] if lit else []  # of the lights
    yield Line("pooled", [name, *room, *totals], [pooled_figures(result), "100%"], pooled.back)
    if pooled.back_prediction is not None:
        low, high = pooled.back_prediction
        ends = " to ".join(words.figure(end, result.measure) for end in (low, high))
        bounds = (pooled.back[0], low, high)
        yield Line("prediction", ["95% of new studies", *room, *[""] * len(arms)], [_minus(ends), ""], bounds)


def pooled_figures(result: Answer) -> str:
    """Return the pooled figures, or that they say nothing."""
    said = words.verdict(result)
    return said if said == words.FAR_TOO_UNCERTAIN else _minus(words.interval(result.pooled))


def draw_lights(judged: bias.Judged | None) -> Cell:
    """Return risk of bias as lights, the overall judgement first, each with a sign; read aloud in words."""
    if judged is None:
        return NOT_JUDGED
    named = [(domain, judged.domains.get(domain, "no information")) for domain in DOMAINS[judged.tool]]
    said = [("overall", judged.overall), *named]
    drawn = Markup().join(_light(place, words) for place, (_, words) in enumerate(said))
    told = "; ".join(f"{domain}: {judgement}" for domain, judgement in said)
    return Markup(
        '<svg class="lights" role="img" aria-label="{0}" width="{1}" height="14"><title>{0}</title>{2}</svg>'
    ).format(f"{judged.tool}, {told}", LIGHT * len(said) + 5, drawn)


def _light(place: int, judgement: str) -> Markup:
    look, sign, ground, ink = LIGHTS.get(bias.CLASS.get(judgement, bias.SOME), UNCLEAR)
    at = 7 + LIGHT * place + (5 if place else 0)
    return Markup(
        '<g class="light-{0}"><circle cx="{1}" cy="7" r="6.5" fill="{2}"/>'
        '<text x="{1}" y="11" font-size="12" font-weight="600" text-anchor="middle" fill="{3}">{4}</text></g>'
    ).format(look, at, ground, ink, sign)


def _keys(judged: Iterable[bias.Judged | None]) -> Iterator[str]:
    """Yield what the lights mean, for each tool."""
    for tool in sorted({one.tool for one in judged if one}):
        yield f"{BIAS} by {tool}: overall, then {', '.join(DOMAINS[tool])}."
    yield "+ low, ? some concerns, moderate or not told, − high."


def overview(project: Project) -> Plot:
    """Draw the pooled comparisons with a control group: responses, what MSCs are to prevent, and harms, each apart."""
    every = [result for result in controlled(project) if result.measure.is_ratio]
    results = sorted((result for result in every if result.k > 1), key=lambda one: -one.people)
    groups = {name: [one for one in results if _group(project, one) == name] for name in GROUPS}
    panels = [
        Panel(Axis.of_ratios([EXTREME]), [_pool(project, one) for one in group], sides(group[0]), name)
        for name, group in groups.items()
        if group
    ]
    said = Counter(map(words.verdict, results))
    found = ", ".join(f"{said[one]} {words.direction_of(one)}" for one in words.VERDICTS if said[one])
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


def _pool(project: Project, result: Answer) -> Line:
    declared, rated = result.comparison, certainty(project, result.comparison["comparison_id"])
    assert result.pooled is not None  # noqa: S101 (``overview`` gives answers with results only)
    assert rated is not None  # noqa: S101
    size = note(plural(result.k, "study", "studies"), f"{result.people} people")
    name = lines(*comparison_links(declared.to_frame().T), size)
    kind = "harm" if words.verdict(result) == HARM else "pooled"
    return Line(kind, [name], [pooled_figures(result), f"{rated.symbol} {rated.rating}"], result.pooled.back)
