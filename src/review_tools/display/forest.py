"""Forest plots, one row of words and one of drawing for each study, so that they fit a phone."""

from typing import Any

import altair as alt
import pandas as pd

from review_tools.data.project import Project
from review_tools.display.queries import study_label
from review_tools.display.theme import PAGE_INK, named
from review_tools.synthesis.comparisons import Answer, answer
from review_tools.synthesis.words import RATIO, figure, interval, sentence

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#8a8a8a"
SLOTS = ["name", "figures", "mark"]
WIDEST = 20.0  # ratios beyond 1/20 or 20 are clipped, with an arrow


def forest(project: Project, comparison_id: str) -> alt.LayerChart:
    """The studies of one comparison with their intervals, weights and counts, and what they say together.

    One study is drawn as it is, without a pooled row. Raises KeyError for an unknown comparison.
    """
    result = answer(project, comparison_id)
    rows, (low, high) = _rows(project, result)
    measure = str(result.comparison["measure"])
    scale = alt.Scale(type="log" if low > 0 else "linear", domain=[low, high], nice=False, clamp=True)
    y = alt.Y("key:N", sort=None, axis=None, scale=alt.Scale(paddingInner=0.12))
    slots = alt.YOffset("slot:N", scale=alt.Scale(domain=SLOTS, paddingInner=0))
    axis = (
        alt.Axis(format="%", tickCount=5, grid=False)
        if measure == "proportion"
        else alt.Axis(values=_ticks(low, high, scale["type"]), grid=False)
    )
    x = alt.X("estimate:Q", scale=scale, axis=axis, title=_axis_title(result))
    drawn = rows.dropna(subset=["estimate"]).assign(slot="mark")
    colour = alt.Color(
        "kind:N", legend=None, scale=alt.Scale(domain=["study", "pooled", "prediction"], range=[BLUE, ORANGE, GREY])
    )
    base = alt.Chart(drawn).encode(
        y=y,
        yOffset=slots,
        color=colour,
        tooltip=[
            alt.Tooltip("row:N", title="Study"),
            alt.Tooltip("figures:N", title="Figures"),
            alt.Tooltip("row_id:N", title="Row"),
        ],
    )
    layers: list[Any] = []
    neutral = {"RR": 1.0, "OR": 1.0, "HR": 1.0, "MD": 0.0, "SMD": 0.0}.get(measure)
    if neutral is not None and low < neutral < high:
        # A piece beside each mark: a line from top to bottom would strike the words through.
        beside = alt.Chart(drawn.assign(at=neutral)).mark_tick(thickness=1.5, size=16, color=GREY, tooltip=False)
        layers.append(beside.encode(x=alt.X("at:Q", scale=scale), y=y, yOffset=slots))
    layers.append(base.mark_rule(strokeWidth=2).encode(x=alt.X("shown_low:Q", scale=scale), x2="shown_high:Q"))
    points = base.transform_filter("datum.kind != 'prediction'").mark_point(filled=True, opacity=1)
    shape = alt.Shape("kind:N", legend=None, scale=alt.Scale(domain=["study", "pooled"], range=["square", "diamond"]))
    layers.append(
        points.encode(
            x=x, shape=shape, size=alt.Size("area:Q", legend=None, scale=alt.Scale(domain=[0, 100], range=[40, 220]))
        )
    )
    for side, sign in (("low", "◀"), ("high", "▶")):
        clipped = base.transform_filter(f"datum.clipped_{side}").mark_text(
            text=sign, fontSize=11, dx=-2 if side == "low" else 2
        )
        layers.append(clipped.encode(x=alt.X(f"shown_{side}:Q", scale=scale)))
    texts = alt.Chart(rows).encode(y=y, x=alt.value(2))
    for slot, weight in (("name", "bold"), ("figures", "normal")):
        at = alt.YOffset("place:N", scale=alt.Scale(domain=SLOTS, paddingInner=0))
        words = texts.transform_calculate(place=f"'{slot}'").mark_text(
            align="left", fontSize=12, fontWeight=weight, color=PAGE_INK, tooltip=False
        )
        layers.append(words.encode(yOffset=at, text="row:N" if slot == "name" else "figures:N"))
    chart = alt.layer(*layers).properties(width="container", height=alt.Step(16, **{"for": "offset"}))
    return named(chart, str(result.comparison["title"]), sentence(result))


