"""Changes in one sentence, and strangers' words on one line."""

import unicodedata

from review_tools.living.changes.model import ADDED, CHANGED, REMOVED, Changes


def headline(changes: Changes) -> str:
    """How much changes: rows, past lines, results, verdicts, pages."""
    if not changes:
        return "Nothing: the review stays as it is."
    parts = []
    for kind in (REMOVED, CHANGED, ADDED):
        counts = [(len(table.of(kind)), table.title.lower()) for table in changes.tables if table.of(kind)]
        if counts:
            total = sum(number for number, _ in counts)
            where = ", ".join(f"{title} {number}" for number, title in counts)
            parts.append(f"{total} {'row' if total == 1 else 'rows'} {kind} ({where})")
    if past := len(changes.past_edited):
        parts.append(f"{past} past {'line' if past == 1 else 'lines'} of a log changed, which must not be")
    for both, compared, what in (
        (changes.pools, changes.pools_compared, "pooled results move"),
        (changes.verdicts, changes.verdicts_compared, "verdicts change"),
    ):
        new = sum(not one.before for one in both)
        gone = sum(not one.after for one in both)
        parts.append(f"{len(both) - new - gone} of {compared - new - gone} {what}")
        parts[-1] += "".join(f", {count} {word}" for count, word in ((new, "new"), (gone, "gone")) if count)
    if changes.pages:  # between two versions the chapters are not compared
        parts.append(f"{len(changes.pages)} {'page' if len(changes.pages) == 1 else 'pages'} affected")
    return "; ".join(parts) + "."


def one_line(text: str, limit: int) -> str:
    """Text without line breaks, control and direction characters, cut to ``limit`` characters."""
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    kept = " ".join(kept.split())
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"
