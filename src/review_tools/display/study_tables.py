"""What stands on the page of one study or trial: rows picked from the tables of the whole review.

Each table of the review is drawn once; a page takes its own rows out of it by their ids.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from review_tools.data.project import Project, labels
from review_tools.display import data_tables, results
from review_tools.display.grid import UNKNOWN, Cell, Column, Grid, Row, each, grid, links, stacks, tag
from review_tools.display.theme import plural
from review_tools.display.trial_tables import COMPARED
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
    kept = [row._replace(cells=[cell for cell in row.cells if cell[0] != without]) for row in rows]
    return replace(whole, caption=caption, header=[name for name in whole.header if name != without], rows=kept)


def by(frame: pd.DataFrame, key: str, value: str) -> Groups:
    """The values that belong to each key, in the order of the table."""
    groups: dict[Hashable, list[Any]] = defaultdict(list)
    for name, found in zip(frame[key], frame[value], strict=True):
        if pd.notna(name):
            groups[name].append(found)
    return groups


class Dossiers:
    """The tables of all study and trial pages. Whatever several pages need is worked out once."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @cached_property
    def studies(self) -> pd.DataFrame:
        return self.project.table("studies").set_index("study_id", drop=False)

    @cached_property
    def trials(self) -> pd.DataFrame:
        return self.project.table("trials").set_index("trial_id", drop=False)

    @cached_property
    def reports(self) -> Groups:
        """The studies that report each trial: those that name it, and the work the trial's row names by its DOI."""
        groups: dict[Hashable, list[Any]] = defaultdict(list, by(self.studies, "trial_id", "study_id"))
        works = {work["doi"].casefold(): key for key, work in self.project.works.items() if work["doi"]}
        for trial, doi in self.trials["publication_doi"].dropna().items():
            key = works.get(str(doi).casefold())
            if key in self.studies.index and key not in groups[trial]:
                groups[trial].append(key)
        return groups

    @cached_property
    def reported(self) -> Groups:
        """The trials each study reports."""
        groups: dict[Hashable, list[Any]] = defaultdict(list)
        for trial, studies in self.reports.items():
            for study in studies:
                groups[study].append(trial)
        return groups

    @cached_property
    def _wholes(self) -> dict[str, Grid]:
        return {
            "finding": data_tables.findings(self.project),
            "outcome": data_tables.outcomes(self.project),
            "correction": data_tables.corrections(self.project),
            "claim": results.claims(self.project),
            "pool": results.published_pools(self.project),
        }

    @cached_property
    def _known(self) -> dict[str, dict[str, Row]]:
        return {kind: {row.id: row for row in whole.rows} for kind, whole in self._wholes.items()}

    @cached_property
    def _ids(self) -> dict[str, Groups]:
        """The rows of each study or trial in those tables."""
        pools = self.project.table("published_pools")
        works = {work["doi"].casefold(): key for key, work in self.project.works.items() if work["doi"]}
        pools["study_id"] = pools["doi"].str.casefold().map(works)
        return {
            "finding": by(self.project.table("findings"), "study_id", "finding_id"),
            "outcome": by(self.project.table("outcomes"), "study_id", "outcome_id"),
            "correction": by(self.project.table("corrections"), "study_id", "correction_id"),
            "trial correction": by(self.project.table("corrections"), "trial_id", "correction_id"),
            "claim": by(self.project.table("claim_studies"), "study_id", "claim_id"),
            "pool": by(pools, "study_id", "pool_id"),
        }

    @cached_property
    def _frames(self) -> dict[str, dict[Hashable, pd.DataFrame]]:
        """Rows of each study that need a table of their own here."""
        declared = [
            comparisons.answer(self.project, name) for name in self.project.table("comparisons")["comparison_id"]
        ]
        compared = pd.concat(
            [a.rows.assign(title=a.comparison["title"], page=a.comparison["page"]) for a in declared],
            ignore_index=True,
        )
        counted = self.project.table("published_pool_studies").merge(
            self.project.table("published_pools"), on="pool_id", suffixes=("", "_pool")
        )
        judged, decided = (
            self.project.table("assessments"),
            self.project.table("decisions").rename(columns={"basis_study_id": "study_id"}),
        )
        frames = {"compared": compared, "counted": counted, "judged": judged, "decided": decided}
        return {name: dict(list(frame.groupby("study_id"))) for name, frame in frames.items()}

    def counts(self, study_id: str) -> str:
        """How much the review uses of a study, in a few words."""
        found = ((name, len(self._ids[name].get(study_id, []))) for name in ("finding", "outcome", "correction"))
        return ", ".join(plural(number, name) for name, number in found if number)

    def _rows(self, kind: str, names: Iterable[Any], without: str = "", of: str = "") -> Grid:
        rows = [self._known[kind][f"{kind}-{name}"] for name in names]
        return pick(self._wholes[kind], rows, plural(len(rows), of or kind), without)

    def study(self, study_id: str) -> list[Part]:
        """All that the review holds of one study; parts without rows are left out."""
        ids = {kind: groups.get(study_id, []) for kind, groups in self._ids.items()}
        own = {name: frames.get(study_id, pd.DataFrame()) for name, frames in self._frames.items()}
        parts = [
            Part("What it found", "findings", self._rows("finding", ids["finding"], "Study")),
            Part("Outcomes in people", "outcomes", self._rows("outcome", ids["outcome"], "Study")),
            Part("In our comparisons", "comparisons", compared(own["compared"])),
            Part("What it pooled", "pools", self._rows("pool", ids["pool"], "Published by", "published pool")),
            Part("In the pools of others", "counted", counted(self.project, own["counted"])),
            Part("Claims that rest on it", "claims", self._rows("claim", ids["claim"], "Studies")),
            Part("Corrections", "corrections", self._rows("correction", ids["correction"], "Subject")),
            Part("How others judged it", "assessments", judged(own["judged"])),
            Part("Decisions of regulators", "decisions", decided(own["decided"])),
        ]
        return [part for part in parts if part.table.rows]

    def trial(self, trial_id: str) -> list[Part]:
        """All that the review holds of one trial; parts without rows are left out."""
        studies = self.reports.get(trial_id, [])
        outcomes = [outcome for study in studies for outcome in self._ids["outcome"].get(study, [])]
        corrections = self._ids["trial correction"].get(trial_id, [])
        sources = self.project.table("trial_sources")
        parts = [
            Part("Review and registry side by side", "sides", sides(self.trials.loc[[trial_id]].iloc[0])),
            Part("Studies that report it", "studies", reporting(self.project, self.studies.loc[studies])),
            Part("Outcomes reported", "outcomes", self._rows("outcome", outcomes)),
            Part("Corrections", "corrections", self._rows("correction", corrections, "Subject")),
            Part("Records seen", "sources", seen(sources[sources["trial_id"] == trial_id])),
        ]
        return [part for part in parts if part.table.rows]