def _axis_title(result: Answer) -> str:
    measure = str(result.comparison["measure"])
    if measure == "proportion":
        return "People with the outcome"
    sides = ("comparator", "MSC") if result.comparison["higher_is_better"] else ("MSC", "comparator")
    return f"← favours {sides[0]} · {RATIO[measure]} · favours {sides[1]} →"


def _rows(project: Project, result: Answer) -> tuple[pd.DataFrame, tuple[float, float]]:
    """A row for each study, the pool and its prediction interval, on the scale a reader knows; and the axis."""
    columns = ["row", "row_id", "figures", "kind", "estimate", "low", "high", "area"]
    rows: list[list[Any]] = []
    effects, pooled, measure = result.effects, result.pooled, str(result.comparison["measure"])
    if effects is not None and pooled is not None:
        outcomes = result.rows.set_index("outcome_id")
        for outcome, (estimate, low, high), weight in zip(
            effects.labels, effects.intervals(), pooled.weights, strict=True
        ):
            counts = _counts(outcomes.loc[outcome])
            share = f" · weight {weight:.0f}%" if pooled.k > 1 else ""
            text = f"{counts} · {figure(estimate, measure)} ({figure(low, measure)} to {figure(high, measure)}){share}"
            rows.append(
                [
                    study_label(project, outcomes.loc[outcome, "study_id"], None),
                    outcome,
                    text,
                    "study",
                    estimate,
                    low,
                    high,
                    weight,
                ]
            )
        if pooled.k > 1:
            text = f"{result.people} people · {interval(result)} · I² {pooled.i2:.0f}%, tau² {pooled.tau2:.2g}"
            rows.append(
                [
                    f"{pooled.k} studies pooled (REML, Hartung-Knapp)",
                    "",
                    text,
                    "pooled",
                    pooled.back_estimate,
                    pooled.back_ci_low,
                    pooled.back_ci_high,
                    100.0,
                ]
            )
            if pooled.back_pi_low is not None and pooled.back_pi_high is not None:
                reach = [figure(bound, measure) for bound in (pooled.back_pi_low, pooled.back_pi_high)]
                text = f"95% of new studies between {reach[0]} and {reach[1]}"
                rows.append(
                    [
                        "Prediction interval",
                        "",
                        text,
                        "prediction",
                        pooled.back_estimate,
                        pooled.back_pi_low,
                        pooled.back_pi_high,
                        0.0,
                    ]
                )
    if not rows:
        rows.append(
            ["Nothing can be pooled", "", "each row is listed below with its reason", "study", None, None, None, 0.0]
        )
    frame = pd.DataFrame(rows, columns=columns)
    frame["key"] = range(len(frame))
    low, high = _domain(frame[frame["kind"] == "study"], measure)
    frame["shown_low"], frame["shown_high"] = frame["low"].clip(lower=low), frame["high"].clip(upper=high)
    frame["clipped_low"], frame["clipped_high"] = frame["low"] < low, frame["high"] > high
    return frame, (low, high)


def _counts(row: Any) -> str:
    if pd.notna(row["events_arm1"]):
        one = f"{row['events_arm1']}/{row['n_arm1']}"
        return f"{one} v {row['events_arm2']}/{row['n_arm2']}" if pd.notna(row["events_arm2"]) else one
    return f"{row['mean_arm1']:g} (n {row['n_arm1']}) v {row['mean_arm2']:g} (n {row['n_arm2']})"


def _domain(studies: pd.DataFrame, measure: str) -> tuple[float, float]:
    """The axis fits the studies' intervals; a ratio's is symmetric about no difference and bounded."""
    lows, highs = studies["low"].dropna().astype(float), studies["high"].dropna().astype(float)
    if measure == "proportion" or lows.empty:
        return 0.0, 1.0
    if measure in ("RR", "OR", "HR"):
        reach = min(max(1 / lows.min() if lows.min() > 0 else WIDEST, highs.max(), 2.0) * 1.05, WIDEST)
        return 1 / reach, reach
    reach = max(abs(lows.min()), abs(highs.max())) * 1.05
    return -reach, reach


def _ticks(low: float, high: float, kind: str) -> list[float]:
    if kind == "log":
        return [tick for tick in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if low <= tick <= high]
    return [round(low / 2, 2), 0.0, round(high / 2, 2)]
