"""What the data say on both sides: pooled results, and verdicts on claims."""

import math
from pathlib import Path

from review_tools.evidence.problems import DataError
from review_tools.evidence.tables import load
from review_tools.living.changes.model import Pool, Result, Verdict
from review_tools.synthesis import claims, comparisons, words
from review_tools.synthesis.comparisons import Answer
from review_tools.synthesis.effects import SynthesisError

# What data that did not pass ``review check`` can bring about.
UNSOUND_DATA = (DataError, SynthesisError, KeyError, ValueError, TypeError, ArithmeticError)
CLOSE = 1e-9  # relative; the same numbers added in another order differ by less


def pools(before: Path, after: Path) -> tuple[tuple[Pool, ...], int, tuple[str, ...]]:
    """Comparisons whose result moved, how many there are, and which could not be computed and why."""
    notes: list[str] = []
    was, now = _answers(before, notes, "before"), _answers(after, notes, "after")
    moved = [
        _pool(name, was.get(name), now.get(name))
        for name in dict.fromkeys((*now, *was))
        if not _same(was.get(name), now.get(name))
    ]
    return tuple(moved), len({*was, *now}), tuple(notes)


def verdicts(before: Path, after: Path) -> tuple[tuple[Verdict, ...], int, tuple[str, ...]]:
    """Claims whose verdict changes, how many there are, and which could not be tested and why."""
    notes: list[str] = []
    was, now = _verdicts(before, notes, "before"), _verdicts(after, notes, "after")
    changed = []
    for name in dict.fromkeys((*now, *was)):
        old, new = was.get(name), now.get(name)
        words_then, words_now = old[1] if old else "", new[1] if new else ""
        told = new or old
        if words_then != words_now and told:
            row, _, because = told
            changed.append(Verdict(name, row["statement"], row["chapter"], words_then, words_now, because))
    return tuple(changed), len({*was, *now}), tuple(notes)


def _answers(root: Path, notes: list[str], side: str) -> dict[str, Answer]:
    found = {}
    for name in _names("comparisons", "comparison_id", root):
        try:
            found[name] = comparisons.answer(name, root=root)
        except UNSOUND_DATA as error:
            notes.append(f"{side}: the comparison {name} cannot be computed: {_first_line(error)}")
    return found


def _verdicts(root: Path, notes: list[str], side: str) -> dict[str, tuple[dict[str, str], str, str]]:
    found = {}
    rows = _claims(root)
    for name in rows:
        row = rows[name]
        try:
            now = claims.verdict(name, root)
        except UNSOUND_DATA as error:
            notes.append(f"{side}: the claim {name} cannot be tested: {_first_line(error)}")
            continue
        found[name] = (row, now.word, now.because)
    return found


def _claims(root: Path) -> dict[str, dict[str, str]]:
    """Statement and chapter of each claim."""
    names = _names("claims", "claim_id", root)
    ledger = load("claims", root).drop_duplicates("claim_id").set_index("claim_id") if names else None
    if ledger is None:
        return {}
    return {name: {part: str(ledger.loc[name, part]) for part in ("statement", "chapter")} for name in names}


def _names(table: str, column: str, root: Path) -> list[str]:
    """The keys of a table; none where the table does not exist or cannot be read (which is noted elsewhere)."""
    try:
        return [str(name) for name in load(table, root)[column].dropna().drop_duplicates()]
    except UNSOUND_DATA:
        return []


def _same(old: Answer | None, new: Answer | None) -> bool:
    if old is None or new is None:
        return False
    a, b = _result(old), _result(new)
    figures = ((a.estimate, b.estimate), (a.ci_low, b.ci_low), (a.ci_high, b.ci_high))
    return (a.k, a.people) == (b.k, b.people) and all(
        x == y if x is None or y is None else math.isclose(x, y, rel_tol=CLOSE, abs_tol=CLOSE) for x, y in figures
    )


def _pool(name: str, old: Answer | None, new: Answer | None) -> Pool:
    told = new or old
    assert told is not None  # noqa: S101 (for the type checker)
    was, now = (tuple(side.entered["outcome_id"]) if side else () for side in (old, new))
    row = told.comparison
    return Pool(
        name,
        str(row["title"]),
        str(row["measure"]),
        f"book/synthesis/{row['page']}",
        _result(old) if old else None,
        _result(new) if new else None,
        entered=tuple(outcome for outcome in now if outcome not in was),
        left=tuple(outcome for outcome in was if outcome not in now),
    )


def _result(answer: Answer) -> Result:
    pooled = answer.pooled
    figures = (pooled.back_estimate, pooled.back_ci_low, pooled.back_ci_high) if pooled else (None, None, None)
    finite = (value if value is not None and math.isfinite(value) else None for value in figures)
    estimate, low, high = finite
    return Result(answer.k, answer.people if pooled else 0, estimate, low, high, words.interval(answer))


def _first_line(error: Exception) -> str:
    return str(error.args[0] if error.args else error).partition("\n")[0]
