"""Markdown for a pull request, in which all text from outside is escaped."""

import re
from collections.abc import Mapping, Sequence

SHOWN = 100  # rows of a listing; a pull request's text is bounded


def listing(rows: Sequence[Mapping[str, str]], columns: Sequence[str], empty: str) -> str:
    """Return rows as a table; ``empty`` when there are none."""
    if not rows:
        return f"{empty}\n"
    lines = [columns, ["---"] * len(columns), *([escaped(row[column]) for column in columns] for row in rows[:SHOWN])]
    more = f"\nAnd {len(rows) - SHOWN} more, in the tables.\n" if len(rows) > SHOWN else ""
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n" + more


def bullets(lines: Sequence[str]) -> str:
    """Return a list of lines of text."""
    return "".join(f"- {escaped(line)}\n" for line in lines)


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no HTML, no link, nobody notified."""
    text = re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", " ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("@", "@\N{ZERO WIDTH SPACE}").replace("://", ":\N{ZERO WIDTH SPACE}//")
