"""Changes in one sentence, and strangers' words on one line."""

import unicodedata

from review_tools.changes.model import ADDED, CHANGED, REMOVED, Changes


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


def to_read(changes: Changes) -> list[str]:
    """The prose that a moved result may have made untrue: nothing but a person can tell."""
    moved: dict[str, list[str]] = {}
    for pool in changes.pools:
        moved.setdefault(pool.page, []).append(pool.comparison_id)
    return [
        f"{page}.md, and question and what_would_change_it of {', '.join(names)} in data/comparisons.csv"
        for page, names in moved.items()
    ]


def one_line(text: str, limit: int) -> str:
    """Text without line breaks, control and direction characters, cut to ``limit`` characters."""
    return _cut(_plain(text), limit)


def side_by_side(before: str, after: str, limit: int) -> tuple[str, str]:
    """Two states of a cell, each as ``one_line`` has it; long ones are cut around the first difference, to show it."""
    was, now = _plain(before), _plain(after)
    start = 0
    if was and now and max(len(was), len(now)) > limit:
        alike = next((at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
        if alike > limit // 2:
            start = alike - limit // 4
            start = was.find(" ", start, alike) + 1 or start
    mark = "…" if start else ""
    return _cut(mark + was[start:], limit), _cut(mark + now[start:], limit)


def _plain(text: str) -> str:
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
