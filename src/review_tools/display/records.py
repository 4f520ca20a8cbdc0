"""Tables of records: findings, trials, outcomes, citations, studies; each row shows where it comes from."""

from typing import Any

import pandas as pd

from review_tools.display.grid import UNKNOWN, Cell, Grid, grid, lines, link, show, tag, text
from review_tools.display.selection import chosen, labels, with_mediators
from review_tools.display.selection import findings as chosen_findings
from review_tools.display.theme import plural
from review_tools.evidence import schema
from review_tools.evidence.bibliography import bibliography
from review_tools.evidence.tables import load

REFERENCES = "site:book/references"


def study_link(study_id: Any, seed_number: Any = None) -> Cell:
    """The study's label, linked to its entry; a seed number links to its row of the citations table."""
    if isinstance(study_id, str):
        work = bibliography()[study_id]
        return link(f"{REFERENCES}#{work.anchor}", work.label)
    if seed_number is None or pd.isna(seed_number):
        return UNKNOWN
    return link(f"{REFERENCES}#seed-{seed_number}", f"seed reference {seed_number}, not yet identified")


def source(row: pd.Series) -> Cell:
    """Link to the record a row was taken from, with the place in it."""
    return link(row["source_url"], row["source_where"])


def findings(section: str | None = None, disease: str | None = None) -> Grid:
    """Findings with what carried them out and where they come from."""
    frame = chosen_findings(section, disease)
    mediators = with_mediators(frame).dropna(subset=["mediator"]).groupby("finding_id")["mediator"].agg(", ".join)
    names, models, directions = labels("basis"), labels("model"), labels("direction")

    def setting(row: pd.Series) -> Cell:
        given = " ".join(str(row[c]) for c in ("tissue", "product") if pd.notna(row[c]))
        return lines([given, row["modification"] if pd.notna(row["modification"]) else "", models[row["model"]]])

    columns = [
        ("Study", lambda row: study_link(row["study_id"], row["seed_number"])),
        ("Finding", text("statement")),
        ("Given, and model", setting),
        ("Through", lambda row: mediators.get(row["finding_id"], UNKNOWN)),
        ("Target", text("target_cell")),
        ("Disease", lambda row: row["disease"] if pd.notna(row["disease"]) else "none"),
        ("Direction", lambda row: tag(directions[row["direction"]], row["direction"])),
        ("Checked", lambda row: lines([names[row["basis"]], source(row)])),
    ]
    return grid(
        frame,
        columns,
        f"{plural(len(frame), 'finding')}, each with its source",
        lambda row: f"finding-{row['finding_id']}",
    )


def corrections(section: str | None = None) -> Grid:
    """Where the seed review and its source, or its table and the registry, disagree."""
    frame = chosen("corrections", section=section)
    kinds, sure = labels("correction kind"), labels("confidence")

    def subject(row: pd.Series) -> Cell:
        if pd.notna(row["trial_id"]):
            return trial_link(row["trial_id"])
        return study_link(row["study_id"], row["seed_number"])

    columns = [
        ("Subject", lambda row: lines([subject(row), row["correction_id"]])),
        ("Kind", lambda row: tag(kinds[row["kind"]], "kind")),
        ("The review says", text("seed_says")),
        ("The source says", text("source_says")),
        ("What it means", text("meaning")),
        ("Section", text("section")),
        ("Evidence", lambda row: lines([source(row), sure[row["confidence"]]])),
    ]
    caption = f"{plural(len(frame), 'disagreement')} between the review and its sources"
    return grid(frame, columns, caption, lambda row: f"correction-{row['correction_id']}")


def trial_link(trial_id: str) -> Cell:
    """The registry number, linked to the trial's row."""
    return link(f"site:book/trials#trial-{trial_id}", trial_id)


def _pair(reviewed: Any, registered: Any) -> Cell:
    """Both sides when they differ, one when they agree."""
    if pd.isna(reviewed) and pd.isna(registered):
        return UNKNOWN
    if pd.isna(reviewed) or pd.isna(registered) or reviewed == registered:
        return show(registered if pd.notna(registered) else reviewed)
    return lines([tag(f"review: {reviewed}", "promotes"), tag(f"registry: {registered}", "dampens")])


