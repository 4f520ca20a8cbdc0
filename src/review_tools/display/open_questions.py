"""What nobody has done yet, most with a link that opens the right form, filled in as far as it is known."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

import pandas as pd
from markupsafe import Markup

from review_tools.data.project import Project
from review_tools.display.data_tables import REFERENCES, candidates, in_sections, source_links, study_links, trial_links
from review_tools.display.grid import Cell, Grid, grid, links, notes, stacks
from review_tools.display.queries import in_words, lists, select, with_words
from review_tools.display.synthesis_tables import claim_links
from review_tools.display.theme import plural
from review_tools.display.trial_tables import OLD_AFTER, known_trials
from review_tools.synthesis import claims

UNTESTED = "cannot be tested yet"


def takes(project: Project, form: str, subject: str, names: Iterable[str], **answers: str) -> list[Cell]:
    """Return “Take this” for each name: GitHub's issue form ``form``, filled in as far as it is known.

    In the subject and in the answers, which are by the ids of the form's fields, ``{}`` is the name.
    """
    cells: list[Cell] = []
    for name in names:
        fields = {"template": f"{form}.yml", "title": subject, **answers}
        fields = {field: text.replace("{}", name) for field, text in fields.items()}
        cell = Markup('<a href="{}" aria-label="Take this: {}">Take this</a>')
        cells.append(cell.format(new_issue(project, fields), fields["title"]))
    return cells


def new_issue(project: Project, fields: Mapping[str, str]) -> str:
    """Return the address that opens a new issue with these fields filled in."""
    return f"{project.citation.repository}/issues/new?{urlencode(fields, quote_via=quote)}"


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
            "Take it": takes(project, "reference", "Identify a reference: number {}", numbers, seed_number="{}"),
        },
        f"{plural(len(frame), 'reference number')} not yet identified",
        name="open-references",
        filters={"Candidates": ["none" if found == "none" else "some" for found in leads]},
    )


def unchecked_values(project: Project) -> Grid:
    """Show pooled rows whose figures the source does not print as they stand, or that somebody else reported."""
    frame = project.table("outcomes").dropna(subset=["outcome_set"])
    frame = frame[(frame["value_basis"] != "printed") | (frame["reported_by"] != "source")]
    words = in_words(project, "outcomes", frame)
    basis, reporter = words["value_basis"], words["reported_by"]
    take = takes(project, "value", "Correct a value: {}", frame["outcome_id"], table="outcomes", row="{}")
    return grid(
        {
            "Outcome": stacks(study_links(project, frame["study_id"]), frame["outcome"] + ", " + frame["time"]),
            "As reported": stacks(frame["reported"], notes(source_links(frame))),
            "Figures, and by whom": stacks(basis, notes(reporter)),
            "Take it": take,
        },
        f"{plural(len(frame), 'pooled value')} to compare with the source",
        name="unchecked",
        filters={"Figures": basis, "By whom": reporter},
    )


def trials_without_outcomes(project: Project) -> Grid:
    """Show trials of which no study with an outcome is in the data."""
    studies, reported = project.table("studies"), project.table("outcomes")["study_id"]
    frame = known_trials(project)
    frame = frame[~frame["trial_id"].isin(studies.loc[studies["study_id"].isin(reported), "trial_id"])]
    frame = frame.assign(last=frame["status"] != "completed").sort_values(["last", "trial_id"])
    people = frame["enrolment"].map(lambda count: plural(count, "person", "people"), na_action="ignore")
    return grid(
        {
            "Trial": stacks(trial_links(frame), notes(frame["label"])),
            "Disease": frame["disease"],
            "Status, and people": stacks(frame["status"], notes(people)),
            "Take it": takes(project, "trial", "Add a trial with its results: {}", frame["trial_id"], trial_id="{}"),
        },
        f"{plural(len(frame), 'trial')} without an outcome here, completed ones first",
        name="no-outcomes",
        filters={"Status": frame["status"], "Disease": frame["disease"]},
    )


def drifted_trials(project: Project) -> Grid:
    """Show trials whose status is only what was last known: undated, old, or past their own end."""
    frame = known_trials(project)
    frame = frame[frame["why"] != ""]
    take = takes(project, "value", "Correct a value: {}", frame["trial_id"], table="trials", row="{}")
    return grid(
        {
            "Trial": stacks(trial_links(frame), notes(frame["label"])),
            "Status": stacks(frame["status"], notes(frame["status_date"].dt.strftime("%Y-%m-%d"))),
            "Planned end": frame["completion_date"],
            "Why": frame["why"],
            "Take it": take,
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
    return grid(
        {
            "Claim": stacks(claim_links(frame), notes("section " + frame["section"])),
            "Why not": stacks([claim.verdict.because for claim in untested], notes(frame["note"])),
            "Take it": takes(project, "study", "Suggest a study: for the claim {}", frame["claim_id"]),
        },
        f"{plural(len(frame), 'claim')} that cannot be tested yet",
        name="untested",
    )


def not_found(project: Project, kind: str | None = None) -> Grid:
    """Show what was looked for and not found: what was asked, where, when, and with how many hits."""
    frame, words = with_words(project, "not_found", kind=kind)
    hits = [plural(int(hits), "hit") if pd.notna(hits) else "hits not counted" for hits in frame["hits"]]
    return grid(
        {
            "Not found": stacks(frame["what"], notes(words["kind"], words["disease"])),
            "Asked": stacks(frame["asked"], notes(frame["where"], hits)),
            "On": frame["asked_on"],
            "Look here first": links(frame["link"], frame["link"].str.split("/").str[2].fillna("no link known")),
        },
        f"{plural(len(frame), 'thing')} looked for and not found",
        ids="not-found-" + frame["not_found_id"],
        name="not-found",
        filters={"Kind": words["kind"], "Disease": words["disease"]},
    )
