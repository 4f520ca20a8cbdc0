"""Tables of records: findings, trials, outcomes, citations, studies; each row shows where it comes from."""

from typing import Any

import pandas as pd
from markupsafe import Markup

from review_tools.data.project import Project
from review_tools.data.retracted import retracted
from review_tools.display.grid import UNKNOWN, Cell, Filters, Grid, grid, lines, link, note, show, tag, text
from review_tools.display.queries import chosen, labels, with_mediators
from review_tools.display.queries import findings as chosen_findings
from review_tools.display.theme import plural

REFERENCES = "site:book/references"


def study_link(project: Project, study_id: Any, seed_number: Any = None) -> Cell:
    """The study's label, linked to its page; a seed number links to its row of the citations table.

    A work that no longer stands is struck through, with its status beside it.
    """
    if isinstance(study_id, str):
        page, label, status = (
            f"site:studies/{study_id}",
            project.works[study_id].label,
            retracted(project).get(study_id),
        )
        if not status:
            return link(page, label)
        return Markup("{} {}").format(
            link(page, Markup("<s>{}</s>").format(label)), tag(status.capitalize(), "retracted")
        )
    if seed_number is None or pd.isna(seed_number):
        return UNKNOWN
    return link(f"{REFERENCES}#seed-{seed_number}", f"seed reference {seed_number}, not yet identified")


def source(row: pd.Series) -> Cell:
    """Link to the record a row was taken from, with the place in it."""
    return link(row["source_url"], row["source_where"])


def findings(project: Project, section: str | None = None, disease: str | None = None) -> Grid:
    """Findings with what carried them out and where they come from."""
    frame = chosen_findings(project, section, disease)
    mediators = with_mediators(project, frame).dropna(subset=["mediator"]).groupby("finding_id")["mediator"].agg(list)
    names, models, directions, routes = (
        labels(project, "basis"),
        labels(project, "model"),
        labels(project, "direction"),
        labels(project, "route"),
    )

    def setting(row: pd.Series) -> Cell:
        given = " ".join(str(row[c]) for c in ("tissue", "product") if pd.notna(row[c]))
        return lines([given, note(row["modification"]), note(models[row["model"]])])

    def statement(row: pd.Series) -> Cell:
        return lines([row["statement"], note(names[row["basis"]], source(row))])

    columns = [
        ("Study", lambda row: study_link(project, row["study_id"], row["seed_number"])),
        ("Finding, and how checked", statement),
        ("Given, and model", setting),
        ("Through", lambda row: ", ".join(mediators.get(row["finding_id"], [])) or UNKNOWN),
        ("Acts on", lambda row: lines([show(row["target_cell"]), note(row["disease"])])),
        ("Direction", lambda row: tag(directions[row["direction"]], row["direction"])),
    ]
    filters: Filters = {
        "Disease": lambda row: row["disease"] if pd.notna(row["disease"]) else "no disease named",
        "Target cell": "target_cell",
        "Direction": lambda row: directions[row["direction"]],
        "Route": lambda row: routes.get(row["route"]),
        "Cell source": "tissue",
        "Product": "product",
        "Mediator": lambda row: mediators.get(row["finding_id"], []),
        "Checked": lambda row: names[row["basis"]],
    }
    return grid(
        frame,
        columns,
        f"{plural(len(frame), 'finding')}, each with its source",
        lambda row: f"finding-{row['finding_id']}",
        name="findings",
        filters=filters,
    )


def corrections(project: Project, section: str | None = None) -> Grid:
    """Where the seed review and its source, or its table and the registry, disagree."""
    frame = chosen(project, "corrections", section=section)
    kinds, sure = labels(project, "correction kind"), labels(project, "confidence")

    def subject(row: pd.Series) -> Cell:
        if pd.notna(row["trial_id"]):
            return trial_link(row["trial_id"])
        return study_link(project, row["study_id"], row["seed_number"])

    columns = [
        ("Subject", lambda row: lines([subject(row), tag(kinds[row["kind"]], "kind"), note(row["correction_id"])])),
        ("The review says", lambda row: lines([row["seed_says"], note(_section(row["section"]))])),
        ("The source says", lambda row: lines([row["source_says"], note(source(row), sure[row["confidence"]])])),
        ("What it means", text("meaning")),
    ]
    filters: Filters = {
        "Kind": lambda row: kinds[row["kind"]],
        "Section": "section",
        "About": lambda row: "a trial" if pd.notna(row["trial_id"]) else "a cited work",
        "Confidence": lambda row: sure[row["confidence"]],
    }
    caption = f"{plural(len(frame), 'disagreement')} between the review and its sources"
    return grid(
        frame,
        columns,
        caption,
        lambda row: f"correction-{row['correction_id']}",
        name="corrections",
        filters=filters,
    )


def _section(number: str) -> str:
    return f"section {number}" if number[:1].isdigit() else number


