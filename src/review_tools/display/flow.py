"""How studies get in: the PRISMA 2020 flow diagram, and the log of searches."""

from typing import Any

import altair as alt
import pandas as pd

from review_tools.data.prisma_counts import OTHER, OUTCOMES, Flow, flow, outcomes
from review_tools.data.project import Project, labels
from review_tools.display.grid import Grid, grid, notes, stacks
from review_tools.display.theme import BOX_INK, palette, plural, tooltip, with_caption

WIDTH, HEIGHT = 250, 62  # of a box, in pixels
GAP, STEP = 40, HEIGHT + 30  # between two columns; from one row to the next
BOX, SIDE, LINE = "#d8e8f5", "#f3ead9", "#7a8794"
REASONS = 2  # reasons named in the box; the table holds all


def prisma_flow(project: Project) -> alt.LayerChart:
    """Draw records from the searches to the decision, beside the studies the review holds."""
    numbers = flow(*(project.table(name) for name in ("searches", "candidates", "screenings")))
    studies = len(project.table("studies"))
    frame = pd.DataFrame(_boxes(project, numbers, studies), columns=["column", "row", "stage", "detail", "records"])
    frame["x"], frame["y"] = frame["column"] * (WIDTH + GAP), frame["row"] * STEP
    frame["x2"], frame["y2"] = frame["x"] + WIDTH, frame["y"] + HEIGHT
    frame["middle"], frame["headline"], frame["below"] = frame["x"] + WIDTH / 2, frame["y"] + 22, frame["y"] + 44
    frame["label"] = frame["stage"] + " (n = " + frame["records"].astype(str) + ")"
    width, height = 2 * WIDTH + GAP, int(frame["y2"].max())
    scale_x = alt.Scale(domain=[0, width], nice=False)
    scale_y = alt.Scale(domain=[0, float(height)], nice=False, reverse=True)

    def at(x: str, y: str) -> dict[str, Any]:
        return {"x": alt.X(f"{x}:Q", scale=scale_x, axis=None), "y": alt.Y(f"{y}:Q", scale=scale_y, axis=None)}

    base = alt.Chart(frame).encode(tooltip=tooltip({"stage": "Stage", "detail": "Of these", "records:Q": "Number"}))
    fill = alt.when(alt.datum.column == 0).then(alt.value(BOX)).otherwise(alt.value(SIDE))
    boxes = base.mark_rect(cornerRadius=4, stroke=LINE).encode(**at("x", "y"), x2="x2", y2="y2", color=fill)
    heads = base.mark_text(fontSize=12, fontWeight="bold", color=BOX_INK)
    heads = heads.encode(**at("middle", "headline"), text="label:N")
    details = base.mark_text(fontSize=11, color=BOX_INK, limit=WIDTH - 12)
    details = details.encode(**at("middle", "below"), text="detail:N")
    arrows = alt.Chart(_arrows())
    lines = arrows.mark_rule(color=LINE, strokeWidth=1.5).encode(**at("x", "y"), x2="x2", y2="y2")
    shapes = palette({"right": "triangle-right", "down": "triangle-down"})
    tips = arrows.mark_point(filled=True, color=LINE, size=70, opacity=1)
    tips = tips.encode(**at("x2", "y2"), shape=alt.Shape("tip:N", scale=shapes, legend=None))
    chart = lines + tips + boxes + heads + details
    return with_caption(chart, "PRISMA flow of records: all sources", _sentence(numbers, studies), height, width)


def _sentence(numbers: Flow, studies: int) -> str:
    """Return the diagram in sentences."""
    if not numbers.identified:
        return f"No record has been identified yet. The review holds {studies} works all the same."
    undecided = numbers.unsure + numbers.conflict
    return (
        f"{plural(numbers.identified, 'record')} identified, {numbers.elsewhere} of them by other methods than a "
        f"search of a database or register; {numbers.duplicates} duplicates and {numbers.ruled_out} "
        f"ruled out by the strategy removed. Of {numbers.new} to screen, {numbers.waiting} wait, {numbers.excluded} "
        f"were excluded, {undecided} are open and {numbers.included} included. The review holds {studies} works."
    )


