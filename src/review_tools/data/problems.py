"""The one form in which anything wrong is reported, and the words that help to mend it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "kappa": "κ", "zeta": "ζ"}  # hard to type
CONFLICT = re.compile(r"^(?:<{7}|>{7}) .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one place, and how to mend it."""

    file: str
    why: str
    remedy: str
    row: int | None = None  # line in the file as an editor counts it, the header is line 1
    column: str = ""
    value: str = ""
    rule: str = field(default="", compare=False)  # the id of the rule that found it

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column:
            place += f", column {self.column}"
        shown = f": {shorten(self.value)!r}" if self.value else ""
        return f"{place}{shown}: {self.why} → {self.remedy}"


class DataError(Exception):
    """The data cannot be read or changed, in problems or sentences for the person who edits them."""

    def __init__(self, *said: Problem | str) -> None:
        super().__init__("\n".join(map(str, said)))
        self.problems = [one for one in said if isinstance(one, Problem)]


def shorten(text: str, limit: int = 80) -> str:
    """Return the text on one line, cut to ``limit`` characters, with control characters made visible."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems by file and row, each once."""
    return sorted(dict.fromkeys(problems), key=lambda one: (one.file, one.row or 0, one.column, one.why))


def line_of(text: str, at: int) -> int:
    """Return the line of a text on which a place lies."""
    return text.count("\n", 0, at) + 1


def merge_marks(file: str, text: str) -> Iterator[Problem]:
    """Yield the conflict markers that git leaves in a file where two changes meet."""
    for mark in CONFLICT.finditer(text):
        row, remedy = line_of(text, mark.start()), "keep what is right, and remove git's markers"
        yield Problem(file, "unresolved merge conflict", remedy, row, "", mark[0])


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return “did you mean X? ” for the one or two words nearest to this one, or nothing where none is near."""
    by_form = {_form(one): one for one in words}
    near = get_close_matches(_form(word), by_form, n=2, cutoff=0.7)
    return f"did you mean {' or '.join(f'“{by_form[one]}”' for one in near)}? " if near else ""


def same_word(word: str, words: Iterable[str]) -> str:
    """Return the one of the words that is this one but for case, accents, blanks, hyphens and quotation marks."""
    return {_form(one): one for one in words}.get(_form(word), "")


def suggestion(remedy: str) -> str | None:
    """Return the one word that ``did_you_mean`` put into a remedy, if it was one."""
    match = re.match(r"did you mean “([^”]+)”\? ", remedy)
    return match and match[1]


def _form(word: str) -> str:
    word = unicodedata.normalize("NFKD", word.casefold())
    for name, letter in GREEK.items():
        word = word.replace(name, letter)
    return re.sub(r"[^\w+<>%/]|_", "", word)
