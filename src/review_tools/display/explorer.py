"""The explorer: choose cell, mediator, disease, model and product; map, count and list of findings follow.

The chapter shows three things, each with a call of its own: these controls, the map of findings and the findings
table. ``site/static/explorer.js`` ties them together. On a phone, ranked bars stand in the place of the map. Without
the script the whole map and the whole list stand there.

The map runs from product and route through mediator, cell and effect to disease. Every thin line is one mediator of
one finding, so the width of a stream is a count of rows, and a line can be followed from end to end. Pointing at a box
lights the lines that pass it and names their studies. The drawing reads two named data sets, “paths” and “boxes”. The
script exchanges their rows for those of the findings chosen; the places stay, so that the eye can compare.
"""

import textwrap
from dataclasses import dataclass
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from review_tools.data.project import Project, labels
from review_tools.display.grid import ENVIRONMENT
from review_tools.display.queries import NO, WITHOUT, as_chosen, findings, in_one_line, with_mediators
from review_tools.display.theme import BOX_INK, PAGE_INK, ROUTE, palette, plural, tooltip, with_caption

MOST = 8  # bars of a choice, and studies that a box names
_TEMPLATE = ENVIRONMENT.from_string("""\
<form class="explorer" autocomplete="off" data-most="{{ most }}">
<fieldset disabled>
<legend>Choose findings</legend>
{% for choice in choices %}
<label><span>{{ choice.title }}</span>
<select name="{{ choice.name }}" data-stage="{{ choice.stage }}">
<option value="">{{ choice.every }}</option>
{% for value, words, count in options[choice.name] %}
<option value="{{ value }}" data-words="{{ words }}">{{ words }} ({{ count }})</option>
{% endfor %}
</select></label>
{% endfor %}
<button type="reset">Clear</button>
</fieldset>
<p class="explorer-count" role="status">{{ count }}</p>
<div class="explorer-bars">
{% for choice in choices if choice.stage %}
<p>{{ choice.title }}</p>
<ol data-of="{{ choice.name }}">
{% set ranked = options[choice.name] | sort(attribute=2, reverse=true) %}
{% for value, words, count in ranked[:most] %}
<li><a href="#{{ {choice.name: value} | urlencode }}"><span>{{ words }}</span>
<i style="--part: {{ 100 * count // ranked[0][2] }}%"></i><b>{{ count }}</b></a></li>
{% endfor %}
</ol>
{% endfor %}
</div>
<noscript><p>Choosing needs JavaScript. Without it, the whole map and the whole list stand below.</p></noscript>
<script type="application/json" class="explorer-data">{{ rows | tojson }}</script>
</form>
""")


class Choice(NamedTuple):
    """One select: its name in the address, its title, its first option; column of the map, column of the data."""

    name: str
    title: str
    every: str
    stage: str
    column: str
    kind: str = ""  # of the vocabulary, where values are shown by their labels


CHOICES = [
    Choice("cell", "Target cell", "all cells", "target_cell", "target_cell"),
    Choice("route", "Route", "all routes", "", "route", "route"),
    Choice("mediator", "Mediator", "all mediators", "mediator", "mediator"),
    Choice("disease", "Disease", "all diseases", "disease", "disease"),
    Choice("model", "Model", "all models", "", "model", "model"),
    Choice("product", "Product given", "all products", "source", "product", "product"),
    Choice("tissue", "Source of the cells", "all sources", "", "tissue", "tissue"),
]
STAGES = {
    "source": "Product",
    "mediator": "Mediator",
    "target_cell": "Target cell",
    "effect": "Effect",
    "disease": "Disease",
}
BOXES = 11  # boxes in a column; the rarest share one called “other”
WIDTH, BOX, GAP = 660, 86, 6.0  # pixels
LEFT = [column * (WIDTH - BOX) / (len(STAGES) - 1) for column in range(len(STAGES))]  # of each column
LETTERS = 15  # on one line of a box
TALL = 560  # pixels that all lines of a column share, none being thicker than 2.2


