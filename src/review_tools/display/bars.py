"""Bars: how many rows of each kind."""

import altair as alt
import pandas as pd

from review_tools.data.project import Project
from review_tools.display.queries import findings, in_one_line, labels, select
from review_tools.display.theme import DIRECTION, PAGE_INK, named, plural

BLUE = "#0072B2"


def directions(project: Project, section: str | None = None) -> alt.Chart:
    """Findings by target cell, coloured by direction."""
    frame = findings(project, section)
    names = labels(project, "direction")
    counts = (
        frame.groupby(["target_cell", "direction"])
        .agg(findings=("finding_id", "size"), studies=("study", in_one_line))
        .reset_index()
    )
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
                scale=alt.Scale(domain=[names[term] for term in DIRECTION], range=list(DIRECTION.values())),
                legend=alt.Legend(columns=1),
            ),
            order=alt.Order("rank:Q"),
            tooltip=["target_cell:N", "direction:N", "findings:Q", "studies:N"],
        )
        .properties(width="container", height=alt.Step(22))
    )
    description = f"{calm} of {plural(len(frame), 'finding')} speak for less inflammation; bars by target cell."
    return named(chart, "Which way the findings point", description)


def basis(project: Project, section: str | None = None) -> alt.Chart:
    """How well the findings have been checked against their sources."""
    frame = findings(project, section)
    return _count(frame, "basis", labels(project, "basis"), "How far each finding has been checked", "finding")


def corrections_by_kind(project: Project) -> alt.Chart:
    """Corrections by kind."""
    return _count(
        select(project, "corrections"),
        "kind",
        labels(project, "correction kind"),
        "Where review and source differ, by kind",
        "correction",
    )


def trials_by(project: Project, column: str) -> alt.Chart:
    """Trials by one property, for example ``disease`` or ``registered_phase``; unknown is shown as such.

    Raises:
        KeyError: the trials have no such column.
    """
    titles = {
        "disease": ("disease", "Trials by disease"),
        "registered_phase": ("phase", "Trials by phase"),
        "registered_status": ("trial status", "Trials by registered status"),
        "cell_source": ("tissue", "Trials by cell source"),
        "registered_country": ("country", "Trials by country"),
    }
    kind, title = titles[column]
    return _count(select(project, "trials"), column, labels(project, kind), title, "trial")


def _count(frame: pd.DataFrame, column: str, names: dict[str, str], title: str, one: str) -> alt.Chart:
    label = frame[column].map(names).fillna("Not shown")
    counts = label.value_counts().rename_axis("group").reset_index(name="rows")
    counts = counts.sort_values(["rows", "group"], ascending=[False, True])
    first = counts.iloc[0] if len(counts) else {"group": "none", "rows": 0}
    chart = alt.Chart(counts).encode(
        y=alt.Y("group:N", sort=None, title=None),
        x=alt.X("rows:Q", title=f"{one.capitalize()}s", axis=alt.Axis(tickMinStep=1)),
        tooltip=[alt.Tooltip("group:N", title=title), alt.Tooltip("rows:Q", title=f"{one.capitalize()}s")],
    )
    bars = chart.mark_bar(color=BLUE)
    numbers = chart.mark_text(align="left", dx=4, fontSize=12, color=PAGE_INK).encode(text="rows:Q")
    groups = plural(len(counts), "group")
    description = f"{plural(len(frame), one)} in {groups}; the largest is {first['group']} with {first['rows']}."
    return named((bars + numbers).properties(width="container", height=alt.Step(22)), title, description)
