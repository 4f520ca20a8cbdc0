"""The figure of mechanisms: the MSC in the middle, its targets around it, and where the cells came from.

Each arc is a group of findings: one target by one route. Its stripes are works by what they say of inflammation, so
that its width is their number. It is drawn twice, for the desk and for the phone; the style sheet shows one of them.
Nothing here needs JavaScript: links lead into the explorer, whose address names the group.
"""

import textwrap
from collections import Counter
from dataclasses import dataclass
from itertools import groupby, product
from math import cos, pi, sin
from operator import itemgetter
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pandas as pd

from review_tools.data.export import table_csv
from review_tools.data.project import Project, labels
from review_tools.display.grid import ENVIRONMENT
from review_tools.display.queries import NO, WITHOUT, as_chosen, findings
from review_tools.display.theme import DIRECTION, plural

ROUTES = {"contact": "contact", "paracrine": "released", NO["route"]: "route not shown"}
SAYS = {
    "dampens": "less inflammation",
    "mixed": "both ways",
    "promotes": "more inflammation",
    "none": "no difference, or neutral",
}
WEAKER = "weaker MSC effect"  # as when a mediator is blocked: no sign that MSCs raise inflammation
NAMES = {"tissue": "tissue or whole body", "MSC": "the MSC itself"}
ACTS = {"mediator": 1, "microRNA": 1, "receptor": 2}  # receptors stand in for others
TARGETS = 13  # that are drawn, those with the most findings; others are named below
# Pixels: the thickest arc, words above an arc, a line of a target's name, the gap between targets, the MSC's ends.
THICK, TEXT, LINE, APART, TIP = 13.0, 15.0, 12, 14, 22
CELL, START = 44, 104  # from the edge: where targets stand, and where arcs start
COLUMNS = {
    "name": "Target",
    "said": "Route",
    "works": "Works",
    "people": "In people",
    "findings": "Findings",
    **{sign: words.capitalize() for sign, words in SAYS.items()},
    "mediators": "Mediators",
}
ROUND = (8, 19.5, 19.5)
SHAPES = {  # arms of a cell's outline, and how far they reach and draw back
    "macrophage": (7, 25, 18),
    "monocyte": (4, 22, 18),
    "dendritic cell": (8, 29, 9),
    "microglia": (5, 31, 8),
    "MSC": (2, 30, 9),
}
SIZES = [
    (" ,.-·ijlI()/:", 0.32),
    (digits + "fJrstz", 0.55),
    (ascii_lowercase.replace("m", ""), 0.6),
    (ascii_uppercase, 0.74),
]
PERSON = "M5 0a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5zM1 11v-2a3 3 0 0 1 3-3h2a3 3 0 0 1 3 3v2z"
DISEASES, SOURCES, OTHER = 15, 4, "other source"  # rows and columns of the table of sources

_TEMPLATE = ENVIRONMENT.from_string((Path(__file__).parent / "templates" / "mechanisms.html").read_text("utf-8"))


class Place(NamedTuple):
    """One version of the drawing: its width, the MSC, where arcs bend towards it, and its sides, mirrored or not."""

    name: str
    width: int
    middle: int  # of the MSC
    wide: int  # half of it
    end: int  # where arcs bend
    mirrored: tuple[bool, ...]
    letters: float
    bend: float  # how far arcs keep their distance from the middle where they meet the MSC

    def at(self, x: float, mirrored: bool) -> float:
        return self.width - x if mirrored else x


PLACES = (
    Place("desk", 672, 336, 30, end=282, mirrored=(False, True), letters=11.5, bend=0.95),
    Place("phone", 342, 320, 16, end=298, mirrored=(True,), letters=12.5, bend=1),
)


