"""Compare two states of the review: rows, pooled results, verdicts on claims, and the chapters to read again.

What has the same rows and judgements in both has the same result, and is not computed.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from review_tools.changes import state
from review_tools.changes.state import REFERENCES, UNSOUND_DATA, Record, Sheet, State
from review_tools.check.chapters import CITE, FACT
from review_tools.check.comparability import EVERY_DISEASE
from review_tools.data import bibliography, git, inline_values
from review_tools.data.problems import DataError
from review_tools.data.project import MARKER, Project, snapshot_file
from review_tools.synthesis import certainty, claim_tests, claims, comparisons

FORMAT = "review-changes/3"
PARTS = ("data", "book", bibliography.FILE)
ADDED, REMOVED, CHANGED = "added", "removed", "changed"
CLOSE = 1e-9  # relative; the same numbers added in another order differ by less
Cells = dict[str, str]  # of one row: column to value


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, as the file has it. ``before`` is empty in a row that was added, ``after`` in one that was removed."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row that was added, removed or changed: its key, and the cells that differ (or all that are filled)."""

    kind: str
    key: tuple[tuple[str, str], ...]  # column and value
    cells: tuple[Cell, ...]
    past: bool = False  # a past line of a log that only grows

    @property
    def name(self) -> str:
        return " · ".join([value for _, value in self.key])

    def cell(self, column: str) -> str:
        """Return what a cell says now, or said before it went; empty where it does not differ."""
        return next((cell.after or cell.before for cell in self.cells if cell.column == column), "")


@dataclass(frozen=True, slots=True)
class Table:
    """What changes in one table; ``references`` stands for the bibliography."""

    name: str
    title: str
    columns_removed: tuple[str, ...]
    rows: tuple[Row, ...]

    def of(self, kind: str) -> list[Row]:
        return [row for row in self.rows if row.kind == kind]


@dataclass(frozen=True, slots=True)
class Turn:
    """A pooled result or a verdict that differs; None where a side does not have it, or cannot compute it."""

    before: Record | None
    after: Record | None

    @property
    def newest(self) -> Record:
        return self.after or self.before or {}


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that changes between two states of the review, which are called ``before`` and ``after``."""

    before: str
    after: str
    tables: tuple[Table, ...]
    pools: tuple[Turn, ...]
    pools_compared: int
    verdicts: tuple[Turn, ...]
    verdicts_compared: int
    notes: tuple[str, ...] = ()  # what could not be read or computed
    chapters: dict[str, list[str]] = field(default_factory=dict)  # page → why to read it again

    def __bool__(self) -> bool:
        return bool(self.tables or self.pools or self.verdicts or self.chapters or self.notes)

    def of(self, name: str, kind: str) -> list[Row]:
        """Return the rows of one table and kind."""
        return [row for table in self.tables if table.name == name for row in table.of(kind)]

    @property
    def past_edited(self) -> list[tuple[Table, Row]]:
        """Past lines of logs that were changed or taken out."""
        return [(table, row) for table in self.tables for row in table.rows if row.past]

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON; ``format`` names the version of this form."""
        return {"format": FORMAT, **asdict(self)}


# What is compared


def diff(project: Project, base: str, head: str | None = None) -> Changes:
    """Find what ``head`` changes in the review since it left ``base``. The repository is only read.

    Each is a folder, a git revision, or the number of a released version; ``head`` None is the project as it stands.
    Of two revisions that have grown apart, the base is where they parted, so that what others did since is not taken
    for a removal. With a version only what its snapshot holds is compared.

    Raises DataError if a side is none of these, or holds no review.
    """
    try:
        versions = [bool(side and project.has(snapshot_file(side))) for side in (base, head)]
        if any(versions):
            old, new = [
                state.snapshot(project, str(side)) if version else state.whole(*_side(project, side))
                for side, version in zip((base, head), versions, strict=True)
            ]
            return between(old, new)
        (before, old_name), (after, new_name) = _side(project, base, _fork(project, base, head)), _side(project, head)
        return compare(before, after, (old_name, new_name))
    except git.GitError as error:
        raise DataError(str(error)) from error
    except FileNotFoundError as error:
        raise DataError(f"No review to compare: {error}") from error


