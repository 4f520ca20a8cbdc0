"""The tables on the page of one study or trial: rows picked from the tables of the whole review.

Each table of the review is drawn once; a page takes its own rows out of it by their ids.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from review_tools.data.project import Project, labels, once
from review_tools.display import data_tables, results, selection_tables, summary
from review_tools.display.grid import UNKNOWN, Cell, Column, Grid, Row, each, grid, links, stacks, tag
from review_tools.display.theme import plural
from review_tools.display.trial_tables import COMPARED, reports
from review_tools.synthesis import comparisons

Groups = Mapping[Hashable, list[Any]]
SIDES = {
    "disease": ("Disease", "reviewed_disease", "registered_condition"),
    "status": ("Status", "reviewed_status", "registered_status"),
    "phase": ("Phase", "reviewed_phase", "registered_phase"),
    "country": ("Country", "reviewed_country", "registered_country"),
    "sponsor": ("Sponsor", "reviewed_sponsor", "registered_sponsor"),
    "cells": ("Cells", "reviewed_cell_source", "registered_cell_source"),
    "arms": ("Arms", "reviewed_arms", "registered_arms"),
}


@dataclass(frozen=True)
class Part:
    """One section of a page: heading, anchor, table."""

    title: str
    anchor: str
    table: Grid


def pick(whole: Grid, rows: Iterable[Row], caption: str, without: str = "") -> Grid:
    """Some rows of a drawn table, without a column the page makes needless."""
    kept = [row._replace(cells={name: cell for name, cell in row.cells.items() if name != without}) for row in rows]
    return replace(whole, caption=caption, rows=kept)


def by(frame: pd.DataFrame, key: str, value: str) -> Groups:
    """The values that belong to each key, in the order of the table."""
    groups: dict[Hashable, list[Any]] = defaultdict(list)
    for name, found in zip(frame[key], frame[value], strict=True):
        if pd.notna(name):
            groups[name].append(found)
    return groups


@once
def reported(project: Project) -> Groups:
    """Return the trials that each study reports."""
    groups: dict[Hashable, list[Any]] = defaultdict(list)
    for trial, studies in reports(project).items():
        for study in studies:
            groups[study].append(trial)
    return groups


@once
def _wholes(project: Project) -> dict[str, tuple[Grid, dict[str, Row]]]:
    """Return the tables of the whole review, each with its rows by anchor."""
    grids = {
        "finding": data_tables.findings(project),
        "outcome": data_tables.outcomes(project),
        "correction": data_tables.corrections(project),
        "claim": results.claims(project),
        "pool": results.published_pools(project),
    }
    return {kind: (whole, {row.id: row for row in whole.rows}) for kind, whole in grids.items()}


@once
def _ids(project: Project) -> dict[str, Groups]:
    """Return the ids of the rows of each study or trial in those tables."""
    pools = project.table("published_pools")
    works = {work["doi"].casefold(): key for key, work in project.works.items() if work["doi"]}
    pools["study_id"] = pools["doi"].str.casefold().map(works)
    return {
        "finding": by(project.table("findings"), "study_id", "finding_id"),
        "outcome": by(project.table("outcomes"), "study_id", "outcome_id"),
        "correction": by(project.table("corrections"), "study_id", "correction_id"),
        "trial correction": by(project.table("corrections"), "trial_id", "correction_id"),
        "claim": by(project.table("claim_studies"), "study_id", "claim_id"),
        "pool": by(pools, "study_id", "pool_id"),
    }


@once
def _frames(project: Project) -> dict[str, tuple[dict[Hashable, pd.DataFrame], pd.DataFrame]]:
    """Return the rows of each study that need a table of their own on its page, and the same columns without a row."""
    declared = [comparisons.answer(project, name) for name in project.table("comparisons")["comparison_id"]]
    compared = pd.concat(
        [a.rows.assign(title=a.comparison["title"], page=a.comparison["page"]) for a in declared], ignore_index=True
    )
    pools = project.table("published_pools")
    frames = {
        "compared": compared,
        "counted": project.table("published_pool_studies").merge(pools, on="pool_id", suffixes=("", "_pool")),
        "judged": project.table("assessments"),
        "decided": project.table("decisions").assign(study_id=lambda frame: frame["basis_study_id"]),
    }
    return {name: (dict(list(frame.groupby("study_id"))), frame.iloc[:0]) for name, frame in frames.items()}


def uses(project: Project, study_id: str) -> str:
    """Return how many rows the review holds of a study, in a few words."""
    numbers = ((name, len(_ids(project)[name].get(study_id, []))) for name in ("finding", "outcome", "correction"))
    return ", ".join(plural(number, name) for name, number in numbers if number)


def _rows(project: Project, kind: str, names: Iterable[Any], without: str = "", of: str = "") -> Grid:
    whole, known = _wholes(project)[kind]
    rows = [known[f"{kind}-{name}"] for name in names]
    return pick(whole, rows, plural(len(rows), of or kind), without)


def study_parts(project: Project, study_id: str) -> list[Part]:
    """Return all that the review holds of one study, without the parts that would be empty."""
    ids = {kind: groups.get(study_id, []) for kind, groups in _ids(project).items()}
    own = {name: groups.get(study_id, nothing) for name, (groups, nothing) in _frames(project).items()}
    decided = plural(len(own["decided"]), "decision")
    parts = [
        Part("What it found", "findings", _rows(project, "finding", ids["finding"], "Study")),
        Part("Outcomes in people", "outcomes", _rows(project, "outcome", ids["outcome"], "Study")),
        Part("In our comparisons", "comparisons", compared(own["compared"])),
        Part("What it pooled", "pools", _rows(project, "pool", ids["pool"], "Published by", "published pool")),
        Part("In the pools of others", "counted", counted(project, own["counted"])),
        Part("Claims that rest on it", "claims", _rows(project, "claim", ids["claim"], "Studies")),
        Part("Corrections", "corrections", _rows(project, "correction", ids["correction"], "Subject")),
        Part("Risk of bias, judged by this review", "bias", selection_tables.judgements(project, study_id=study_id)),
        Part("How others judged it", "assessments", judged(own["judged"])),
        Part("Decisions of regulators", "decisions", results.decisions(project, own["decided"], decided)),
    ]
    return [part for part in parts if part.table.rows]


def trial_parts(project: Project, trial_id: str) -> list[Part]:
    """Return all that the review holds of one trial, without the parts that would be empty."""
    studies, trials, sources = (project.table(name) for name in ("studies", "trials", "trial_sources"))
    reporters, ids = reports(project).get(trial_id, []), _ids(project)
    outcomes = [outcome for study in reporters for outcome in ids["outcome"].get(study, [])]
    corrections = ids["trial correction"].get(trial_id, [])
    parts = [
        Part(
            "The 2024 review and the registry side by side",
            "sides",
            sides(trials[trials["trial_id"] == trial_id].iloc[0]),
        ),
        Part(
            "Studies that report it",
            "studies",
            reporting(project, studies.set_index("study_id", drop=False).loc[reporters]),
        ),
        Part("Outcomes reported", "outcomes", _rows(project, "outcome", outcomes)),
        Part("Corrections", "corrections", _rows(project, "correction", corrections, "Subject")),
        Part("Records seen", "sources", seen(sources[sources["trial_id"] == trial_id])),
    ]
    return [part for part in parts if part.table.rows]


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
            "Included": frame["inclusion"].map(labels(project, "pool inclusion")),
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


def reporting(project: Project, frame: pd.DataFrame) -> Grid:
    """Show the studies that report a trial."""
    studies = data_tables.study_links(project, frame["study_id"])
    columns: dict[str, Column] = {"Study": studies, "What it says, as far as read": frame["summary"]}
    return grid(columns, plural(len(frame), "study", "studies"))


def seen(frame: pd.DataFrame) -> Grid:
    """Show the pages on which the facts of a trial were seen, with their dates and what they add."""
    return grid(
        {
            "Record": links(frame["url"], frame["url"]),
            "Date of the text": frame["dated"],
            "What it adds": frame["says"],
        },
        plural(len(frame), "record"),
    )


def sides(trial: pd.Series) -> Grid:
    """Show what the review prints beside what the registry shows, marked where they can be compared."""
    told = [name for name, (_, *columns) in SIDES.items() if trial[columns].notna().any()]
    prints, shows = ([trial[SIDES[name][side]] for name in told] for side in (1, 2))
    whats = [SIDES[name][0] for name in told]
    if pd.isna(prints).all():
        caption = "The registry alone: the 2024 review does not name this trial"
        return grid({"What": whats, "The registry shows": shows}, caption)
    return grid(
        {
            "What": whats,
            "The 2024 review prints": prints,
            "The registry shows": shows,
            "Compared": each(_compared, told, prints, shows),
        },
        "The 2024 review and the registry",
    )


def _compared(name: str, reviewed: Any, registered: Any) -> Cell:
    if pd.isna(reviewed) or pd.isna(registered) or registered == UNKNOWN.striptags():
        return "one side only"
    if reviewed == registered:
        return tag("agree", "dampens")
    # Only these are terms of a vocabulary; the other lines are prose, which differs without disagreeing.
    return tag("differ", "strong") if name in COMPARED else "in other words"
