"""Notices about works: what was published about one later, and what it makes of a study's status."""

from collections.abc import Iterable

STATUS = {  # kind of notice → status of the study, the gravest first
    "retraction": "retracted",
    "withdrawal": "withdrawn",
    "partial retraction": "partially retracted",
    "expression of concern": "expression of concern",
    "correction": "corrected",
}
ORDER = (*STATUS.values(), "current")
VOID = ("retraction", "withdrawal", "partial retraction")  # kinds that nobody may overrule by a milder status


def gravest(statuses: Iterable[str]) -> str:
    """The status that stands when several are said of one work; ``current`` when nothing is."""
    return min(statuses, key=ORDER.index, default="current")