def _fork(project: Project, base: str, head: str | None) -> str:
    """Return where the two parted; nothing when one is a folder, or the newer side is an ancestor of the older."""
    if Path(base).is_dir() or (head is not None and Path(head).is_dir()):
        return ""
    old, new = git.commit(project.root, base), git.commit(project.root, head or "HEAD")
    try:
        fork = git.run(project.root, "merge-base", old, new).decode().strip()
    except git.GitError:
        return ""  # nothing in common: compared as they are
    return "" if head is not None and fork == new else fork


def _side(project: Project, side: str | None, fork: str = "") -> tuple[Project, str]:
    """Open a side; a revision's files are read into memory, and nothing it holds is acted on."""
    if side is None:
        return project, "the working tree"
    if Path(side).is_dir():
        return Project(Path(side)), side
    sha = git.commit(project.root, side)
    parted = f", where they parted: {fork[:9]}" if fork not in ("", sha) else ""
    contents = git.files(project.root, fork or sha, *PARTS)
    if MARKER not in contents:
        raise FileNotFoundError(f"{sha[:9]} holds no {MARKER}.")
    return Project.of_files(project.root, contents), f"{side} ({sha[:9]}{parted})"


def compare(before: Project, after: Project, names: tuple[str, str] = ("before", "after")) -> Changes:
    """Find what ``after`` changes in the review that ``before`` holds; ``names`` is what to call the two.

    Pools and verdicts of both sides are computed by the code at hand, so that only the data differ. What cannot
    be read or computed on one side is said in ``notes``, never left out in silence.
    """
    differing = _differing(before, after)
    works = bibliography.FILE in differing
    new = state.read(after, names[1], works=works)
    before = after.with_files(differing)  # shares with the newer side what both have
    old = state.read(before, names[0], works=works)
    if any(not file.startswith("book/") for file in differing):
        _compute(old, new, before, after, differing)
    changes = between(old, new)
    return replace(changes, chapters=_to_read(before, after, changes, differing))


def _differing(before: Project, after: Project) -> dict[str, bytes | None]:
    """Return the files that are not the same on both sides, as the older one has them; None: not there."""
    sides = (before, after)
    names = {name for side in sides for folder in ("data", "book") for name in side.files(folder)} | {bibliography.FILE}
    old, new = [{name: side.read(name) if side.has(name) else None for name in sorted(names)} for side in sides]
    return {name: old[name] for name in old if old[name] != new[name]}


# What can differ


def _compute(old: State, new: State, before: Project, after: Project, differing: Collection[str]) -> None:
    """Compute the pools and verdicts of both sides, but for those that are sure to be the same."""
    try:
        same = _same_comparisons(old, new, before, after, differing)
    except UNSOUND_DATA:
        same = set()
    few = [_without(same, project) if same else project for project in (before, after)]
    for side, project in zip((old, new), few, strict=True):
        side.compute(project, pools=[name for name in side.keys("comparisons") if name not in same])
    settled = set(_settled(old, new, few, same)) if same else set()
    for side, project in ((old, before), (new, after)):
        side.compute(project, verdicts=[name for name in side.keys("claims") if name not in settled])


def _same_comparisons(old: State, new: State, before: Project, after: Project, differing: Collection[str]) -> set[str]:
    """Return the comparisons that are declared alike and have the same rows, and of which the same was judged."""
    if not {MARKER, "data/outcome_sets.csv"}.isdisjoint(differing):
        return set()  # rare; then all are computed
    was, now = [
        {name: rows.reset_index(drop=True) for name, rows in comparisons.described_rows(side).groupby("outcome_set")}
        for side in (before, after)
    ]
    moved = (was.keys() ^ now.keys()) | {name for name in was.keys() & now.keys() if not was[name].equals(now[name])}
    across = after.table("outcome_sets").set_index("outcome_set")["across"]
    judged = any(f"data/{table}.csv" in differing for table in certainty.TABLES)
    earlier, declared = [_by_key(side.tables["comparisons"]) for side in (old, new)]
    same = set()
    for (name,), row in declared.items():
        asked, like_it = {row["outcome_set"]}, across[row["outcome_set"]]
        if row["disease"] == EVERY_DISEASE:
            asked = set(across.index[across == like_it])
        alike = earlier.get((name,)) == row and asked.isdisjoint(moved)
        if alike and judged:
            inputs = [certainty.inputs(side, name) for side in (before, after)]
            alike = all(one.equals(other) for one, other in zip(*inputs, strict=True))
        if alike:
            same.add(name)
    return same


