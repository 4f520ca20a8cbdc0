"""From rows to effects: reads and checks the rows of a pool, and drops none without saying so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

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
    SynthesisError,
    difference_from_interval,
    measure_named,
    ratio_from_interval,
)

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
LARGE_G = 3.0  # arms this many SDs apart hardly overlap; an SE read as an SD is the commoner reason
LARGEST = 1e15  # within this, and with variances from 1e-30 to 1e30, nothing overflows or vanishes

Finding = tuple[Any, str, str, str]  # which rows (mask), column, what is wrong, remedy


class BadRowsError(SynthesisError):
    """Rows that cannot be pooled as they stand. ``problems`` holds every one of them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, in_order(problems))))
        self.problems = in_order(problems)


def read(path: Path) -> pd.DataFrame:
    """Read a CSV file as text; the index is the line of the file on which each row starts.

    Raises:
        DataError: the file is missing, not UTF-8 or not CSV.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file → check the name.")
    return parse_table(path.read_bytes(), path.name)


def effect_sizes(frame: pd.DataFrame, measure: str, source: str = "rows") -> Effects:
    """Return one effect and variance for each row.

    Args:
        frame: the columns the measure needs (``effects.MEASURES``), as numbers or as text; a
            column ``study`` labels the rows, otherwise the index does. Other columns may be there too.
        measure: one of ``effects.MEASURES``.
        source: what to call the frame in messages, such as the name of its file.

    Rows without events in either arm, or with an event in everyone, are kept for the risk
    difference and left out, with the reason, of ratios.

    Raises:
        BadRowsError: columns are missing or rows hold values that cannot be right; all at once.
        SynthesisError: no such measure.
    """
    return _effects(frame, measure_named(measure), source)


def _effects(frame: pd.DataFrame, kind: Measure, source: str) -> Effects:
    _check_header(list(frame.columns), kind, source)
    cells = pd.DataFrame({column: _numbers(frame[column]) for column in kind.columns}, dtype=float)
    _check(_wrong(frame, cells, kind), frame, source)
    labels, silent = _labels(frame), _uninformative(cells, kind)
    informative = (silent == "").to_numpy()
    frame, cells = frame[informative], cells[informative]
    effect, variance = np.array([_size(kind, row) for row in cells.to_numpy()], dtype=float).reshape(-1, 2).T
    unusable = ~((np.abs(effect) <= LARGEST) & (variance >= LARGEST**-2) & (variance <= LARGEST**2))
    _check(
        [(unusable, "", "the effect or its variance is too small or too large to calculate with", "check the numbers")],
        frame,
        source,
    )
    return Effects(
        measure=kind,
        effect=effect,
        variance=variance,
        labels=tuple(_labels(frame)),
        counts=cells.to_numpy() if kind.columns == TWO_ARMS else None,
        left_out=tuple(LeftOut(label, why) for label, why in zip(labels, silent, strict=True) if why),
        warnings=tuple(in_order(_problems(_suspicious(frame, cells, kind, effect), frame, source))),
    )


def printed_effects(frame: pd.DataFrame, measure: Measure) -> Effects:
    """Return the effects that rows print with their intervals, as effects of a measure.

    Raises:
        BadRowsError: a row holds values that cannot be right.
    """
    size = ratio_from_interval if measure.is_ratio else difference_from_interval
    interval = Measure(measure.name, measure.title, INTERVAL, size, measure.scale)
    found = _effects(frame, interval, "rows")
    return Effects(measure, found.effect, found.variance, found.labels, warnings=found.warnings)


def _uninformative(cells: pd.DataFrame, kind: Measure) -> pd.Series:
    """Say for each row why it contributes nothing to a ratio of two arms; nothing where it does."""
    why = pd.Series("", index=cells.index)
    if kind.columns == TWO_ARMS and kind.is_ratio:
        events1, n1, events2, n2 = (cells[column] for column in TWO_ARMS)
        why[(events1 == n1) & (events2 == n2)] = "an event in everyone of both arms"
        why[(events1 == 0) & (events2 == 0)] = "no event in either arm"
    return why


def _size(kind: Measure, row: np.ndarray) -> Size:
    try:
        return kind.size(*row.tolist())
    except (ArithmeticError, ValueError):  # numbers too large or too small to calculate with
        return np.nan, np.nan


def _check_header(held: list[str], kind: Measure, source: str) -> None:
    needs = f"{kind.name} needs {', '.join(kind.columns)}"
    missing = [Problem(source, "the column is missing", needs, column=c) for c in kind.columns if c not in held]
    read = dict.fromkeys((*kind.columns, "study", "ci_low", "ci_high"))
    doubled = [Problem(source, "the column stands twice", "keep one", column=c) for c in read if held.count(c) > 1]
    if missing or doubled:
        raise BadRowsError(missing + doubled)


def _check(findings: Iterator[Finding] | list[Finding], frame: pd.DataFrame, source: str) -> None:
    if problems := _problems(findings, frame, source):
        raise BadRowsError(problems)


def _problems(findings: Iterator[Finding] | list[Finding], frame: pd.DataFrame, source: str) -> list[Problem]:
    """Report each row of each finding with its line (where the index is one), study, column and value."""
    numbered = pd.api.types.is_integer_dtype(frame.index.dtype)
    labels: list[str] = []
    problems = []
    for mask, column, why, remedy in findings:
        for i in np.flatnonzero(mask).tolist():
            labels = labels or _labels(frame)
            line = int(frame.index[i]) if numbered else None
            cell = frame[column].iloc[i] if column else None
            about = why if labels[i] == f"row {line}" else f"{why} ({labels[i]})"
            problems.append(Problem(source, about, remedy, line, column, "" if pd.isna(cell) else str(cell)))
    return problems


def _labels(frame: pd.DataFrame) -> list[str]:
    numbered = pd.api.types.is_integer_dtype(frame.index.dtype)
    places = [f"row {line}" if numbered else str(line) for line in frame.index]
    names = frame["study"].fillna("").astype(str).str.strip() if "study" in frame else places
    return [shorten(name or place) for name, place in zip(names, places, strict=True)]


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
    """What no row of the measure may hold; cells that are no numbers compare as false."""
    least = 2 if kind.columns == MEANS else 1
    for column in kind.columns:
        values = cells[column].to_numpy()
        what, _, arm = column.partition("_")
        empty = _empty(frame[column]).to_numpy()
        yield empty, column, "empty", "fill it from the source, or take the row out of the file"
        unreadable = ~np.isfinite(values) & ~empty
        yield unreadable, column, "not a number", "write digits only, with a point for decimals"
        huge = np.isfinite(values) & (np.abs(values) > LARGEST)
        yield huge, column, "too large to be a result", "check the number in the source"
        if what in ("events", "n"):
            broken = np.isfinite(values) & (values % 1 != 0)
            yield broken, column, "not a whole number", "count people, not shares"
        if what == "n":
            yield values < least, column, f"less than {least}", "check the size of the arm in the source"
        if what == "events":
            n = cells[f"n_{arm}"].to_numpy()
            yield values < 0, column, "less than zero", "check the count in the source"
            yield (values > n) & (n >= least), column, "more events than people", "check both numbers in the source"
        if what in ("sd", "se"):
            yield values <= 0, column, "not above zero", "take the spread from the source, or leave the row out"
        if kind.columns == INTERVAL:
            wrong = (values <= 0) & kind.is_ratio
            yield wrong, column, "not above zero", "give the ratio itself, not its logarithm"
    if kind.columns == INTERVAL:
        narrow = cells["ci_low"] >= cells["ci_high"]
        yield narrow, "ci_low", "not below ci_high", "check the interval in the source"


def _suspicious(frame: pd.DataFrame, cells: pd.DataFrame, kind: Measure, effect: np.ndarray) -> Iterator[Finding]:
    """What can be pooled but looks wrong."""
    if kind.name == "SMD":
        for i in np.flatnonzero(np.abs(effect) > LARGE_G):
            why = f"a standardised difference of {effect[i]:.1f} is unusually large"
            yield np.arange(len(frame)) == i, "sd_arm1", why, "see whether the source gives SEs instead of SDs"
    if "effect" in cells and {"ci_low", "ci_high"} <= set(frame.columns):
        low, high = _numbers(frame["ci_low"]), _numbers(frame["ci_high"])
        none = _empty(frame["ci_low"]) & _empty(frame["ci_high"])
        outside = ~none & ~((low <= cells["effect"]) & (cells["effect"] <= high))
        for i in np.flatnonzero(outside):
            why = f"does not lie in its interval, {frame['ci_low'].iloc[i]} to {frame['ci_high'].iloc[i]}"
            yield np.arange(len(frame)) == i, "effect", why, "check the three numbers in the source"
