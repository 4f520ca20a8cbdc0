"""What nobody has done yet, each with a link that opens the right form, filled in as far as it is known."""

from urllib.parse import quote, urlencode

import pandas as pd
from markupsafe import Markup

from review_tools.data.project import Project, labels
from review_tools.display.data_tables import (
    REFERENCES,
    candidates,
    in_sections,
    source_links,
    study_links,
    trial_link,
)
from review_tools.display.grid import Cell, Grid, each, grid, links, notes, stacks
from review_tools.display.queries import lists, select
from review_tools.display.theme import plural
from review_tools.display.trial_tables import OLD_AFTER, either, last_known
from review_tools.synthesis import claims

UNTESTED = "cannot be tested yet"


def take(project: Project, form: str, subject: str, **answers: str) -> Cell:
    """Return “Take this”: GitHub's issue form ``form``, with a title and the fields (by their ids) that are known."""
    fields = {"template": f"{form}.yml", "title": subject, **answers}
    address = f"{project.citation.repository}/issues/new?{urlencode(fields, quote_via=quote)}"
    return Markup('<a href="{}" aria-label="Take this: {}">Take this</a>').format(address, subject)


def open_references(project: Project) -> Grid:
    """Show the 2024 review's numbers that nobody has matched with a work."""
    frame = select(project, "citations", match="unidentified")
    numbers = frame["seed_number"].astype("str")
    leads = [found or "none" for found in candidates(project, frame)]
    sections = in_sections(lists(project, "citation_places", frame["seed_number"], "section"))
    return grid(
        {
            "No.": links(f"{REFERENCES}#seed-" + numbers, numbers),
            "Cited for": stacks(frame["cited_for"], notes(sections)),
            "Candidates": leads,
            "Take it": [
                take(project, "reference", f"Identify a reference: number {number}", seed_number=number)
                for number in numbers
            ],
        },
        f"{plural(len(frame), 'reference number')} not yet identified",
        name="open-references",
        filters={"Candidates": ["none" if found == "none" else "some" for found in leads]},
    )


def unchecked_values(project: Project) -> Grid:
    """Show pooled rows whose figures the source does not print as they stand, or that somebody else reported."""
    frame = project.table("outcomes")
    frame = frame[frame["outcome_set"].notna()]
    frame = frame[(frame["value_basis"] != "printed") | (frame["reported_by"] != "source")]
    basis = frame["value_basis"].map(labels(project, "value basis"))
    reporter = frame["reported_by"].map(labels(project, "reporter"))
    return grid(
        {
            "Outcome": stacks(study_links(project, frame["study_id"]), frame["outcome"] + ", " + frame["time"]),
            "As reported": stacks(frame["reported"], notes(source_links(frame))),
            "Figures, and by whom": stacks(basis, notes(reporter)),
            "Take it": [
                take(project, "value", f"Correct a value: {name}", table="outcomes", row=name)
                for name in frame["outcome_id"]
            ],
        },
        f"{plural(len(frame), 'pooled value')} to compare with the source",
        name="unchecked",
        filters={"Figures": basis, "By whom": reporter},
    )


def trials_without_outcomes(project: Project) -> Grid:
    """Show trials of which no study with an outcome is in the data."""
    studies, reported = project.table("studies"), project.table("outcomes")["study_id"]
    answered = studies.loc[studies["study_id"].isin(reported), "trial_id"].dropna()
    frame = project.table("trials")
    frame = frame[~frame["trial_id"].isin(answered)]
    status = frame["registered_status"].fillna(frame["reviewed_status"])
    frame = frame.assign(status=status, last=status != "completed").sort_values(["last", "trial_id"])
    people = frame["enrolment"].map(lambda count: plural(count, "person", "people"), na_action="ignore")
    return grid(
        {
            "Trial": stacks(each(trial_link, frame["trial_id"]), notes(frame["label"])),
            "Disease": frame["disease"],
            "Status, and people": stacks(frame["status"], notes(people)),
            "Take it": [
                take(project, "trial", f"Add a trial with its results: {name}", trial_id=name)
                for name in frame["trial_id"]
            ],
        },
        f"{plural(len(frame), 'trial')} without an outcome here, completed ones first",
        name="no-outcomes",
        filters={"Status": frame["status"], "Disease": frame["disease"]},
    )


def drifted_trials(project: Project) -> Grid:
    """Show trials whose status is only what was last known: undated, old, or past their own end."""
    frame = project.table("trials")
    frame = frame.assign(why=last_known(project, frame))
    frame = frame[frame["why"] != ""]
    return grid(
        {
            "Trial": stacks(each(trial_link, frame["trial_id"]), notes(frame["label"])),
            "Status": stacks(either(frame, "status"), notes(frame["status_date"].dt.strftime("%Y-%m-%d"))),
            "Planned end": frame["completion_date"],
            "Why": frame["why"],
            "Take it": [
                take(project, "value", f"Correct a value: {name}", table="trials", row=name)
                for name in frame["trial_id"]
            ],
        },
        f"{plural(len(frame), 'trial')} whose registry entry should be looked at again "
        f"(as of {project.citation.released}: status undated, older than {OLD_AFTER} months, or past its own end)",
        name="drift",
        filters={"Why": frame["why"], "Disease": frame["disease"]},
    )


def untested_claims(project: Project) -> Grid:
    """Show claims that the data cannot answer yet, and what they wait for."""
    untested = [claim for claim in claims.verdicts(project) if claim.verdict.word == UNTESTED]
    frame = pd.DataFrame([claim.row for claim in untested], columns=project.table("claims").columns)
    claim = links("site:book/synthesis/claims#claim-" + frame["claim_id"], frame["statement"])
    return grid(
        {
            "Claim": stacks(claim, notes("section " + frame["section"])),
            "Why not": stacks([claim.verdict.because for claim in untested], notes(frame["note"])),
            "Take it": [take(project, "study", f"Suggest a study: for the claim {name}") for name in frame["claim_id"]],
        },
        f"{plural(len(frame), 'claim')} that cannot be tested yet",
        name="untested",
    )
