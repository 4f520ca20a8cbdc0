"""Forest and funnel plots: the studies of one comparison with what they say together, and all pooled comparisons."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from markupsafe import Markup

from review_tools.check.rules import DOMAINS
from review_tools.data.project import Project
from review_tools.display.data_tables import comparison_links, study_link
from review_tools.display.grid import Cell, lines, note
from review_tools.display.plots import INTERVAL, PERCENTAGES, Axis, Line, Panel, Plot
from review_tools.display.queries import study_labels
from review_tools.display.theme import BLUE, GREY, plural, tooltip, with_caption
from review_tools.synthesis import bias, words
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.comparisons import EFFECT, EXTREME, Answer, answer, controlled, harms
from review_tools.synthesis.effects import CannotPoolError, Z
from review_tools.synthesis.pooling import FEWEST_FOR_EGGER, egger, pool
from review_tools.synthesis.target import HARM

LIGHTS = {"low": ("low", "+", "#7fd1b4", "#1f2d3d"), "high": ("high", "−", "#1f2d3d", "#ffffff")}  # colours of sign too
UNCLEAR = ("some", "?", "#f0e442", "#1f2d3d")
LIGHT = 14  # pixels from light to light
TESTS = {"hksj": "Hartung-Knapp interval", "z": "normal interval"}
BIAS, NOT_JUDGED = "Risk of bias", "not judged"
GROUPS = RESPONSES, PREVENTION, HARMS = "Responses and survival", "What MSCs are meant to prevent", "Harms and deaths"


def forest(project: Project, comparison_id: str) -> Plot:
    """Draw the studies of one comparison with figures, risk of bias and weights, and what they say together.

    One study is drawn as it is, without a pooled row; without a usable row nothing is drawn. Raises KeyError for an
    unknown comparison.
    """
    result = answer(project, comparison_id)
    effects, pooled, measure = result.effects, result.pooled, result.measure
    title = str(result.comparison["title"])
    says = words.plainly(result, certainty(project, comparison_id)) or words.sentence(result)
    if pooled is None:
        return Plot(f"chart-{comparison_id}", title, says)
    intervals, rows = effects.intervals(), result.entered.set_index("outcome_id").loc[list(effects.labels)]
    ends = [end for _, low, high in intervals for end in (low, high)]
    axis = Axis.of_ratios(ends) if measure.is_ratio else Axis.of_differences(ends)
    arms, favours, effect = dict(zip(("arm1", "arm2"), arm_names(result), strict=True)), sides(result), measure.title
    if measure.no_effect is None:
        axis, arms, favours, effect = PERCENTAGES, {"arm1": "MSCs"}, (), "share"
    arms = {arm: _capital(name) for arm, name in arms.items()}
    effect = f"{_capital(effect)}{INTERVAL}"
    judged = [bias.judged(project, *of) for of in zip(rows["study_id"], rows["outcome_set"], strict=True)]
    keys = _keys(judged) if any(judged) else [f"{BIAS}: {NOT_JUDGED}."]
    drawn = []
    for row, one, bounds, weight in zip(rows.to_dict("records"), judged, intervals, pooled.weights, strict=True):
        lights = {BIAS: draw_lights(one)} if any(judged) else {}
        estimate, low, high = (words.figure(bound, measure) for bound in bounds)
        before = {"Study": study_link(project, row["study_id"]), **lights}
        before |= {head: _arm(row, arm) for arm, head in arms.items()}
        after = {effect: _minus(f"{estimate} ({low} to {high})"), "Weight": f"{weight:.0f}%"}
        drawn.append(Line("study", before, after, bounds, weight))
    panel = Panel(axis, [*drawn, *_together(result, arms, effect)], favours)
    return Plot(f"chart-{comparison_id}", title, says, [panel], keys)


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def arm_names(result: Answer) -> tuple[str, str]:
    """Return what the arms are called: by their treatments where both had MSCs."""
    declared = result.comparison
    if declared["contrast"] == "active":
        return declared["intervention"], declared["comparator"]
    return "MSCs", "control"


def sides(result: Answer) -> tuple[str, ...]:
    """Return what lies on the left and on the right of no difference."""
    first, second = arm_names(result) if result.comparison["higher_is_better"] else reversed(arm_names(result))
    return f"←\u00a0favours {second}", f"favours {first}\u00a0→"  # no arrow stands alone on a line


def _minus(figures: str) -> str:
    """Return figures with the sign of the printer; a spreadsheet takes the hyphen for a formula."""
    return figures.replace("-", "−")


def _arm(row: Mapping[Any, Any], arm: str) -> Cell:
    events, n, mean = (row[f"{name}_{arm}"] for name in ("events", "n", "mean"))
    if pd.notna(events):
        return f"{events}/{n}"
    people = f"n {n}" if pd.notna(n) else "n not shown"
    return lines(f"{mean:g}", note(people)) if pd.notna(mean) and row["block"] != EFFECT else people


def _together(result: Answer, arms: dict[str, str], effect: str) -> Iterator[Line]:
    """Yield the pooled row of several studies, and from five on the interval in which new ones are expected."""
    pooled, entered = result.pooled, result.entered
    if pooled is None or pooled.k < 2:
        return
    counted = entered[[f"events_{arm}" for arm in arms]].notna().all(axis=None)
    before: dict[str, Cell] = {
        "Study": lines(f"{pooled.k} studies pooled", note(f"I² {pooled.i2:.0f}%, {TESTS[pooled.test]}"))
    }
    for arm, head in arms.items():
        before[head] = (f"{entered[f'events_{arm}'].sum()}/" if counted else "n ") + str(entered[f"n_{arm}"].sum())
    yield Line("pooled", before, {effect: pooled_figures(result), "Weight": "100%"}, pooled.back)
    if pooled.back_prediction is not None:
        before = {"Study": "95% of new studies", **dict.fromkeys(arms.values(), "")}
        ends = " to ".join(words.figure(end, result.measure) for end in pooled.back_prediction)
        bounds = (pooled.back[0], *pooled.back_prediction)
        yield Line("prediction", before, {effect: _minus(ends), "Weight": ""}, bounds)


def pooled_figures(result: Answer) -> str:
    """Return the pooled figures, or that they say nothing."""
    said = words.verdict(result)
    return said if said == words.FAR_TOO_UNCERTAIN else _minus(words.interval(result.pooled))


def draw_lights(judged: bias.Judged | None) -> Cell:
    """Return risk of bias as lights, the overall judgement first, each with a sign; read aloud in words."""
    if judged is None:
        return NOT_JUDGED
    named = {domain: judged.domains.get(domain, "no information") for domain in DOMAINS[judged.tool]}
    said = {"overall": judged.overall, **named}
    drawn = Markup().join(_light(place, judgement) for place, judgement in enumerate(said.values()))
    told = "; ".join(f"{domain}: {judgement}" for domain, judgement in said.items())
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


def _keys(judged: list[bias.Judged | None]) -> list[str]:
    """Return what the lights mean, for each tool."""
    tools = sorted({one.tool for one in judged if one})
    said = [f"{BIAS} by {tool}: overall, then {', '.join(DOMAINS[tool])}." for tool in tools]
    return [*said, "+ low, ? some concerns, moderate or not told, − high."]


def funnel(project: Project, comparison_id: str) -> alt.LayerChart:
    """Draw effects against their standard errors, with the limits within which 95% lie if only chance differs.

    The limits stand around the common effect. Raises KeyError for an unknown comparison, and CannotPoolError with
    fewer than ten studies (Cochrane Handbook 13.3.5.4).
    """
    result = answer(project, comparison_id)
    effects, measure = result.effects, result.measure
    if effects.k < FEWEST_FOR_EGGER:
        raise CannotPoolError(f"A funnel plot needs {FEWEST_FOR_EGGER} studies; there are {result.k}.")
    rows = result.entered.set_index("outcome_id").loc[list(effects.labels)]
    middle, test, errors = pool(effects, "FE").estimate, egger(effects), np.sqrt(effects.variance)
    points = pd.DataFrame(
        {
            "study": study_labels(project, rows["study_id"]).to_list(),
            "effect": effects.effect,
            "error": errors,
            "said": [words.figure(measure.back(value), measure) for value in effects.effect.tolist()],
        }
    )
    reach = Z * errors.max()
    limits = pd.DataFrame(
        {"low": [middle, middle - reach], "high": [middle, middle + reach], "error": [0, errors.max()]}
    )
    down = alt.Scale(reverse=True, nice=False, domain=[0, errors.max() * 1.05])
    y = alt.Y("error:Q", title="Standard error", scale=down)
    title = f"{measure.title.capitalize()}, scale of analysis ({measure.scale})"
    x = {field: alt.X(f"{field}:Q", scale=alt.Scale(zero=False), title=title) for field in ("low", "high", "effect")}
    dashed = alt.Chart(limits).mark_line(color=GREY, strokeDash=[4, 4])
    dots = alt.Chart(points).mark_point(filled=True, size=70, opacity=1, color=BLUE)
    dots = dots.encode(x=x["effect"], y=y, tooltip=tooltip({"study": "Study", "said": "Result"}))
    chart = alt.layer(dashed.encode(x=x["low"], y=y), dashed.encode(x=x["high"], y=y), dots)
    description = (
        f"{result.k} studies; dashed: where 95% would lie if only chance set them apart. Egger's test of asymmetry: "
        f"p {test.p:.2g}, t {test.stat:.2f} with {test.df} degrees of freedom."
    )
    return with_caption(chart, f"{result.comparison['title']}: small studies and large", description, 260)


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
    found = ", ".join(f"{said[one]} {direction}" for one, direction in words.VERDICTS.items() if said[one])
    says = (
        f"{plural(len(results), 'pooled ratio')}: {found}; {len(every) - len(results)} more questions rest on a "
        "single study. A diamond is what several studies say together, as wide as its 95% interval."
    )
    return Plot("chart-overview", "What trials with a control group found", says, panels)


def _group(project: Project, result: Answer) -> str:
    if result.comparison["higher_is_better"]:
        return RESPONSES
    return HARMS if result.comparison["outcome_set"] in harms(project) else PREVENTION


def _pool(project: Project, result: Answer) -> Line:
    declared, rated = result.comparison, certainty(project, result.comparison["comparison_id"])
    assert result.pooled is not None  # noqa: S101 (``overview`` gives answers with results only)
    assert rated is not None  # noqa: S101
    size = note(plural(result.k, "study", "studies"), f"{result.people} people")
    before = {"Question": lines(*comparison_links(declared.to_frame().T), size)}
    after = {f"Ratio{INTERVAL}": pooled_figures(result), "Certainty": f"{rated.symbol} {rated.rating}"}
    return Line("harm" if words.verdict(result) == HARM else "pooled", before, after, result.pooled.back)
