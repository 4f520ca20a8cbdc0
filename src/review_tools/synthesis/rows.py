"""From rows to effects: reads, checks and sizes the rows of a pool, and loses none silently."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from review_tools.data.problems import DataError, Problem, in_order, shorten
from review_tools.data.tables import parse_table
from review_tools.synthesis.effects import Array, Mask, SynthesisError, uninformative
from review_tools.synthesis.measures import MEANS, TWO_ARMS, Measure, measure_named

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
LARGE_G = 3.0  # arms this many SDs apart hardly overlap; an SE read as an SD is the commoner reason

LARGEST = 1e100  # squares of larger numbers overflow


class BadRowsError(SynthesisError):
    """Rows that cannot be pooled as they stand. ``problems`` holds every one of them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that cannot contribute to the pool, and why."""

    label: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """The effects of k studies on the scale of analysis, in the order of their rows.

    ``counts`` holds events_arm1, n_arm1, events_arm2, n_arm2 as a k × 4 array for measures made
    from them, for the Mantel-Haenszel methods. ``warnings`` are for the reader to judge.
    """

    measure: Measure
    effect: Array
    variance: Array
    labels: tuple[str, ...]
    counts: Array | None = None
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[Problem, ...] = ()


def read(path: Path) -> pd.DataFrame:
    """A CSV file as text; the index is the line of the file on which each row starts.

    Raises:
        DataError: the file is missing, not UTF-8 or not CSV.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file → check the name.")
    try:
        return parse_table(path.read_bytes(), path.name)
    except DataError as error:
        raise DataError(str(error).removeprefix("data/")) from error


def effect_sizes(frame: pd.DataFrame, measure: str, source: str = "rows") -> Effects:
    """One effect and variance for each row.

    Args:
        frame: the columns the measure needs (``measures.MEASURES``), as numbers or as text; a
            column ``study`` labels the rows, otherwise the index does. Other columns may stand by.
        measure: RR, OR, RD, PETO, MD, SMD, ROM, PLO, PAS, HR or GEN.
        source: what to call the frame in messages, such as the name of its file.

    Rows without events in either arm, or with an event in everyone, are kept for the risk
    difference and left out, with the reason, of ratios.

    Raises:
        BadRowsError: columns are missing or rows hold values that cannot be right; all at once.
        SynthesisError: no such measure.
    """
    kind = measure_named(measure)
    problems = _header_problems(frame, kind, source)
    if problems:
        raise BadRowsError(problems)
    rows = _Rows(frame, kind, source)
    if rows.problems:
        raise BadRowsError(in_order(rows.problems))
    columns = [rows.cells[column] for column in kind.columns]
    with np.errstate(all="ignore"):  # rows the arithmetic cannot take are named below
        effect, variance = kind.sizes(*columns)
        two_arms = kind.columns == TWO_ARMS
        undefined = np.isnan(effect) & (uninformative(*columns) if two_arms else False)
        usable = np.isfinite(effect) & np.isfinite(variance) & (variance > 0) & np.isfinite(1 / variance)
    rows.report(~usable & ~undefined, "", "the effect or its variance is zero or not finite", "check the numbers")
    if rows.problems:
        raise BadRowsError(in_order(rows.problems))
    labels = rows.labels
    events = columns[0]
    left_out = tuple(
        LeftOut(labels[i], "an event in everyone of both arms" if events[i] else "no event in either arm")
        for i in np.flatnonzero(undefined)
    )
    return Effects(
        measure=kind,
        effect=effect[usable],
        variance=variance[usable],
        labels=tuple(label for label, keep in zip(labels, usable, strict=True) if keep),
        counts=np.column_stack(columns)[usable] if two_arms else None,
        left_out=left_out,
        warnings=tuple(in_order(rows.warnings(effect))),
    )


def _header_problems(frame: pd.DataFrame, kind: Measure, source: str) -> list[Problem]:
    needs = f"{kind.name} needs {', '.join(kind.columns)}"
    held = list(frame.columns)
    missing = [Problem(source, "the column is missing", needs, column=c) for c in kind.columns if c not in held]
    read = dict.fromkeys((*kind.columns, "study", "ci_low", "ci_high"))
    doubled = [Problem(source, "the column stands twice", "keep one", column=c) for c in read if held.count(c) > 1]
    return missing + doubled


