"""Figure 1, live: from product and route through mediator, cell and effect to disease.

Every thin line is one mediator of one finding, so the width of a stream is a count of rows, and a line can
be followed from end to end. Pointing at a box lights the lines that pass it and names their studies.

The drawing reads two named data sets, “paths” and “boxes”. The explorer (static/explorer.js) exchanges their
rows for those of the findings chosen; the places stay, so that the eye can compare.
"""

import textwrap
from typing import Any

import altair as alt
import pandas as pd

from review_tools.data.project import Project
from review_tools.display.queries import NO, findings, in_one_line, with_mediators
from review_tools.display.theme import BOX_INK, PAGE_INK, ROUTE, palette, plural, tooltip, with_caption

STAGES = {
    "source": "Product",
    "mediator": "Mediator",
    "target_cell": "Target cell",
    "effect": "Effect",
    "disease": "Disease",
}
BOXES = 11  # boxes in a column; the rarest share one called “other”
WIDTH, BOX, GAP = 660, 86, 6.0  # pixels
LETTERS = 15  # on one line of a box
TALL = 560  # pixels that all lines of a column share, none being thicker than 2.2


def mechanism_map(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw the map of all findings, or of one section."""
    paths = _paths(project, section)
    thickness = min(2.2, TALL / max(len(paths), 1))
    boxes, height = _boxes(paths, thickness)
    paths["ys"] = _heights(paths, boxes, thickness)
    pointed = alt.selection_point(name="pointed", on="pointerover", clear="pointerout", fields=["box"], empty=False)
    followed = alt.selection_point(
        name="followed", on="pointerover", clear="pointerout", fields=["finding_id"], empty=False
    )
    thick = alt.param(name="thick", value=round(thickness, 2))
    stages = "[" + ", ".join(f"datum.{stage}_box" for stage in STAGES) + "]"
    idle = "!isValid(pointed.box) && !isValid(followed.finding_id)"
    on_box = f"(isValid(pointed.box) && indexof({stages}, pointed.box[0]) >= 0)"
    on_line = "(isValid(followed.finding_id) && datum.finding_id == followed.finding_id[0])"
    lit = f"{on_box} || {on_line}"
    rest = alt.ExprRef("clamp(0.2 + thick / 5, 0.4, 0.8)")  # fewer, thicker lines are drawn more firmly
    scale = alt.Scale(domain=[0, WIDTH], nice=False)
    depth = alt.Scale(domain=[height, -24], nice=False)
    edges = [edge for i in range(len(STAGES)) for edge in (_left(i), _left(i) + BOX)]
    edges[0], edges[-1] = BOX / 2, WIDTH - BOX / 2  # lines begin and end under their boxes
    lines = (
        alt.Chart(alt.NamedData(name="paths"))
        .transform_calculate(px=str(edges), py="datum.ys")
        .transform_flatten(["px", "py"])
        .mark_line(interpolate="monotone", strokeWidth=alt.ExprRef("thick"))
        .encode(
            x=alt.X("px:Q", axis=None, scale=scale),
            y=alt.Y("py:Q", axis=None, scale=depth),
            detail="path:N",
            order="px:Q",
            color=alt.Color("route:N", title="Route", scale=palette(ROUTE)),
            opacity=alt.when(idle).then(alt.value(rest)).when(lit).then(alt.value(1.0)).otherwise(alt.value(0.05)),
            tooltip=tooltip({"study:N": "Study", "statement:N": "Finding"}),
        )
        .add_params(followed)
    )
    empty = "datum.findings == 0"
    near = "!isValid(pointed.box) || indexof(datum.linked, pointed.box[0]) >= 0"
    strength = alt.when(empty).then(alt.value(0.08)).when(near).then(alt.value(1.0)).otherwise(alt.value(0.35))
    rects = (
        alt.Chart(alt.NamedData(name="boxes"))
        .mark_rect(cornerRadius=3, fill="#f3f6f9", stroke="#8aa0b4", strokeWidth=1)
        .encode(
            x=alt.X("x:Q", axis=None, scale=scale),
            x2="x2:Q",
            y=alt.Y("y:Q", axis=None, scale=depth),
            y2="y2:Q",
            opacity=strength,
            tooltip=tooltip({"heading:N": "Column", "name:N": "Box", "findings:Q": "Findings", "studies:N": "Studies"}),
        )
        .add_params(pointed)
    )
    words = alt.Chart(alt.NamedData(name="boxes")).mark_text(
        fontSize=10.5, lineHeight=12, lineBreak="\n", baseline="middle", tooltip=False
    )
    words = words.encode(
        x="middle:Q",
        y=alt.Y("first:Q", axis=None),
        text="label:N",
        color=alt.when(empty).then(alt.value(PAGE_INK)).otherwise(alt.value(BOX_INK)),
        opacity=alt.when(empty).then(alt.value(0.55)).otherwise(alt.value(1.0)),
    )
    heads = pd.DataFrame(
        {"x": [_left(i) + BOX / 2 for i in range(len(STAGES))], "y": -14.0, "text": list(STAGES.values())}
    )
    titles = (
        alt.Chart(heads)
        .mark_text(fontSize=12, fontWeight="bold", color=PAGE_INK)
        .encode(x="x:Q", y="y:Q", text="text:N")
    )
    count = paths["finding_id"].nunique()
    description = (
        f"{plural(count, 'finding')} drawn as {plural(len(paths), 'line')} from product and route through mediator, "
        f"cell and effect to disease; the commonest cell is {_commonest(paths, 'target_cell')}, "
        f"the commonest named mediator {_commonest(paths[paths['named'].notna()], 'named')}."
    )
    data = {"paths": _records(paths[COLUMNS]), "boxes": _records(boxes)}
    chart = alt.layer(lines, rects, words, titles).add_params(thick)
    chart = chart.properties(width=WIDTH, height=round(height + 24), datasets=data)
    return with_caption(chart, "From product to disease: the findings as one map", description)


COLUMNS = ["path", "finding_id", "study", "statement", "route", "ys", *(f"{stage}_box" for stage in STAGES)]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = alt.to_values(frame)["values"]
    return records


def _commonest(frame: pd.DataFrame, column: str) -> str:
    return str(frame[column].mode().iloc[0]) if len(frame) else "none"


def _paths(project: Project, section: str | None) -> pd.DataFrame:
    """Return one row for each mediator of each finding, with the box it passes in every column."""
    frame = with_mediators(project, findings(project, section)).reset_index(drop=True)
    frame = frame.assign(named=frame["mediator"]).fillna(NO)
    frame["source"] = frame["product"] + " · " + frame["route"]
    for stage in STAGES:
        sizes = frame[stage].value_counts()
        if len(sizes) > BOXES:
            rare = sizes.sort_index().sort_values(ascending=False, kind="stable").index[BOXES - 1 :]
            frame[stage] = frame[stage].where(~frame[stage].isin(rare), f"other ({len(rare)})")
        frame[f"{stage}_box"] = stage + ": " + frame[stage]
    return frame.assign(path=range(len(frame)))


def _left(column: int) -> float:
    return column * (WIDTH - BOX) / (len(STAGES) - 1)


def _boxes(paths: pd.DataFrame, thickness: float) -> tuple[pd.DataFrame, float]:
    """Return boxes of all columns with their places, each column centred; and the height of the tallest."""
    rows: list[dict[str, object]] = []
    heights: list[float] = []
    for column, stage in enumerate(STAGES):
        sizes = paths[stage].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        last = [name for name in sizes.index if name.startswith("other (") or name in NO.values()]
        names = [name for name in sizes.index if name not in last] + last
        top = 0.0
        for name in names:
            here = paths[paths[stage] == name]
            count = here["finding_id"].nunique()
            label = textwrap.wrap(f"{name} ·\N{NO-BREAK SPACE}{count}", LETTERS)
            tall = max(4.0 + 12 * len(label), thickness * len(here) + 4)
            rows.append(
                {
                    "box": f"{stage}: {name}",
                    "stage": stage,
                    "heading": STAGES[stage],
                    "name": name,
                    "label": "\n".join(label),
                    "stem": "\n".join(label).removesuffix(str(count)),  # the label before its count
                    "findings": count,
                    "studies": in_one_line(here["study"]),
                    "linked": sorted({box for other in STAGES for box in here[f"{other}_box"]}),
                    "column": column,
                    "x": _left(column),
                    "x2": _left(column) + BOX,
                    "middle": _left(column) + BOX / 2,
                    "y": top,
                    "y2": top + tall,
                }
            )
            top += tall + GAP
        heights.append(top - GAP)
    height = max(heights, default=100.0)
    boxes = pd.DataFrame(rows)
    shift = (height - boxes["column"].map(dict(enumerate(heights)))) / 2
    boxes[["y", "y2"]] = boxes[["y", "y2"]].add(shift, axis="index")
    boxes["centre"] = (boxes["y"] + boxes["y2"]) / 2
    boxes[["y", "y2", "centre"]] = boxes[["y", "y2", "centre"]].round(1)
    boxes["first"] = boxes["centre"] - 6 * boxes["label"].str.count("\n")  # where the first line of the label stands
    return boxes, height


def _heights(paths: pd.DataFrame, boxes: pd.DataFrame, thickness: float) -> list[list[float]]:
    """Return how high each line enters and leaves the box of each column.

    It enters among those that come from the same box and leaves among those that go to the same, so that lines run
    in bundles and change places inside the boxes, which cover them.
    """
    centre = boxes.set_index("box")["centre"]
    passed = [paths[f"{stage}_box"] for stage in STAGES]
    heights = []
    for column, box in enumerate(passed):
        for neighbour in (max(column - 1, 0), min(column + 1, len(passed) - 1)):
            keys = {"towards": passed[neighbour].map(centre), "route": paths["route"], "path": paths["path"]}
            place = pd.DataFrame(keys).sort_values(list(keys)).groupby(box).cumcount()
            size = box.groupby(box).transform("size")
            heights.append((box.map(centre) + thickness * (place - (size - 1) / 2)).round(1))
    return [list(row) for row in zip(*heights, strict=True)]
