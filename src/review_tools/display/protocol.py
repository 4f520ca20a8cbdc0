"""The protocol as readers see it: what is asked, what is searched, how current it is, and the checklist."""

from collections.abc import Iterator

import pandas as pd

from review_tools.data.project import Project
from review_tools.display.grid import Cell, Grid, grid, lines, link, links, note, notes, stacks
from review_tools.display.queries import labels

NEVER = "no systematic search has been run yet"


def protocol(project: Project) -> Grid:
    """Show the protocol in ``data/review.yml``, with the last complete search of each source."""
    parts, says = zip(*_parts(project), strict=True)
    return grid({"Part": parts, "What it says": says}, "Protocol of this review")


def checklist(project: Project) -> Grid:
    """Show what PRISMA-LSR asks of a living review, and where this one answers."""
    frame = project.table("prisma_lsr")
    place = links("site:" + frame["page"], frame["place"].fillna(""))
    return grid(
        {
            "Item": frame["item_id"],
            "It asks": stacks(frame["asks"], notes(frame["topic"])),
            "Met": frame["met"].map(labels(project, "checklist answer")),
            "Where, and how": stacks(place, notes(frame["note"])),
        },
        "PRISMA-LSR checklist",
    )


def last_searches(project: Project) -> dict[str, pd.Timestamp | None]:
    """Source → last day that a complete search of it covered; None where there was none."""
    searches = project.table("searches")
    latest = searches[searches["status"] == "complete"].groupby("source")["to_date"].max()
    return {source: latest.get(source) for source in labels(project, "search source")}


def current(project: Project) -> str:
    """How current the review is, in a few words: the oldest of the sources' last searches."""
    days = list(last_searches(project).values())
    known = [day for day in days if day is not None]
    if not known:
        return NEVER
    if len(known) < len(days):
        return "not every source has been searched yet"
    return f"all sources searched up to {min(known):%Y-%m-%d}"


def _parts(project: Project) -> Iterator[tuple[str, Cell]]:
    read = project.protocol
    seed, rules = read["seed"], read["eligibility"]
    yield "Title", read["title"]
    yield "Version and status", f"{read['version']}, {read['status']}"
    yield "Preceding version", read["preceding"]["version"]
    work = project.works[seed["study_id"]]
    yield "Review it began from", link(work.url, f"{work.label} (counted as {seed['version']})")
    yield "Questions", lines(*read["questions"])
    for part in ("population", "intervention", "comparator", "outcomes", "designs"):
        yield part.capitalize(), rules[part]
    for decision, name in (("include", "Worked examples, in"), ("exclude", "Worked examples, out")):
        examples = [one for one in rules["examples"] if one["decision"] == decision]
        yield name, lines(*(f"{project.works[one['study_id']].label}: {one['why']}" for one in examples))
    last, names = last_searches(project), labels(project, "search source")
    for key, strategy in read["strategies"].items():
        for source, asked in strategy["sources"].items():
            queries = [f"{name}: {value}" for name, value in asked.items() if isinstance(value, str)]
            day = last[source]
            told = f"searched completely up to {day:%Y-%m-%d}" if day is not None else NEVER
            form = f"Every {asked['every_days']} days; strategy {key}, version {strategy['version']}; {told}."
            yield f"Search of {names[source]}", lines(note(form), *queries)
        words = (f"{group}: {', '.join(listed)}" for group, listed in strategy["groups"].items())
        yield "Words that explain a match", lines(*words)
    yield "Other steps", read["schedule"]
    yield "Retirement", read["retirement"]
    yield "Authors and roles", lines(*(f"{one['name']}: {one['role']}" for one in read["authors"]))
