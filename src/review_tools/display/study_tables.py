"""The tables on the page of one study or trial: rows picked from tables of the whole review, each drawn once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from review_tools.data.project import Project, once
from review_tools.display import data_tables, synthesis_tables
from review_tools.display.grid import UNKNOWN, Cell, Grid, Row, each, grid, links, stacks, tag
from review_tools.display.queries import select, with_words
from review_tools.display.summary import in_the_pool
from review_tools.display.theme import plural
from review_tools.display.trial_tables import COMPARED, decisions, reports
from review_tools.synthesis import comparisons

Part = tuple[str, str, Grid]  # anchor, heading, table
STUDY_PARTS = (  # anchor, heading, the column that the page makes needless, what a row is
    ("findings", "What it found", "Study", "finding"),
    ("outcomes", "Outcomes in people", "Study", "outcome"),
    ("comparisons", "In our comparisons", "", "row"),
    ("pools", "What it pooled", "Published by", "published pool"),
    ("counted", "In the pools of others", "", "published pool"),
    ("claims", "Claims that rest on it", "Studies", "claim"),
    ("corrections", "Corrections", "Subject", "correction"),
    ("bias", "Risk of bias, judged by this review", "", "judgement"),
    ("assessments", "How others judged it", "", "published judgement"),
    ("decisions", "Decisions of regulators", "", "decision"),
)
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
def _tables(project: Project) -> dict[str, tuple[Grid, dict[Any, list[Row]]]]:
    """Return tables of the whole review, each with its rows by the study or trial that they are about."""
    table = project.table
    publishers = table("published_pools")["doi"].str.casefold().map(project.works_by_doi)
    declared, decided, claims = _comparison_rows(project), table("decisions"), synthesis_tables.claims(project)
    rows = {row.id: row for row in claims.rows}
    of_studies = replace(claims, rows=[rows[f"claim-{name}"] for name in table("claim_studies")["claim_id"]])
    corrections = data_tables.corrections(project)
    tables = {
        "findings": (data_tables.findings(project), table("findings")["study_id"]),
        "outcomes": (data_tables.outcomes(project), table("outcomes")["study_id"]),
        "comparisons": (_comparisons(declared), declared["study_id"]),
        "pools": (synthesis_tables.published_pools(project), publishers),
        "counted": (_pools_of_others(project), table("published_pool_studies")["study_id"]),
        "claims": (of_studies, table("claim_studies")["study_id"]),
        "corrections": (corrections, table("corrections")["study_id"]),
        "bias": (synthesis_tables.judgements(project), table("risk_of_bias")["study_id"]),
        "assessments": (_assessments(project), table("assessments")["study_id"]),
        "decisions": (decisions(project, decided, "Decisions"), decided["basis_study_id"]),
        "trial studies": (_reporters(project), reports(project)["trial_id"]),
        "trial corrections": (corrections, table("corrections")["trial_id"]),
        "trial sources": (_records(project), table("trial_sources")["trial_id"]),
    }
    groups: dict[str, tuple[Grid, dict[Any, list[Row]]]] = {}
    for name, (whole, keys) in tables.items():
        groups[name] = whole, defaultdict(list)
        for key, row in zip(keys, whole.rows, strict=True):
            groups[name][1][key].append(row)
    return groups


def _rows(project: Project, name: str, keys: Iterable[str], without: str, *noun: str) -> Grid:
    """Return the rows of a table that are about these, without the column that the page makes needless."""
    whole, groups = _tables(project)[name]
    rows = [row for key in keys for row in groups.get(key, [])]
    rows = [row._replace(cells={head: cell for head, cell in row.cells.items() if head != without}) for row in rows]
    return replace(whole, caption=plural(len(rows), *noun), rows=rows)


def study_parts(project: Project, study_id: str) -> list[Part]:
    """Return all that the review holds of one study, without the parts that would be empty."""
    parts = {anchor: (title, _rows(project, anchor, [study_id], *row)) for anchor, title, *row in STUDY_PARTS}
    title, table = parts["comparisons"]
    used = [row.cells["In the pool"] for row in table.rows].count(tag("yes", "dampens"))
    parts["comparisons"] = title, replace(table, caption=f"{table.caption} declared, {used} used")
    return [(anchor, title, table) for anchor, (title, table) in parts.items() if table.rows]


def trial_parts(project: Project, trial_id: str) -> list[Part]:
    """Return all that the review holds of one trial, without the parts that would be empty."""
    reported = reports(project)
    reporters = reported.loc[reported["trial_id"] == trial_id, "study_id"]
    studies = _rows(project, "trial studies", [trial_id], "", "study", "studies")
    parts = [
        ("sides", "The 2024 review and the registry side by side", _sides(project, trial_id)),
        ("studies", "Studies that report it", studies),
        ("outcomes", "Outcomes reported", _rows(project, "outcomes", reporters, "", "outcome")),
        ("corrections", "Corrections", _rows(project, "trial corrections", [trial_id], "Subject", "correction")),
        ("sources", "Records seen", _rows(project, "trial sources", [trial_id], "", "record")),
    ]
    return [part for part in parts if part[2].rows]


@once
def _counts(project: Project) -> dict[str, dict[Any, int]]:
    tables = {noun: project.table(f"{noun}s") for noun in ("finding", "outcome", "correction")}
    return {noun: table["study_id"].value_counts().to_dict() for noun, table in tables.items()}


def uses(project: Project, study_id: str) -> str:
    """Return how many rows the review holds of a study, in a few words."""
    numbers = {noun: counts.get(study_id, 0) for noun, counts in _counts(project).items()}
    return ", ".join(plural(number, noun) for noun, number in numbers.items() if number)


def _comparison_rows(project: Project) -> pd.DataFrame:
    """Return the rows that comparisons declare, each with title and page of its comparison."""
    answers = [comparisons.answer(project, name) for name in project.table("comparisons")["comparison_id"]]
    about = ["comparison_id", "title", "page"]
    rows = [one.rows.assign(**one.comparison[about]) for one in answers]
    return pd.concat(rows, ignore_index=True)


def _comparisons(frame: pd.DataFrame) -> Grid:
    """Show the comparisons that declare rows of studies, and whether each row is pooled."""
    columns = {
        "Comparison": data_tables.comparison_links(frame),
        "Row": stacks(frame["outcome"], frame["time"]),
        "In the pool": in_the_pool(frame),
        "Take care": data_tables.commas(frame["flags"]),
    }
    return grid(columns, "Rows of comparisons", name="comparisons")


def _pools_of_others(project: Project) -> Grid:
    """Show published pools with the studies that their authors counted, or that their review includes."""
    frame, words = with_words(project, "published_pool_studies")
    pools = project.table("published_pools").set_index("pool_id").loc[frame["pool_id"]]
    pool = links("site:book/synthesis/published#pool-" + frame["pool_id"], pools["citation"])
    columns = {
        "Published pool": stacks(pool, frame["pool_id"]),
        "Outcome": list(pools["outcome"]),
        "Included": list(words["inclusion"]),
        "Note": list(frame["note"].fillna("")),
    }
    return grid(columns, "Published pools", name="counted")


def _assessments(project: Project) -> Grid:
    """Show published judgements of studies."""
    frame = project.table("assessments")
    score = ("score " + frame["score"].astype("string")).fillna("")
    columns = {
        "Judged": stacks(frame["about"], frame["domain"]),
        "Tool": list(frame["tool"]),
        "Judgement": stacks(frame["judgement"].fillna(""), score),
        "Because": list(frame["reasons"]),
        "By": links("https://doi.org/" + frame["assessed_by_doi"], frame["assessed_by"]),
        "Source": data_tables.source_links(frame),
    }
    return grid(columns, "Published judgements", name="judgements")


def _reporters(project: Project) -> Grid:
    """Show the studies that report each trial."""
    studies = reports(project)["study_id"]
    summaries = project.table("studies").set_index("study_id").loc[studies, "summary"]
    columns = {"Study": data_tables.study_links(project, studies), "What it says, as far as read": list(summaries)}
    return grid(columns, "Studies that report trials")


def _records(project: Project) -> Grid:
    """Show the pages on which the facts of trials were seen, with their dates and what they add."""
    frame = project.table("trial_sources")
    record = links(frame["url"], frame["url"])
    columns = {"Record": record, "Date of the text": list(frame["dated"]), "What it adds": list(frame["says"])}
    return grid(columns, "Records seen")


def _sides(project: Project, trial_id: str) -> Grid:
    """Show what the review prints beside what the registry shows of a trial, marked where they can be compared."""
    trial = select(project, "trials", trial_id=trial_id).iloc[0]
    rows = [what for what, columns in SIDES.items() if trial[list(columns)].notna().any()]
    prints, shows = ([trial[SIDES[what][side]] for what in rows] for side in (0, 1))
    if pd.isna(prints).all():
        caption = "The registry alone: the 2024 review does not name this trial"
        return grid({"What": rows, "The registry shows": shows}, caption)
    return grid(
        {
            "What": rows,
            "The 2024 review prints": prints,
            "The registry shows": shows,
            "Compared": each(_agreement, rows, prints, shows),
        },
        "The 2024 review and the registry",
    )


def _agreement(what: str, reviewed: Any, registered: Any) -> Cell:
    if pd.isna(reviewed) or pd.isna(registered) or registered == UNKNOWN.striptags():
        return "one side only"
    if reviewed == registered:
        return tag("agree", "dampens")
    # Only these are terms of a vocabulary; the other lines are prose, which differs without disagreeing.
    return tag("differ", "strong") if what.lower() in COMPARED else "in other words"
