"""Everything that is checked before anything is built. Each module holds one kind of rule."""

from pathlib import Path

from review_tools.evidence.checks import (
    arms,
    chapters,
    comparisons,
    history,
    identity,
    living,
    plausibility,
    repeats,
    rules,
    screening,
    structure,
    versions,
    works,
)
from review_tools.evidence.checks.evidence import Evidence, each_of
from review_tools.evidence.problems import Problem, in_order

__all__ = ["Evidence", "check"]

CHECKS = (
    structure.check,
    identity.check,
    rules.check,
    plausibility.check,
    arms.check,
    repeats.check,
    comparisons.check,
    works.check,
    screening.check,
    living.check,
    versions.check,
    chapters.check,
    history.check,
)


def check(root: Path) -> list[Problem]:
    """Every problem in ``data/``, ``references.bib`` and the citations of ``book/``, all at once."""
    evidence = Evidence.read(root)
    return in_order([*evidence.unreadable, *each_of(evidence, *CHECKS)])
