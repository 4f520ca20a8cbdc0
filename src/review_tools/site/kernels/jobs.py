"""What is asked of a kernel, and what comes back."""

from dataclasses import dataclass, field
from typing import Any

Output = dict[str, Any]  # one output of a cell, as nbformat writes it


@dataclass(frozen=True)
class Cell:
    """One code cell: its number in the chapter, its text, and whether it may fail."""

    index: int
    source: str
    may_fail: bool = False


@dataclass(frozen=True)
class Job:
    """One chapter to run. ``timeout`` holds for each cell, in seconds; None waits for ever."""

    name: str
    folder: str
    cells: tuple[Cell, ...]
    timeout: float | None


@dataclass(frozen=True)
class Ran:
    """What one cell gave."""

    count: int | None
    outputs: list[Output]


@dataclass(frozen=True)
class Observed:
    """What a chapter rested on: files with their digests, dates it asked for, and what no one can vouch for."""

    files: dict[str, str] = field(default_factory=dict)
    days: list[str] = field(default_factory=list)
    unmanaged: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Failure:
    """Which cell failed and how; ``index`` is None when it is not known."""

    index: int | None
    why: str
    traceback: str = ""


@dataclass(frozen=True)
class Outcome:
    """A chapter that has run."""

    job: Job
    seconds: float
    cells: dict[int, Ran]
    observed: Observed
    failure: Failure | None = None
