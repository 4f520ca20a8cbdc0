"""The evidence gap map: what has been studied how, with the empty cells in plain sight."""

from urllib.parse import urlencode

import altair as alt
import pandas as pd

from review_tools.data.project import Project, labels
from review_tools.display.theme import GREY, heat, plural, tooltip, with_caption

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
TABLE = "evidence"  # the table of the rows, as addresses name it


def evidence(project: Project) -> pd.DataFrame:
    """Return one row for each finding in cells or animals and each outcome in people, by disease, design and domain.

    Columns: row, study_id, disease, design, domain, says.
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


def anchor(row: str) -> str:
    """Return where a row stands on the page."""
    return f"gap-{row}"


def address(project: Project, disease: str, by: str, column: str, row: str) -> str:
    """Return the address of a cell's rows: filters of the table, and the first row for those without JavaScript."""
    key = "design" if by == "design" else "measured"
    value = column if by == "design" else domains(project)[column]
    return f"?{urlencode({f'{TABLE}.disease': disease, f'{TABLE}.{key}': value})}#{anchor(row)}"


def domains(project: Project) -> dict[str, str]:
    """Return what was measured, in a reader's words."""
    return {MECHANISM: "mechanism", **labels(project, "outcome domain")}


def gap_map(project: Project, by: str = "design") -> alt.LayerChart:
    """Draw disease × design, or disease × outcome; a number is a count of rows, a dot an empty cell.

    Args:
        by: "design" or "domain" (what was measured).
    """
    rows = evidence(project)
    columns = DESIGNS if by == "design" else [term for term in domains(project) if term not in ("conduct", "other")]
    diseases = list(rows["disease"].value_counts().index)
    counts = rows.groupby(["disease", by]).agg(
        rows=("row", "size"), studies=("study_id", "nunique"), first=("row", "first")
    )
    grid = pd.MultiIndex.from_product([diseases, columns], names=["disease", by])
    cells = counts.reindex(grid).reset_index().fillna({"rows": 0, "studies": 0, "first": ""})
    cells = cells.astype({"rows": int, "studies": int})
    cells["href"] = [
        address(project, disease, by, column, first) if first else ""
        for disease, column, first in zip(cells["disease"], cells[by], cells["first"], strict=True)
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
        tooltip=tooltip({"disease:N": "Disease", f"{by}:N": "Column", "rows:Q": "Rows", "studies:Q": "Studies"}),
    )
    filled = base.transform_filter("datum.rows > 0")
    most = int(cells["rows"].max())
    rects, numbers = heat(filled, "rows", most, most / 3)
    dots = base.transform_filter("datum.rows == 0").mark_point(shape="circle", size=12, color=GREY, filled=True)
    description = (
        f"{plural(len(diseases), 'disease')} by {what}: {empty} of {len(cells)} cells are empty (a dot). "
        "Choose a filled cell to open its rows."
    )
    chart = (rects + numbers + dots).properties(width="container", height=alt.Step(24))
    return with_caption(chart, f"Evidence gap map: disease by {what}", description)
