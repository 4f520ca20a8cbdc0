"""Counts: bars and heat maps of findings and trials, timelines, and the evidence gap map with its empty cells."""

from typing import Any
from urllib.parse import urlencode

import altair as alt
import pandas as pd

from review_tools.data.project import Project, labels
from review_tools.display import trial_tables
from review_tools.display.data_tables import study_links
from review_tools.display.grid import Grid, grid, notes, stacks
from review_tools.display.queries import NO, findings, in_one_line, in_words, select, with_mediators
from review_tools.display.theme import BLUE, DIRECTION, GREY, PAGE_INK, palette, plural, tooltip, with_caption

DEEP = "#0a5a94"  # of heat maps
WHOLE, YEAR = alt.Axis(tickMinStep=1), alt.Axis(format="%Y")
AXES = {"tissue": "Tissue of origin", "target_cell": "Target cell"}
TOP = {"orient": "top", "labelAngle": -90, "ticks": False}  # an axis over a heat map
ROWS = 22  # more rows of a heat map than this are hard to read; the rarest are left to the table
WAYS = {  # of deciding; designations and steps on the way stand in the table alone
    "Licensed": ("approved", "conditionally approved", "approval renewed", "hospital exemption"),
    "Not licensed, or withdrawn": (
        "complete response letter", "application withdrawn", "withdrawn from the market", "marketing discontinued",
    ),
    "Paid for": ("paid for",),
    "Payment refused": ("not recommended for payment", "payment refused"),
    "Guidance, rules": ("guidance issued", "rule in force", "committee advice", "benefit assessed"),
    "Warnings, orders": ("public warning", "warning letter", "order against a provider"),
}  # fmt: skip
WAY_COLOURS = palette(dict(zip(WAYS, (BLUE, GREY, BLUE, GREY, "#009E73", "#CC79A7"), strict=True)))
YEARS = alt.Scale(domain=["2006-07-01", "2027-01-01"])  # of both timelines, which are read one under the other
NOW = {
    "results held here": BLUE,
    "open or running, and fresh": "#009E73",
    "last known as open or running": "#56B4E9",
    "ended, suspended or not known": GREY,
}
DESIGNS = ["in vitro", "animal", "single-arm", "controlled", "randomised"]
# Experimental models of findings, as the designs of the gap map. Patients appear through outcomes.
MODELS = {
    "in vitro": "in vitro",
    "in vitro human": "in vitro",
    "in vitro animal": "in vitro",
    "mouse": "animal",
    "rat": "animal",
    "animal": "animal",
}
MECHANISM = "mechanism"
EVIDENCE = "evidence"  # the table of the rows behind the gap map, as addresses name it


def directions(project: Project, section: str | None = None) -> alt.Chart:
    """Draw findings by target cell, coloured by direction."""
    frame, names = findings(project, section), labels(project, "direction")
    groups = frame.groupby(["target_cell", "direction"])
    counts = groups.agg(findings=("finding_id", "size"), studies=("study", in_one_line)).reset_index()
    counts["rank"] = counts["direction"].map(list(DIRECTION).index)
    counts["direction"] = counts["direction"].map(names)
    colours = palette({names[term]: colour for term, colour in DIRECTION.items()})
    chart = alt.Chart(counts).mark_bar()
    chart = chart.encode(
        y=alt.Y("target_cell:N", sort="-x", title=None),
        x=alt.X("findings:Q", title="Findings", axis=WHOLE),
        color=alt.Color("direction:N", title=None, scale=colours, legend=alt.Legend(columns=1)),
        order=alt.Order("rank:Q"),
        tooltip=["target_cell:N", "direction:N", "findings:Q", "studies:N"],
    )
    calm = (frame["direction"] == "dampens").sum()
    description = f"{calm} of {plural(len(frame), 'finding')} speak for less inflammation; bars by target cell."
    return with_caption(chart, "Which way the findings point", description, alt.Step(22))