@dataclass(frozen=True)
class Figure:
    """The figure: arcs and sources as rows, and what they say."""

    section: str | None
    title: str
    says: str
    arcs: list[dict[str, Any]]
    sources: dict[str, Any]

    def _repr_html_(self) -> str:
        sizes, names = Counter[str](), {arc["cell"]: arc["name"] for arc in self.arcs}
        for arc in self.arcs:
            sizes[arc["cell"]] += arc["findings"]
        drawn = [cell for cell, _ in sizes.most_common(TARGETS)]
        rare = [cell for cell in sizes if cell not in drawn]
        table = pd.DataFrame(self.arcs, columns=list(COLUMNS)).astype("str").rename(columns=COLUMNS)
        return _TEMPLATE.render(
            vars(self),
            id="-".join(["figure-mechanisms", *(self.section or "").split(".")]).rstrip("-"),
            plans=[_plan(place, [arc for arc in self.arcs if arc["cell"] in drawn]) for place in PLACES],
            rare=[(names[cell], address(cell=cell), plural(sizes[cell], "finding")) for cell in rare],
            table=table,
            count=plural(len(table), "row"),
            csv=quote(table_csv(table)),
            directions=SAYS,
            colours=DIRECTION,
            routes=ROUTES,
            person=PERSON,
        )

    def __repr__(self) -> str:
        return f"{self.title}. {self.says}"


def mechanisms(project: Project, section: str | None = None) -> Figure:
    """Draw on what MSCs act, by which route and mediators, from all findings or those of one section."""
    every = as_chosen(findings(project, section))
    frame = every[every["route"] != WITHOUT]
    return Figure(section, *_message(frame), _arcs(project, frame), _sources(every))


def address(**chosen: str) -> str:
    """Return the part of the explorer's address that names these choices."""
    return urlencode(chosen, quote_via=quote)


def _message(frame: pd.DataFrame) -> tuple[str, str]:
    """Return title and description: which way most works point, by which route, and how many are of people."""

    def works(column: str, value: str) -> int:
        return int(frame.loc[frame[column] == value, "work"].nunique())

    signs = _signs(frame)
    every, harm, people = len(signs), int(signs.isin(["mixed", "promotes"]).sum()), works("model", "patients")
    title = (
        f"MSCs reduced inflammation in {(signs == 'dampens').sum()} of {plural(every, 'work')}; "
        f"{works('route', 'paracrine')} studied what they release, {works('route', 'contact')} contact"
    )
    says = (
        f"Works in patients: {people}; works that found more inflammation, at least in part: {harm}. A weaker effect, "
        "as when a mediator is blocked, is not counted so. An arc is one target reached by one route, labelled with "
        "its commonest mediators; its width and number are works. Choose an arc or a target to read its findings."
    )
    return title, says


def _signs(frame: pd.DataFrame) -> pd.Series:
    """Return what each work says of inflammation: one direction, or both ways."""
    told = frame[(frame["direction"] != "none") & (frame["effect"] != WEAKER)]
    told = told.groupby("work")["direction"].agg(["nunique", "first"])
    signs = told["first"].where(told["nunique"] == 1, "mixed")
    return signs.reindex(frame["work"].unique(), fill_value="none")


