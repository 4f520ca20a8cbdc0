"""What nobody has done yet, each with a link that opens the right form, filled in as far as it is known."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd
from markupsafe import Markup

from review_tools.data.project import Project
from review_tools.display.data_tables import REFERENCES, source, study_link, trial_link
from review_tools.display.grid import Cell, Column, Grid, grid, lines, link, note, show
from review_tools.display.queries import chosen, labels
from review_tools.display.theme import plural
from review_tools.synthesis import claims as ledger

OPEN = "cannot be tested yet"


def take(project: Project, form: str, subject: str, **answers: str) -> Cell:
    """“Take this”: GitHub's issue form ``form``, with a title and the fields (by their ids) that are known."""
    asked = {"template": f"{form}.yml", "title": subject, **answers}
    address = f"{project.citation.repository}/issues/new?{urlencode(asked, quote_via=quote)}"
    return Markup('<a href="{}" aria-label="Take this: {}">Take this</a>').format(address, subject)


def open_references(project: Project) -> Grid:
    """The seed's numbers that nobody has matched with a work."""
    frame = chosen(project, "citations", match="unidentified")
    places = project.table("citation_places").groupby("seed_number")["section"].agg(list)
    candidates = project.table("citation_candidates").groupby("seed_number")["doi"].agg(list)

    def leads(row: pd.Series) -> Cell:
        dois = candidates.get(row["seed_number"], [])
        return lines(link(f"https://doi.org/{doi}", doi) for doi in dois) or "none"

    def cited(row: pd.Series) -> Cell:
        sections = places.get(row["seed_number"], [])
        return lines([show(row["cited_for"]), note(f"section {', '.join(sections)}") if sections else ""])

    def taken(row: pd.Series) -> Cell:
        number = str(row["seed_number"])
        return take(project, "reference", f"Identify a reference: number {number}", seed_number=number)

    columns: list[Column] = [
        ("No.", lambda row: link(f"{REFERENCES}#seed-{row['seed_number']}", row["seed_number"])),
        ("Cited for", cited),
        ("Candidates", leads),
        ("Take it", taken),
    ]
    caption = f"{plural(len(frame), 'reference number')} not yet identified"
    return grid(frame, columns, caption, name="open-references", filters={"Candidates": _some(leads)})


def unchecked_values(project: Project) -> Grid:
    """Pooled rows whose figures the source does not print as they stand, or that somebody else reported."""
    frame = chosen(project, "outcomes")
    frame = frame[frame["outcome_id"].isin(project.table("comparison_outcomes")["outcome_id"])]
    frame = frame[(frame["value_basis"] != "printed") | (frame["reported_by"] != "source")]
    bases, reporters = labels(project, "value basis"), labels(project, "reporter")

    def taken(row: pd.Series) -> Cell:
        name = row["outcome_id"]
        return take(project, "value", f"Correct a value: {name}", table="outcomes", row=name)

    columns: list[Column] = [
        ("Outcome", lambda row: lines([study_link(project, row["study_id"]), f"{row['outcome']}, {row['time']}"])),
        ("As reported", lambda row: lines([show(row["reported"]), note(source(row))])),
        ("Figures, and by whom", lambda row: lines([bases[row["value_basis"]], note(reporters[row["reported_by"]])])),
        ("Take it", taken),
    ]
    filters = {"Figures": lambda row: bases[row["value_basis"]], "By whom": lambda row: reporters[row["reported_by"]]}
    caption = f"{plural(len(frame), 'pooled value')} to compare with the source"
    return grid(frame, columns, caption, name="unchecked", filters=filters)


def trials_without_outcomes(project: Project) -> Grid:
    """Trials of which no study with an outcome is in the data."""
    studies, reported = project.table("studies"), project.table("outcomes")["study_id"]
    answered = studies.loc[studies["study_id"].isin(reported), "trial_id"].dropna()
    frame = project.table("trials")
    frame = frame[~frame["trial_id"].isin(answered)]
    status = frame["registered_status"].fillna(frame["reviewed_status"])
    frame = frame.assign(status=status, last=status != "completed").sort_values(["last", "trial_id"])

    columns: list[Column] = [
        ("Trial", lambda row: lines([trial_link(row["trial_id"]), note(row["label"])])),
        ("Disease", lambda row: show(row["disease"])),
        ("Status, and people", lambda row: lines([show(row["status"]), people(row["enrolment"])])),
        ("Take it", lambda row: take(project, "study", f"Suggest a study: results of {row['trial_id']}")),
    ]
    caption = f"{plural(len(frame), 'trial')} without an outcome here, completed ones first"
    return grid(frame, columns, caption, name="no-outcomes", filters={"Status": "status", "Disease": "disease"})


def untested_claims(project: Project) -> Grid:
    """Claims that the data cannot answer yet, and what they wait for."""
    tested = [claim for claim in ledger.verdicts(project) if claim.verdict.word == OPEN]
    because = {claim.row["claim_id"]: claim.verdict.because for claim in tested}
    frame = pd.DataFrame([claim.row for claim in tested], columns=project.table("claims").columns)

    def claim(row: pd.Series) -> Cell:
        told = link(f"site:book/synthesis/claims#claim-{row['claim_id']}", row["statement"])
        return lines([told, note(f"section {row['section']}")])

    columns: list[Column] = [
        ("Claim", claim),
        ("Why not", lambda row: lines([because[row["claim_id"]], note(row["note"])])),
        ("Take it", lambda row: take(project, "study", f"Suggest a study: for the claim {row['claim_id']}")),
    ]
    return grid(frame, columns, f"{plural(len(frame), 'claim')} that cannot be tested yet", name="untested")


def people(count: Any) -> Cell:
    return note(plural(count, "person", "people")) if pd.notna(count) else ""


def _some(leads: Callable[[pd.Series], Cell]) -> Callable[[pd.Series], str]:
    return lambda row: "none" if leads(row) == "none" else "some"