def trial_link(trial_id: str) -> Cell:
    """The registry number, linked to the trial's page."""
    return link(f"site:trials/{trial_id}", trial_id)


def people(row: pd.Series) -> Cell:
    """How many people a trial enrolled or plans to enrol."""
    if pd.isna(row["enrolment"]):
        return UNKNOWN
    basis = row["enrolment_basis"]
    return f"{row['enrolment']} ({basis})" if pd.notna(basis) else str(row["enrolment"])


COMPARED = {"status": "trial status", "phase": "phase", "country": "country"}


def outcomes(project: Project, disease: str | None = None, study_id: str | None = None) -> Grid:
    """Outcomes as reported, with the reasons for care."""
    frame = chosen(project, "outcomes", disease=disease, study_id=study_id)
    flags = project.table("outcome_flags").groupby("outcome_id")["flag"].agg(list)
    bases, reporters, designs = labels(project, "value basis"), labels(project, "reporter"), labels(project, "design")

    def reported(row: pd.Series) -> Cell:
        return lines(
            [row["reported"], note(source(row)), note(bases[row["value_basis"]], reporters[row["reported_by"]])]
        )

    columns = [
        ("Study", lambda row: study_link(project, row["study_id"])),
        ("Outcome", lambda row: lines([row["outcome"], note(row["time"])])),
        ("MSC arm", lambda row: lines([row["arm1"], numbers(row, "arm1")])),
        (
            "Comparator",
            lambda row: lines([row["arm2"], numbers(row, "arm2")]) if pd.notna(row["arm2"]) else "none (single arm)",
        ),
        ("As reported, and where", reported),
        ("Take care", lambda row: ", ".join(flags.get(row["outcome_id"], []))),
    ]
    filters: Filters = {
        "Disease": "disease",
        "Design": lambda row: designs[row["design"]],
        "Basis": lambda row: bases[row["value_basis"]],
        "Take care": lambda row: flags.get(row["outcome_id"], ["nothing noted"]),
    }
    return grid(
        frame,
        columns,
        f"{plural(len(frame), 'outcome')} as reported",
        lambda row: f"outcome-{row['outcome_id']}",
        name="outcomes",
        filters=filters,
    )


def numbers(row: pd.Series, arm: str) -> str:
    """The figures of one arm as short text: events of n, mean with SD, counts or a percentage."""
    if pd.notna(row[f"events_{arm}"]) and pd.notna(row[f"n_{arm}"]):
        return f"{row[f'events_{arm}']} of {row[f'n_{arm}']}"
    if pd.notna(row[f"mean_{arm}"]):
        spread = f" (SD {row[f'sd_{arm}']:g})" if pd.notna(row[f"sd_{arm}"]) else ""
        return f"{row[f'mean_{arm}']:g}{spread}" + (f" {row['unit']}" if pd.notna(row["unit"]) else "")
    if pd.notna(row[f"count_{arm}"]):
        return f"{row[f'count_{arm}']} events"
    return f"{row[f'printed_percent_{arm}']:g}%" if pd.notna(row[f"printed_percent_{arm}"]) else ""


def citations(project: Project) -> Grid:
    """The seed's numbers 1 to 121: which work each is, or that nobody knows yet."""
    frame = chosen(project, "citations")
    places = project.table("citation_places").groupby("seed_number")["section"].agg(list)
    candidates = project.table("citation_candidates").groupby("seed_number")["doi"].agg(list)
    matches = labels(project, "match")

    def work(row: pd.Series) -> Cell:
        if pd.notna(row["study_id"]):
            return study_link(project, row["study_id"])
        leads = candidates.get(row["seed_number"], [])
        return lines(link(f"https://doi.org/{doi}", f"candidate {doi}") for doi in leads)

    def where(row: pd.Series) -> str:
        sections = places.get(row["seed_number"], [])
        return f"section {', '.join(sections)}" if sections else ""

    columns = [
        ("No.", text("seed_number")),
        ("Work", lambda row: lines([work(row), tag(matches[row["match"]], row["match"])])),
        ("Cited for", lambda row: lines([row["cited_for"], note(where(row))])),
        ("How it agrees", lambda row: lines([note(row["agreement"]), source(row)])),
    ]
    return grid(
        frame,
        columns,
        "The seed review's reference numbers",
        lambda row: f"seed-{row['seed_number']}",
        name="citations",
        filters={
            "Match": lambda row: matches[row["match"]],
            "Section": lambda row: places.get(row["seed_number"], []),
        },
    )


