"""Heat maps: how many findings stand where two properties meet."""

import altair as alt
import pandas as pd

from review_tools.data.project import Project
from review_tools.display.queries import findings, in_one_line, with_mediators
from review_tools.display.theme import BOX_INK, SEQUENTIAL, named, plural

ROWS = 22  # more rows than this are hard to read; the rarest are left to the table


def mediator_by_cell(project: Project, section: str | None = None) -> alt.LayerChart:
    """Mediator × target cell: findings that name both."""
    frame = with_mediators(project, findings(project, section)).dropna(subset=["mediator"])
    return _matrix(frame, "mediator", "target_cell", "Mediator", "Target cell", "Which mediators act on which cells")


def effect_by_cell(project: Project, section: str | None = None) -> alt.LayerChart:
    """Effect × target cell."""
    return _matrix(
        findings(project, section), "effect", "target_cell", "Effect", "Target cell", "What happens to which cells"
    )


def disease_by_model(project: Project, section: str | None = None) -> alt.LayerChart:
    """Disease × experimental model."""
    frame = findings(project, section).dropna(subset=["disease"])
    return _matrix(frame, "disease", "model", "Disease", "Model", "In which models each disease was studied")


def products(project: Project, section: str | None = None) -> alt.LayerChart:
    """MSC product × tissue of origin; a tissue that the record does not show is said so."""
    frame = findings(project, section)
    frame = frame.assign(tissue=frame["tissue"].fillna("not shown"))
    return _matrix(frame, "tissue", "product", "Tissue of origin", "Product", "What was given, and where it came from")


def _matrix(
    frame: pd.DataFrame, row: str, column: str, row_title: str, column_title: str, title: str
) -> alt.LayerChart:
    groups = frame.groupby([row, column], observed=True)
    counts = groups.agg(findings=("finding_id", "nunique"), studies=("study", in_one_line)).reset_index()
    order = counts.groupby(row)["findings"].sum().sort_values(ascending=False, kind="stable")
    shown = list(order.index[:ROWS])
    counts = counts[counts[row].isin(shown)]
    columns = list(counts.groupby(column)["findings"].sum().sort_values(ascending=False, kind="stable").index)
    left_out = len(order) - len(shown)
    top = counts.sort_values("findings", ascending=False, kind="stable").head(1)
    description = (
        f"Heat map of {plural(len(shown), row_title.lower())} by {plural(len(columns), column_title.lower())}."
    )
    for _, cell in top.iterrows():
        description += f" Most findings: {cell[row]} × {cell[column]} ({plural(cell['findings'], 'finding')})."
    if left_out:
        description += f" {plural(left_out, 'rarer row')} not drawn; the table holds all."
    base = alt.Chart(counts).encode(
        x=alt.X(
            f"{column}:N", sort=columns, title=column_title, axis=alt.Axis(labelAngle=-90, orient="top", ticks=False)
        ),
        y=alt.Y(f"{row}:N", sort=shown, title=row_title, axis=alt.Axis(ticks=False)),
        tooltip=[
            alt.Tooltip(f"{row}:N", title=row_title),
            alt.Tooltip(f"{column}:N", title=column_title),
            alt.Tooltip("findings:Q", title="Findings"),
            alt.Tooltip("studies:N", title="Studies"),
        ],
    )
    darkest = counts["findings"].max() if len(counts) else 1
    cells = base.mark_rect(cornerRadius=3, stroke=None).encode(
        color=alt.Color("findings:Q", scale=alt.Scale(range=SEQUENTIAL, domain=[1, max(int(darkest), 2)]), legend=None)
    )
    numbers = base.mark_text(fontSize=12).encode(
        text="findings:Q",
        color=alt.when(alt.datum.findings > (1 + darkest) / 2).then(alt.value("white")).otherwise(alt.value(BOX_INK)),
    )
    return named((cells + numbers).properties(width="container", height=alt.Step(24)), title, description)
