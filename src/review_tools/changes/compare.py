"""Compare two states of the review: rows, pooled results, verdicts on claims, pages.

Of two projects only what can differ is worked out: a table whose file is the same byte for byte is not read, and a
comparison whose rows are the same is not pooled.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd

from review_tools.changes.model import (
    ADDED,
    CHANGED,
    REFERENCES,
    REMOVED,
    Cell,
    Changes,
    Pool,
    Row,
    Sheet,
    Table,
    Turn,
    Verdict,
)
from review_tools.changes.pages import affected
from review_tools.changes.state import UNSOUND_DATA, State, ids, snapshot, whole
from review_tools.data import bibliography, git
from review_tools.data.problems import DataError
from review_tools.data.project import MARKER, Project, share
from review_tools.data.versions import snapshot_file
from review_tools.synthesis import comparisons

PARTS = ("data", "book", "references.bib")
T = TypeVar("T")
CLOSE = 1e-9  # relative; the same numbers added in another order differ by less


def compared(project: Project, base: str, head: str | None = None) -> Changes:
    """Find what ``head`` changes in the review since it left ``base``. The repository is only read.

    Each is a folder, a git revision, or the number of a released version; ``head`` None is the project as it stands.
    Of two revisions that have grown apart, the base is where they parted, so that what others did since is not taken
    for a removal. With a version only what its snapshot holds is compared.

    Raises:
        DataError: a side is none of these, or holds no review.
    """
    try:
        versions = [bool(side and project.has(snapshot_file(side))) for side in (base, head)]
        if any(versions):
            sides = [
                snapshot(project, str(side)) if version else whole(*_side(project, side, None))
                for side, version in zip((base, head), versions, strict=True)
            ]
            return between(sides[0], sides[1])
        fork = _fork(project, base, head)
        (before, old), (after, new) = _side(project, base, fork), _side(project, head, None)
        return compare(before, after, (old, new))
    except git.GitError as error:
        raise DataError(str(error)) from error
    except FileNotFoundError as error:
        raise DataError(f"No review to compare: {error}") from error


def _fork(project: Project, base: str, head: str | None) -> str | None:
    """Where the two parted; None when one of them is a folder, or the newer side is an ancestor of the older."""
    if Path(base).is_dir() or (head is not None and Path(head).is_dir()):
        return None
    old, new = git.commit(project.root, base), git.commit(project.root, head or "HEAD")
    try:
        parted = git.run(project.root, "merge-base", old, new).decode().strip()
    except git.GitError:
        return None  # nothing in common: compared as they are
    return None if head is not None and parted == new else parted


def _side(project: Project, side: str | None, instead: str | None) -> tuple[Project, str]:
    """Open a side; a revision's files are read into memory, and nothing it holds is acted on."""
    if side is None:
        return project, "the working tree"
    if Path(side).is_dir():
        return Project(Path(side)), side
    sha = git.commit(project.root, side)
    parted = f", where they parted: {instead[:9]}" if instead and instead != sha else ""
    contents = {str(path): content for path, content in git.files(project.root, instead or sha, *PARTS)}
    if MARKER not in contents:
        raise FileNotFoundError(f"{sha[:9]} holds no {MARKER}.")
    return Project.of_files(project.root, contents), f"{side} ({sha[:9]}{parted})"


def compare(before: Project, after: Project, names: tuple[str, str] = ("before", "after")) -> Changes:
    """Find what ``after`` changes in the review that ``before`` holds.

    Pools and verdicts of both sides are computed by the code at hand, so that only the data differ. What cannot
    be read or computed on one side is said in ``notes``, never left out in silence.

    Args:
        names: what to call the two sides.

    Raises:
        DataError: the ``datapackage.json`` of a side cannot be read.
    """
    differing = _differing(before, after)
    before = after.with_files(differing)  # shares with the newer side what both have
    names_of_tables = _either(before.schema, (*after.schema, REFERENCES))
    touched = [name for name in names_of_tables if {_file(before, name), _file(after, name)} & differing.keys()]
    same_data = not touched and MARKER not in differing
    declared, stated = [[ids(side, table) for side in (before, after)] for table in ("comparisons", "claims")]
    names_of_pools = _either(*declared)
    same = [name for name in names_of_pools if same_data or _same_rows(before, after, name)]
    old, new = State(names[0]), State(names[1])
    for side, state, pools, verdicts in zip((after, before), (new, old), declared[::-1], stated[::-1], strict=True):
        state.read(side, touched)
        state.compute(side, [name for name in pools if name not in same], [] if same_data else verdicts)
        share(comparisons.answer, after, before, same)
    found = between(old, new, (len(names_of_pools), len(_either(*stated))))
    return found.with_pages(affected(before, after, found, differing))


def _differing(before: Project, after: Project) -> dict[str, bytes | None]:
    """The files that are not the same on both sides, as the older one has them; None: not there."""
    old, new = [
        {name: side.read(name) for folder in ("data", "book") for name in side.files(folder)}
        | ({bibliography.FILE: side.read(bibliography.FILE)} if side.has(bibliography.FILE) else {})
        for side in (before, after)
    ]
    return {name: old.get(name) for name in sorted({*old, *new}) if old.get(name) != new.get(name)}


