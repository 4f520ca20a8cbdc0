"""Everything that is checked before anything is built: rules by theme, and the engine that runs them."""

from review_tools.check import (  # noqa: F401 (each module registers its rules)
    bibliography_rules,
    chapters,
    comparability,
    logs,
    plausibility,
    quotations,
    rules,
    structure,
)
from review_tools.check.command import check, fix
from review_tools.check.engine import RULES

__all__ = ["RULES", "check", "fix"]