def trials() -> Grid:
    """All trials: Table 1 of the seed review in its order, then those named in its text."""
    frame = chosen("trials").sort_values("table_1_order", na_position="last", kind="stable")
    columns = [
        ("Trial", lambda row: lines([link(row["source_url"], row["trial_id"]), row["label"]])),
        (
            "Row of Table 1",
            lambda row: show(row["table_1_order"]) if pd.notna(row["table_1_order"]) else "not in Table 1",
        ),
        ("Disease", text("disease")),
        ("Status", lambda row: _pair(row["reviewed_status"], row["registered_status"])),
        ("Phase", lambda row: _pair(row["reviewed_phase"], row["registered_phase"])),
        (
            "Cells",
            lambda row: show(
                row["registered_cell_source"]
                if pd.notna(row["registered_cell_source"])
                else row["reviewed_cell_source"]
            ),
        ),
        (
            "Arms",
            lambda row: show(row["registered_arms"] if pd.notna(row["registered_arms"]) else row["reviewed_arms"]),
        ),
        ("Sponsor and country", _sponsor),
        ("People", _people),
        (
            "Checked",
            lambda row: lines(
                [
                    labels("confidence")[row["confidence"]],
                    f"status of {row['status_date']:%Y-%m-%d}" if pd.notna(row["status_date"]) else "",
                ]
            ),
        ),
    ]
    caption = (
        f"{plural(len(frame), 'trial')}: what the review printed and what the registry shows, marked where they differ"
    )
    return grid(frame, columns, caption, lambda row: f"trial-{row['trial_id']}")


def _sponsor(row: pd.Series) -> Cell:
    sponsor = row["registered_sponsor"] if pd.notna(row["registered_sponsor"]) else row["reviewed_sponsor"]
    return lines([show(sponsor), _pair(row["reviewed_country"], row["registered_country"])])


def _people(row: pd.Series) -> Cell:
    if pd.isna(row["enrolment"]):
        return UNKNOWN
    basis = row["enrolment_basis"]
    return f"{row['enrolment']} ({basis})" if pd.notna(basis) else str(row["enrolment"])


COMPARED = {"status": "trial status", "phase": "phase", "country": "country"}


def trial_differences() -> Grid:
    """Status, phase and country where the review's Table 1 and the registry record both say something and differ."""
    frame = chosen("trials")
    rows = [
        {
            "trial_id": row["trial_id"],
            "label": row["label"],
            "what": what,
            "reviewed": row[f"reviewed_{what}"],
            "registered": row[f"registered_{what}"],
            "date": row["status_date"],
        }
        for _, row in frame.iterrows()
        for what in COMPARED
        if pd.notna(row[f"reviewed_{what}"])
        and pd.notna(row[f"registered_{what}"])
        and row[f"reviewed_{what}"] != row[f"registered_{what}"]
        and row[f"registered_{what}"] != "not shown"
    ]
    differences = pd.DataFrame(rows, columns=["trial_id", "label", "what", "reviewed", "registered", "date"])
    columns = [
        ("Trial", lambda row: lines([trial_link(row["trial_id"]), row["label"]])),
        ("What", text("what")),
        ("The review prints", text("reviewed")),
        ("The registry shows", text("registered")),
        ("Record of", text("date")),
    ]
    caption = f"{plural(len(differences), 'difference')} in status, phase or country between review and registry"
    return grid(differences, columns, caption)


