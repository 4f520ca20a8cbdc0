"""What the data say on both sides: pooled results, and verdicts on claims."""

import math

from review_tools.changes.model import Pool, PoolState, Result, Verdict, VerdictState
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.synthesis import claims, comparisons, words
from review_tools.synthesis.comparisons import Answer
from review_tools.synthesis.effects import SynthesisError

# What data that did not pass ``review check`` can bring about.
UNSOUND_DATA = (DataError, SynthesisError, KeyError, ValueError, TypeError, ArithmeticError)
CLOSE = 1e-9  # relative; the same numbers added in another order differ by less


def pool_states(project: Project) -> tuple[dict[str, PoolState], list[str]]:
    """Every declared comparison as the code at hand computes it, and which cannot be computed and why."""
    found, notes = {}, []
    for name in _names(project, "comparisons", "comparison_id"):
        try:
            found[name] = _state(comparisons.answer(project, name))
        except UNSOUND_DATA as error:
            notes.append(f"the comparison {name} cannot be computed: {_first_line(error)}")
    return found, notes


def verdict_states(project: Project) -> tuple[dict[str, VerdictState], list[str]]:
    """Every claim as the code at hand tests it, and which cannot be tested and why."""
    found, notes = {}, []
    for name, row in _claims(project).items():
        try:
            now = claims.verdict(project, name)
        except UNSOUND_DATA as error:
            notes.append(f"the claim {name} cannot be tested: {_first_line(error)}")
            continue
        found[name] = VerdictState(name, row["statement"], row["chapter"], now.word, now.because)
    return found, notes


def pools(was: dict[str, PoolState], now: dict[str, PoolState]) -> tuple[Pool, ...]:
    """Comparisons whose result moved."""
    return tuple(
        _pool(was.get(name), now.get(name))
        for name in dict.fromkeys((*now, *was))
        if not _same(was.get(name), now.get(name))
    )


def verdicts(was: dict[str, VerdictState], now: dict[str, VerdictState]) -> tuple[Verdict, ...]:
    """Claims whose verdict changes."""
    changed = []
    for name in dict.fromkeys((*now, *was)):
        told = now.get(name) or was[name]
        then, today = (side[name].verdict if name in side else "" for side in (was, now))
        if then != today:
            changed.append(Verdict(name, told.statement, told.chapter, then, today, told.because))
    return tuple(changed)


def _claims(project: Project) -> dict[str, dict[str, str]]:
    """Statement and chapter of each claim."""
    names = _names(project, "claims", "claim_id")
    ledger = project.table("claims").drop_duplicates("claim_id").set_index("claim_id") if names else None
    if ledger is None:
        return {}
    return {name: {part: str(ledger.loc[name, part]) for part in ("statement", "chapter")} for name in names}


def _names(project: Project, table: str, column: str) -> list[str]:
    """The keys of a table; none where the table does not exist or cannot be read (which is noted elsewhere)."""
    try:
        return [str(name) for name in project.table(table)[column].dropna().drop_duplicates()]
    except UNSOUND_DATA:
        return []


def _same(old: PoolState | None, new: PoolState | None) -> bool:
    if old is None or new is None:
        return False
    a, b = old.result, new.result
    figures = ((a.estimate, b.estimate), (a.ci_low, b.ci_low), (a.ci_high, b.ci_high))
    return (a.k, a.people) == (b.k, b.people) and all(
        x == y if x is None or y is None else math.isclose(x, y, rel_tol=CLOSE, abs_tol=CLOSE) for x, y in figures
    )


def _pool(old: PoolState | None, new: PoolState | None) -> Pool:
    told = new or old
    assert told is not None  # noqa: S101 (for the type checker)
    was, now = (side.outcomes if side else () for side in (old, new))
    return Pool(
        told.comparison_id,
        told.title,
        told.measure,
        told.page,
        old.result if old else None,
        new.result if new else None,
        entered=tuple(outcome for outcome in now if outcome not in was),
        left=tuple(outcome for outcome in was if outcome not in now),
    )


def _state(answer: Answer) -> PoolState:
    row = answer.comparison
    title, measure, page = (str(row[part]) for part in ("title", "measure", "page"))
    outcomes = tuple(map(str, answer.entered["outcome_id"]))
    return PoolState(str(row["comparison_id"]), title, measure, f"book/synthesis/{page}", _result(answer), outcomes)


def _result(answer: Answer) -> Result:
    pooled = answer.pooled
    figures = pooled.back if pooled else (None, None, None)
    finite = (value if value is not None and math.isfinite(value) else None for value in figures)
    estimate, low, high = finite
    return Result(answer.k, answer.people if pooled else 0, estimate, low, high, words.interval(pooled))


def _first_line(error: Exception) -> str:
    return str(error.args[0] if error.args else error).partition("\n")[0]
