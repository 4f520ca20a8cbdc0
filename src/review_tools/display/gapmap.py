"""The evidence gap map: what has been studied how, with the empty cells in plain sight."""

import altair as alt
import pandas as pd

from review_tools.display.selection import labels
from review_tools.display.theme import BOX_INK, SEQUENTIAL, named, plural
from review_tools.evidence.tables import load

DESIGNS = ["in vitro", "animal", "single-arm", "controlled", "randomised"]
# Experimental models of findings, as the designs of the map. Patients appear through outcomes.
MODELS = {
    "in vitro": "in vitro",
    "in vitro human": "in vitro",
    "in vitro animal": "in vitro",
    "mouse": "animal",
    "rat": "animal",
    "animal": "animal",
}
MECHANISM = "mechanism"


def evidence() -> pd.DataFrame:
    """One row for each finding in cells or animals and each outcome in people: disease, design, domain, study."""
    findings = load("findings").dropna(subset=["disease"])
    laboratory = findings.assign(design=findings["model"].map(MODELS), domain=MECHANISM).dropna(subset=["design"])
    laboratory = laboratory.rename(columns={"finding_id": "row"})
    people = load("outcomes").rename(columns={"outcome_id": "row"})
    people = people[people["domain"] != "conduct"]
    columns = ["row", "study_id", "disease", "design", "domain"]
    return pd.concat([laboratory[columns], people[columns]], ignore_index=True)


def anchor(disease: str, column: str) -> str:
    """Where the rows of a cell stand on the page."""
    return "gap-" + "".join(c if c.isalnum() else "-" for c in f"{disease} {column}".lower())


def gap_map(by: str = "design") -> alt.LayerChart:
    """Disease × design, or disease × outcome; a number is a count of rows, a dot an empty cell.

    Args:
        by: "design" or "domain" (what was measured).
    """
    rows = evidence()
    domains = labels("outcome domain")
    columns = (
        DESIGNS if by == "design" else [MECHANISM, *(term for term in domains if term not in ("conduct", "other"))]
    )
    diseases = list(rows["disease"].value_counts().index)
    counts = rows.groupby(["disease", by]).agg(rows=("row", "size"), studies=("study_id", "nunique"))
    grid = pd.MultiIndex.from_product([diseases, columns], names=["disease", by])
    cells = counts.reindex(grid, fill_value=0).reset_index()
    cells["href"] = [
        f"#{anchor(d, c)}" if n and by == "design" else ""
        for d, c, n in zip(cells["disease"], cells[by], cells["rows"], strict=True)
    ]
    cells["name"] = cells["disease"] + ", " + cells[by] + ": " + cells["rows"].map(lambda n: plural(n, "row"))
    empty = int((cells["rows"] == 0).sum())
    what = "design" if by == "design" else "what was measured"
    base = alt.Chart(cells).encode(
        x=alt.X(
            f"{by}:N",
            sort=columns,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=-90, ticks=False, labelLimit=160),
        ),
        y=alt.Y("disease:N", sort=diseases, title=None, axis=alt.Axis(ticks=False, labelLimit=200)),
        href="href:N",
        description=alt.Description("name:N"),  # what a link on the map is called
        tooltip=[
            alt.Tooltip("disease:N", title="Disease"),
            alt.Tooltip(f"{by}:N", title="Column"),
            alt.Tooltip("rows:Q", title="Rows"),
            alt.Tooltip("studies:Q", title="Studies"),
        ],
    )
    filled = base.transform_filter("datum.rows > 0")
    most = int(cells["rows"].max())
    rects = filled.mark_rect(cornerRadius=3).encode(
        color=alt.Color("rows:Q", legend=None, scale=alt.Scale(type="sqrt", range=SEQUENTIAL, domain=[1, max(most, 2)]))
    )
    white = alt.when(alt.datum.rows > most / 3).then(alt.value("white")).otherwise(alt.value(BOX_INK))
    numbers = filled.mark_text(fontSize=12).encode(text="rows:Q", color=white)
    dots = base.transform_filter("datum.rows == 0").mark_point(shape="circle", size=12, color="#8a8a8a", filled=True)
    description = (
        f"{plural(len(diseases), 'disease')} by {what}: {empty} of {len(cells)} cells are empty (a dot). "
        + ("Choose a filled cell to go to its rows." if by == "design" else "")
    ).strip()
    chart = (rects + numbers + dots).properties(width="container", height=alt.Step(24))
    return named(chart, f"Evidence gap map: disease by {what}", description)
