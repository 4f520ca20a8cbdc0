"""Tables of how the review works: protocol and searches, checklist, checks, tables and files, terms."""

from collections.abc import Iterator

import pandas as pd

from review_tools.check import RULES
from review_tools.data import export
from review_tools.data.prisma_counts import OTHER
from review_tools.data.project import Project, labels
from review_tools.display.grid import Cell, Grid, Shown, grid, lines, link, links, note, notes, stacks
from review_tools.display.theme import plural

NEVER = "no systematic search has been run yet"


def protocol(project: Project) -> Grid:
    """Show the protocol in ``data/review.yml``, with the last complete search of each source."""
    parts, says = zip(*_parts(project), strict=True)
    return grid({"Part": parts, "What it says": says}, "Protocol of this review")


def _parts(project: Project) -> Iterator[tuple[str, Cell]]:
    plan, works = project.protocol, project.works
    seed, rules, chosen = plan["seed"], plan["eligibility"], plan["selection"]
    yield "Title", plan["title"]
    yield "Version and status", f"{plan['version']}, {plan['status']}"
    yield "Preceding version", plan["preceding"]["version"]
    began = works[seed["study_id"]]
    yield "Review it began from", link(began.url, f"{began.label} (counted as {seed['version']})")
    yield "Questions", lines(*plan["questions"])
    for part in ("population", "intervention", "comparator", "outcomes", "designs"):
        yield part.capitalize(), rules[part]
    examples = [(one["decision"], works[one["study_id"]].label, one["why"]) for one in rules["examples"]]
    border = [(one["decision"], one["topic"], one["why"]) for one in plan["scope"]]
    for name, decided in (("Worked examples", examples), ("At the border", border)):
        for end, wanted in (("in", "include"), ("out", "exclude")):
            yield f"{name}, {end}", lines(*(f"{what}: {why}" for decision, what, why in decided if decision == wanted))
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


def check_rules(project: Project) -> Grid:
    """Show what ``review check`` refuses, from the registry of its rules."""
    titles = {name: table.title for name, table in project.schema.items()}
    about = [", ".join(titles.get(name, name) for name in rule.about) or "Every table" for rule in RULES.values()]
    return grid(
        {"About": about, "Refused": [rule.refuses[:1].upper() + rule.refuses[1:] for rule in RULES.values()]},
        f"The {len(RULES)} rules of the check",
        ids=[f"rule-{rule}" for rule in RULES],
        name="check-rules",
        filters={"About": about},
    )


def data_dictionary(project: Project) -> Shown:
    """Show the columns of each table, from ``datapackage.json``, each behind its title."""
    return Shown(behind=tuple((project.schema[table].title, _columns(project, table)) for table in project.schema))


def _columns(project: Project, table: str) -> Grid:
    definition = project.schema[table]
    fields = definition.fields

    def allowed(kind: str) -> str:
        words = list(labels(project, kind))
        return ", ".join(words) if len(words) <= 12 else f"{len(words)} terms of “{kind}” in the vocabulary"

    return grid(
        {
            "Column": [field.name for field in fields],
            "Meaning": [field.description for field in fields],
            "Type": [field.type + (f", {field.unit}" if field.unit else "") for field in fields],
            "Required": [field.required for field in fields],
            "Allowed values": [allowed(field.vocabulary) for field in fields],
        },
        f"{definition.title}: {definition.description}",
        ids=[f"column-{table}-{field.name}" for field in fields],
        name=f"columns-of-{table}",
    )


def downloads(project: Project) -> Grid:
    """Show every file to take along."""
    files = export.downloads(project)
    return grid(
        {
            "File": [link(f"site:{file.path}", file.path.removeprefix(f"{export.FOLDER}/")) for file in files],
            "Title": [file.title for file in files],
            "It holds, or a row is": [file.what for file in files],
            "Rows": ["–" if file.rows is None else file.rows for file in files],
        },
        "Files to download",
    )


def glossary(project: Project) -> Grid:
    """Show terms for readers: cells, products, mediators, diseases, statistics, abbreviations."""
    kinds = {
        "abbreviation": "Abbreviation",
        "statistic": "Statistics and scales",
        "target cell": "Cell",
        "product": "Product",
        "donor": "Whose cells",
        "mediator": "Mediator or pathway",
        "disease": "Disease",
        "effect": "Effect",
        "design": "Design",
    }
    frame = project.table("vocabulary")
    frame = frame[frame["kind"].isin(kinds)].sort_values("term", key=lambda terms: terms.str.casefold())
    kind = frame["kind"].map(kinds)
    columns = {"Term": frame["term"], "In full": frame["label"], "Meaning": frame["definition"], "What it is": kind}
    return grid(columns, plural(len(frame), "term"), name="terms", filters={"What it is": kind})