def _boxes(project: Project, numbers: Flow, studies: int) -> list[tuple[int, int, str, str, int]]:
    """Return column, row, heading, detail and number of each box."""
    names = labels(project, "exclusion reason")
    reasons = [f"{names.get(reason, reason)}: {number}" for reason, number in numbers.reasons]
    why = "; ".join(reasons[:REASONS]) + (f"; {len(reasons) - REASONS} more" if len(reasons) > REASONS else "")
    removed, undecided = numbers.duplicates + numbers.ruled_out, numbers.unsure + numbers.conflict
    aside = f"duplicates: {numbers.duplicates}; ruled out: {numbers.ruled_out}"
    where = f"searches: {numbers.identified - numbers.elsewhere}; other methods: {numbers.elsewhere}"
    return [
        (0, 0, "Records identified", where, numbers.identified),
        (1, 0, "Removed before screening", aside, removed),
        (0, 1, "Records to screen", "titles and abstracts", numbers.new),
        (1, 1, "Waiting", "nobody has decided yet", numbers.waiting),
        (0, 2, "Records screened", "decided by one person or two", numbers.screened),
        (1, 2, "Records excluded", why or "none yet", numbers.excluded),
        (1, 3, "Open", f"unsure: {numbers.unsure}; people differ: {numbers.conflict}", undecided),
        (0, 3, "Records included", "as reports of studies, or registrations", numbers.included),
        (0, 4, "Works in the review", "from the 2024 review, updates and searches", studies),
    ]


def _arrows() -> pd.DataFrame:
    """Return arrows from each box of the main column to those below and beside it; works also come from elsewhere."""
    rows: list[tuple[float, float, float, float, str]] = []
    for row in range(4):
        bottom, middle = row * STEP + HEIGHT, row * STEP + HEIGHT / 2
        rows.append((WIDTH / 2, bottom, WIDTH / 2, bottom + 24, "down"))
        rows.append((WIDTH, middle, WIDTH + GAP - 6, middle, "right"))
    # What is open was screened too: its arrow comes from the screened records.
    rows[-1] = (WIDTH, 2 * STEP + HEIGHT - 6, WIDTH + GAP - 6, 3 * STEP + 12, "right")
    return pd.DataFrame(rows, columns=["x", "y", "x2", "y2", "tip"])


def search_log(project: Project) -> Grid:
    """Show every search, newest first."""
    frame = project.table("searches").sort_values(["run_on", "search_id"], ascending=[False, True])
    version = frame["strategy_version"].astype("str")
    none = frame["source"] == OTHER  # it asks for no span of days, by no strategy
    span = frame["from_date"].dt.strftime("%Y-%m-%d") + " to " + frame["to_date"].dt.strftime("%Y-%m-%d")
    return grid(
        {
            "Search": frame["search_id"],
            "Source": frame["source"].map(labels(project, "search source")),
            "Run on": frame["run_on"],
            "Records from": span.mask(none, "any day"),
            "Strategy": (frame["strategy"] + ", version " + version).mask(none, "none"),
            "Received": frame["hits"],
            "To screen": frame["new"],
            "Duplicates": frame["duplicates"],
            "Ruled out": frame["ruled_out"],
            "Status": stacks(frame["status"].map(labels(project, "search status")), notes(frame["note"])),
        },
        "Searches, newest first",
        name="searches",
    )


def screening_queue(project: Project) -> Grid:
    """Show what became of each record to screen, by source."""
    became = outcomes(project.table("candidates"), project.table("screenings"))
    counts = pd.crosstab(became["source"].map(labels(project, "search source")), became["outcome"])
    names = zip(OUTCOMES, ("Waiting", "Included", "Excluded", "Unsure", "People differ"), strict=True)
    counts = counts.reindex(columns=list(OUTCOMES), fill_value=0)
    return grid({"Source": counts.index, **{name: counts[outcome] for outcome, name in names}}, "The queue by source")
