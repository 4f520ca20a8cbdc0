"""Counts: bars and heat maps of findings and trials, and the times of the trials."""

from typing import Any

import altair as alt
import pandas as pd

from review_tools.data.project import Project, labels
from review_tools.display import trial_tables
from review_tools.display.queries import findings, in_one_line, in_words, with_mediators
from review_tools.display.theme import (
    BLUE,
    DIRECTION,
    GREY,
    PAGE_INK,
    heat,
    palette,
    plural,
    tooltip,
    with_caption,
)

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
WAY_COLOURS = (BLUE, GREY, BLUE, GREY, "#009E73", "#CC79A7")
NOW = {
    "results held here": BLUE,
    "open or running, and fresh": "#009E73",
    "last known as open or running": "#56B4E9",
    "ended, suspended or not known": GREY,
}
TRIALS = {
    "disease": "Trials by disease",
    "registered_phase": "Trials by phase",
    "registered_status": "Trials by registered status",
    "cell_source": "Trials by cell source",
    "registered_country": "Trials by country",
}


def directions(project: Project, section: str | None = None) -> alt.Chart:
    """Draw findings by target cell, coloured by direction."""
    frame = findings(project, section)
    names = labels(project, "direction")
    counts = frame.groupby(["target_cell", "direction"]).agg(
        findings=("finding_id", "size"), studies=("study", in_one_line)
    )
    counts = counts.reset_index()
    counts["rank"] = counts["direction"].map(list(DIRECTION).index)
    counts["direction"] = counts["direction"].map(names)
    calm = int((frame["direction"] == "dampens").sum())
    chart = (
        alt.Chart(counts)
        .mark_bar()
        .encode(
            y=alt.Y("target_cell:N", sort="-x", title=None),
            x=alt.X("findings:Q", title="Findings", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "direction:N",
                title=None,
                scale=palette({names[term]: colour for term, colour in DIRECTION.items()}),
                legend=alt.Legend(columns=1),
            ),
            order=alt.Order("rank:Q"),
            tooltip=["target_cell:N", "direction:N", "findings:Q", "studies:N"],
        )
        .properties(width="container", height=alt.Step(22))
    )
    description = f"{calm} of {plural(len(frame), 'finding')} speak for less inflammation; bars by target cell."
    return with_caption(chart, "Which way the findings point", description)