def basis(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw how well the findings have been checked against their sources."""
    return _bars(project, "findings", "basis", "How far each finding has been checked", section)


def corrections_by_kind(project: Project) -> alt.LayerChart:
    """Draw corrections by kind."""
    return _bars(project, "corrections", "kind", "Where review and source differ, by kind")


def trials_by(project: Project, column: str) -> alt.LayerChart:
    """Draw trials by one property, for example ``disease`` or ``registered_phase``; unknown is shown as such.

    Raises:
        KeyError: the trials cannot be counted by that column.
    """
    return _bars(project, "trials", column, f"Trials by {column.replace('_', ' ')}")


def _bars(project: Project, table: str, column: str, title: str, section: str | None = None) -> alt.LayerChart:
    groups = in_words(project, table, select(project, table, section=section))[column].fillna("Not shown")
    counts = groups.value_counts().rename_axis("group").reset_index(name="rows")
    counts = counts.sort_values(["rows", "group"], ascending=[False, True])
    group, rows = counts.iloc[0] if len(counts) else ("none", 0)
    room = alt.Scale(domainMax=max(1.2 * float(rows), 1.0))  # for the number at the end of the longest bar
    chart = alt.Chart(counts).encode(
        y=alt.Y("group:N", sort=None, title=None),
        x=alt.X("rows:Q", title=table.capitalize(), scale=room, axis=WHOLE),
        tooltip=tooltip({"group": title, "rows:Q": table.capitalize()}),
    )
    bars = chart.mark_bar(color=BLUE)
    numbers = chart.mark_text(align="left", dx=4, fontSize=12, color=PAGE_INK).encode(text="rows:Q")
    said = f"{plural(len(groups), table.removesuffix('s'))} in {plural(len(counts), 'group')}"
    return with_caption(bars + numbers, title, f"{said}; the largest is {group} with {rows}.", alt.Step(22))


def mediator_by_cell(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw mediator × target cell: findings that name both."""
    frame = with_mediators(project, findings(project, section))
    return _matrix(frame, "mediator", "target_cell", "Which mediators act on which cells")


def effect_by_cell(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw effect × target cell."""
    return _matrix(findings(project, section), "effect", "target_cell", "What happens to which cells")


def disease_by_model(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw disease × experimental model."""
    return _matrix(findings(project, section), "disease", "model", "In which models each disease was studied")


def products(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw MSC product × tissue of origin; “not shown” has a row of its own."""
    frame = findings(project, section).fillna({"tissue": NO["tissue"]})
    return _matrix(frame, "tissue", "product", "What was given, and where it came from")


def _matrix(frame: pd.DataFrame, row: str, column: str, title: str) -> alt.LayerChart:
    """Draw how many findings stand where two properties meet, those that lack one left out."""
    row_title, column_title = (AXES.get(name, name.capitalize()) for name in (row, column))
    groups = frame.groupby([row, column])
    counts = groups.agg(findings=("finding_id", "nunique"), studies=("study", in_one_line)).reset_index()
    order = _by_findings(counts, row)
    rows = order[:ROWS]
    counts = counts[counts[row].isin(rows)]
    columns = _by_findings(counts, column)
    description = f"Heat map of {plural(len(rows), row_title.lower())} by {plural(len(columns), column_title.lower())}."
    if len(counts):
        top = counts.sort_values("findings", ascending=False, kind="stable").iloc[0]
        description += f" Most findings: {top[row]} × {top[column]} ({plural(top['findings'], 'finding')})."
    if len(order) > ROWS:
        description += f" {plural(len(order) - ROWS, 'rarer row')} not drawn; the table holds all."
    base = alt.Chart(counts).encode(
        x=alt.X(f"{column}:N", sort=columns, title=column_title, axis=alt.Axis(**TOP)),
        y=alt.Y(f"{row}:N", sort=rows, title=row_title, axis=alt.Axis(ticks=False)),
        tooltip=tooltip({row: row_title, column: column_title, "findings:Q": "Findings", "studies": "Studies"}),
    )
    most = int(counts["findings"].max()) if len(counts) else 1
    return with_caption(alt.layer(*_heat(base, "findings", most, (1 + most) / 2)), title, description, alt.Step(24))


def _by_findings(counts: pd.DataFrame, column: str) -> list[Any]:
    """Return the values of a column, those with the most findings first."""
    return list(counts.groupby(column)["findings"].sum().sort_values(ascending=False, kind="stable").index)


def _heat(base: alt.Chart, count: str, most: int, turn: float) -> tuple[alt.Chart, alt.Chart]:
    """Draw counts as cells and numbers: few is faint and many strong, on a light page and on a dark one.

    No shade lies between those for dark letters and those for white ones, on which neither could be read.

    Args:
        base: has x and y.
        count: the field with the counts, 1 to ``most``.
        turn: above it, letters are white.
    """
    turn = max(turn, 1.5)
    shades = alt.Scale(domain=[1, turn, turn + 0.01, max(most, turn + 1)], range=[0.18, 0.55, 0.85, 1])
    cells = base.mark_rect(cornerRadius=3, stroke=None, color=DEEP).encode(
        fillOpacity=alt.FillOpacity(f"{count}:Q", scale=shades, legend=None)
    )
    ink = alt.when(alt.datum[count] > turn).then(alt.value("white")).otherwise(alt.value(PAGE_INK))
    return cells, base.mark_text(fontSize=12).encode(text=f"{count}:Q", color=ink)


def evidence(project: Project) -> pd.DataFrame:
    """Return one row for each finding in cells or animals and each outcome in people, by disease, design and domain.

    Columns: row, study_id, seed_number, disease, design, domain, says.
    """
    findings = project.table("findings").dropna(subset=["disease"])
    laboratory = findings.assign(design=findings["model"].map(MODELS), domain=MECHANISM).dropna(subset=["design"])
    laboratory = laboratory.rename(columns={"finding_id": "row", "statement": "says"})
    people = project.table("outcomes").rename(columns={"outcome_id": "row"})
    people = people[people["domain"] != "conduct"]
    people = people.assign(says=people["outcome"] + people["time"].map(", {}".format, na_action="ignore").fillna(""))
    columns = ["row", "study_id", "seed_number", "disease", "design", "domain", "says"]
    rows = pd.concat([laboratory, people], ignore_index=True).reindex(columns=columns)
    order = rows.assign(name=rows["disease"].str.casefold(), place=rows["design"].map(DESIGNS.index))
    return order.sort_values(["name", "place", "domain"], kind="stable")[columns]


def domains(project: Project) -> dict[str, str]:
    """Return what was measured, in a reader's words."""
    return {MECHANISM: "mechanism", **labels(project, "outcome domain")}


def gap_map(project: Project, by: str = "design") -> alt.LayerChart:
    """Draw disease × design, or disease × outcome; a number is a count of rows, a dot an empty cell.

    A filled cell opens its rows: its address filters the table, and names the first row for those without JavaScript.

    Args:
        by: "design" or "domain" (what was measured).
    """
    rows = evidence(project)
    what, columns = "design", {design: design for design in DESIGNS}
    if by == "domain":
        what = "what was measured"
        columns = {term: words for term, words in domains(project).items() if term not in ("conduct", "other")}
    diseases = list(rows["disease"].value_counts().index)
    counts = rows.groupby(["disease", by]).agg(
        rows=("row", "size"), studies=("study_id", "nunique"), first=("row", "first")
    )
    every = pd.MultiIndex.from_product([diseases, columns], names=["disease", by])
    cells = counts.reindex(every).reset_index().fillna({"rows": 0, "studies": 0, "first": ""})
    cells = cells.astype({"rows": int, "studies": int})
    filters = f"{EVIDENCE}.disease", f"{EVIDENCE}.{'design' if by == 'design' else 'measured'}"
    cells["href"] = [
        f"?{urlencode(dict(zip(filters, (disease, columns[column]), strict=True)))}#gap-{first}" if first else ""
        for disease, column, first in zip(cells["disease"], cells[by], cells["first"], strict=True)
    ]
    cells["name"] = cells["disease"] + ", " + cells[by] + ": " + cells["rows"].map(lambda n: plural(n, "row"))
    base = alt.Chart(cells).encode(
        x=alt.X(f"{by}:N", sort=list(columns), title=None, axis=alt.Axis(**TOP, labelLimit=160)),
        y=alt.Y("disease:N", sort=diseases, title=None, axis=alt.Axis(ticks=False, labelLimit=200)),
        href="href:N",
        description=alt.Description("name:N"),  # what a link on the map is called
        tooltip=tooltip({"disease": "Disease", by: "Column", "rows:Q": "Rows", "studies:Q": "Studies"}),
    )
    most = int(cells["rows"].max())
    dots = base.transform_filter("datum.rows == 0").mark_point(shape="circle", size=12, color=GREY, filled=True)
    chart = alt.layer(*_heat(base.transform_filter("datum.rows > 0"), "rows", most, most / 3), dots)
    description = (
        f"{plural(len(diseases), 'disease')} by {what}: {(cells['rows'] == 0).sum()} of {len(cells)} cells are empty "
        "(a dot). Choose a filled cell to open its rows."
    )
    return with_caption(chart, f"Evidence gap map: disease by {what}", description, alt.Step(24))


def gap_rows(project: Project) -> Grid:
    """Show the rows behind the gap map: each finding in cells or animals, each outcome in people."""
    frame = evidence(project)
    measured = frame["domain"].map(domains(project))
    return grid(
        {
            "Study": study_links(project, frame["study_id"], frame["seed_number"]),
            "Finding or outcome": frame["says"],
            "Disease": frame["disease"],
            "Design": stacks(frame["design"], notes(measured)),
        },
        f"{plural(len(frame), 'row')} behind the maps",
        ids="gap-" + frame["row"],
        name=EVIDENCE,
        filters={"Disease": frame["disease"], "Design": frame["design"], "Measured": measured},
    )


def trial_timeline(project: Project) -> alt.Chart:
    """Draw how many trials began in each year, by what is known of them now."""
    trials = trial_tables.known_trials(project)
    status = trials["said"]
    groups = pd.Series("ended, suspended or not known", trials.index)
    groups[status.str.startswith("last known as")] = "last known as open or running"
    groups[status.isin(trial_tables.RUNNING)] = "open or running, and fresh"
    groups[trials["trial_id"].isin(trial_tables.reports(project)["trial_id"])] = "results held here"
    frame = pd.DataFrame({"year": trials["start_date"].str[:4], "now": groups}).dropna()
    counts = frame.value_counts().rename("trials").reset_index().sort_values(["year", "now"])
    chart = alt.Chart(counts).mark_bar()
    chart = chart.encode(
        x=alt.X("year:T", title=None, timeUnit="utcyear", scale=YEARS, axis=YEAR),
        y=alt.Y("trials:Q", title="Trials begun", axis=WHOLE),
        color=alt.Color("now:N", title=None, scale=palette(NOW), legend=alt.Legend(columns=1)),
        tooltip=tooltip({"year": "Begun in", "now": "Known now", "trials:Q": "Trials"}),
    )
    description = (
        f"{plural(len(frame), 'trial')} with a registered start; {len(trials) - len(frame)} more show none. "
        f"Results of {(groups == 'results held here').sum()} of all {len(trials)} are held here."
    )
    return with_caption(chart, "When the trials began, and what became of them", description, 170)


def decision_timeline(project: Project) -> alt.Chart:
    """Draw decisions on MSC products by their day: hollow where only somebody else's report was read."""
    every, sources = project.table("decisions"), labels(project, "decision source")
    way = every["decision"].map({name: group for group, names in WAYS.items() for name in names})
    frame = every.assign(way=way)[way.notna() & every["date"].notna()]
    frame = frame.assign(
        day=(frame["date"] + "-01-01").str[:10],
        said=frame["decision"].map(labels(project, "decision")),
        source=frame["read"].map(sources),
        conflict=frame["note"].fillna("").str.contains("CONFLICT").map({True: "sources conflict", False: ""}),
    ).sort_values(["day", "decision_id"])
    shown = {"date": "Date", "said": "Decision", "agency": "By", "product": "Product", "indication": "For"}
    read = alt.when(alt.datum.source == sources["own page"]).then(alt.value(0.9)).otherwise(alt.value(0))
    shapes = palette({"": "circle", "sources conflict": "diamond"})
    chart = alt.Chart(frame[["day", "way", "source", "conflict", *shown]]).mark_point(size=90, strokeWidth=2)
    chart = chart.encode(
        x=alt.X("day:T", title=None, scale=YEARS, axis=YEAR),
        y=alt.Y("way:N", title=None, sort=list(WAYS)),
        color=alt.Color("way:N", legend=None, scale=WAY_COLOURS),
        fill=alt.Fill("way:N", legend=None, scale=WAY_COLOURS),
        fillOpacity=read,
        shape=alt.Shape("conflict:N", legend=None, scale=shapes),
        tooltip=tooltip({**shown, "source": "Read", "conflict": "Conflict"}),
    )
    description = (
        f"{plural(len(frame), 'dated decision')}: filled where the body's own text was read "
        f"({(frame['read'] == 'own page').sum()}), hollow where only a report of it was, a diamond where reports "
        "conflict."
    )
    return with_caption(chart, "Decisions on MSC products", description, alt.Step(30))