def between(before: State, after: State, compared: tuple[int, int] | None = None) -> Changes:
    """Find what one state changes against another. Pages are not compared.

    Args:
        compared: how many pooled results and verdicts there are, where the states do not hold those that are the same.
    """
    names = [name for name in _either(before.tables, after.tables) if name not in before.unreadable | after.unreadable]
    tables = [_table(name, before.tables.get(name), after.tables.get(name)) for name in names]
    pools: list[Turn[Pool]] = _turns(before.pools, after.pools)
    verdicts: list[Turn[Verdict]] = _turns(before.verdicts, after.verdicts)
    counts = compared or (len(pools), len(verdicts))
    return Changes(
        before.name,
        after.name,
        tuple([table for table in tables if table.rows or table.columns_added or table.columns_removed]),
        tuple([turn for turn in pools if not _same_result(turn)]),
        counts[0],
        tuple([turn for turn in verdicts if not _same_verdict(turn)]),
        counts[1],
        notes=tuple([f"{side.name}: {note}" for side in (before, after) for note in side.notes]),
    )


def _either(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """Names of either side: those that went, then the newer side's in its order."""
    newer = list(after)
    return [*[name for name in before if name not in newer], *newer]


def _file(project: Project, table: str) -> str:
    if table == REFERENCES:
        return bibliography.FILE
    return project.file_of(table) if table in project.schema else ""


# Rows


def _table(name: str, before: Sheet | None, after: Sheet | None) -> Table:
    newest = after or before
    assert newest is not None  # noqa: S101 (for the type checker)
    empty = pd.DataFrame(columns=list(newest.key), dtype="str")
    old, new = [side.rows if side else empty for side in (before, after)]
    had, has = list(map(str, old.columns)), list(map(str, new.columns))
    was, now = _by_key(old, newest.key), _by_key(new, newest.key)
    removed = [_row(REMOVED, newest, key, (had, row), ([], ())) for key, row in was.items() if key not in now]
    changed = [
        _row(CHANGED, newest, key, (had, was[key]), (has, row))
        for key, row in now.items()
        if key in was and (row != was[key] or had != has)
    ]
    added = [_row(ADDED, newest, key, ([], ()), (has, row)) for key, row in now.items() if key not in was]
    return Table(
        name,
        newest.title,
        len(old),
        len(new),
        columns_added=tuple([column for column in has if column not in had]),
        columns_removed=tuple([column for column in had if column not in has]) if after else (),
        # A loss must not hide behind what is new.
        rows=(*removed, *[row for row in changed if row.cells], *added),
    )


def _row(
    kind: str,
    sheet: Sheet,
    key: tuple[str, ...],
    before: tuple[Sequence[str], Sequence[str]],
    after: tuple[Sequence[str], Sequence[str]],
) -> Row:
    was, now = [dict(zip(columns, cells, strict=True)) for columns, cells in (before, after)]
    # A column that is gone from a table is told once, for the table.
    columns = [column for column in was if kind == REMOVED or column in now] + [name for name in now if name not in was]
    cells = [Cell(column, was.get(column, ""), now.get(column, "")) for column in columns]
    differing = tuple([cell for cell in cells if cell.before != cell.after])
    return Row(kind, tuple(zip(sheet.key, key, strict=True)), differing, sheet.only_grows and kind != ADDED)


def _by_key(frame: pd.DataFrame, key: tuple[str, ...]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Rows by key; a key that stands twice (``review check`` refuses it) gets a number, so that no row is lost."""
    parts = [list(frame[column]) if column in frame.columns else [""] * len(frame) for column in key]
    seen: Counter[tuple[str, ...]] = Counter()
    found = {}
    for name, row in zip(zip(*parts, strict=True), frame.itertuples(index=False, name=None), strict=True):
        seen[name] += 1
        found[name if seen[name] == 1 else (*name[:-1], f"{name[-1]} (no. {seen[name]})")] = row
    return found


# Pooled results and verdicts


def _turns(before: dict[str, T], after: dict[str, T]) -> list[Turn[T]]:
    return [Turn(before.get(name), after.get(name)) for name in _either(before, after)]


def _same_rows(before: Project, after: Project, name: str) -> bool:
    """Whether a comparison is declared alike on both sides and has the same rows: then its result is the same."""
    try:
        sides = [comparisons.declared(side, name) for side in (before, after)]
    except UNSOUND_DATA:
        return False
    return all(was.equals(now) for was, now in zip(*sides, strict=True))


def _same_result(turn: Turn[Pool]) -> bool:
    if turn.before is None or turn.after is None:
        return False
    a, b = turn.before.result, turn.after.result
    figures = [(a.estimate, b.estimate), (a.ci_low, b.ci_low), (a.ci_high, b.ci_high)]
    return (a.k, a.people) == (b.k, b.people) and all(
        x == y if x is None or y is None else math.isclose(x, y, rel_tol=CLOSE, abs_tol=CLOSE) for x, y in figures
    )


def _same_verdict(turn: Turn[Verdict]) -> bool:
    return bool(turn.before and turn.after and turn.before.verdict == turn.after.verdict)
