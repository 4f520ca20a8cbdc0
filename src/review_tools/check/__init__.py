"""Everything that is checked before anything is built: rules by theme, and the engine that runs them."""

from review_tools.check import (  # noqa: F401 (each module registers its rules)
    bibliography_rules,
    chapters,
    comparability,
    judgements,
    logs,
    plausibility,
    quotations,
    rules,
    structure,
)
from review_tools.check.engine import RULES, run
from review_tools.data.problems import Problem
from review_tools.data.project import Project

__all__ = ["RULES", "check"]


def check(project: Project) -> list[Problem]:
    """Return every problem in ``data/``, ``references.bib`` and the citations of ``book/``, all at once."""
    return run(project, RULES.values())
