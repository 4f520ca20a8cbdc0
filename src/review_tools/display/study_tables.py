"""The tables on the page of one study or trial: rows picked from the tables of the whole review.

Each table of the review is drawn once; a page takes its own rows out of it by their ids.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from review_tools.data.project import Project, once
from review_tools.display import data_tables, summary, synthesis_tables
from review_tools.display.grid import UNKNOWN, Cell, Grid, Row, each, grid, links, stacks, tag
from review_tools.display.queries import by, in_words
from review_tools.display.theme import plural
from review_tools.display.trial_tables import COMPARED, decisions, reports
from review_tools.synthesis import comparisons

Groups = dict[Any, list[Any]]
Part = tuple[str, str, Grid]  # heading, anchor, table
SIDES = {  # what the review prints and the registry shows of a trial
    "Disease": ("reviewed_disease", "registered_condition"),
    "Status": ("reviewed_status", "registered_status"),
    "Phase": ("reviewed_phase", "registered_phase"),
    "Country": ("reviewed_country", "registered_country"),
    "Sponsor": ("reviewed_sponsor", "registered_sponsor"),
    "Cells": ("reviewed_cell_source", "registered_cell_source"),
    "Arms": ("reviewed_arms", "registered_arms"),
}


@once
def _wholes(project: Project) -> dict[str, tuple[Grid, dict[str, Row]]]:
    """Return the tables of the whole review, each with its rows by anchor."""
    grids = {
        "finding": data_tables.findings(project),
        "outcome": data_tables.outcomes(project),
        "correction": data_tables.corrections(project),
        "claim": synthesis_tables.claims(project),
        "pool": synthesis_tables.published_pools(project),
    }
    return {kind: (whole, {row.id: row for row in whole.rows}) for kind, whole in grids.items()}


@once
def _ids(project: Project) -> dict[str, Groups]:
    """Return the ids of the rows of each study or trial in those tables."""
    works = {work["doi"].casefold(): key for key, work in project.works.items() if work["doi"]}
    pools = project.table("published_pools")
    return {
        "finding": by(project.table("findings"), "study_id", "finding_id"),
        "outcome": by(project.table("outcomes"), "study_id", "outcome_id"),
        "correction": by(project.table("corrections"), "study_id", "correction_id"),
        "trial correction": by(project.table("corrections"), "trial_id", "correction_id"),
        "claim": by(project.table("claim_studies"), "study_id", "claim_id"),
        "pool": by(pools.assign(study_id=pools["doi"].str.casefold().map(works)), "study_id", "pool_id"),
    }


@once
def _frames(project: Project) -> dict[str, pd.DataFrame]:
    """Return the rows that need a table of their own on the page of their study."""
    answers = [comparisons.answer(project, name) for name in project.table("comparisons")["comparison_id"]]
    compared = [a.rows.assign(title=a.comparison["title"], page=a.comparison["page"]) for a in answers]
    pools = project.table("published_pools")
    return {
        "compared": pd.concat(compared, ignore_index=True),
        "counted": project.table("published_pool_studies").merge(pools, on="pool_id", suffixes=("", "_pool")),
        "judged": project.table("assessments"),
        "decided": project.table("decisions").assign(study_id=lambda frame: frame["basis_study_id"]),
    }


def uses(project: Project, study_id: str) -> str:
    """Return how many rows the review holds of a study, in a few words."""
    numbers = ((name, len(_ids(project)[name].get(study_id, []))) for name in ("finding", "outcome", "correction"))
    return ", ".join(plural(number, name) for name, number in numbers if number)


def _rows(project: Project, kind: str, names: Iterable[Any], without: str = "", of: str = "") -> Grid:
    """Return some rows of a drawn table, without the column that the page makes needless."""
    whole, known = _wholes(project)[kind]
    rows = [known[f"{kind}-{name}"] for name in names]
    rows = [row._replace(cells={name: cell for name, cell in row.cells.items() if name != without}) for row in rows]
    return replace(whole, caption=plural(len(rows), of or kind), rows=rows)


def study_parts(project: Project, study_id: str) -> list[Part]:
    """Return all that the review holds of one study, without the parts that would be empty."""
    ids = {kind: groups.get(study_id, []) for kind, groups in _ids(project).items()}
    own = {name: frame[frame["study_id"] == study_id] for name, frame in _frames(project).items()}
    decided = decisions(project, own["decided"], plural(len(own["decided"]), "decision"))
    parts = [
        ("What it found", "findings", _rows(project, "finding", ids["finding"], "Study")),
        ("Outcomes in people", "outcomes", _rows(project, "outcome", ids["outcome"], "Study")),
        ("In our comparisons", "comparisons", compared(own["compared"])),
        ("What it pooled", "pools", _rows(project, "pool", ids["pool"], "Published by", "published pool")),
        ("In the pools of others", "counted", counted(project, own["counted"])),
        ("Claims that rest on it", "claims", _rows(project, "claim", ids["claim"], "Studies")),
        ("Corrections", "corrections", _rows(project, "correction", ids["correction"], "Subject")),
        ("Risk of bias, judged by this review", "bias", synthesis_tables.judgements(project, study_id=study_id)),
        ("How others judged it", "assessments", judged(own["judged"])),
        ("Decisions of regulators", "decisions", decided),
    ]
    return [part for part in parts if part[2].rows]


def trial_parts(project: Project, trial_id: str) -> list[Part]:
    """Return all that the review holds of one trial, without the parts that would be empty."""
    (trials, sources), ids = map(project.table, ("trials", "trial_sources")), _ids(project)
    reported = reports(project)
    reporters = reported.loc[reported["trial_id"] == trial_id, "study_id"]
    outcomes = [outcome for study in reporters for outcome in ids["outcome"].get(study, [])]
    corrections = ids["trial correction"].get(trial_id, [])
    own = sides(trials[trials["trial_id"] == trial_id].iloc[0])
    parts = [
        ("The 2024 review and the registry side by side", "sides", own),
        ("Studies that report it", "studies", reporting(project, reporters)),
        ("Outcomes reported", "outcomes", _rows(project, "outcome", outcomes)),
        ("Corrections", "corrections", _rows(project, "correction", corrections, "Subject")),
        ("Records seen", "sources", seen(sources[sources["trial_id"] == trial_id])),
    ]
    return [part for part in parts if part[2].rows]


def compared(frame: pd.DataFrame) -> Grid:
    """Show the comparisons that declare rows of a study, and whether each row is pooled."""
    return grid(
        {
            "Comparison": data_tables.comparison_links(frame),
            "Row": stacks(frame["outcome"], frame["time"]),
            "In the pool": summary.in_the_pool(frame),
            "Take care": data_tables.commas(frame["flags"]),
        },
        f"{plural(len(frame), 'row')} declared, {(frame['reason'] == '').sum()} used",
        name="comparisons",
    )


def counted(project: Project, frame: pd.DataFrame) -> Grid:
    """Show published pools whose authors counted a study, or whose review includes it."""
    pool = links("site:book/synthesis/published#pool-" + frame["pool_id"], frame["citation"])
    return grid(
        {
            "Published pool": stacks(pool, frame["pool_id"]),
            "Outcome": frame["outcome"],
            "Included": in_words(project, "published_pool_studies", frame)["inclusion"],
            "Note": frame["note"].fillna(""),
        },
        plural(len(frame), "published pool"),
        name="counted",
    )


def judged(frame: pd.DataFrame) -> Grid:
    """Show published judgements of a study."""
    score = ("score " + frame["score"].astype("string")).fillna("")
    return grid(
        {
            "Judged": stacks(frame["about"], frame["domain"]),
            "Tool": frame["tool"],
            "Judgement": stacks(frame["judgement"].fillna(""), score),
            "Because": frame["reasons"],
            "By": links("https://doi.org/" + frame["assessed_by_doi"], frame["assessed_by"]),
            "Source": data_tables.source_links(frame),
        },
        plural(len(frame), "published judgement"),
        name="judgements",
    )


def reporting(project: Project, studies: pd.Series) -> Grid:
    """Show the studies that report a trial."""
    summaries = project.table("studies").set_index("study_id").loc[studies, "summary"]
    columns = {"Study": data_tables.study_links(project, studies), "What it says, as far as read": list(summaries)}
    return grid(columns, plural(len(studies), "study", "studies"))


def seen(frame: pd.DataFrame) -> Grid:
    """Show the pages on which the facts of a trial were seen, with their dates and what they add."""
    record = links(frame["url"], frame["url"])
    columns = {"Record": record, "Date of the text": list(frame["dated"]), "What it adds": list(frame["says"])}
    return grid(columns, plural(len(frame), "record"))


def sides(trial: pd.Series) -> Grid:
    """Show what the review prints beside what the registry shows, marked where they can be compared."""
    told = [what for what, columns in SIDES.items() if trial[list(columns)].notna().any()]
    prints, shows = ([trial[SIDES[what][side]] for what in told] for side in (0, 1))
    if pd.isna(prints).all():
        caption = "The registry alone: the 2024 review does not name this trial"
        return grid({"What": told, "The registry shows": shows}, caption)
    return grid(
        {
            "What": told,
            "The 2024 review prints": prints,
            "The registry shows": shows,
            "Compared": each(_compared, told, prints, shows),
        },
        "The 2024 review and the registry",
    )


def _compared(what: str, reviewed: Any, registered: Any) -> Cell:
    if pd.isna(reviewed) or pd.isna(registered) or registered == UNKNOWN.striptags():
        return "one side only"
    if reviewed == registered:
        return tag("agree", "dampens")
    # Only these are terms of a vocabulary; the other lines are prose, which differs without disagreeing.
    return tag("differ", "strong") if what.lower() in COMPARED else "in other words"
