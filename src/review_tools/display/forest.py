"""Estimates with their intervals: forest plots, the overview of all comparisons, and events in each arm.

Words stand above the marks they belong to, so that the scale keeps the whole width of a phone.
"""

import textwrap
from typing import Any

import altair as alt
import pandas as pd

from review_tools.data.project import Project
from review_tools.display.queries import select, study_labels
from review_tools.display.theme import BLUE, GREY, ORANGE, PAGE_INK, palette, plural, tooltip, with_caption
from review_tools.synthesis.bias import judged
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.comparisons import EFFECT, Answer, answer, controlled
from review_tools.synthesis.effects import Measure, exact_interval
from review_tools.synthesis.words import VERDICTS, direction, direction_of, figure, interval, sentence

KINDS = {"study": BLUE, "pooled": ORANGE, "prediction": GREY}
SLOTS = ["name", "figures", "mark"]
WIDEST = 20.0  # ratios beyond 1/20 or 20 are clipped, with an arrow
COLOURS = (BLUE, "#009E73", ORANGE, GREY, GREY)
DIRECTIONS = {direction_of(said): colour for said, colour in zip(VERDICTS, COLOURS, strict=True)}
ARMS = {"MSC": BLUE, "comparator": "#E69F00"}
LETTERS = 48  # on one line of a name, for a screen of 390 pixels


def forest(project: Project, comparison_id: str) -> alt.LayerChart:
    """Draw the studies of one comparison with intervals, weights and counts, and what they say together.

    One study is drawn as it is, without a pooled row. Raises KeyError for an unknown comparison.
    """
    result = answer(project, comparison_id)
    rows, neutral = _rows(project, result), result.measure.no_effect
    low, high = _domain(rows[rows["kind"] == "study"], result.measure)
    rows = _clipped(rows, low, high)
    scale = alt.Scale(type="log" if low > 0 else "linear", domain=[low, high], nice=False, clamp=True)
    y = alt.Y("key:N", sort=None, axis=None, scale=alt.Scale(paddingInner=0.12))
    slots = alt.YOffset("slot:N", scale=alt.Scale(domain=SLOTS, paddingInner=0))
    if neutral is None:
        axis = alt.Axis(format="%", tickCount=5, grid=False)
    else:
        axis = alt.Axis(values=_ticks(low, high), grid=False)
    marks = rows.dropna(subset=["estimate"]).assign(slot="mark")
    base = alt.Chart(marks).encode(
        y=y,
        yOffset=slots,
        color=alt.Color("kind:N", legend=None, scale=palette(KINDS)),
        tooltip=tooltip({"row:N": "Study", "figures:N": "Figures", "row_id:N": "Row"}),
    )
    layers: list[Any] = []
    if neutral is not None and low < neutral < high:
        # A piece beside each mark: a line from top to bottom would strike the words through.
        beside = alt.Chart(marks.assign(at=neutral)).mark_tick(thickness=1.5, size=16, color=GREY, tooltip=False)
        layers.append(beside.encode(x=alt.X("at:Q", scale=scale), y=y, yOffset=slots))
    layers.append(base.mark_rule(strokeWidth=2).encode(x=alt.X("shown_low:Q", scale=scale), x2="shown_high:Q"))
    points = base.transform_filter("datum.kind != 'prediction'").mark_point(filled=True, opacity=1)
    layers.append(
        points.encode(
            x=alt.X("estimate:Q", scale=scale, axis=axis, title=_axis_title(result)),
            shape=alt.Shape("kind:N", legend=None, scale=palette({"study": "square", "pooled": "diamond"})),
            size=alt.Size("area:Q", legend=None, scale=alt.Scale(domain=[0, 100], range=[40, 220])),
        )
    )
    layers += _arrows(base, scale, -2)
    texts = alt.Chart(rows).encode(y=y, x=alt.value(2))
    for slot, weight in (("name", "bold"), ("figures", "normal")):
        at = alt.YOffset("place:N", scale=alt.Scale(domain=SLOTS, paddingInner=0))
        words = texts.transform_calculate(place=f"'{slot}'").mark_text(
            align="left", fontSize=12, fontWeight=weight, color=PAGE_INK, tooltip=False
        )
        layers.append(words.encode(yOffset=at, text="row:N" if slot == "name" else "figures:N"))
    chart = alt.layer(*layers).properties(width="container", height=alt.Step(16, **{"for": "offset"}))
    return with_caption(chart, str(result.comparison["title"]), sentence(result))


