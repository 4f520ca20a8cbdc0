"""Write words of strangers into Markdown so that they do nothing there.

Every character that could begin markup is written as a numeric reference, which CommonMark never reads as structure,
and a zero-width space follows the signs that GitHub itself looks for afterwards (mentions, issue numbers). See
https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references.
"""

import re
import string
from collections.abc import Mapping, Sequence

SHOWN = 100  # rows of a listing; a pull request's text is bounded
VALUE = 160  # characters of a cell
SPACE = "&#8203;"  # a zero-width space
MARKUP = str.maketrans(
    {sign: f"&#{ord(sign)};" for sign in {*string.punctuation} - {*".,;'%/+=?-"}} | {"\u200b": SPACE}
)
TRIGGER = re.compile(r"(@|#|(?<=GH)-|(?<=gh)-|(?<=://)|(?<=\bwww))")


def safe(text: str, limit: int = VALUE) -> str:
    """Return a stranger's words on one line, as text and nothing else."""
    return TRIGGER.sub("\\1\u200b", one_line(text, limit)).translate(MARKUP)


def one_line(text: str, limit: int) -> str:
    """Return a text without line breaks, control and direction characters, cut to ``limit`` characters."""
    plain = " ".join(text.split())
    if not plain.isprintable():
        plain = "".join(filter(str.isprintable, plain))
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def listing(rows: Sequence[Mapping[str, str]], columns: Sequence[str], empty: str) -> str:
    """Return rows as a table; ``empty`` when there are none."""
    if not rows:
        return f"{empty}\n"
    cells = [[safe(row[column], len(row[column])) for column in columns] for row in rows[:SHOWN]]
    lines = [columns, ["---"] * len(columns), *cells]
    more = f"\nAnd {len(rows) - SHOWN} more, in the tables.\n" if len(rows) > SHOWN else ""
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n" + more


def bullets(lines: Sequence[str]) -> str:
    """Return a list of lines of text."""
    return "".join(f"- {safe(line, len(line))}\n" for line in lines)