def compared(frame: pd.DataFrame) -> Grid:
    """Show the comparisons that declare rows of a study, and whether each row is pooled."""
    if frame.empty:
        return grid({}, "")
    return grid(
        {
            "Comparison": results.comparison_links(frame),
            "Row": stacks(frame["outcome"], frame["time"]),
            "In the pool": results.in_the_pool(frame),
            "Take care": data_tables.commas(frame["flags"]),
        },
        f"{plural(len(frame), 'row')} declared, {(frame['reason'] == '').sum()} used",
        name="comparisons",
    )


def counted(project: Project, frame: pd.DataFrame) -> Grid:
    """Show published pools whose authors counted a study, or whose review includes it."""
    if frame.empty:
        return grid({}, "")
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
    if frame.empty:
        return grid({}, "")
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


def decided(frame: pd.DataFrame) -> Grid:
    """Show regulators' decisions that rest on a study."""
    if frame.empty:
        return grid({}, "")
    return grid(
        {
            "Decision": stacks(frame["decision"], frame["date"]),
            "Agency": frame["agency"],
            "Product": frame["product"],
            "For": frame["indication"],
            "Source": data_tables.source_links(frame),
        },
        plural(len(frame), "decision"),
        name="decisions",
    )


def reporting(project: Project, frame: pd.DataFrame) -> Grid:
    """Show the studies that report a trial."""
    studies = data_tables.study_links(project, frame["study_id"])
    columns: dict[str, Column] = {"Study": studies, "What it says, as far as read": frame["summary"]}
    return grid(columns, plural(len(frame), "study", "studies"))


def seen(frame: pd.DataFrame) -> Grid:
    """Show the pages on which the facts of a trial were seen."""
    return grid({"Record": links(frame["url"], frame["url"])}, plural(len(frame), "record"))


def sides(trial: pd.Series) -> Grid:
    """Show what the review prints beside what the registry shows, marked where they can be compared."""
    whats, reviewed, registered = zip(*SIDES.values(), strict=True)
    prints, shows = [trial[column] for column in reviewed], [trial[column] for column in registered]
    if trial[list(reviewed)].isna().all():
        caption = "The registry alone: the seed review does not hold this trial"
        return grid({"What": whats, "The registry shows": shows}, caption)
    return grid(
        {
            "What": whats,
            "The review prints": prints,
            "The registry shows": shows,
            "Compared": each(_compared, SIDES, prints, shows),
        },
        "Review and registry",
    )


def _compared(name: str, reviewed: Any, registered: Any) -> Cell:
    if pd.isna(reviewed) or pd.isna(registered) or registered == UNKNOWN.striptags():
        return "one side only"
    if reviewed == registered:
        return tag("agree", "dampens")
    # Only these are terms of a vocabulary; the other lines are prose, which differs without disagreeing.
    return tag("differ", "promotes") if name in COMPARED else "in other words"