def _arcs(project: Project, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row for each target, in the order of the vocabulary, and route: works by what they say, mediators."""
    mediators = project.table("finding_mediators")
    mediators = mediators.assign(rank=mediators["role"].map(ACTS)).dropna(subset=["rank"])
    groups = frame.merge(mediators, on="finding_id").groupby(["target_cell", "route", "term"])
    named = groups.agg(rank=("rank", "min"), works=("work", "nunique"), findings=("finding_id", "nunique"))
    named = named.reset_index().sort_values(["works", "findings", "term"], ascending=[False, False, True])
    rows, arcs = [], dict(list(frame.groupby(["target_cell", "route"])))
    for cell, route in product(labels(project, "target cell"), ROUTES):
        if (here := arcs.get((cell, route))) is None:
            continue
        says, own = _signs(here).value_counts(), named[(named["target_cell"] == cell) & (named["route"] == route)]
        rows.append(
            {
                "cell": cell,
                "route": route,
                "name": NAMES.get(cell, cell),
                "said": ROUTES[route],
                "works": here["work"].nunique(),
                "people": here.loc[here["model"] == "patients", "work"].nunique(),
                "findings": len(here),
                **{sign: int(says.get(sign, 0)) for sign in SAYS},
                "terms": list(own.loc[own["rank"] == own["rank"].min(), "term"]),
                "mediators": ", ".join(own["term"] + " (" + own["works"].astype("str") + ")") or "none named",
            }
        )
    return rows


def _plan(place: Place, arcs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return where everything stands: targets in the order of the vocabulary, on sides of about the same height."""
    unit = min(3.0, THICK / max((arc["works"] for arc in arcs), default=1))
    cells = []
    for cell, here in groupby(arcs, key=itemgetter("cell")):
        lanes = [_lane(place, arc, unit) for arc in here]
        lines = textwrap.wrap(lanes[0]["name"], 14)
        tall = max(_tall(lanes), 44 + LINE * len(lines)) + APART
        cells.append({"cell": cell, "name": lanes[0]["name"], "lines": lines, "lanes": lanes, "tall": tall})
    sides = [cells]
    if len(place.mirrored) > 1:
        cut = min(range(len(cells) + 1), key=lambda at: abs(_tall(cells[:at]) - _tall(cells[at:])))
        sides = [cells[:cut], cells[cut:]]
    height = round(max(120.0, *map(_tall, sides))) + 2 * TIP
    for side, mirrored in zip(sides, place.mirrored, strict=True):
        top = (height - _tall(side)) / 2
        for one in side:
            x, y = place.at(CELL, mirrored), round(top + one["tall"] / 2 - 8 - LINE * (len(one["lines"]) - 1) / 2)
            one |= {"x": x, "y": y, "address": address(cell=one["cell"]), **_icon(one["cell"], x, y)}
            at = top + (one["tall"] - _tall(one["lanes"])) / 2
            for lane in one["lanes"]:
                lane |= _path(place, lane, at, height, mirrored)
                at += lane["tall"]
            top += one["tall"]
    x, bulge = place.at(place.middle, place.mirrored[0]), place.wide * 4 / 3
    first = 1 if place.mirrored[1:] else 18  # under its name
    high, low, right, left = f"{height * 0.3:.0f}", f"{height * 0.7:.0f}", f"{x + bulge:g}", f"{x - bulge:g}"
    body = f"M{x:g} {first}C{right} {high} {right} {low} {x:g} {height - 1}C{left} {low} {left} {high} {x:g} {first}Z"
    return {**place._asdict(), "lane": place.end - START, "height": height, "middle": x, "body": body, "cells": cells}


def _tall(parts: list[dict[str, Any]]) -> Any:
    return sum(part["tall"] for part in parts)


def _lane(place: Place, arc: dict[str, Any], unit: float) -> dict[str, Any]:
    """Return an arc with its stripes and with as many of its mediators as there is room for."""
    stripes = [(DIRECTION[sign], round(0.9 + unit * arc[sign], 2)) for sign in SAYS if arc[sign]]
    tall = max(25.0, TEXT + sum(thick for _, thick in stripes) + 7)
    room = place.end - START - 10 - (28 if arc["people"] else 0) - _wide(f" · {arc['said']}", place)
    named = [", ".join(arc["terms"][:number]) for number in (3, 2, 1)]
    words = next((words for words in named if _wide(words, place) <= room), "")
    return {**arc, "stripes": stripes, "tall": tall, "words": words}


def _wide(words: str, place: Place) -> float:
    """Return about how wide words are drawn; rather too much than too little."""
    return place.letters * sum(next((size for letters, size in SIZES if letter in letters), 1.0) for letter in words)


def _path(place: Place, lane: dict[str, Any], top: float, height: float, mirrored: bool) -> dict[str, Any]:
    """Return where one arc runs: straight under its words, then towards the MSC, its stripes side by side."""
    thick = sum(thick for _, thick in lane["stripes"])
    y = round(top + TEXT + 2 + thick / 2, 1)
    goal = height / 2 + (y - height / 2) * place.bend
    edge = place.middle - 4 * place.wide * (goal / height) * (1 - goal / height) + 1
    start, end, half, to = (place.at(x, mirrored) for x in (START, place.end, (place.end + edge) / 2, edge))
    stripes, above = [], y - thick / 2
    for colour, width in lane["stripes"]:
        here, there = round(above + width / 2, 1), round(above + width / 2 + goal - y, 1)
        path = f"M{start:g} {here}H{end:g}C{half:.1f} {here} {half:.1f} {there} {to:.1f} {there}"
        stripes.append((colour, width, path))
        above += width
    left = min(start, end)
    people = f", {plural(lane['people'], 'work')} in people" if lane["people"] else ""
    counts = f"{plural(lane['works'], 'work')}, {plural(lane['findings'], 'finding')}{people}"
    return {
        "top": round(top, 1),
        "y": y,
        "left": left,
        "stripes": stripes,
        "bar": f"M{start:g} {y - thick / 2 - 3.5:.1f}V{y + thick / 2 + 3.5:.1f}",
        "dots": [(place.at(place.end - 8 * step, mirrored), y) for step in range(3)],
        "number_at": place.at(START - 8, mirrored),
        "anchor": "start" if mirrored else "end",
        "people_at": left + place.end - START - 26,
        "says": f"{lane['words']} · {lane['said']} {lane['works']}: {lane['name']}, {counts}",
        "address": address(cell=lane["cell"], route=lane["route"]),
    }


def _icon(cell: str, x: float, y: float) -> dict[str, Any]:
    """Return the outline of a target and the size of its nucleus."""
    if cell == "tissue":
        return {"core": 0, "shape": f"M{x - 21:g} {y - 15}h42v30h-42zm0 15h42m-28-15v15m14 0v15"}
    arms, outer, inner = SHAPES.get(cell, ROUND)
    points = [
        (x + radius * sin(pi * step / arms), y - radius * cos(pi * step / arms))
        for step, radius in enumerate((outer, inner) * arms)
    ]
    between = [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in zip(points, points[1:] + points[:1], strict=True)]
    curves = "".join(f"Q{a:.1f} {b:.1f} {c:.1f} {d:.1f}" for (a, b), (c, d) in zip(points, between, strict=True))
    return {"core": 7 if cell in SHAPES else 11, "shape": f"M{between[-1][0]:.1f} {between[-1][1]:.1f}{curves}Z"}


def _sources(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the table of tissue × disease: works, each number with its address in the explorer."""
    frame = frame.dropna(subset=["disease"])
    counts = frame.groupby(["disease", "tissue"])["work"].nunique()
    missing = NO["tissue"]
    ranked = frame[~frame["tissue"].isin([missing, WITHOUT])].groupby("tissue")["work"].nunique()
    columns = list(ranked[ranked > 1].sort_values(ascending=False, kind="stable").index[:SOURCES])
    works = frame.groupby("disease")["work"].nunique().sort_values(ascending=False, kind="stable")
    most = max(counts[counts.index.isin(columns, level="tissue")], default=1)

    rows = []
    for disease in works.index[:DISEASES]:
        cells: dict[str, list[dict[str, Any]]] = {column: [] for column in (*columns, OTHER, missing, WITHOUT)}
        for tissue, number in counts[disease].items():
            place, named = (tissue, "") if tissue in cells else (OTHER, tissue)
            heat = round(8 + 42 * number / most) if tissue in columns else 0
            to = address(disease=disease, tissue=tissue)
            cells[place].append({"name": named, "works": number, "heat": heat, "address": to})
        rows.append((disease, address(disease=disease), list(cells.values())[:-1]))
    rest = [(disease, address(disease=disease), int(works[disease])) for disease in works.index[DISEASES:]]
    title = f"Source and disease: {', '.join(columns)} most often"
    return {"rows": rows if columns else [], "names": columns, "rest": rest, "title": title}
