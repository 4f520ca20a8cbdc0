"""What the review says at one time: its tables as text, its pooled results, its verdicts on claims.

The state of a released version is kept as one JSON file in ``releases/``, its snapshot. Logs, whose lines only ever
grow, stay out of it: what they brought about stands in the other tables, and they would come to outweigh all else.
Results and verdicts are those that the version computed, by the code it had.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd
from pandas.errors import InvalidIndexError

from review_tools.data.problems import DataError
from review_tools.data.project import Project, snapshot_file
from review_tools.synthesis import claims, comparisons, words
from review_tools.synthesis.certainty import certainty

FORMAT = "review-snapshot/1"
REFERENCES = "references"  # the bibliography, as one more table
# What data that did not pass `review check` can raise.
UNSOUND_DATA = (DataError, InvalidIndexError, KeyError, ValueError, TypeError, ArithmeticError)
Record = dict[str, Any]  # a pooled result or a verdict, as snapshots hold it


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table at one time, as text."""

    title: str
    key: tuple[str, ...]
    rows: pd.DataFrame
    only_grows: bool = False


@dataclass
class State:
    """One side of a comparison. ``notes`` says what could not be read or computed, ``unreadable`` which tables."""

    name: str  # of a version: its number
    date: str = ""  # of a version, YYYY-MM-DD
    commit: str = ""  # that a version was made from
    tables: dict[str, Sheet] = field(default_factory=dict)
    pools: dict[str, Record] = field(default_factory=dict)
    verdicts: dict[str, Record] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)

    def keys(self, table: str) -> list[str]:
        """Return the keys of a table, each once; none where there is no such table."""
        sheet = self.tables.get(table)
        return list(dict.fromkeys(sheet.rows.get(sheet.key[0], ()))) if sheet else []

    def compute(self, project: Project, pools: Iterable[str] = (), verdicts: Iterable[str] = ()) -> None:
        """Compute those comparisons and claims of the project by the code at hand."""
        for kind, function, names, results in (
            ("comparison", pool, pools, self.pools),
            ("claim", verdict, verdicts, self.verdicts),
        ):
            failed = defaultdict(list)
            for name in names:
                try:
                    results[name] = function(project, name)
                except UNSOUND_DATA as error:
                    failed[str(error.args[0] if error.args else error).partition("\n")[0]].append(name)
            self.notes += [f"the {kind} {', '.join(which)} cannot be computed: {why}" for why, which in failed.items()]

    def text(self) -> str:
        """Return the snapshot as JSON, one row of a table on one line."""
        dump = partial(json.dumps, ensure_ascii=False, allow_nan=False)
        tables = []
        for name, sheet in self.tables.items():
            head = {"name": name, "title": sheet.title, "key": sheet.key, "columns": list(sheet.rows.columns)}
            rows = ",".join([f"\n {dump(row)}" for row in sheet.rows.itertuples(index=False, name=None)])
            tables.append(f'{dump(head)[:-1]}, "rows": [{rows}]}}')
        text = dump({"format": FORMAT, "version": self.name, "date": self.date, "commit": self.commit})[:-1]
        for part, results in (
            ("tables", tables),
            ("pools", map(dump, self.pools.values())),
            ("verdicts", map(dump, self.verdicts.values())),
        ):
            text += f',\n"{part}": [' + ",".join([f"\n{result}" for result in results]) + "]"
        return text + "}\n"


def read(project: Project, name: str, *, works: bool = True) -> State:
    """Return the tables of a project as far as they can be read, with its works; nothing is computed yet."""
    state = State(name)
    for table in project.schema.values():
        try:
            text = project.text(table.name)
            state.tables[table.name] = Sheet(table.title, table.primary_key, text, table.append_only)
        except DataError as error:
            state.notes.append(str(error))
            state.unreadable.add(table.name)
    if works:
        readable, problems = project.readable_works
        rows = pd.DataFrame(
            [{"key": work.key, **work.fields} for work in readable.values()] or {"key": []}, dtype="str"
        )
        state.tables[REFERENCES] = Sheet("Bibliography", ("key",), rows.fillna(""))
        state.notes += map(str, problems)
    return state


def whole(project: Project, name: str, date: str = "", commit: str = "") -> State:
    """Return all that a snapshot holds of a project. Raises DataError if something cannot be read or computed."""
    state = read(project, name)
    state.date, state.commit = date, commit
    state.compute(project, state.keys("comparisons"), state.keys("claims"))
    if state.notes:
        raise DataError("\n".join(state.notes))
    state.tables = {name: sheet for name, sheet in state.tables.items() if not sheet.only_grows}
    return state


def snapshot(project: Project, version: str) -> State:
    """Return the state of a version, as its snapshot says. Raises DataError if there is none, or of another form."""
    file = snapshot_file(version)
    if not project.has(file):
        raise DataError(f"{file}: the snapshot is missing → restore it from git.")
    try:
        data = json.loads(project.read(file))
        if data["format"] != FORMAT:
            raise ValueError(f"a snapshot of the form {data['format']!r}; this version reads {FORMAT!r}")
        tables = {
            one["name"]: Sheet(one["title"], tuple(one["key"]), pd.DataFrame(one["rows"], None, one["columns"], "str"))
            for one in data["tables"]
        }
        pools = {one["comparison_id"]: one for one in data["pools"]}
        verdicts = {one["claim_id"]: one for one in data["verdicts"]}
        return State(data["version"], data["date"], data["commit"], tables, pools, verdicts)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: {error} → restore it from git.") from error


def pool(project: Project, name: str) -> Record:
    """Return a declared comparison as the code at hand computes it, with the outcomes that are pooled.

    Figures are those that a reader knows (None: nothing to pool, or unbounded). Releases before 26.2.0 have no
    certainty. Raises one of ``UNSOUND_DATA``.
    """
    answer, graded = comparisons.answer(project, name), certainty(project, name)
    row, pooled = answer.comparison, answer.pooled
    figures = pooled.back if pooled else (None, None, None)
    estimate, low, high = [value if value is not None and math.isfinite(value) else None for value in figures]
    return {
        "comparison_id": name,
        "title": str(row["title"]),
        "measure": str(row["measure"]),
        "page": f"book/{row['page']}",
        "result": {
            "k": answer.k,
            "people": answer.people if pooled else 0,
            "estimate": estimate,
            "ci_low": low,
            "ci_high": high,
            "text": words.interval(pooled),
        },
        "outcomes": list(map(str, answer.entered["outcome_id"])),
        "certainty": graded.words if graded else "",
    }


def verdict(project: Project, name: str) -> Record:
    """Return a claim as the code at hand tests it. Raises one of ``UNSOUND_DATA``."""
    now, ledger = claims.verdict(project, name), project.table("claims")
    row = ledger[ledger["claim_id"] == name].iloc[0]
    said = {column: str(row[column]) for column in ("statement", "chapter")}
    return {"claim_id": name, **said, "verdict": now.word, "because": now.because}
