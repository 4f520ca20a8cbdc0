"""Notices about works: what was published about one later, and what it makes of a study's status."""

import re
from collections.abc import Iterable

from review_tools.data.project import Project, once

STATUS = {  # kind of notice → status of the study, the gravest first
    "retraction": "retracted",
    "withdrawal": "withdrawn",
    "partial retraction": "partially retracted",
    "expression of concern": "expression of concern",
    "correction": "corrected",
}
ORDER = (*STATUS.values(), "current")
UNSOUND = ORDER[:4]  # works that no result may rest on
# What a title says of a notice: before it (“RETRACTED: …”, “[Retracted] …”), or behind it (“…, retracted”).
NOTICE_IN_TITLE = re.compile(
    r"\A\W*(?:notice of )?(?:retract(?:ed|ion)|withdrawn|withdrawal|removal|(?:editorial )?expression of concern"
    r"|correction|corrigendum|erratum)(?: (?:article|paper|note|notice))?(?: to)?\s*[:\])–—]\s*"
    r"|\s*[\[(,;:]\s*(?:retracted|withdrawn)\W*\Z",
    re.IGNORECASE,
)
VOID = ("retraction", "withdrawal", "partial retraction")  # kinds that nobody may overrule by a milder status


def gravest(statuses: Iterable[str]) -> str:
    """Return the status that stands when several are said of one work; ``current`` when nothing is."""
    return min(statuses, key=ORDER.index, default="current")


@once
def retracted(project: Project) -> dict[str, str]:
    """Return the studies that no result may use, each with its status."""
    studies = project.table("studies")
    studies = studies[studies["status"].isin(UNSOUND)]
    return dict(zip(studies["study_id"], studies["status"], strict=True))
