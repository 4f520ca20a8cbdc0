"""Everything that is checked before anything is built. Each module holds one kind of rule."""

from review_tools.check import (
    arm_labels,
    bibliography_rules,
    chapters,
    duplicate_results,
    eligibility,
    history,
    identity,
    living,
    plausibility,
    release_records,
    rules,
    screening,
    structure,
)
from review_tools.check.engine import Evidence, each_of
from review_tools.data.problems import Problem, in_order
from review_tools.data.project import Project

__all__ = ["Evidence", "check"]

CHECKS = (
    structure.check,
    identity.check,
    rules.check,
    plausibility.check,
    arm_labels.check,
    duplicate_results.check,
    eligibility.check,
    bibliography_rules.check,
    screening.check,
    living.check,
    release_records.check,
    chapters.check,
    history.check,
)


def check(project: Project) -> list[Problem]:
    """Every problem in ``data/``, ``references.bib`` and the citations of ``book/``, all at once."""
    evidence = Evidence.read(project)
    return in_order([*evidence.unreadable, *each_of(evidence, *CHECKS)])