@dataclass(frozen=True)
class Explorer:
    """The controls: the options of each choice with words and number of findings; the findings with their values."""

    options: dict[str, list[tuple[str, str, int]]]
    rows: list[dict[str, Any]]

    def _repr_html_(self) -> str:
        return _TEMPLATE.render(vars(self), choices=CHOICES, count=self.count, most=MOST)

    def __repr__(self) -> str:
        return f"Explorer: {self.count}"

    @property
    def count(self) -> str:
        studies = len({row["study"] for row in self.rows})
        return f"{plural(len(self.rows), 'finding')} from {plural(studies, 'study', 'studies')}"


def explorer(project: Project) -> Explorer:
    """Return the controls of the explorer, filled from the data."""
    frame = with_mediators(project, as_chosen(findings(project))).fillna(NO)
    options = {one.name: _options(frame, one.column, labels(project, one.kind)) for one in CHOICES}
    rows = [
        {"id": name, "study": here["work"].iloc[0], **{one.name: sorted(set(here[one.column])) for one in CHOICES}}
        for name, here in frame.groupby("finding_id")
    ]
    return Explorer(options, rows)


def _options(frame: pd.DataFrame, column: str, words: dict[str, str]) -> list[tuple[str, str, int]]:
    """Return each value with its words and number of findings, by name; what is not named stands last."""
    counts = {str(value): int(count) for value, count in frame.groupby(column)["finding_id"].nunique().items()}
    options = [(value, words.get(value, value), count) for value, count in counts.items()]
    last = {*NO.values(), WITHOUT, "none", "unknown"}
    return sorted(options, key=lambda option: (option[0] in last, option[1].casefold()))


def mechanism_map(project: Project) -> alt.LayerChart:
    """Draw the map of all findings."""
    paths = _paths(project)
    thickness = min(2.2, TALL / len(paths))
    boxes, height = _boxes(paths, thickness)
    paths["ys"] = _heights(paths, boxes, thickness)
    pointed, followed = (
        alt.selection_point(name=name, on="pointerover", clear="pointerout", fields=[field], empty=False)
        for name, field in (("pointed", "box"), ("followed", "finding_id"))
    )
    passed = [f"{stage}_box" for stage in STAGES]
    idle = "!isValid(pointed.box) && !isValid(followed.finding_id)"
    on_box = f"(isValid(pointed.box) && indexof([{', '.join(f'datum.{box}' for box in passed)}], pointed.box[0]) >= 0)"
    on_line = "(isValid(followed.finding_id) && datum.finding_id == followed.finding_id[0])"
    rest = alt.ExprRef("clamp(0.2 + thick / 5, 0.4, 0.8)")  # fewer, thicker lines are drawn more firmly
    across = {"axis": None, "scale": alt.Scale(domain=[0, WIDTH], nice=False)}
    down = {"axis": None, "scale": alt.Scale(domain=[height, -24], nice=False)}
    edges = [edge for left in LEFT for edge in (left, left + BOX)]
    edges[0], edges[-1] = BOX / 2, WIDTH - BOX / 2  # lines begin and end under their boxes
    lines = alt.Chart(alt.NamedData(name="paths")).transform_calculate(px=str(edges), py="datum.ys")
    lines = lines.transform_flatten(["px", "py"])
    lines = lines.mark_line(interpolate="monotone", strokeWidth=alt.ExprRef("thick"))
    lines = lines.encode(
        x=alt.X("px:Q", **across),
        y=alt.Y("py:Q", **down),
        detail="path:N",
        order="px:Q",
        color=alt.Color("route:N", title="Route", scale=palette(ROUTE)),
        opacity=alt.when(idle)
        .then(alt.value(rest))
        .when(f"{on_box} || {on_line}")
        .then(alt.value(1.0))
        .otherwise(alt.value(0.05)),
        tooltip=tooltip({"study": "Study", "statement": "Finding"}),
    )
    empty = alt.when("datum.findings == 0")
    near = "!isValid(pointed.box) || indexof(datum.linked, pointed.box[0]) >= 0"
    drawn = alt.Chart(alt.NamedData(name="boxes"))
    rects = drawn.mark_rect(cornerRadius=3, fill="#f3f6f9", stroke="#8aa0b4", strokeWidth=1)
    rects = rects.encode(
        x=alt.X("x:Q", **across),
        x2="x2:Q",
        y=alt.Y("y:Q", **down),
        y2="y2:Q",
        opacity=empty.then(alt.value(0.08)).when(near).then(alt.value(1.0)).otherwise(alt.value(0.35)),
        tooltip=tooltip({"heading": "Column", "name": "Box", "findings:Q": "Findings", "studies": "Studies"}),
    )
    words = drawn.mark_text(fontSize=10.5, lineHeight=12, lineBreak="\n", baseline="middle", tooltip=False)
    words = words.encode(
        x="middle:Q",
        y=alt.Y("first:Q", axis=None),
        text="label:N",
        color=empty.then(alt.value(PAGE_INK)).otherwise(alt.value(BOX_INK)),
        opacity=empty.then(alt.value(0.55)).otherwise(alt.value(1.0)),
    )
    heads = pd.DataFrame({"x": [left + BOX / 2 for left in LEFT], "y": -14.0, "text": list(STAGES.values())})
    titles = alt.Chart(heads).mark_text(fontSize=12, fontWeight="bold", color=PAGE_INK)
    titles = titles.encode(x="x:Q", y="y:Q", text="text:N")
    description = (
        f"{plural(paths['finding_id'].nunique(), 'finding')} drawn as {plural(len(paths), 'line')} from product and "
        "route through mediator, cell and effect to disease; the commonest cell is "
        f"{paths['target_cell'].mode()[0]}, the commonest named mediator {paths['named'].mode()[0]}."
    )
    columns = ["path", "finding_id", "study", "statement", "route", "ys", *passed]
    chart = alt.layer(lines.add_params(followed), rects.add_params(pointed), words, titles).add_params(
        alt.param(name="thick", value=round(thickness, 2))
    )
    chart = chart.properties(datasets={"paths": paths[columns].to_dict("records"), "boxes": boxes.to_dict("records")})
    return with_caption(
        chart, "From product to disease: the findings as one map", description, round(height + 24), WIDTH
    )