def studies(project: Project) -> Grid:
    """Every work of the review, with how much of it was read."""
    kinds, reading, status = labels(project, "study kind"), labels(project, "reading"), labels(project, "study status")

    def study(row: pd.Series) -> Cell:
        changed = tag(status["corrected"], "corrected") if row["status"] == "corrected" else ""
        return lines([study_link(project, row["study_id"]), changed, note(f"in since {row['added_in']}")])

    columns = [
        ("Study", study),
        ("Kind", lambda row: lines([kinds[row["kind"]], note(row["species"])])),
        ("People", text("n")),
        ("What it found, as far as read", text("summary")),
        ("Read", lambda row: lines([reading[row["read"]], note(source(row))])),
    ]
    frame = chosen(project, "studies")
    return grid(
        frame,
        columns,
        plural(len(frame), "study", "studies"),
        lambda row: f"study-{row['study_id']}",
        name="studies",
        filters={
            "Kind": lambda row: kinds[row["kind"]],
            "Species": "species",
            "Read": lambda row: reading[row["read"]],
            "Status": lambda row: status[row["status"]],
            "In since": "added_in",
        },
    )


def glossary(project: Project) -> Grid:
    """Terms for readers: cells, products, mediators, diseases, abbreviations."""
    shown = {
        "abbreviation": "Abbreviation",
        "target cell": "Cell",
        "product": "Product",
        "mediator": "Mediator or pathway",
        "disease": "Disease",
        "effect": "Effect",
        "design": "Design",
    }
    frame = project.table("vocabulary")
    frame = frame[frame["kind"].isin(shown)].sort_values("term", key=lambda terms: terms.str.casefold())
    columns = [
        ("Term", text("term")),
        ("In full", text("label")),
        ("Meaning", text("definition")),
        ("What it is", lambda row: shown[row["kind"]]),
    ]
    kinds: Filters = {"What it is": lambda row: shown[row["kind"]]}
    return grid(frame, columns, plural(len(frame), "term"), name="terms", filters=kinds)


def data_dictionary(project: Project, table: str) -> Grid:
    """The columns of one table, from ``datapackage.json``."""
    definition = project.schema[table]
    rows = pd.DataFrame(
        [
            {
                "name": f.name,
                "type": f.type,
                "description": f.description,
                "unit": f.unit,
                "required": f.required,
                "vocabulary": f.vocabulary,
            }
            for f in definition.fields
        ]
    )
    terms = project.table("vocabulary").groupby("kind")["term"].agg(list)

    def allowed(row: pd.Series) -> Cell:
        if not row["vocabulary"]:
            return ""
        words = terms.get(row["vocabulary"], [])
        return (
            ", ".join(words) if len(words) <= 12 else f"{len(words)} terms of “{row['vocabulary']}” in the vocabulary"
        )

    columns = [
        ("Column", text("name")),
        ("Meaning", text("description")),
        ("Type", lambda row: row["type"] + (f", {row['unit']}" if row["unit"] else "")),
        ("Required", lambda row: "yes" if row["required"] else "no"),
        ("Allowed values", allowed),
    ]
    return grid(
        rows,
        columns,
        f"{definition.title}: {definition.description}",
        lambda row: f"column-{table}-{row['name']}",
        name=f"columns-of-{table}",
    )


def table_sizes(project: Project) -> Grid:
    """All tables with their number of rows."""
    rows = pd.DataFrame(
        [
            {"name": t.name, "title": t.title, "description": t.description, "rows": len(project.table(t.name))}
            for t in project.schema.values()
        ]
    )
    columns = [
        ("Table", text("title")),
        ("File", lambda row: f"data/{row['name']}.csv"),
        ("Rows", text("rows")),
        ("A row is", text("description")),
    ]
    return grid(rows, columns, "The tables of this review")


def notices(project: Project) -> Grid:
    """What was published about works of this review later, the newest first."""
    frame = chosen(project, "notices").sort_values(["seen_on", "study_id"], ascending=[False, True], kind="stable")
    columns = [
        ("Study", lambda row: study_link(project, row["study_id"])),
        ("Notice", lambda row: told(project, row)),
    ]
    return grid(frame, columns, plural(len(frame), "notice"), name="notices")


def told(project: Project, notice: pd.Series) -> Cell:
    """A notice in words: what, when, where it stands, who shows it and since when we know."""
    own = str(notice["notice"])
    if own.startswith("pmid:"):
        own = f"https://pubmed.ncbi.nlm.nih.gov/{own.removeprefix('pmid:')}/"
    elif own.startswith("10."):
        own = f"https://doi.org/{own}"
    kind = labels(project, "notice kind")[notice["kind"]]
    day = "" if pd.isna(notice["noticed_on"]) else f" of {notice['noticed_on']}"
    shown = link(notice["source_url"], labels(project, "search source")[notice["source"]])
    return Markup("{}; seen at {} on {:%Y-%m-%d}").format(link(own, f"{kind}{day}"), shown, notice["seen_on"])


def withdrawn(project: Project) -> Grid:
    """Studies taken out on purpose."""
    frame = chosen(project, "withdrawn")
    columns = [("Study", text("study_id")), ("When", text("date")), ("Why", text("reason")), ("By", text("by"))]
    return grid(frame, columns, f"{plural(len(frame), 'study', 'studies')} withdrawn")
