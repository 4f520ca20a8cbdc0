"""What the review says at one time: its tables as text, its pooled results, its verdicts on claims.

The state of a released version is kept as one JSON file in ``releases/``, its snapshot. Logs, whose lines only ever
grow, stay out of it: what they brought about stands in the other tables, and they would come to outweigh all else.
Results and verdicts are those that the version computed, by the code it had.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NotRequired, TypedDict

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


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table at one time, as text."""

    title: str
    key: tuple[str, ...]
    rows: pd.DataFrame
    only_grows: bool = False


class Result(TypedDict):
    """What a comparison gave: figures as a reader knows them (None: nothing to pool, or unbounded), and in words."""

    k: int
    people: int
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    text: str


class Pool(TypedDict):
    """One declared comparison at one time, with the outcomes that are pooled, and how sure its answer is.

    Releases before 26.2.0 computed no certainty.
    """

    comparison_id: str
    title: str
    measure: str
    page: str
    result: Result
    outcomes: list[str]
    certainty: NotRequired[str]


class Verdict(TypedDict):
    """One claim at one time, and what the data then say of it."""

    claim_id: str
    statement: str
    chapter: str
    verdict: str
    because: str


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

    def keys(self, table: str) -> list[str]:
        """Return the keys of a table, each once; none where there is no such table."""
        sheet = self.tables.get(table)
        return list(dict.fromkeys(sheet.rows.get(sheet.key[0], ()))) if sheet else []

    def compute(self, project: Project, pools: Iterable[str], verdicts: Iterable[str]) -> None:
        """Compute those comparisons and claims of the project by the code at hand."""
        self._each("comparison", partial(pool, project), pools, self.pools)
        self._each("claim", partial(verdict, project), verdicts, self.verdicts)

    def _each(self, kind: str, compute: Callable[[str], Any], names: Iterable[str], results: dict[str, Any]) -> None:
        failed: dict[str, list[str]] = {}
        for name in names:
            try:
                results[name] = compute(name)
            except UNSOUND_DATA as error:
                failed.setdefault(str(error.args[0] if error.args else error).partition("\n")[0], []).append(name)
        self.notes += [f"the {kind} {', '.join(which)} cannot be computed: {why}" for why, which in failed.items()]

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
        for part, results in (("pools", self.pools), ("verdicts", self.verdicts)):
            yield f'],\n"{part}": [' + ",".join(f"\n{dump(result)}" for result in results.values())
        yield "]}\n"


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
    """Return all that a snapshot holds of a project.

    Raises:
        DataError: something in it cannot be read or computed.
    """
    state = read(project, name)
    state.date, state.commit = date, commit
    state.compute(project, state.keys("comparisons"), state.keys("claims"))
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
        tables = {
            one["name"]: Sheet(one["title"], tuple(one["key"]), pd.DataFrame(one["rows"], None, one["columns"], "str"))
            for one in data["tables"]
        }
        pools = {one["comparison_id"]: one for one in data["pools"]}
        verdicts = {one["claim_id"]: one for one in data["verdicts"]}
        return State(data["version"], data["date"], data["commit"], tables, pools, verdicts)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: {error} → restore it from git.") from error


def pool(project: Project, name: str) -> Pool:
    """Return a declared comparison as the code at hand computes it. Raises one of ``UNSOUND_DATA``."""
    answer = comparisons.answer(project, name)
    row, pooled = answer.comparison, answer.pooled
    figures = pooled.back if pooled else (None, None, None)
    estimate, low, high = [value if value is not None and math.isfinite(value) else None for value in figures]
    people = answer.people if pooled else 0
    text = words.interval(pooled)
    result = Result(k=answer.k, people=people, estimate=estimate, ci_low=low, ci_high=high, text=text)
    title, measure, page = str(row["title"]), str(row["measure"]), f"book/{row['page']}"
    outcomes = list(map(str, answer.entered["outcome_id"]))
    graded = certainty(project, name)
    return Pool(
        comparison_id=name,
        title=title,
        measure=measure,
        page=page,
        result=result,
        outcomes=outcomes,
        certainty=graded.words if graded else "",
    )


def verdict(project: Project, name: str) -> Verdict:
    """Return a claim as the code at hand tests it. Raises one of ``UNSOUND_DATA``."""
    now, ledger = claims.verdict(project, name), project.table("claims")
    row = ledger[ledger["claim_id"] == name].iloc[0]
    statement, chapter = str(row["statement"]), str(row["chapter"])
    return Verdict(claim_id=name, statement=statement, chapter=chapter, verdict=now.word, because=now.because)