class _Rows:
    """The cells a measure needs, as numbers, with everything wrong about them."""

    def __init__(self, frame: pd.DataFrame, kind: Measure, source: str) -> None:
        self.frame, self.kind, self.source = frame, kind, source
        self.cells: dict[str, Array] = {}
        self.problems: list[Problem] = []
        numbered = pd.api.types.is_integer_dtype(frame.index.dtype)
        self.lines = [int(line) for line in frame.index] if numbered else [None] * len(frame)
        index = [f"row {line}" if numbered else str(line) for line in frame.index]
        named = (
            frame["study"].astype("str").where(frame["study"].notna(), "").str.strip() if "study" in frame else index
        )
        self.labels = [shorten(name or place) for name, place in zip(named, index, strict=True)]
        for column in kind.columns:
            self._number(column)
        for rows, column, why, remedy in self._rules():
            self.report(rows, column, why, remedy)

    def report(self, rows: Mask, column: str, why: str, remedy: str) -> None:
        self.problems.extend(self._problem(i, column, why, remedy) for i in np.flatnonzero(rows))

    def _problem(self, i: np.intp, column: str, why: str, remedy: str) -> Problem:
        cell = self.frame[column].iloc[i] if column else ""
        value = "" if pd.isna(cell) else str(cell)
        line, label = self.lines[i], self.labels[i]
        if label != f"row {line}":
            why = f"{why} ({label})"
        return Problem(self.source, why, remedy, row=line, column=column, value=value)

    def _number(self, column: str) -> None:
        cells = self.frame[column]
        values, empty = _numbers(cells)
        self.cells[column] = values
        self.report(empty, column, "empty", "fill it from the source, or take the row out of the file")
        wrong = ~np.isfinite(values) & ~empty
        self.report(wrong, column, "not a number", "write digits only, with a point for decimals")
        huge = np.isfinite(values) & (np.abs(values) > LARGEST)
        self.report(huge, column, "too large to be a result", "check the number in the source")

    def _rules(self) -> Iterator[tuple[Mask, str, str, str]]:
        """What no row of the measure may hold; cells that are no numbers compare as false."""
        values, name = self.cells, self.kind.name
        least = 2 if self.kind.columns == MEANS else 1
        for column, cells in values.items():
            what, _, arm = column.partition("_")
            if what in ("events", "n"):
                whole = np.isfinite(cells) & (cells == np.floor(cells))
                yield np.isfinite(cells) & ~whole, column, "not a whole number", "count people, not shares"
            if what == "n":
                yield cells < least, column, f"less than {least}", "check the size of the arm in the source"
            if what == "events":
                yield cells < 0, column, "less than zero", "check the count in the source"
                n = values[f"n_{arm}"]
                more = (cells > n) & (n >= least)
                yield more, column, "more events than people", "check both numbers in the source"
            if what in ("sd", "se"):
                yield cells <= 0, column, "not above zero", "take the spread from the source, or leave the row out"
            if name == "ROM" and what == "mean":
                yield cells <= 0, column, "not above zero: a ratio of means has no meaning", "use MD or SMD"
            if name == "HR":
                yield cells <= 0, column, "not above zero", "give the ratio itself, not its logarithm"
        if name == "HR":
            narrow = values["ci_low"] >= values["ci_high"]
            yield narrow, "ci_low", "not below ci_high", "check the interval in the source"

    def warnings(self, effect: Array) -> Iterator[Problem]:
        """What can be pooled but looks wrong."""
        if self.kind.name == "SMD":
            for i in np.flatnonzero(np.abs(effect) > LARGE_G):
                why = f"a standardised difference of {effect[i]:.1f} is unusually large"
                yield self._problem(i, "sd_arm1", why, "see whether the source gives SEs instead of SDs")
        if "effect" in self.cells and {"ci_low", "ci_high"} <= set(self.frame.columns):
            value = self.cells["effect"]
            low, no_low = _numbers(self.frame["ci_low"])
            high, no_high = _numbers(self.frame["ci_high"])
            inside = (low <= value) & (value <= high)
            for i in np.flatnonzero(~inside & ~(no_low & no_high)):
                low_text, high_text = self.frame["ci_low"].iloc[i], self.frame["ci_high"].iloc[i]
                why = f"does not lie in its interval, {low_text} to {high_text}"
                yield self._problem(i, "effect", why, "check the three numbers in the source")


def _numbers(cells: pd.Series) -> tuple[Array, Mask]:
    """The cells as numbers (NaN: not one), and which are empty. Text is read strictly: no 1,5, 1_000 or nan."""
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        values = cells.to_numpy(dtype=float, na_value=np.nan)
        return values, np.isnan(values)
    text = cells.astype("str").str.strip()
    empty = (cells.isna() | (text == "")).to_numpy(dtype=bool)
    readable = text.str.fullmatch(NUMBER).fillna(False).to_numpy(dtype=bool) & ~empty
    return pd.to_numeric(text.where(readable)).to_numpy(dtype=float, na_value=np.nan), empty
