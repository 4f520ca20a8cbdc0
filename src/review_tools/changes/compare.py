"""Compare two states of the review: rows, pooled results, verdicts on claims, and the chapters to read again.

A comparison whose rows and judgements are the same in two projects has the same result, and is not pooled.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from review_tools.changes import state
from review_tools.changes.model import ADDED, CHANGED, REMOVED, Cell, Changes, Row, Table, Turn
from review_tools.changes.prose import to_read
from review_tools.changes.state import UNSOUND_DATA, Pool, Sheet, State, Verdict
from review_tools.data import bibliography, git
from review_tools.data.problems import DataError
from review_tools.data.project import MARKER, Project, share, snapshot_file
from review_tools.synthesis import certainty, comparisons

PARTS = ("data", "book", bibliography.FILE)
CLOSE = 1e-9  # relative; the same numbers added in another order differ by less
Result = TypeVar("Result")


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
    """Find what ``after`` changes in the review that ``before`` holds.

    Pools and verdicts of both sides are computed by the code at hand, so that only the data differ. What cannot
    be read or computed on one side is said in ``notes``, never left out in silence.

    Args:
        names: what to call the two sides.

    Raises:
        DataError: the ``datapackage.json`` of a side cannot be read.
    """
    differing = _differing(before, after)
    works = bibliography.FILE in differing
    new = state.read(after, names[1], works=works)
    before = after.with_files(differing)  # shares with the newer side what both have
    old = state.read(before, names[0], works=works)
    if any(not file.startswith("book/") for file in differing):
        judged = any(before.file_of(table) in differing for table in certainty.TABLES if table in before.schema)
        same = [name for name in old.keys("comparisons") if _same_rows(before, after, name, judged)]
        new.compute(after, [name for name in new.keys("comparisons") if name not in same], new.keys("claims"))
        share(comparisons.answer, after, before, same)
        share(certainty.certainty, after, before, same)
        old.compute(before, [name for name in old.keys("comparisons") if name not in same], old.keys("claims"))
    changes = between(old, new)
    return replace(changes, chapters=to_read(before, after, changes, differing))


def _differing(before: Project, after: Project) -> dict[str, bytes | None]:
    """Return the files that are not the same on both sides, as the older one has them; None: not there."""
    old, new = [
        {name: side.read(name) for folder in ("data", "book") for name in side.files(folder)}
        | ({bibliography.FILE: side.read(bibliography.FILE)} if side.has(bibliography.FILE) else {})
        for side in (before, after)
    ]
    return {name: old.get(name) for name in sorted({*old, *new}) if old.get(name) != new.get(name)}


def _same_rows(before: Project, after: Project, name: str, judged: bool) -> bool:
    """Say whether a comparison is declared alike on both sides, has the same rows, and the same was judged of it.

    Args:
        judged: whether judgements differ anywhere; if not, nobody looks for them.
    """
    try:
        sides: list[tuple[Any, ...]] = [comparisons.declared(side, name) for side in (before, after)]
        if judged:
            sides = [(*rows, *certainty.inputs(side, name)) for rows, side in zip(sides, (before, after), strict=True)]
    except UNSOUND_DATA:
        return False
    return all(was.equals(now) for was, now in zip(*sides, strict=True))


def between(before: State, after: State) -> Changes:
    """Find what one state changes against another in tables, pooled results and verdicts."""
    names = [name for name in _either(before.tables, after.tables) if name not in before.unreadable | after.unreadable]
    tables = [_table(name, before.tables.get(name), after.tables.get(name)) for name in names]
    pools: list[Turn[Pool]] = _pairs(before.pools, after.pools)
    verdicts: list[Turn[Verdict]] = _pairs(before.verdicts, after.verdicts)
    return Changes(
        before.name,
        after.name,
        tuple(filter(None, tables)),
        tuple([turn for turn in pools if _moves(turn.before, turn.after)]),
        len({*before.keys("comparisons"), *after.keys("comparisons")}),
        tuple([turn for turn in verdicts if _turns(turn.before, turn.after)]),
        len({*before.keys("claims"), *after.keys("claims")}),
        notes=tuple([f"{side.name}: {note}" for side in (before, after) for note in side.notes]),
    )


def _either(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """Return the names of either side: those that went, then the newer side's in its order."""
    newer = list(after)
    return [*[name for name in before if name not in newer], *newer]


def _pairs(before: dict[str, Result], after: dict[str, Result]) -> list[Turn[Result]]:
    return [Turn(before.get(name), after.get(name)) for name in _either(before, after)]


Cells = dict[str, str]  # of one row: column to value


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
    columns = [
        *[column for column in was if kind == REMOVED or column in now],
        *[name for name in now if name not in was],
    ]
    cells = [Cell(column, was.get(column, ""), now.get(column, "")) for column in columns]
    differing = tuple([cell for cell in cells if cell.before != cell.after])
    return Row(kind, tuple(zip(sheet.key, key, strict=True)), differing, sheet.only_grows and kind != ADDED)


def _by_key(sheet: Sheet, key: tuple[str, ...]) -> dict[tuple[str, ...], Cells]:
    """Return rows by key; one that stands twice (``review check`` refuses it) gets a number, so that no row is lost."""
    columns = [list(sheet.rows.get(column, [""] * len(sheet.rows))) for column in key]
    records: Any = sheet.rows.to_dict("records")
    seen: Counter[tuple[str, ...]] = Counter()
    rows: dict[tuple[str, ...], Cells] = {}
    for name, row in zip(zip(*columns, strict=True), records, strict=True):
        seen[name] += 1
        rows[name if seen[name] == 1 else (*name[:-1], f"{name[-1]} (no. {seen[name]})")] = row
    return rows


def _moves(before: Pool | None, after: Pool | None) -> bool:
    """Say whether a pooled result is another, or how sure it is; where a side has no certainty, that is no change."""
    if before is None or after is None:
        return True
    if "certainty" in before and "certainty" in after and before["certainty"] != after["certainty"]:
        return True
    a, b = before["result"], after["result"]
    figures = [(a["estimate"], b["estimate"]), (a["ci_low"], b["ci_low"]), (a["ci_high"], b["ci_high"])]
    return (a["k"], a["people"]) != (b["k"], b["people"]) or any(
        x != y if x is None or y is None else not math.isclose(x, y, rel_tol=CLOSE, abs_tol=CLOSE) for x, y in figures
    )


def _turns(before: Verdict | None, after: Verdict | None) -> bool:
    return before is None or after is None or before["verdict"] != after["verdict"]