def _by_size(values: pd.Series) -> list[str]:
    """Return the different values, the commonest first, equally common ones by name."""
    return list(values.value_counts().sort_index().sort_values(ascending=False, kind="stable").index)


def _paths(project: Project) -> pd.DataFrame:
    """Return one row for each mediator of each finding, with the box it passes in every column."""
    frame = with_mediators(project, findings(project)).reset_index(drop=True)
    frame = frame.assign(named=frame["mediator"], path=range(len(frame))).fillna(NO)
    frame["source"] = frame["product"] + " · " + frame["route"]
    for stage in STAGES:
        names = _by_size(frame[stage])
        if len(names) > BOXES:
            rare = names[BOXES - 1 :]
            frame[stage] = frame[stage].where(~frame[stage].isin(rare), f"other ({len(rare)})")
        frame[f"{stage}_box"] = stage + ": " + frame[stage]
    return frame


def _boxes(paths: pd.DataFrame, thickness: float) -> tuple[pd.DataFrame, float]:
    """Return boxes of all columns with their places, each column centred; and the height of the tallest."""
    rows: list[dict[str, Any]] = []
    for column, (stage, heading) in enumerate(STAGES.items()):
        top = 0.0
        for name in sorted(_by_size(paths[stage]), key=lambda name: name.startswith("other (") or name in NO.values()):
            here = paths[paths[stage] == name]
            count = here["finding_id"].nunique()
            label = "\n".join(textwrap.wrap(f"{name} ·\N{NO-BREAK SPACE}{count}", LETTERS))
            tall = max(16.0 + 12 * label.count("\n"), thickness * len(here) + 4)
            rows.append(
                {
                    "box": f"{stage}: {name}",
                    "stage": stage,
                    "heading": heading,
                    "name": name,
                    "label": label,
                    "stem": label.removesuffix(str(count)),  # the label before its count
                    "findings": count,
                    "studies": in_one_line(here["study"], MOST),
                    "linked": sorted({box for other in STAGES for box in here[f"{other}_box"]}),
                    "column": column,
                    "x": LEFT[column],
                    "x2": LEFT[column] + BOX,
                    "middle": LEFT[column] + BOX / 2,
                    "y": top,
                    "y2": top + tall,
                }
            )
            top += tall + GAP
    boxes = pd.DataFrame(rows)
    height = float(boxes["y2"].max())
    shift = (height - boxes.groupby("column")["y2"].transform("max")) / 2
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
