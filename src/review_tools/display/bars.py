"""Counts: bars and heat maps of findings and trials, and the times of the trials."""

from typing import Any

import altair as alt
import pandas as pd

from review_tools.data.project import Project, labels
from review_tools.display.queries import findings, in_one_line, in_words, with_mediators
from review_tools.display.theme import (
    BLUE,
    BOX_INK,
    DIRECTION,
    PAGE_INK,
    SEQUENTIAL,
    palette,
    plural,
    tooltip,
    with_caption,
)

ROWS = 22  # more rows of a heat map than this are hard to read; the rarest are left to the table
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
    chart = alt.Chart(counts).encode(
        y=alt.Y("group:N", sort=None, title=None),
        x=alt.X("rows:Q", title=f"{one.capitalize()}s", axis=alt.Axis(tickMinStep=1)),
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
    darkest = counts["findings"].max() if len(counts) else 1
    cells = base.mark_rect(cornerRadius=3, stroke=None).encode(
        color=alt.Color("findings:Q", scale=alt.Scale(range=SEQUENTIAL, domain=[1, max(int(darkest), 2)]), legend=None)
    )
    numbers = base.mark_text(fontSize=12).encode(
        text="findings:Q",
        color=alt.when(alt.datum.findings > (1 + darkest) / 2).then(alt.value("white")).otherwise(alt.value(BOX_INK)),
    )
    return with_caption((cells + numbers).properties(width="container", height=alt.Step(24)), title, description)


def _by_findings(counts: pd.DataFrame, column: str) -> list[Any]:
    """Return the values of a column, those with the most findings first."""
    return list(counts.groupby(column)["findings"].sum().sort_values(ascending=False, kind="stable").index)


def trial_timeline(project: Project) -> alt.LayerChart:
    """Draw a line for each trial with a registered start: start to completion, open where none is registered."""
    trials = project.table("trials")
    status = in_words(project, "trials", trials)["registered_status"].fillna("Not shown")
    dated = trials.dropna(subset=["start_date"])
    # A registry date is a year, a month or a day: 2012, 2012-07 and 2012-07-03 all occur.
    dated = dated.assign(
        start=(dated["start_date"] + "-01-01").str[:10],
        end=(dated["completion_date"] + "-01-01").str[:10],
        status=status,
        ends=dated["completion_date"].fillna("not registered"),
    ).sort_values(["start", "trial_id"])
    base = alt.Chart(dated).encode(
        y=alt.Y("label:N", sort=None, title=None),
        x=alt.X("start:T", title=None, axis=alt.Axis(format="%Y", tickCount="year", labelOverlap=True)),
        color=alt.Color("status:N", title=None, scale=alt.Scale(scheme="tableau10"), legend=alt.Legend(columns=2)),
        tooltip=tooltip(
            {
                "trial_id:N": "Trial",
                "disease:N": "Disease",
                "status:N": "Registered status",
                "start_date:N": "Start",
                "ends:N": "Completion",
            }
        ),
    )
    lines = base.transform_filter("isValid(datum.end)").mark_rule(strokeWidth=5, strokeCap="round").encode(x2="end:T")
    starts = base.mark_point(filled=True, size=60, opacity=1)
    undated = len(trials) - len(dated)
    description = f"{plural(len(dated), 'trial')} with a registered start, from {dated['start'].min()[:4]} on"
    description += f"; {undated} more show no date." if undated else "."
    chart = (lines + starts).properties(width="container", height=alt.Step(22))
    return with_caption(chart, "When the trials ran", description)
