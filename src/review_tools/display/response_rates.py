"""People with an event in each arm: proportions with their exact intervals, never pooled here."""

import textwrap

import altair as alt
import pandas as pd

from review_tools.data.project import Project
from review_tools.display.queries import chosen, study_label
from review_tools.display.theme import PAGE_INK, named, plural
from review_tools.synthesis.effects import exact_interval

AXIS = "People with the event"
LETTERS = 48  # on one line of a name, for a screen of 390 pixels
ARM = {"MSC": "#0072B2", "comparator": "#E69F00"}


def response_rates(project: Project, disease: str | None = None, study_id: str | None = None) -> alt.LayerChart:
    """Outcomes counted in people: events of n in each arm, with Clopper-Pearson intervals."""
    outcomes = chosen(project, "outcomes", disease=disease, study_id=study_id)
    outcomes = outcomes[outcomes["block"].isin(["binary", "single-arm binary"])]
    rows = pd.DataFrame(
        [row for _, outcome in outcomes.iterrows() for row in _arms(project, outcome)],
        columns=["outcome_id", "what", "slot", "people", "rate", "low", "high", "reported"],
    )
    words = pd.DataFrame(
        [
            {"what": what, "slot": f"line {number}", "text": line}
            for what in rows["what"].unique()
            for number, line in enumerate(textwrap.wrap(what, LETTERS), start=1)
        ],
        columns=["what", "slot", "text"],
    )
    # The name of an outcome stands above its arms, so that the scale keeps the whole width of a narrow screen.
    slots = alt.YOffset("slot:N", scale=alt.Scale(domain=[*sorted(words["slot"].unique()), *ARM], paddingInner=0))
    y = alt.Y("what:N", sort=None, axis=None, scale=alt.Scale(paddingInner=0.15))
    x = alt.X("rate:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5), title=AXIS)
    base = alt.Chart(rows).encode(
        y=y,
        yOffset=slots,
        color=alt.Color("slot:N", title=None, scale=alt.Scale(domain=list(ARM), range=list(ARM.values()))),
        tooltip=[
            alt.Tooltip("what:N", title="Outcome"),
            alt.Tooltip("slot:N", title="Arm"),
            alt.Tooltip("people:N", title="Events / people"),
            alt.Tooltip("rate:Q", title="Proportion", format=".0%"),
            alt.Tooltip("low:Q", title="95% from", format=".0%"),
            alt.Tooltip("high:Q", title="95% to", format=".0%"),
            alt.Tooltip("outcome_id:N", title="Row"),
        ],
    )
    lines = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=AXIS), x2="high:Q")
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x=x)
    names = alt.Chart(words).mark_text(align="left", fontSize=12, color=PAGE_INK, tooltip=False)
    names = names.encode(y=y, yOffset=slots, x=alt.value(2), text="text:N")
    studies = outcomes["study_id"].nunique()
    description = (
        f"{plural(len(outcomes), 'outcome')} of {plural(studies, 'study', 'studies')}: share of people with the event "
        "in each arm, with exact 95% intervals; nothing is pooled."
    )
    return named(
        (lines + dots + names).properties(width="container", height=alt.Step(15, **{"for": "offset"})),
        "Events in each arm",
        description,
    )


def _arms(project: Project, outcome: pd.Series) -> list[list[object]]:
    what = f"{study_label(project, outcome['study_id'], None)}: {outcome['outcome']}, {outcome['time']}"
    rows: list[list[object]] = []
    for arm, name in (("arm1", "MSC"), ("arm2", "comparator")):
        events, n = outcome[f"events_{arm}"], outcome[f"n_{arm}"]
        if pd.notna(events) and pd.notna(n):
            low, high = exact_interval(int(events), int(n))
            rows.append(
                [outcome["outcome_id"], what, name, f"{events}/{n}", events / n, low, high, outcome["reported"]]
            )
    return rows
