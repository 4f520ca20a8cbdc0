"""The one form in which anything wrong is reported."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass


class DataError(Exception):
    """The data cannot be read. The message is meant for the person who edits it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one place, and how to mend it."""

    file: str
    why: str
    remedy: str
    row: int | None = None  # line in the file as an editor counts it, the header is line 1
    column: str = ""
    value: str = ""

    def sort_key(self) -> tuple[str, int, str, str]:
        return (self.file, self.row or 0, self.column, self.why)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column:
            place += f", column {self.column}"
        shown = f": {shorten(self.value)!r}" if self.value else ""
        return f"{place}{shown}: {self.why} → {self.remedy}"


def shorten(text: str, limit: int = 80) -> str:
    """Text on one line, cut to ``limit`` characters, with control characters made visible."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Problems by file and row, each once."""
    return sorted(set(problems), key=Problem.sort_key)
