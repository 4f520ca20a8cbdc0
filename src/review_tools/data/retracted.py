"""Notices about works: what was published about one later, and what it makes of a study's status."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from review_tools.data import reads
from review_tools.data.paths import project_root
from review_tools.data.tables import load

STATUS = {  # kind of notice → status of the study, the gravest first
    "retraction": "retracted",
    "withdrawal": "withdrawn",
    "partial retraction": "partially retracted",
    "expression of concern": "expression of concern",
    "correction": "corrected",
}
ORDER = (*STATUS.values(), "current")
UNSOUND = ORDER[:4]  # works that no result may rest on
VOID = ("retraction", "withdrawal", "partial retraction")  # kinds that nobody may overrule by a milder status


def gravest(statuses: Iterable[str]) -> str:
    """The status that stands when several are said of one work; ``current`` when nothing is."""
    return min(statuses, key=ORDER.index, default="current")


def unsound(root: Path | None = None) -> dict[str, str]:
    """The studies that no result may rest on, each with its status."""
    path = project_root(root) / "data" / "studies.csv"
    reads.note(path)
    return _unsound(path.parents[1], path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _unsound(root: Path, _changed: int) -> dict[str, str]:
    studies = load("studies", root)
    studies = studies[studies["status"].isin(UNSOUND)]
    return dict(zip(studies["study_id"], studies["status"], strict=True))