def _axis_title(result: Answer) -> str:
    if result.measure.no_effect is None:
        return "People with the outcome"
    sides = ("comparator", "MSC") if result.comparison["higher_is_better"] else ("MSC", "comparator")
    return f"← favours {sides[0]} · {result.measure.title} · favours {sides[1]} →"


def _rows(project: Project, result: Answer) -> pd.DataFrame:
    """Return a row for each study, the pool and its prediction interval, on the scale a reader knows."""
    columns = ["row", "row_id", "figures", "kind", "estimate", "low", "high", "area"]
    effects, pooled, measure = result.effects, result.pooled, result.measure
    if effects is None or pooled is None:
        why = "each row is listed below with its reason"
        rows = [["Nothing can be pooled", "", why, "study", None, None, None, 0.0]]
        return pd.DataFrame(rows, columns=columns).assign(key=0)
    outcomes = result.rows.set_index("outcome_id").loc[list(effects.labels)]
    studies = study_labels(project, outcomes["study_id"])
    rows = []
    for study, outcome, bounds, weight in zip(
        studies, outcomes.reset_index().to_dict("records"), effects.intervals(), pooled.weights, strict=True
    ):
        estimate, low, high = (figure(bound, measure) for bound in bounds)
        text = f"{_counts(outcome)} · {estimate} ({low} to {high})"
        text += f" · weight {weight:.0f}%" if pooled.k > 1 else ""
        if found := judged(project, outcome["study_id"], outcome["outcome_set"]):
            text += f" · risk of bias: {found.overall}"
        rows.append([study, outcome["outcome_id"], text, "study", *bounds, weight])
    if pooled.k > 1:
        name = f"{pooled.k} studies pooled (REML, {'Hartung-Knapp' if pooled.test == 'hksj' else 'normal interval'})"
        text = f"{result.people} people · {interval(pooled)} · I² {pooled.i2:.0f}%, tau² {pooled.tau2:.2g}"
        rows.append([name, "", text, "pooled", *pooled.back, 100.0])
    if pooled.back_prediction is not None:
        text = "95% of new studies between " + " and ".join(figure(end, measure) for end in pooled.back_prediction)
        rows.append(["Prediction interval", "", text, "prediction", pooled.back[0], *pooled.back_prediction, 0.0])
    return pd.DataFrame(rows, columns=columns).assign(key=range(len(rows)))


def _counts(row: dict[Any, Any]) -> str:
    if pd.notna(row["events_arm1"]):
        one = f"{row['events_arm1']}/{row['n_arm1']}"
        return f"{one} v {row['events_arm2']}/{row['n_arm2']}" if pd.notna(row["events_arm2"]) else one
    if row["block"] == EFFECT:
        return f"printed as {row['effect']:g}"
    return f"{row['mean_arm1']:g} (n {row['n_arm1']}) v {row['mean_arm2']:g} (n {row['n_arm2']})"


def _domain(studies: pd.DataFrame, measure: Measure) -> tuple[float, float]:
    """Return the ends of the axis: it fits the studies' intervals; a ratio's is symmetric about 1 and bounded."""
    lows, highs = studies["low"].dropna().astype(float), studies["high"].dropna().astype(float)
    if measure.no_effect is None or lows.empty:
        return 0.0, 1.0
    if measure.is_ratio:
        reach = min(max(1 / lows.min() if lows.min() > 0 else WIDEST, highs.max(), 2.0) * 1.05, WIDEST)
        return 1 / reach, reach
    reach = max(abs(lows.min()), abs(highs.max())) * 1.05
    return -reach, reach


def _ticks(low: float, high: float) -> list[float]:
    if low > 0:
        return [tick for tick in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if low <= tick <= high]
    return [round(low / 2, 2), 0.0, round(high / 2, 2)]


