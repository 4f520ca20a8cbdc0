"""What the review said in one version, as one JSON file: tables, pooled results, verdicts.

Two snapshots are compared by the code behind ``review diff``. Logs, whose lines only ever grow, stay out: what they
brought about stands in the other tables, and they would come to outweigh all else. Results and verdicts are those that
the version computed, by the code it had.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pandas as pd

from review_tools.changes import Changes, State
from review_tools.changes.model import PoolState, VerdictState, from_json
from review_tools.changes.sheets import Sheets
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.data.versions import snapshot_file

FORMAT = "review-snapshot/1"


@dataclass(frozen=True, slots=True)
class SheetState:
    """One table, as text."""

    name: str
    title: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version: its number, its date (YYYY-MM-DD), the commit it was made from, what it says."""

    version: str
    date: str
    commit: str
    tables: tuple[SheetState, ...]
    pools: tuple[PoolState, ...]
    verdicts: tuple[VerdictState, ...]

    @classmethod
    def taken(cls, project: Project, version: str, date: str, commit: str) -> "Snapshot":
        """Return the snapshot of a project.

        Raises:
            DataError: something in it cannot be read or computed.
        """
        state = State.read(project)
        if state.notes:
            raise DataError("\n".join(state.notes))
        tables = tuple(
            SheetState(name, title, key, tuple(frame.columns), tuple(frame.itertuples(index=False, name=None)))
            for name, (title, key, only_grows, frame) in state.sheets.tables.items()
            if not only_grows
        )
        return cls(version, date, commit, tables, tuple(state.pools.values()), tuple(state.verdicts.values()))

    @classmethod
    def read(cls, project: Project, version: str) -> "Snapshot":
        """Return the snapshot of a version.

        Raises:
            DataError: there is none, or it is not of this form.
        """
        file = snapshot_file(version)
        try:
            return from_json(cls, FORMAT, json.loads(project.read(file)), "snapshot")
        except FileNotFoundError:
            raise DataError(f"{file}: the snapshot is missing → restore it from git.") from None
        except (ValueError, DataError) as error:
            raise DataError(f"{file}: {error}") from error

    def text(self) -> str:
        """As JSON, one row of a table on one line."""
        return "".join(self._lines())

    def _lines(self) -> Iterator[str]:
        def dump(value: object) -> str:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)

        about = {"format": FORMAT, "version": self.version, "date": self.date, "commit": self.commit}
        yield "{" + dump(about)[1:-1] + ',\n"tables": ['
        for number, table in enumerate(self.tables):
            head = {name: value for name, value in asdict(table).items() if name != "rows"}
            yield f'{"," * bool(number)}\n{dump(head)[:-1]}, "rows": ['
            yield ",".join(f"\n {dump(row)}" for row in table.rows) + "]}"
        for part, states in (("pools", self.pools), ("verdicts", self.verdicts)):
            yield f'],\n"{part}": [' + ",".join(f"\n{dump(asdict(state))}" for state in states)
        yield "]}\n"

    def changed_to(self, new: "Snapshot") -> Changes:
        """What a newer version changes."""
        return self.state().changed_to(new.state(), (self.version, new.version))

    def state(self) -> State:
        """As a side of a comparison."""
        tables = {
            one.name: (one.title, one.key, False, pd.DataFrame(list(one.rows), columns=list(one.columns), dtype="str"))
            for one in self.tables
        }
        pools = {pool.comparison_id: pool for pool in self.pools}
        verdicts = {verdict.claim_id: verdict for verdict in self.verdicts}
        return State(Sheets(None, tables, chapters={}, unreadable=()), pools, verdicts)