def _without(names: Collection[str], project: Project) -> Project:
    declared = project.text("comparisons")
    return project.with_tables({"comparisons": declared[~declared["comparison_id"].isin(names)]})


def _settled(old: State, new: State, few: list[Project], same: Collection[str]) -> Iterator[str]:
    """Yield the claims that have one verdict on both sides.

    A claim about one comparison asks nothing else; one about any of many is settled by those that differ, where
    these alone give both sides the same verdict.
    """
    was, now = [_by_key(side.tables["claims"]) if "claims" in side.tables else {} for side in (old, new)]
    for (name,), row in now.items():
        if was.get((name,)) != row:
            continue
        if row["subject"].partition("=")[0] in same:
            yield name
        elif row["test"] in claim_tests.OF_ANY:
            with suppress(*UNSOUND_DATA):
                if len({claims.verdict(project, name).word for project in few}) == 1:
                    yield name


# Rows, results and verdicts


def between(before: State, after: State) -> Changes:
    """Find what one state changes against another in tables, pooled results and verdicts."""
    names = [name for name in _either(before.tables, after.tables) if name not in before.unreadable | after.unreadable]
    tables = [_table(name, before.tables.get(name), after.tables.get(name)) for name in names]
    return Changes(
        before.name,
        after.name,
        tuple(filter(None, tables)),
        _turns(before.pools, after.pools, _moves),
        len({*before.keys("comparisons"), *after.keys("comparisons")}),
        _turns(before.verdicts, after.verdicts, lambda was, now: was["verdict"] != now["verdict"]),
        len({*before.keys("claims"), *after.keys("claims")}),
        notes=tuple([f"{side.name}: {note}" for side in (before, after) for note in side.notes]),
    )


def _either(before: Collection[str], after: Collection[str]) -> list[str]:
    """Return the names of either side: those that went, then the newer side's in its order."""
    return [*[name for name in before if name not in after], *after]


def _table(name: str, old: Sheet | None, new: Sheet | None) -> Table | None:
    newest = new or old
    if newest is None or (old and new and old.rows.equals(new.rows)):
        return None
    was, now = [_by_key(side, newest.key) if side else {} for side in (old, new)]
    gone = old.rows.columns.difference(new.rows.columns, sort=False) if old and new else ()
    rows = [
        # A loss must not hide behind what is new.
        *[_row(REMOVED, newest, key, row, {}) for key, row in was.items() if key not in now],
        *[_row(CHANGED, newest, key, was[key], row) for key, row in now.items() if row != was.get(key, row)],
        *[_row(ADDED, newest, key, {}, row) for key, row in now.items() if key not in was],
    ]
    rows = [row for row in rows if row.cells or row.kind != CHANGED]
    return Table(name, newest.title, tuple(map(str, gone)), tuple(rows)) if rows or len(gone) else None


def _row(kind: str, sheet: Sheet, key: tuple[str, ...], was: Cells, now: Cells) -> Row:
    # A column that is gone from a table is told once, for the table.
    columns = [column for column in dict.fromkeys([*was, *now]) if kind == REMOVED or column in now]
    cells = [Cell(column, was.get(column, ""), now.get(column, "")) for column in columns]
    differing = tuple([cell for cell in cells if cell.before != cell.after])
    return Row(kind, tuple(zip(sheet.key, key, strict=True)), differing, sheet.only_grows and kind != ADDED)