def _clipped(rows: pd.DataFrame, low: float, high: float) -> pd.DataFrame:
    """Return the rows with the part of each interval that the axis has room for."""
    return rows.assign(
        shown_low=rows["low"].clip(lower=low),
        shown_high=rows["high"].clip(upper=high),
        clipped_low=rows["low"] < low,
        clipped_high=rows["high"] > high,
    )


def _arrows(base: alt.Chart, scale: alt.Scale, shift: int, **place: int) -> list[alt.Chart]:
    """Return marks for the ends of intervals that lie beyond the axis."""
    return [
        base.transform_filter(f"datum.clipped_{side}")
        .mark_text(text=sign, fontSize=11, dx=dx, **place)
        .encode(x=alt.X(f"shown_{side}:Q", scale=scale))
        for side, sign, dx in (("low", "◀", shift), ("high", "▶", -shift))
    ]


def overview(project: Project) -> alt.LayerChart:
    """Draw the pooled comparisons with a control group on one axis: one line for each ratio.

    Where fewer events are better the ratio is turned over (1/RR), so that right is always better with MSCs; the
    tooltip and the table hold the ratio as it is.
    """
    every = [result for result in controlled(project) if result.measure.is_ratio]
    results = [result for result in every if result.k > 1]
    low, high = 1 / WIDEST, WIDEST
    rows = _clipped(pd.DataFrame([_overview_row(project, result) for result in results]), low, high)
    rows = rows.sort_values("estimate", ascending=False, kind="stable")
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    y = alt.Y("title:N", sort=list(rows["title"]), axis=None)
    base = alt.Chart(rows).encode(
        y=y,
        color=alt.Color(
            "direction:N", title=None, scale=palette(DIRECTIONS), legend=alt.Legend(columns=2, symbolType="square")
        ),
        tooltip=tooltip(
            {
                "title:N": "Question",
                "studies:Q": "Studies",
                "people:Q": "People",
                "result:N": "Risk ratio (95% interval)",
                "direction:N": "Direction",
                "certainty:N": "Certainty",
            }
        ),
    )
    axis = alt.Axis(values=[0.1, 0.2, 0.5, 1, 2, 5, 10], format="~g", grid=False)
    drop = 9  # pixels from the middle of a row down to its line; the words stand above it
    # No difference is marked row by row, so that it never runs through the words.
    middle = base.mark_tick(orient="vertical", thickness=1, size=16, yOffset=drop, color=GREY, tooltip=False)
    middle = middle.encode(x=alt.datum(1, scale=scale), color=alt.value(GREY))
    line = base.mark_rule(strokeWidth=2, yOffset=drop).encode(x=alt.X("shown_low:Q", scale=scale), x2="shown_high:Q")
    point = base.mark_point(filled=True, opacity=1, size=90, yOffset=drop).encode(
        x=alt.X("estimate:Q", scale=scale, axis=axis, title="← worse with MSCs · ratio · better with MSCs →"),
        shape=alt.value("diamond"),
    )
    names = alt.Chart(rows).mark_text(align="left", fontSize=12, color=PAGE_INK, yOffset=-8, tooltip=False)
    names = names.encode(y=y, x=alt.value(2), text="label:N")
    chart = alt.layer(middle, line, *_arrows(base, scale, 3, yOffset=drop), point, names)
    counts = rows["direction"].value_counts()
    found = ", ".join(f"{counts[name]} {name}" for name in DIRECTIONS if name in counts)
    description = (
        f"{plural(len(rows), 'pooled result')}: {found}. A diamond is what several studies say together, a line the "
        f"95% interval; {len(every) - len(results)} questions more rest on a single study. Where fewer events are "
        "better the ratio is turned over, so that right is better."
    )
    chart = chart.properties(width="container", height=alt.Step(38))
    return with_caption(chart, "What trials with a control group found", description)