def outcomes(disease: str | None = None, study_id: str | None = None) -> Grid:
    """Outcomes as reported, with the reasons for care."""
    frame = chosen("outcomes", disease=disease, study_id=study_id)
    flags = load("outcome_flags").groupby("outcome_id")["flag"].agg(", ".join)
    bases, reporters = labels("value basis"), labels("reporter")
    columns = [
        ("Study", lambda row: study_link(row["study_id"])),
        ("Outcome", lambda row: lines([row["outcome"], row["time"]])),
        ("MSC arm", lambda row: lines([row["arm1"], numbers(row, "arm1")])),
        (
            "Comparator",
            lambda row: lines([row["arm2"], numbers(row, "arm2")]) if pd.notna(row["arm2"]) else "none (single arm)",
        ),
        ("As reported", text("reported")),
        ("Basis", lambda row: lines([bases[row["value_basis"]], reporters[row["reported_by"]]])),
        ("Take care", lambda row: flags.get(row["outcome_id"], "")),
        ("Source", source),
    ]
    return grid(
        frame, columns, f"{plural(len(frame), 'outcome')} as reported", lambda row: f"outcome-{row['outcome_id']}"
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


def citations() -> Grid:
    """The seed's numbers 1 to 121: which work each is, or that nobody knows yet."""
    frame = chosen("citations")
    places = load("citation_places").groupby("seed_number")["section"].agg(", ".join)
    candidates = load("citation_candidates").groupby("seed_number")["doi"].agg(list)
    matches = labels("match")

    def work(row: pd.Series) -> Cell:
        if pd.notna(row["study_id"]):
            return study_link(row["study_id"])
        leads = candidates.get(row["seed_number"], [])
        return lines(["not yet identified", *(link(f"https://doi.org/{doi}", f"candidate {doi}") for doi in leads)])

    columns = [
        ("No.", text("seed_number")),
        ("Work", work),
        ("Match", lambda row: tag(matches[row["match"]], row["match"])),
        ("Cited for", text("cited_for")),
        ("Where", lambda row: places.get(row["seed_number"], UNKNOWN)),
        ("How it agrees", lambda row: show(row["agreement"]) if pd.notna(row["agreement"]) else ""),
        ("Source", source),
    ]
    return grid(frame, columns, "The seed review's reference numbers", lambda row: f"seed-{row['seed_number']}")


def studies() -> Grid:
    """Every work of the review, with how much of it was read."""
    kinds, reading, status = labels("study kind"), labels("reading"), labels("study status")
    columns = [
        ("Study", lambda row: study_link(row["study_id"])),
        ("Kind", lambda row: kinds[row["kind"]]),
        ("Species", text("species")),
        ("People", text("n")),
        ("What it found, as far as read", text("summary")),
        ("Read", lambda row: lines([reading[row["read"]], source(row)])),
        ("Status", lambda row: tag(status[row["status"]], row["status"])),
        ("In since", text("added_in")),
    ]
    frame = chosen("studies")
    return grid(frame, columns, plural(len(frame), "study", "studies"), lambda row: f"study-{row['study_id']}")


def glossary() -> Grid:
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
    frame = load("vocabulary")
    frame = frame[frame["kind"].isin(shown)].sort_values("term", key=lambda terms: terms.str.casefold())
    columns = [
        ("Term", text("term")),
        ("In full", text("label")),
        ("Meaning", text("definition")),
        ("What it is", lambda row: shown[row["kind"]]),
    ]
    return grid(frame, columns, plural(len(frame), "term"))


def data_dictionary(table: str) -> Grid:
    """The columns of one table, from ``datapackage.json``."""
    definition = schema.tables()[table]
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
    terms = load("vocabulary").groupby("kind")["term"].agg(list)

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
        rows, columns, f"{definition.title}: {definition.description}", lambda row: f"column-{table}-{row['name']}"
    )


def at_a_glance() -> Grid:
    """The review in a few counts, each with the page that holds its rows."""
    studies, findings, trials, outcomes = (chosen(table) for table in ("studies", "findings", "trials", "outcomes"))
    citations, corrections = chosen("citations"), chosen("corrections")
    checked = int((findings["basis"] == "source read").sum())
    running = int(
        trials["registered_status"].isin(["recruiting", "not yet recruiting", "active, not recruiting"]).sum()
    )
    completed = int((trials["registered_status"] == "completed").sum())
    randomised = outcomes.loc[outcomes["design"] == "randomised", "study_id"].nunique()
    rows = [
        (
            "Studies",
            len(studies),
            f"{int((studies['kind'] == 'human trial').sum())} of them trials in people",
            "references",
        ),
        (
            "Findings on immune cells",
            len(findings),
            f"{checked} checked against an abstract or more",
            "mechanisms/index",
        ),
        (
            "Trials",
            len(trials),
            f"{completed} completed and {running} not yet finished, by their registry records",
            "trials",
        ),
        (
            "Outcomes in people",
            len(outcomes),
            f"from {outcomes['study_id'].nunique()} studies, {randomised} of them randomised",
            "diseases/index",
        ),
        (
            "References of the seed review",
            len(citations),
            f"{int(citations['study_id'].notna().sum())} identified so far",
            "references",
        ),
        ("Disagreements found", len(corrections), "between the seed review and its sources", "audit"),
        (
            "Latest change of a trial's record",
            f"{trials['status_date'].max():%Y-%m-%d}",
            "as far as the records seen tell",
            "trials",
        ),
    ]
    frame = pd.DataFrame(rows, columns=["what", "count", "detail", "page"])
    columns = [
        ("What", lambda row: link(f"site:book/{row['page']}", row["what"])),
        ("Count", text("count")),
        ("Of which", text("detail")),
    ]
    return grid(frame, columns, "The review at a glance")


def table_sizes() -> Grid:
    """All tables with their number of rows."""
    rows = pd.DataFrame(
        [
            {"name": t.name, "title": t.title, "description": t.description, "rows": len(load(t.name))}
            for t in schema.tables().values()
        ]
    )
    columns = [
        ("Table", text("title")),
        ("File", lambda row: f"data/{row['name']}.csv"),
        ("Rows", text("rows")),
        ("A row is", text("description")),
    ]
    return grid(rows, columns, "The tables of this review")


def withdrawn() -> Grid:
    """Studies taken out on purpose."""
    frame = chosen("withdrawn")
    columns = [("Study", text("study_id")), ("When", text("date")), ("Why", text("reason")), ("By", text("by"))]
    return grid(frame, columns, f"{plural(len(frame), 'study', 'studies')} withdrawn")
