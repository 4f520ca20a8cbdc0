"""Declared subgroups: the pool of each group of studies, and whether the groups differ more than chance."""

from dataclasses import dataclass

from scipy.special import chdtrc

from review_tools.data.project import Project, labels, once
from review_tools.data.tables import SEPARATOR
from review_tools.synthesis.comparisons import answer, usual_test
from review_tools.synthesis.effects import rounded
from review_tools.synthesis.pooling import Pooled, pool

UNKNOWN = "not known"


@dataclass(frozen=True)
class Groups:
    """The pool of each group by its name, and the test of differences between them (Cochrane Handbook 10.11.3.1)."""

    pools: dict[str, Pooled]
    q: float
    df: int

    @property
    def p(self) -> float:
        return rounded(float(chdtrc(self.df, self.q))) if self.df else 1.0

    @property
    def words(self) -> str:
        return f"Q {self.q:.2f}, {self.df} df, p {self.p:.2g}"


@once
def subgroups(project: Project, comparison_id: str) -> dict[str, Groups]:
    """Return the groups that a comparison declares, by the name of the grouping; none where fewer than two are known.

    Groups are columns of ``data/studies.csv``. Each group is pooled as the whole is; the test compares the pooled
    effects by their inverse variances, without the studies whose group is not known.
    """
    result = answer(project, comparison_id)
    declared = result.comparison["subgroup"]
    found: dict[str, Groups] = {}
    if result.effects is None or not isinstance(declared, str):
        return found
    studies = project.table("studies").set_index("study_id")
    outcomes = result.entered.set_index("outcome_id").loc[list(result.effects.labels), "study_id"]
    names = labels(project, "subgroup")
    for column in declared.split(SEPARATOR):
        terms = labels(project, {"age_group": "age group", "cells": "tissue"}[column])
        groups = outcomes.map(studies[column]).map(terms).fillna(UNKNOWN)
        pools = {}
        for group in dict.fromkeys(sorted(groups, key=lambda name: (name == UNKNOWN, name))):
            part = result.effects.only((groups == group).to_numpy(dtype=bool))
            pools[str(group)] = pool(part, "REML", usual_test(part.k))
        known = [pooled for group, pooled in pools.items() if group != UNKNOWN]
        if len(known) > 1:
            weights = [1 / pooled.se**2 for pooled in known]
            mean = sum(w * pooled.estimate for w, pooled in zip(weights, known, strict=True)) / sum(weights)
            q = sum(w * (pooled.estimate - mean) ** 2 for w, pooled in zip(weights, known, strict=True))
            found[names[column]] = Groups(pools, rounded(q), len(known) - 1)
    return found