def basis(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw how well the findings have been checked against their sources."""
    groups = in_words(project, "findings", findings(project, section))["basis"]
    return _bars(groups, "How far each finding has been checked", "finding")


def corrections_by_kind(project: Project) -> alt.LayerChart:
    """Draw corrections by kind."""
    groups = in_words(project, "corrections", project.table("corrections"))["kind"]
    return _bars(groups, "Where review and source differ, by kind", "correction")


def trials_by(project: Project, column: str) -> alt.LayerChart:
    """Draw trials by one property, for example ``disease`` or ``registered_phase``; unknown is shown as such.

    Raises:
        KeyError: the trials cannot be counted by that column.
    """
    return _bars(in_words(project, "trials", project.table("trials"))[column], TRIALS[column], "trial")


def _bars(groups: pd.Series, title: str, one: str) -> alt.LayerChart:
    counts = groups.fillna("Not shown").value_counts().rename_axis("group").reset_index(name="rows")
    counts = counts.sort_values(["rows", "group"], ascending=[False, True])
    group, rows = counts.iloc[0] if len(counts) else ("none", 0)
    room = max(1.2 * float(rows), 1.0)  # for the number at the end of the longest bar
    chart = alt.Chart(counts).encode(
        y=alt.Y("group:N", sort=None, title=None),
        x=alt.X("rows:Q", title=f"{one.capitalize()}s", axis=alt.Axis(tickMinStep=1), scale=alt.Scale(domainMax=room)),
        tooltip=tooltip({"group:N": title, "rows:Q": f"{one.capitalize()}s"}),
    )
    bars = chart.mark_bar(color=BLUE)
    numbers = chart.mark_text(align="left", dx=4, fontSize=12, color=PAGE_INK).encode(text="rows:Q")
    description = f"{plural(len(groups), one)} in {plural(len(counts), 'group')}; the largest is {group} with {rows}."
    return with_caption((bars + numbers).properties(width="container", height=alt.Step(22)), title, description)


def mediator_by_cell(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw mediator × target cell: findings that name both."""
    frame = with_mediators(project, findings(project, section)).dropna(subset=["mediator"])
    axes = {"mediator": "Mediator", "target_cell": "Target cell"}
    return _matrix(frame, axes, "Which mediators act on which cells")


def effect_by_cell(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw effect × target cell."""
    axes = {"effect": "Effect", "target_cell": "Target cell"}
    return _matrix(findings(project, section), axes, "What happens to which cells")


def disease_by_model(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw disease × experimental model."""
    frame = findings(project, section).dropna(subset=["disease"])
    return _matrix(frame, {"disease": "Disease", "model": "Model"}, "In which models each disease was studied")


def products(project: Project, section: str | None = None) -> alt.LayerChart:
    """Draw MSC product × tissue of origin; a tissue that the record does not show is said so."""
    frame = findings(project, section)
    frame = frame.assign(tissue=frame["tissue"].fillna("not shown"))
    axes = {"tissue": "Tissue of origin", "product": "Product"}
    return _matrix(frame, axes, "What was given, and where it came from")


def _matrix(frame: pd.DataFrame, axes: dict[str, str], title: str) -> alt.LayerChart:
    """Draw how many findings stand where two properties meet; ``axes`` are the columns of rows and columns."""
    (row, row_title), (column, column_title) = axes.items()
    groups = frame.groupby([row, column], observed=True)
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
        x=alt.X(
            f"{column}:N", sort=columns, title=column_title, axis=alt.Axis(labelAngle=-90, orient="top", ticks=False)
        ),
        y=alt.Y(f"{row}:N", sort=rows, title=row_title, axis=alt.Axis(ticks=False)),
        tooltip=tooltip(
            {f"{row}:N": row_title, f"{column}:N": column_title, "findings:Q": "Findings", "studies:N": "Studies"}
        ),
    )
    most = int(counts["findings"].max()) if len(counts) else 1
    cells, numbers = heat(base, "findings", most, (1 + most) / 2)
    return with_caption((cells + numbers).properties(width="container", height=alt.Step(24)), title, description)


def _by_findings(counts: pd.DataFrame, column: str) -> list[Any]:
    """Return the values of a column, those with the most findings first."""
    return list(counts.groupby(column)["findings"].sum().sort_values(ascending=False, kind="stable").index)


def trial_timeline(project: Project) -> alt.LayerChart:
    """Draw how many trials began in each year, by what is known of them now."""
    trials = project.table("trials")
    status = trial_tables.in_words(project, trials)
    groups = pd.Series("ended, suspended or not known", trials.index)
    groups[status.str.startswith("last known as")] = "last known as open or running"
    groups[status.isin(trial_tables.RUNNING)] = "open or running, and fresh"
    groups[trials["trial_id"].isin(trial_tables.reports(project))] = "results held here"
    frame = pd.DataFrame({"year": trials["start_date"].str[:4], "now": groups}).dropna()
    counts = frame.value_counts().rename("trials").reset_index().sort_values(["year", "now"])
    chart = (
        alt.Chart(counts)
        .mark_bar()
        .encode(
            x=alt.X("year:T", title=None, timeUnit="utcyear", scale=_years(), axis=alt.Axis(format="%Y")),
            y=alt.Y("trials:Q", title="Trials begun", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("now:N", title=None, scale=palette(NOW), legend=alt.Legend(columns=1)),
            tooltip=tooltip({"year:N": "Begun in", "now:N": "Known now", "trials:Q": "Trials"}),
        )
        .properties(width="container", height=170)
    )
    undated = len(trials) - len(frame)
    held = int((groups == "results held here").sum())
    description = f"{plural(len(frame), 'trial')} with a registered start; {undated} more show none. "
    description += f"Results of {held} of all {len(trials)} are held here."
    return with_caption(chart, "When the trials began, and what became of them", description)


def decision_timeline(project: Project) -> alt.Chart:
    """Draw decisions on MSC products by their day: hollow where only somebody else's report was read."""
    every = project.table("decisions")
    kinds, sources = labels(project, "decision"), labels(project, "decision source")
    kept = every["decision"].map({name: group for group, names in WAYS.items() for name in names})
    frame = every.assign(way=kept)[kept.notna() & every["date"].notna()]
    frame = frame.assign(
        day=(frame["date"] + "-01-01").str[:10],
        said=frame["decision"].map(kinds),
        source=frame["read"].map(sources),
        conflict=frame["note"].fillna("").str.contains("CONFLICT").map({True: "sources conflict", False: ""}),
    ).sort_values(["day", "decision_id"])
    shown = {"date": "Date", "said": "Decision", "agency": "By", "product": "Product", "indication": "For"}
    colours = palette(dict(zip(WAYS, WAY_COLOURS, strict=True)))
    chart = (
        alt.Chart(frame[["day", "way", "source", "conflict", *shown]])
        .mark_point(size=90, strokeWidth=2)
        .encode(
            x=alt.X("day:T", title=None, scale=_years(), axis=alt.Axis(format="%Y")),
            y=alt.Y("way:N", title=None, sort=list(WAYS)),
            color=alt.Color("way:N", legend=None, scale=colours),
            fill=alt.Fill("way:N", legend=None, scale=colours),
            fillOpacity=alt.when(alt.datum.source == sources["own page"]).then(alt.value(0.9)).otherwise(alt.value(0)),
            shape=alt.Shape(
                "conflict:N", legend=None, scale=alt.Scale(domain=["", "sources conflict"], range=["circle", "diamond"])
            ),
            tooltip=tooltip(
                {f"{name}:N": title for name, title in {**shown, "source": "Read", "conflict": "Conflict"}.items()}
            ),
        )
        .properties(width="container", height=alt.Step(30))
    )
    own = int((frame["read"] == "own page").sum())
    description = (
        f"{plural(len(frame), 'dated decision')}: filled where the body's own text was read ({own}), hollow where "
    )
    description += "only a report of it was, a diamond where reports conflict."
    return with_caption(chart, "Decisions on MSC products", description)


def _years() -> alt.Scale:
    """Return one span of years for both timelines, so that they can be read one under the other."""
    return alt.Scale(domain=["2006-07-01", "2027-01-01"])