def _overview_row(project: Project, result: Answer) -> dict[str, object]:
    assert result.pooled is not None  # noqa: S101 (``controlled`` gives answers with results only)
    estimate, low, high = result.pooled.back
    if not result.comparison["higher_is_better"]:
        estimate, high, low = (1 / bound if bound > 0 else WIDEST**2 for bound in (estimate, low, high))
    title, graded = str(result.comparison["title"]), certainty(project, str(result.comparison["comparison_id"]))
    return {
        "title": title,
        "label": title.replace("graft-versus-host disease", "GVHD").replace("Graft-versus-host disease", "GVHD"),
        "studies": result.k,
        "people": result.people,
        "estimate": estimate,
        "low": low,
        "high": high,
        "result": interval(result.pooled),
        "direction": direction(result),
        "certainty": graded.words if graded else "not rated",
    }


def response_rates(project: Project, disease: str | None = None, study_id: str | None = None) -> alt.LayerChart:
    """Draw outcomes counted in people, never pooled: events of n in each arm, with Clopper-Pearson intervals."""
    outcomes = select(project, "outcomes", disease=disease, study_id=study_id)
    outcomes = outcomes[outcomes["block"].isin(["binary", "single-arm binary"])]
    rows = _arms(project, outcomes)
    names = pd.DataFrame(
        [
            {"what": what, "slot": f"line {number}", "text": line}
            for what in rows["what"].unique()
            for number, line in enumerate(textwrap.wrap(what, LETTERS), start=1)
        ],
        columns=["what", "slot", "text"],
    )
    slots = alt.YOffset("slot:N", scale=alt.Scale(domain=[*sorted(names["slot"].unique()), *ARMS], paddingInner=0))
    y = alt.Y("what:N", sort=None, axis=None, scale=alt.Scale(paddingInner=0.15))
    percents = [
        alt.Tooltip(f"{field}:Q", title=title, format=".0%")
        for field, title in (("rate", "Proportion"), ("low", "95% from"), ("high", "95% to"))
    ]
    base = alt.Chart(rows).encode(
        y=y,
        yOffset=slots,
        color=alt.Color("slot:N", title=None, scale=palette(ARMS)),
        tooltip=[
            *tooltip({"what:N": "Outcome", "slot:N": "Arm", "people:N": "Events / people"}),
            *percents,
            *tooltip({"outcome_id:N": "Row"}),
        ],
    )
    title = "People with the event"
    axis = alt.Axis(format="%", tickCount=5)
    lines = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    dots = base.mark_point(filled=True, size=70, opacity=1)
    dots = dots.encode(x=alt.X("rate:Q", scale=alt.Scale(domain=[0, 1]), axis=axis, title=title))
    words = alt.Chart(names).mark_text(align="left", fontSize=12, color=PAGE_INK, tooltip=False)
    words = words.encode(y=y, yOffset=slots, x=alt.value(2), text="text:N")
    studies = plural(outcomes["study_id"].nunique(), "study", "studies")
    description = (
        f"{plural(len(outcomes), 'outcome')} of {studies}: share of people with the event "
        "in each arm, with exact 95% intervals; nothing is pooled."
    )
    chart = (lines + dots + words).properties(width="container", height=alt.Step(15, **{"for": "offset"}))
    return with_caption(chart, "Events in each arm", description)


def _arms(project: Project, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each arm of each outcome, the arms of an outcome one after the other."""
    what = study_labels(project, outcomes["study_id"]) + ": " + outcomes["outcome"] + ", " + outcomes["time"]
    arms = [
        pd.DataFrame(
            {
                "outcome_id": outcomes["outcome_id"],
                "what": what,
                "slot": slot,
                "events": outcomes[f"events_{arm}"],
                "n": outcomes[f"n_{arm}"],
                "reported": outcomes["reported"],
            }
        )
        for arm, slot in (("arm1", "MSC"), ("arm2", "comparator"))
    ]
    rows = pd.concat(arms).sort_index(kind="stable").dropna(subset=["events", "n"])
    bounds = [exact_interval(events, n) for events, n in zip(rows["events"], rows["n"], strict=True)]
    rows["people"] = rows["events"].astype("str") + "/" + rows["n"].astype("str")
    rows["rate"] = (rows["events"] / rows["n"]).astype("float")
    rows[["low", "high"]] = pd.DataFrame(bounds, index=rows.index, columns=["low", "high"])
    return rows[["outcome_id", "what", "slot", "people", "rate", "low", "high", "reported"]].reset_index(drop=True)
