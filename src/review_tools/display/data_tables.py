"""Tables of the data: findings, corrections, outcomes, citations, studies; each row shows where it comes from."""

from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Any

import pandas as pd
from markupsafe import Markup

from review_tools.data.project import Project, labels
from review_tools.data.retracted import retracted
from review_tools.display import queries
from review_tools.display.grid import UNKNOWN, Cell, Grid, grid, lines, link, links, notes, stacks, tag, tags
from review_tools.display.queries import in_words, lists, with_words
from review_tools.display.theme import plural

NONE = repeat(None)
REFERENCES = "site:book/references"


def study_link(project: Project, study_id: Any, seed_number: Any = None) -> Cell:
    """Return the study's label, linked to its page; a seed number links to its row of the citations table.

    A work that no longer stands is struck through, with its status beside it.
    """
    if not isinstance(study_id, str):
        if pd.isna(seed_number):
            return UNKNOWN
        words = f"reference {seed_number} of the 2024 review, not yet identified"
        return link(f"{REFERENCES}#seed-{seed_number}", words)
    page, label, status = f"site:studies/{study_id}", project.works[study_id].label, retracted(project).get(study_id)
    if not status:
        return link(page, label)
    return Markup("{} {}").format(link(page, Markup("<s>{}</s>").format(label)), tag(status.capitalize(), "retracted"))


def study_links(project: Project, studies: Iterable[Any], seed_numbers: Iterable[Any] = NONE) -> list[Cell]:
    """Return the link of each study, or of the 2024 review number of a work that nobody has identified."""
    return [study_link(project, *row) for row in zip(studies, seed_numbers, strict=False)]


def source_links(frame: pd.DataFrame) -> list[Cell]:
    """Return a link to the record each row was taken from, with the place in it."""
    return links(frame["source_url"], frame["source_where"])


def comparison_links(comparisons: pd.DataFrame) -> list[Cell]:
    """Return the title of each comparison, linked to its figure."""
    return links("site:book/" + comparisons["page"] + "#chart-" + comparisons["comparison_id"], comparisons["title"])


def trial_link(trial_id: str) -> Cell:
    """Return the registry number, linked to the trial's page."""
    return link(f"site:trials/{trial_id}", trial_id)


def trial_links(frame: pd.DataFrame) -> list[Cell]:
    """Return the registry number of each row, linked to the trial's page; nothing where a row names no trial."""
    return links("site:trials/" + frame["trial_id"], frame["trial_id"].fillna(""))


def commas(values: Iterable[Iterable[str]], nothing: Cell = "") -> list[Cell]:
    """Return lists as text, with a word for the empty ones."""
    return [", ".join(words) or nothing for words in values]


def findings(project: Project, section: str | None = None) -> Grid:
    """Show findings with what carried them out and where they come from."""
    frame = queries.findings(project, section)
    mediators = lists(project, "finding_mediators", frame["finding_id"], "term")
    words = in_words(project, "findings", frame)
    given = (frame["tissue"].fillna("") + " " + frame["product"].fillna("")).str.strip()
    return grid(
        {
            "Study": study_links(project, frame["study_id"], frame["seed_number"]),
            "Finding, and how checked": stacks(frame["statement"], notes(words["basis"], source_links(frame))),
            "Given, and model": stacks(given, notes(frame["modification"]), notes(words["model"])),
            "Through": commas(mediators, UNKNOWN),
            "Acts on": stacks(frame["target_cell"], notes(frame["disease"])),
            "Direction": tags(words["direction"], frame["direction"]),
        },
        f"{plural(len(frame), 'finding')}, each with its source",
        ids="finding-" + frame["finding_id"],
        name="findings",
        filters={
            "Disease": frame["disease"].fillna("no disease named"),
            "Target cell": frame["target_cell"],
            "Direction": words["direction"],
            "Route": words["route"],
            "Cell source": frame["tissue"],
            "Product": frame["product"],
            "Mediator": mediators,
            "Checked": words["basis"],
        },
    )


def corrections(project: Project, section: str | None = None) -> Grid:
    """Show where the 2024 review and its source, or its table and the registry, disagree."""
    frame, words = with_words(project, "corrections", section=section)
    studies, trials = study_links(project, frame["study_id"], frame["seed_number"]), trial_links(frame)
    subject = [trial or study for trial, study in zip(trials, studies, strict=True)]
    place = frame["section"].where(~frame["section"].str[:1].str.isdigit(), "section " + frame["section"])
    return grid(
        {
            "Subject": stacks(subject, tags(words["kind"], "kind"), notes(frame["correction_id"], words["status"])),
            "The 2024 review says": stacks(frame["seed_says"], notes(place, "“" + frame["seed_words"] + "”")),
            "The source says": stacks(frame["source_says"], notes(source_links(frame), words["confidence"])),
            "What it means": frame["meaning"],
        },
        f"{plural(len(frame), 'disagreement')} between the review and its sources",
        ids="correction-" + frame["correction_id"],
        name="corrections",
        filters={
            "Kind": words["kind"],
            "Section": frame["section"],
            "About": ["a trial" if trial else "a cited work" for trial in trials],
            "Confidence": words["confidence"],
            "Status": words["status"],
        },
    )


