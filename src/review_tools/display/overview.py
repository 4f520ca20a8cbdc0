"""All comparisons with a control group on one axis, turned so that right is always better with MSCs."""

import altair as alt
import pandas as pd

from review_tools.data.project import Project
from review_tools.display.forest import WIDEST
from review_tools.display.front_page import RESULTS, compared, direction
from review_tools.display.theme import PAGE_INK, named, plural
from review_tools.synthesis import words
from review_tools.synthesis.comparisons import Answer

COLOURS = {"better with MSCs": "#0072B2", "no clear difference": "#8a8a8a", "worse with MSCs": "#D55E00"}
RATIOS = ("RR", "OR", "HR")
TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10]


def overview(project: Project) -> alt.LayerChart:
    """The headline chart: one line for each ratio, pooled or of a single study.

    Where fewer events are better the ratio is turned over (1/RR), so that all lines read the same way; the
    tooltip and the table hold the ratio as it is.
    """
    rows = pd.DataFrame([_row(result) for result in compared(project) if result.comparison["measure"] in RATIOS])
    low, high = 1 / WIDEST, WIDEST
    for side in ("low", "high"):
        rows[f"clipped_{side}"] = rows[side] < low if side == "low" else rows[side] > high
        rows[f"shown_{side}"] = rows[side].clip(low, high)
    rows = rows.sort_values(["pooled", "estimate"], ascending=[False, False], kind="stable")
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    y = alt.Y("title:N", sort=list(rows["title"]), axis=None)
    base = alt.Chart(rows).encode(
        y=y,
        color=alt.Color(
            "direction:N",
            title=None,
            scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
            legend=alt.Legend(columns=2, symbolType="square"),
        ),
        tooltip=[
            alt.Tooltip("title:N", title="Question"),
            alt.Tooltip("kind:N", title="Result of"),
            alt.Tooltip("people:Q", title="People"),
            alt.Tooltip("result:N", title="Risk ratio (95% interval)"),
            alt.Tooltip("direction:N", title="Direction"),
            alt.Tooltip("certainty:N", title="Certainty"),
        ],
    )
    axis = alt.Axis(values=TICKS, format="~g", grid=False)
    x = alt.X("estimate:Q", scale=scale, axis=axis, title="← worse with MSCs · ratio · better with MSCs →")
    drop = 9  # pixels from the middle of a row down to its line; the words stand above it
    # No difference is marked row by row, so that it never runs through the words.
    middle = base.mark_tick(orient="vertical", thickness=1, size=16, yOffset=drop, color="#8a8a8a", tooltip=False)
    middle = middle.encode(x=alt.datum(1, scale=scale), color=alt.value("#8a8a8a"))
    line = base.mark_rule(strokeWidth=2, yOffset=drop).encode(x=alt.X("shown_low:Q", scale=scale), x2="shown_high:Q")
    point = base.mark_point(filled=True, opacity=1, size=90, yOffset=drop).encode(
        x=x,
        shape=alt.Shape(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=["several studies, pooled", "one study"], range=["diamond", "circle"]),
            legend=None,  # the description tells the shapes apart
        ),
    )
    arrows = [
        base.transform_filter(f"datum.clipped_{side}")
        .mark_text(text=sign, fontSize=11, yOffset=drop, dx=shift)
        .encode(x=alt.X(f"shown_{side}:Q", scale=scale))
        for side, sign, shift in (("low", "◀", 3), ("high", "▶", -3))
    ]
    names = alt.Chart(rows).mark_text(align="left", fontSize=12, color=PAGE_INK, yOffset=-8, tooltip=False)
    names = names.encode(y=y, x=alt.value(2), text="label:N")
    chart = alt.layer(middle, line, *arrows, point, names).properties(width="container", height=alt.Step(38))
    return named(chart, "What trials with a control group found", _says(rows))


def _row(result: Answer) -> dict[str, object]:
    assert result.pooled is not None  # noqa: S101 (`compared` gives answers with results only)
    figures = [result.pooled.back_estimate, result.pooled.back_ci_low, result.pooled.back_ci_high]
    if not result.comparison["higher_is_better"]:
        turned = [1 / figure if figure > 0 else WIDEST**2 for figure in figures]
        figures = [turned[0], turned[2], turned[1]]
    title = str(result.comparison["title"])
    return {
        "title": title,
        "label": title.replace("graft-versus-host disease", "GVHD").replace("Graft-versus-host disease", "GVHD"),
        "kind": "one study" if result.k == 1 else "several studies, pooled",
        "pooled": result.k > 1,
        "people": result.people,
        "estimate": figures[0],
        "low": figures[1],
        "high": figures[2],
        "result": words.interval(result),
        "direction": direction(result),
        "certainty": "not assessed",
    }


def _says(rows: pd.DataFrame) -> str:
    counts = rows["direction"].value_counts()
    said = ", ".join(f"{counts[name]} {name}" for name in RESULTS if name in counts.index)
    pooled = int(rows["pooled"].sum())
    return (
        f"{plural(len(rows), 'result')}: {said}. A diamond pools several studies ({pooled}), a circle is a single one; "
        "a line is the 95% interval. Where fewer events are better the ratio is turned over, so that right is better."
    )
