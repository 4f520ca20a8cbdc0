"""What the review says at one time: its tables as text, its pooled results, its verdicts on claims.

The state of a released version is kept as one JSON file in ``releases/``, its snapshot. Logs, whose lines only ever
grow, stay out of it: what they brought about stands in the other tables, and they would come to outweigh all else.
Results and verdicts are those that the version computed, by the code it had.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from review_tools.changes.model import REFERENCES, Pool, Result, Sheet, Verdict
from review_tools.data.problems import DataError
from review_tools.data.project import Project, once
from review_tools.data.versions import snapshot_file
from review_tools.synthesis import claims, comparisons, words
from review_tools.synthesis.effects import SynthesisError

FORMAT = "review-snapshot/1"
# What data that did not pass `review check` can raise.
UNSOUND_DATA = (DataError, SynthesisError, KeyError, ValueError, TypeError, ArithmeticError)


@dataclass
class State:
    """One side of a comparison. ``notes`` says what could not be read or computed, ``unreadable`` which tables."""

    name: str  # of a version: its number
    date: str = ""  # of a version, YYYY-MM-DD
    commit: str = ""  # that a version was made from
    tables: dict[str, Sheet] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)

    def read(self, project: Project, names: Iterable[str]) -> None:
        """Read the tables of those names, as far as the project has them; ``references`` is the bibliography."""
        for name in names:
            try:
                if name == REFERENCES:
                    works, problems = project.readable_works
                    rows = [{"key": work.key, **work.fields} for work in works.values()] or [{"key": ""}][:0]
                    frame = pd.DataFrame(rows, columns=None if rows else ["key"], dtype="str").fillna("")
                    self.tables[name] = Sheet("Bibliography", ("key",), frame)
                    self.notes += map(str, problems)
                elif name in project.schema:
                    table = project.schema[name]
                    self.tables[name] = Sheet(table.title, table.primary_key, project.text(name), table.append_only)
            except DataError as error:
                self.notes.append(str(error))
                self.unreadable.add(name)

    def compute(self, project: Project, pools: Iterable[str], verdicts: Iterable[str]) -> None:
        """Compute those comparisons and claims by the code at hand."""
        self.pools |= self._each("comparison", partial(pool, project), pools)
        self.verdicts |= self._each("claim", partial(verdict, project), verdicts)

    def _each(self, kind: str, compute: Callable[[str], Any], names: Iterable[str]) -> dict[str, Any]:
        found, failed = {}, dict[str, list[str]]()
        for name in names:
            try:
                found[name] = compute(name)
            except UNSOUND_DATA as error:
                failed.setdefault(str(error.args[0] if error.args else error).partition("\n")[0], []).append(name)
        self.notes += [f"the {kind} {', '.join(which)} cannot be computed: {why}" for why, which in failed.items()]
        return found

    def text(self) -> str:
        """Return the snapshot as JSON, one row of a table on one line."""
        return "".join(self._lines())

    def _lines(self) -> Iterator[str]:
        def dump(value: object) -> str:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)

        about = {"format": FORMAT, "version": self.name, "date": self.date, "commit": self.commit}
        yield "{" + dump(about)[1:-1] + ',\n"tables": ['
        for number, (name, sheet) in enumerate(self.tables.items()):
            head = {"name": name, "title": sheet.title, "key": sheet.key, "columns": list(sheet.rows.columns)}
            yield f'{"," * bool(number)}\n{dump(head)[:-1]}, "rows": ['
            yield ",".join(f"\n {dump(row)}" for row in sheet.rows.itertuples(index=False, name=None)) + "]}"
        for part, states in (("pools", self.pools), ("verdicts", self.verdicts)):
            yield f'],\n"{part}": [' + ",".join(f"\n{dump(asdict(state))}" for state in states.values())
        yield "]}\n"


def whole(project: Project, name: str, date: str = "", commit: str = "") -> State:
    """Return all that a snapshot holds of a project.

    Raises:
        DataError: something in it cannot be read or computed.
    """
    state = State(name, date, commit)
    state.read(project, (*project.schema, REFERENCES))
    state.compute(project, ids(project, "comparisons"), ids(project, "claims"))
    if state.notes:
        raise DataError("\n".join(state.notes))
    state.tables = {name: sheet for name, sheet in state.tables.items() if not sheet.only_grows}
    return state


def snapshot(project: Project, version: str) -> State:
    """Return the state of a version, as its snapshot says.

    Raises:
        DataError: there is none, or it is not of this form.
    """
    file = snapshot_file(version)
    if not project.has(file):
        raise DataError(f"{file}: the snapshot is missing → restore it from git.")
    try:
        data = json.loads(project.read(file))
        if data["format"] != FORMAT:
            raise ValueError(f"a snapshot of the form {data['format']!r}; this version reads {FORMAT!r}")
        state = State(data["version"], data["date"], data["commit"])
        for one in data["tables"]:
            rows = pd.DataFrame(one["rows"], columns=one["columns"], dtype="str")
            state.tables[one["name"]] = Sheet(one["title"], tuple(one["key"]), rows)
        for one in data["pools"]:
            parts = one | {"result": Result(**one["result"]), "outcomes": tuple(one["outcomes"])}
            state.pools[one["comparison_id"]] = Pool(**parts)
        state.verdicts = {one["claim_id"]: Verdict(**one) for one in data["verdicts"]}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: {error} → restore it from git.") from error
    return state


def ids(project: Project, table: str) -> list[str]:
    """Return the keys of a table, each once; none where there is no such table, or none that can be read."""
    try:
        return list(dict.fromkeys(project.text(table)[project.schema[table].primary_key[0]]))
    except (KeyError, DataError):
        return []  # what cannot be read is said where tables are read


def pool(project: Project, name: str) -> Pool:
    """Return a declared comparison as the code at hand computes it. Raises one of ``UNSOUND_DATA``."""
    answer = comparisons.answer(project, name)
    row, pooled = answer.comparison, answer.pooled
    figures = pooled.back if pooled else (None, None, None)
    estimate, low, high = [value if value is not None and math.isfinite(value) else None for value in figures]
    result = Result(answer.k, answer.people if pooled else 0, estimate, low, high, words.interval(pooled))
    outcomes = tuple(map(str, answer.entered["outcome_id"]))
    return Pool(name, str(row["title"]), str(row["measure"]), f"book/synthesis/{row['page']}", result, outcomes)


def verdict(project: Project, name: str) -> Verdict:
    """Return a claim as the code at hand tests it. Raises one of ``UNSOUND_DATA``."""
    now = claims.verdict(project, name)
    statement, chapter = _claims(project)[name]
    return Verdict(name, statement, chapter, now.word, now.because)


@once
def _claims(project: Project) -> dict[str, tuple[str, str]]:
    """Return statement and chapter of each claim."""
    columns = [project.table("claims")[column].astype(str) for column in ("claim_id", "statement", "chapter")]
    return {name: (statement, chapter) for name, statement, chapter in zip(*columns, strict=True)}
