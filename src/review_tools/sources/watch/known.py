"""What the review knows already: its studies, trials and candidates, to tell what is new."""

from collections.abc import Iterator

import pandas as pd

from review_tools.data.project import Project
from review_tools.sources.duplicates import Entry, Index
from review_tools.sources.watch.sources import Hit

Row = dict[str, str]


class Known:
    """Candidates by their number, and everything known by what identifies a work or a trial."""

    def __init__(self, project: Project) -> None:
        self._index = Index()
        for work in project.works.values():
            year = int(work["year"]) if work["year"].isdecimal() else None
            self._index.add(Entry(work.key, work["doi"], work["pmid"], "", work["title"], year))
        self.trials: dict[str, Row] = {row["trial_id"]: row for row in rows(project, "trials")}
        for number in self.trials:
            self._index.add(Entry(number, trial_id=number))
        self.candidates: set[str] = set()
        for row in rows(project, "candidates"):
            self.candidates.add(row["candidate_id"])
            registered = row["trial_id"] if row["kind"] == "registration" else ""
            year = int(row["year"]) if row["year"] else None
            same = row["duplicate_of"] or row["candidate_id"]
            self._index.add(Entry(same, row["doi"], row["pmid"], registered, row["title"], year))

    def add(self, hit: Hit) -> str:
        """Takes a record up; returns what it is the same as, empty when it is new."""
        registered = hit.trial_id if hit.kind == "registration" else ""
        entry = Entry(hit.candidate_id, hit.doi, hit.pmid, registered, hit.title, hit.year)
        same = self._index.find(entry)
        self.candidates.add(hit.candidate_id)
        self._index.add(Entry(same or entry.key, entry.doi, entry.pmid, entry.trial_id, entry.title, entry.year))
        return same


def rows(project: Project, table: str) -> Iterator[Row]:
    """The rows of one table as text, by column."""
    frame = text(project, table)
    for values in frame.to_numpy().tolist():
        yield dict(zip(frame.columns, values, strict=True))


def text(project: Project, table: str) -> pd.DataFrame:
    """One table as text, rows numbered from 0."""
    return Project(project.root).text(table).reset_index(drop=True)  # as it is now: a watch adds to it
