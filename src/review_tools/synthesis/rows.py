"""From rows to effects: reads and checks the rows of a pool, and drops none without saying so."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from review_tools.check.plausibility import LARGE
from review_tools.data.problems import DataError, Problem, in_order, shorten
from review_tools.data.tables import parse_table
from review_tools.synthesis.effects import (
    INTERVAL,
    MEANS,
    TWO_ARMS,
    Effects,
    LeftOut,
    Measure,
    Size,
    measure_named,
    rounded,
)

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
LARGEST = 1e15  # within this, and with variances from 1e-30 to 1e30, nothing overflows or vanishes

Finding = tuple[Any, str, str, str]  # which rows (mask), column, what is wrong, remedy


def read(path: Path) -> pd.DataFrame:
    """Read a CSV file as text, indexed by its lines. Raises DataError if it is missing, not UTF-8 or not CSV."""
    if not path.is_file():
        raise DataError(f"{path}: there is no such file → check the name.")
    return parse_table(path.read_bytes(), path.name)


def effect_sizes(frame: pd.DataFrame, measure: str | Measure, source: str = "rows") -> Effects:
    """Return one effect and variance for each row.

    Args:
        frame: the columns the measure needs (``effects.MEASURES``), as numbers or as text; a
            column ``study`` labels the rows, otherwise the index does. Other columns may be there too.
        source: what to call the frame in messages, such as the name of its file.

    Rows without events in either arm, or with an event in everyone, are kept for the risk
    difference and left out, with the reason, of ratios.

    Raises:
        DataError: columns are missing or rows hold values that cannot be right; all at once.
        CannotPoolError: no such measure.
    """
    kind = measure if isinstance(measure, Measure) else measure_named(measure)
    _check_header(list(frame.columns), kind, source)
    if frame.empty:
        return Effects(kind, np.empty(0), np.empty(0), ())
    cells = pd.DataFrame({column: _numbers(frame[column]) for column in kind.columns}, dtype=float)
    _check(_wrong(frame, cells, kind), frame, source)
    why = _uninformative(cells, kind)
    left_out = tuple(LeftOut(*row) for row in zip(_labels(frame), why, strict=True) if row[1])
    frame, cells = frame[why == ""], cells[why == ""]
    effect, variance = np.array([_size(kind, row) for row in cells.to_numpy()], dtype=float).reshape(-1, 2).T
    unusable = ~((np.abs(effect) <= LARGEST) & (variance >= LARGEST**-2) & (variance <= LARGEST**2))
    extreme = "the effect or its variance is too small or too large to calculate with"
    _check([(unusable, "", extreme, "check the numbers")], frame, source)
    return Effects(
        measure=kind,
        effect=effect,
        variance=variance,
        labels=tuple(_labels(frame)),
        counts=cells.to_numpy() if kind.columns == TWO_ARMS else None,
        left_out=left_out,
        warnings=tuple(in_order(_problems(_suspicious(frame, cells, kind, effect), frame, source))),
    )


def _size(kind: Measure, row: np.ndarray) -> Size:
    try:
        effect, variance = kind.size(*row.tolist())
    except (ArithmeticError, ValueError):  # numbers too large or too small to calculate with
        return np.nan, np.nan
    return rounded(effect), rounded(variance)


def _uninformative(cells: pd.DataFrame, kind: Measure) -> pd.Series:
    """Say for each row why it contributes nothing to a ratio of two arms; nothing where it does."""
    why = pd.Series("", index=cells.index)
    if kind.columns == TWO_ARMS and kind.is_ratio:
        events1, n1, events2, n2 = (cells[column] for column in TWO_ARMS)
        why[(events1 == n1) & (events2 == n2)] = "an event in everyone of both arms"
        why[(events1 == 0) & (events2 == 0)] = "no event in either arm"
    return why


def _check_header(held: list[str], kind: Measure, source: str) -> None:
    needs = f"{kind.name} needs {', '.join(kind.columns)}"
    missing = [Problem(source, "the column is missing", needs, column=c) for c in kind.columns if c not in held]
    read = dict.fromkeys((*kind.columns, "study", "ci_low", "ci_high"))
    doubled = [Problem(source, "the column stands twice", "keep one", column=c) for c in read if held.count(c) > 1]
    if missing or doubled:
        raise DataError(*in_order(missing + doubled))


def _check(findings: Iterable[Finding], frame: pd.DataFrame, source: str) -> None:
    if problems := _problems(findings, frame, source):
        raise DataError(*in_order(problems))


def _problems(findings: Iterable[Finding], frame: pd.DataFrame, source: str) -> list[Problem]:
    """Report each row of each finding with its line (where the index is one), study, column and value."""
    problems = []
    for mask, column, why, remedy in findings:
        for i in np.flatnonzero(mask).tolist():
            label, line = _labels(frame)[i], int(frame.index[i]) if _numbered(frame) else None
            cell = frame[column].iloc[i] if column else None
            about = why if label == f"row {line}" else f"{why} ({label})"
            problems.append(Problem(source, about, remedy, line, column, "" if pd.isna(cell) else str(cell)))
    return problems


def _labels(frame: pd.DataFrame) -> list[str]:
    places = [f"row {line}" if _numbered(frame) else str(line) for line in frame.index]
    names = frame["study"].fillna("").astype(str).str.strip() if "study" in frame else places
    return [shorten(name or place) for name, place in zip(names, places, strict=True)]


def _numbered(frame: pd.DataFrame) -> bool:
    return pd.api.types.is_integer_dtype(frame.index.dtype)


def _numbers(cells: pd.Series) -> pd.Series:
    """Return the cells as numbers, NaN where one is empty or none. Text is read strictly: no 1,5, 1_000 or nan."""
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        return cells.astype(float)
    text = cells.astype(str).str.strip()
    return pd.to_numeric(text.where(text.str.fullmatch(NUMBER))).astype(float)


def _empty(cells: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(cells):
        return cells.isna()
    return cells.isna() | (cells.astype(str).str.strip() == "")


def _wrong(frame: pd.DataFrame, cells: pd.DataFrame, kind: Measure) -> Iterator[Finding]:
    """Yield what no row of the measure may hold; cells that are not numbers compare as false."""
    least = 2 if kind.columns == MEANS else 1
    for column in kind.columns:
        values = cells[column].to_numpy()
        what, _, arm = column.partition("_")
        empty, finite = _empty(frame[column]).to_numpy(), np.isfinite(values)
        yield empty, column, "empty", "fill it from the source, or take the row out of the file"
        yield ~finite & ~empty, column, "not a number", "write digits only, with a point for decimals"
        yield finite & (np.abs(values) > LARGEST), column, "too large to be a result", "check the number in the source"
        if what in ("events", "n"):
            yield finite & (values % 1 != 0), column, "not a whole number", "count people, not shares"
        if what == "n":
            yield values < least, column, f"less than {least}", "check the size of the arm in the source"
        if what == "events":
            n = cells[f"n_{arm}"].to_numpy()
            yield values < 0, column, "less than zero", "check the count in the source"
            yield (values > n) & (n >= least), column, "more events than people", "check both numbers in the source"
        if what in ("sd", "se"):
            yield values <= 0, column, "not above zero", "take the spread from the source, or leave the row out"
        if kind.columns == INTERVAL and kind.is_ratio:
            yield values <= 0, column, "not above zero", "give the ratio itself, not its logarithm"
    if kind.columns == INTERVAL:
        narrow = cells["ci_low"] >= cells["ci_high"]
        yield narrow, "ci_low", "not below ci_high", "check the interval in the source"


def _suspicious(frame: pd.DataFrame, cells: pd.DataFrame, kind: Measure, effect: np.ndarray) -> Iterator[Finding]:
    """Yield what can be pooled but looks wrong."""
    place = np.arange(len(frame))
    if kind.name == "SMD":
        for i in np.flatnonzero(np.abs(effect) > LARGE):
            why = f"a standardised difference of {effect[i]:.1f} is unusually large"
            yield place == i, "sd_arm1", why, "see whether the source gives SEs instead of SDs"
    if "effect" in cells and {"ci_low", "ci_high"} <= set(frame.columns):
        low, high = _numbers(frame["ci_low"]), _numbers(frame["ci_high"])
        none = _empty(frame["ci_low"]) & _empty(frame["ci_high"])
        for i in np.flatnonzero(~none & ~((low <= cells["effect"]) & (cells["effect"] <= high))):
            why = f"does not lie in its interval, {frame['ci_low'].iloc[i]} to {frame['ci_high'].iloc[i]}"
            yield place == i, "effect", why, "check the three numbers in the source"