def _by_key(sheet: Sheet, key: tuple[str, ...] | None = None) -> dict[tuple[str, ...], Cells]:
    """Return rows by key; one that stands twice (``review check`` refuses it) gets a number, so that no row is lost."""
    columns = [list(sheet.rows.get(column, [""] * len(sheet.rows))) for column in key or sheet.key]
    records: Any = sheet.rows.to_dict("records")
    seen: Counter[tuple[str, ...]] = Counter()
    rows: dict[tuple[str, ...], Cells] = {}
    for name, row in zip(zip(*columns, strict=True), records, strict=True):
        seen[name] += 1
        rows[name if seen[name] == 1 else (*name[:-1], f"{name[-1]} (no. {seen[name]})")] = row
    return rows


def _turns(
    before: dict[str, Record], after: dict[str, Record], differ: Callable[[Record, Record], bool]
) -> tuple[Turn, ...]:
    """Return the results that differ, or that one side alone has."""
    pairs = [Turn(before.get(name), after.get(name)) for name in _either(before, after)]
    return tuple([turn for turn in pairs if not turn.before or not turn.after or differ(turn.before, turn.after)])


def _moves(before: Record, after: Record) -> bool:
    """Say whether a pooled result is another, or how sure it is; where a side has no certainty, that is no change."""
    sure = {side["certainty"] for side in (before, after) if "certainty" in side}
    parts = ("k", "people", "estimate", "ci_low", "ci_high")
    pairs = [(before["result"][part], after["result"][part]) for part in parts]
    return len(sure) > 1 or any(
        was != now and (None in (was, now) or not math.isclose(was, now, rel_tol=CLOSE, abs_tol=CLOSE))
        for was, now in pairs
    )


# Chapters to read again: only a person can tell whether their sentences still hold


def _to_read(before: Project, after: Project, changes: Changes, differing: Collection[str]) -> dict[str, list[str]]:
    """Return chapters with the reasons to read them; none where a side has no chapters."""
    old, new = [side.files("book", ".md") for side in (before, after)]
    if not old or not new:
        return {}
    reasons: dict[str, list[str]] = defaultdict(list)
    studies = {study for table in changes.tables for study in _studies(table)}
    changed = {table.name: {row.key[0][1] for row in table.rows} for table in changes.tables}
    for file in dict.fromkeys((*new, *old)):
        page = reasons[file.removesuffix(".md")]
        if file not in new or file not in old:
            page.append("this chapter is new" if file in new else "this chapter is gone")
            continue
        if file in differing:
            page.append("its text changes")
        text = after.read(file).decode("utf-8", "replace") if changed else ""
        if cited := sorted({key.strip() for keys in CITE.findall(text) for key in keys.split(",")} & studies):
            page.append(f"cites {', '.join(cited)}")
        for kind, question in dict.fromkeys(FACT.findall(text)):
            table, _, rest = question.partition(" ")  # it asks one table, for one row unless it counts
            if table in changed and (kind == "count" or rest.partition(" ")[0] in changed[table]):
                was, now = [_answer(side, kind, question) for side in (before, after)]
                if was != now:
                    page.append(f"{kind} {question}: {was} → {now}")
    for pool in [turn.newest for turn in changes.pools]:
        also = "read also its question and what_would_change_it in data/comparisons.csv"
        reasons[pool["page"]].append(f"the result of {pool['comparison_id']} moves; {also}")
    for claim in [turn.newest for turn in changes.verdicts]:
        reasons[claim["chapter"].removesuffix(".md")].append(f"the verdict on {claim['claim_id']} changes")
    return {page: why for page, why in reasons.items() if why}


def _studies(table: Table) -> Iterator[str]:
    """Yield the studies that changed rows are about."""
    for row in table.rows:
        for column, value in (*row.key, *[(c.column, v) for c in row.cells for v in (c.before, c.after)]):
            if column in ("study_id", "basis_study_id") or (table.name == REFERENCES and column == "key"):
                yield value
            elif column == "outcome_id":
                yield re.sub(r"-\d+$", "", value)


def _answer(project: Project, kind: str, question: str) -> str:
    try:
        return inline_values.answer(project, kind, question)
    except Exception:  # data that did not pass the check may fail anywhere; the check says where
        return "no answer"
