"""Risk of bias of one study's result: from this review's judgements of domains to one word.

The worst domain gives the word, in RoB 2 and in ROBINS-I. RoB 2 lets several domains with some concerns make a result
one of high risk, by judgement; this review does not count them up, because most of its concerns are about what the part
of a report that was read does not tell. Whoever judges that they do add up writes the row of a domain as high.
Where several people judged a domain, the more careful judgement counts. Sources: Sterne JAC et al. BMJ 2019;366:l4898
(RoB 2), doi 10.1136/bmj.l4898; Sterne JAC et al. BMJ 2016;355:i4919 (ROBINS-I), doi 10.1136/bmj.i4919.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from review_tools.data.project import Project, once
from review_tools.synthesis.comparisons import as_of

ROBINS = "ROBINS-I"
WORST_LAST = ("low", "no information", "some concerns", "moderate", "high", "serious", "critical")
LOW, SOME, HIGH = "low", "some concerns", "high"
CLASS = {"low": LOW, "high": HIGH, "serious": HIGH, "critical": HIGH}  # every other judgement: some concerns


@dataclass(frozen=True)
class Judged:
    """What was judged of one result: the tool, the judgement of each domain, and the overall one."""

    tool: str
    domains: dict[str, str]

    @property
    def overall(self) -> str:
        return self.without()

    def without(self, *domains: str) -> str:
        """Return the overall judgement that leaves some domains aside."""
        kept = [judgement for domain, judgement in self.domains.items() if domain not in domains] or [LOW]
        return max(kept, key=WORST_LAST.index)


def judged(project: Project, study_id: str, outcome_set: str, version: str | None = None) -> Judged | None:
    """Return this review's judgement of a study's result for an outcome; None where nobody judged the study.

    A row about the outcome stands before one about all results of the study.
    """
    rows = _judgements(project, version).get(study_id, [])
    worst: dict[str, tuple[bool, int]] = {}
    for row in rows:
        if row["outcome_set"] in (outcome_set, ""):
            place = row["outcome_set"] == outcome_set, WORST_LAST.index(row["judgement"])
            worst[row["domain"]] = max(worst.get(row["domain"], place), place)
    return Judged(rows[0]["tool"], {name: WORST_LAST[at] for name, (_, at) in worst.items()}) if worst else None


def conflicts(project: Project) -> pd.DataFrame:
    """Return the judgements of domains on which two people differ."""
    rows = project.table("risk_of_bias")
    key = [rows["study_id"], rows["outcome_set"].fillna(""), rows["domain"]]
    return rows[rows.groupby(key)["judgement"].transform("nunique") > 1]


@once
def _judgements(project: Project, version: str | None) -> dict[str, list[dict[Hashable, Any]]]:
    rows: dict[str, list[dict[Hashable, Any]]] = {}
    for row in as_of(project.text("risk_of_bias"), version).to_dict("records"):
        rows.setdefault(row["study_id"], []).append(row)
    return rows