def outcomes(project: Project, study_id: str | None = None) -> Grid:
    """Show outcomes as reported, with the reasons for care."""
    frame, words = with_words(project, "outcomes", study_id=study_id)
    flags = lists(project, "outcome_flags", frame["outcome_id"], "flag")
    basis = notes(words["value_basis"], words["reported_by"])
    return grid(
        {
            "Study": study_links(project, frame["study_id"]),
            "Outcome": stacks(frame["outcome"], notes(frame["time"])),
            "MSC arm": arms(frame, "arm1"),
            "Comparator": arms(frame, "arm2", "none (single arm)"),
            "As reported, and where": stacks(frame["reported"], notes(source_links(frame)), basis),
            "Take care": commas(flags),
        },
        f"{plural(len(frame), 'outcome')} as reported",
        ids="outcome-" + frame["outcome_id"],
        name="outcomes",
        filters={
            "Disease": frame["disease"],
            "Design": words["design"],
            "Basis": words["value_basis"],
            "Take care": [marks or "nothing noted" for marks in flags],
        },
    )


def arms(frame: pd.DataFrame, arm: str, nothing: str = "none") -> list[Cell]:
    """Return what people of an arm received, with the arm's figures."""
    return [lines(row[arm], figures(row, arm)) if pd.notna(row[arm]) else nothing for row in frame.to_dict("records")]


def figures(row: Mapping[Any, Any], arm: str) -> str:
    """Return the figures of one arm as short text: events of n, mean with SD, counts or a percentage."""
    names = ("events", "n", "mean", "sd", "count", "printed_percent")
    events, n, mean, sd, count, percent = (row[f"{name}_{arm}"] for name in names)
    if pd.notna(events) and pd.notna(n):
        return f"{events} of {n}"
    if pd.notna(mean):
        spread = f" (SD {sd:g})" if pd.notna(sd) else ""
        return f"{mean:g}{spread}" + (f" {row['unit']}" if pd.notna(row["unit"]) else "")
    if pd.notna(count):
        return f"{count} events"
    return f"{percent:g}%" if pd.notna(percent) else ""


def citations(project: Project) -> Grid:
    """Show the 2024 review's numbers 1 to 121: which work each is, or that nobody knows yet."""
    frame, words = with_words(project, "citations")
    sections = lists(project, "citation_places", frame["seed_number"], "section")
    works, leads = study_links(project, frame["study_id"]), candidates(project, frame, "candidate ")
    work = [lead if work == UNKNOWN else work for work, lead in zip(works, leads, strict=True)]
    return grid(
        {
            "No.": frame["seed_number"],
            "Work": stacks(work, tags(words["match"], frame["match"])),
            "Cited for": stacks(frame["cited_for"], notes(in_sections(sections))),
            "How it agrees": stacks(notes(frame["agreement"]), source_links(frame)),
        },
        "The 2024 review's reference numbers",
        ids="seed-" + frame["seed_number"].astype("str"),
        name="citations",
        filters={"Match": words["match"], "Section": sections},
    )


def candidates(project: Project, citations: pd.DataFrame, before: str = "") -> list[Cell]:
    """Return links to the works that a seed number may be."""
    found = lists(project, "citation_candidates", citations["seed_number"], "doi")
    return [lines(*(link(f"https://doi.org/{doi}", before + doi) for doi in dois)) for dois in found]


def in_sections(sections: list[list[str]]) -> list[str]:
    """Return the sections in which something is cited as text, empty where there are none."""
    return [f"section {', '.join(places)}" if places else "" for places in sections]


def studies(project: Project) -> Grid:
    """Show every work of the review, with how much of it was read."""
    frame, words = with_words(project, "studies")
    corrected = [tag(status, "corrected") if status == "Corrected" else "" for status in words["status"]]
    return grid(
        {
            "Study": stacks(study_links(project, frame["study_id"]), corrected, notes("in since " + frame["added_in"])),
            "Kind": stacks(words["kind"], notes(frame["species"])),
            "People": frame["n"],
            "What it found, as far as read": frame["summary"],
            "Read": stacks(words["read"], notes(source_links(frame))),
        },
        plural(len(frame), "study", "studies"),
        ids="study-" + frame["study_id"],
        name="studies",
        filters={
            "Kind": words["kind"],
            "Species": frame["species"],
            "Read": words["read"],
            "Status": words["status"],
            "In since": frame["added_in"],
        },
    )


def notices(project: Project) -> Grid:
    """Show what was published about works of this review later, the newest first."""
    frame = project.table("notices").sort_values(["seen_on", "study_id"], ascending=[False, True], kind="stable")
    texts = [notice_text(project, row) for row in frame.to_dict("records")]
    columns = {"Study": study_links(project, frame["study_id"]), "Notice": texts}
    return grid(columns, plural(len(frame), "notice"), name="notices")


def notice_text(project: Project, notice: Mapping[Any, Any]) -> Cell:
    """Return a notice in words: what, when, where it stands, who shows it and since when we know."""
    own = str(notice["notice"])
    if own.startswith("pmid:"):
        own = f"https://pubmed.ncbi.nlm.nih.gov/{own.removeprefix('pmid:')}/"
    elif own.startswith("10."):
        own = f"https://doi.org/{own}"
    day = "" if pd.isna(notice["noticed_on"]) else f" of {notice['noticed_on']}"
    seen = link(notice["source_url"], labels(project, "search source")[notice["source"]])
    what = link(own, labels(project, "notice kind")[notice["kind"]] + day)
    return Markup("{}; seen at {} on {:%Y-%m-%d}").format(what, seen, notice["seen_on"])
