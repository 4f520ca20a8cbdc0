"""When the trials ran, as far as the registry says."""

import altair as alt

from review_tools.data.project import Project
from review_tools.display.queries import labels, select
from review_tools.display.theme import named, plural


def trial_timeline(project: Project) -> alt.LayerChart:
    """One line for each trial with a registered start: start to completion, an open end where none is registered."""
    trials = select(project, "trials")
    dated = trials.dropna(subset=["start_date"]).copy()
    dated["start"] = dated["start_date"].map(_first_day)
    dated["end"] = dated["completion_date"].map(_first_day, na_action="ignore")
    dated["status"] = dated["registered_status"].map(labels(project, "trial status")).fillna("Not shown")
    dated["ends"] = dated["completion_date"].fillna("not registered")
    dated = dated.sort_values(["start", "trial_id"])
    base = alt.Chart(dated).encode(
        y=alt.Y("label:N", sort=None, title=None),
        x=alt.X("start:T", title=None, axis=alt.Axis(format="%Y", tickCount="year", labelOverlap=True)),
        color=alt.Color("status:N", title=None, scale=alt.Scale(scheme="tableau10"), legend=alt.Legend(columns=2)),
        tooltip=[
            alt.Tooltip("trial_id:N", title="Trial"),
            alt.Tooltip("disease:N", title="Disease"),
            alt.Tooltip("status:N", title="Registered status"),
            alt.Tooltip("start_date:N", title="Start"),
            alt.Tooltip("ends:N", title="Completion"),
        ],
    )
    lines = base.transform_filter("isValid(datum.end)").mark_rule(strokeWidth=5, strokeCap="round").encode(x2="end:T")
    starts = base.mark_point(filled=True, size=60, opacity=1)
    undated = len(trials) - len(dated)
    description = f"{plural(len(dated), 'trial')} with a registered start, from {dated['start'].min()[:4]} on"
    description += f"; {undated} more show no date." if undated else "."
    return named(
        (lines + starts).properties(width="container", height=alt.Step(22)), "When the trials ran", description
    )


def _first_day(date: str) -> str:
    """A registry date as year-month-day: 2012, 2012-07 and 2012-07-03 all occur."""
    return f"{date}-01-01"[:10] if len(date) == 4 else f"{date}-01"[:10]
