"""The protocol as readers see it: what is asked, what is searched, how current it is, and the checklist."""

from collections.abc import Iterator

import pandas as pd

from review_tools.data.prisma_counts import OTHER
from review_tools.data.project import Project, labels
from review_tools.display.grid import Cell, Grid, grid, lines, link, links, note, notes, stacks

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
    """Return for each source the last day that a complete search of it covered; None where there was none."""
    searches = project.table("searches")
    latest = searches[searches["status"] == "complete"].groupby("source")["to_date"].max()
    return {source: latest.get(source) for source in labels(project, "search source") if source != OTHER}


def current(project: Project) -> str:
    """Return how current the review is, in a few words: the oldest of the sources' last searches."""
    days = list(last_searches(project).values())
    searched = [day for day in days if day is not None]
    if not searched:
        return NEVER
    if len(searched) < len(days):
        return "not every source has been searched yet"
    return f"all sources searched up to {min(searched):%Y-%m-%d}"


def _parts(project: Project) -> Iterator[tuple[str, Cell]]:
    plan = project.protocol
    seed, rules = plan["seed"], plan["eligibility"]
    yield "Title", plan["title"]
    yield "Version and status", f"{plan['version']}, {plan['status']}"
    yield "Preceding version", plan["preceding"]["version"]
    work = project.works[seed["study_id"]]
    yield "Review it began from", link(work.url, f"{work.label} (counted as {seed['version']})")
    yield "Questions", lines(*plan["questions"])
    for part in ("population", "intervention", "comparator", "outcomes", "designs"):
        yield part.capitalize(), rules[part]
    for decision, name in (("include", "Worked examples, in"), ("exclude", "Worked examples, out")):
        examples = [one for one in rules["examples"] if one["decision"] == decision]
        yield name, lines(*(f"{project.works[one['study_id']].label}: {one['why']}" for one in examples))
    for decision, name in (("include", "At the border, in"), ("exclude", "At the border, out")):
        yield name, lines(*(f"{one['topic']}: {one['why']}" for one in plan["scope"] if one["decision"] == decision))
    chosen = plan["selection"]
    yield f"How rows are chosen (written on {chosen['written_on']})", lines(*chosen["rules"])
    yield "Deviation", chosen["deviation"]
    last, names = last_searches(project), labels(project, "search source")
    for key, strategy in plan["strategies"].items():
        for source, search in strategy["sources"].items():
            queries = [f"{name}: {value}" for name, value in search.items() if isinstance(value, str)]
            day = last[source]
            when = f"searched completely up to {day:%Y-%m-%d}" if day is not None else NEVER
            form = f"Every {search['every_days']} days; strategy {key}, version {strategy['version']}; {when}."
            yield f"Search of {names[source]}", lines(note(form), *queries)
        words = (f"{group}: {', '.join(terms)}" for group, terms in strategy["groups"].items())
        yield "Words that explain a match", lines(*words)
    yield "Other steps", plan["schedule"]
    yield "Retirement", plan["retirement"]
    yield "Authors and roles", lines(*(f"{one['name']}: {one['role']}" for one in plan["authors"]))
