"""The queue of one person: what to read next, decisions written at once, undo, conflicts between people."""

import csv
import hashlib
import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from filelock import FileLock

from review_tools.data.prisma_counts import PEOPLE, in_force, to_screen
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.sources import abstracts
from review_tools.sources.ranking import Ranking

DECISIONS = ("include", "exclude", "unsure")
OPERATORS = re.compile(r"\b(?:AND|OR|NOT)\b|[()]")
FIELD_NAMES = re.compile(r"\[[^\]]*\]|\b[A-Z_]+:")


@dataclass(frozen=True)
class Decision:
    """What one person says about one candidate; a reason exactly when it is excluded."""

    candidate_id: str
    decision: str
    reason: str = ""
    note: str = ""


class Queue:
    """The candidates one person still has to decide about, most likely relevant first.

    Nobody sees what others decided: the order follows the person's own decisions and those on which two
    people agree. A candidate about which two people have decided is not asked of a third.

    Raises:
        DataError: a table cannot be read, or the name is empty.
    """

    def __init__(self, project: Project, by: str) -> None:
        self.project, self.by = project, person(by)
        candidates = to_screen(self.project.table("candidates"))
        self._rows = {str(row["candidate_id"]): row for _, row in candidates.iterrows()}
        self.abstracts = abstracts.read(self.project)
        texts = [f"{row['title']}\n{self.abstracts.get(key, '')}" for key, row in self._rows.items()]
        self._ranking = Ranking(list(self._rows), texts, works(self.project))
        self._skipped: list[str] = []

    def left(self) -> list[str]:
        """Candidates to decide about, in order; those skipped in this sitting come last."""
        standing = in_force(_screenings(self.project))
        mine = standing[standing["by"] == self.by]
        others = standing[standing["by"] != self.by]
        people = others["candidate_id"].value_counts()
        settled = {str(key) for key in people.index[people >= PEOPLE]}
        agreed = standing[standing["candidate_id"].isin(settled)]
        trained = pd.concat([mine, agreed]).groupby("candidate_id")["decision"].agg(frozenset)
        said = {kind: [str(key) for key, what in trained.items() if what == {kind}] for kind in ("include", "exclude")}
        done = {*mine["candidate_id"], *settled}
        order = [one for one in self._ranking.order(said["include"], said["exclude"]) if one not in done]
        return [one for one in order if one not in self._skipped] + [one for one in self._skipped if one in set(order)]

    def record(self, candidate: str) -> pd.Series:
        """The row of one candidate.

        Raises:
            DataError: there is no such candidate to screen.
        """
        if candidate not in self._rows:
            raise DataError(f"No candidate {candidate!r} to screen → take an identifier of data/candidates.csv.")
        return self._rows[candidate]

    def skip(self, candidate: str) -> None:
        self._skipped = [one for one in self._skipped if one != candidate] + [candidate]

    def decide(self, decision: Decision) -> None:
        append(self.project, self.by, [decision])

    def undo(self) -> str:
        """Takes the person's latest standing decision back; the candidate, or nothing when none stands."""
        rows = _screenings(self.project)
        mine = rows[rows["by"] == self.by]
        stack: list[str] = []
        for candidate, decision in zip(mine["candidate_id"], mine["decision"], strict=True):
            if decision != "undo":
                stack.append(candidate)
            elif candidate in stack:
                del stack[len(stack) - 1 - stack[::-1].index(candidate)]
        if not stack:
            return ""
        append(self.project, self.by, [Decision(stack[-1], "undo")])
        return stack[-1]


def append(project: Project, by: str, decisions: Sequence[Decision]) -> None:
    """Adds decisions to the end of ``screenings``: all of them on disk when it returns, or none.

    People at the same checkout wait for one another. The identifier is made of the candidate, the person
    and a running number, so that rows written in two branches never clash.

    Raises:
        DataError: the table is missing or has other columns than its definition.
    """
    columns = project.schema["screenings"].columns
    path = project.root / "data" / "screenings.csv"
    with FileLock(path.with_name(f".{path.name}.lock")):
        before = _screenings(project)
        if list(before.columns) != columns:
            raise DataError("data/screenings.csv: other columns than its definition → run `review check`.")
        mine = before.loc[before["by"] == by, "candidate_id"].value_counts().to_dict()
        today, who = f"{datetime.now(UTC):%Y-%m-%d}", hashlib.sha256(by.encode()).hexdigest()[:6]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for one in decisions:
            number = mine[one.candidate_id] = mine.get(one.candidate_id, 0) + 1
            key = f"{one.candidate_id}-{who}-{number}"
            writer.writerow([key, one.candidate_id, by, today, one.decision, one.reason, one.note])
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(max(size - 1, 0))
            gap = b"" if file.read(1) == b"\n" else b"\n"  # a hand-edited file may end without a line feed
            try:
                file.write(gap + text.getvalue().encode())
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise


def person(name: str) -> str:
    """A name as it is written in the table.

    Raises:
        DataError: empty, or with a line break or another control character.
    """
    plain = " ".join(name.split(" ")).strip()
    if not plain or not plain.isprintable():
        raise DataError(f"{name!r} is no name → say who decides: --by “A. Reader”.")
    return plain


def conflicts(project: Project) -> pd.DataFrame:
    """The standing decisions about each candidate on which people differ: one row a person, with the title."""
    standing = in_force(_screenings(project))
    differ = standing.groupby("candidate_id")["decision"].transform("nunique") > 1
    titles = project.table("candidates")[["candidate_id", "title"]]
    return standing[differ].merge(titles, on="candidate_id").sort_values(["candidate_id", "by"], kind="stable")


def works(project: Project) -> list[str]:
    """Title and summary of each work of the review: what a relevant record looks like before any decision."""
    studies, references = project.table("studies"), project.works
    sound = studies[~studies["status"].isin(["retracted", "withdrawn"])]
    summaries = sound["summary"].fillna("")
    return [f"{references[key]['title']}\n{said}" for key, said in zip(sound["study_id"], summaries, strict=True)]


def search_terms(project: Project) -> list[str]:
    """Words and phrases the protocol's queries look for; ``*`` stands for any ending."""
    found: dict[str, None] = {}
    for strategy in project.protocol["strategies"].values():
        for source in strategy["sources"].values():
            for query in (value for value in source.values() if isinstance(value, str)):
                for part in OPERATORS.split(FIELD_NAMES.sub(" ", query)):
                    term = part.replace('"', " ").strip().casefold()
                    if term:
                        found[term] = None
    return list(found)


def _screenings(project: Project) -> pd.DataFrame:
    return Project(project.root).text("screenings")  # as it is now: decisions are added one by one
