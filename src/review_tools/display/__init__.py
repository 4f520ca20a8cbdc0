"""What a reader sees: charts and tables as objects; nothing is written here.

A chapter calls each by its name. The module that draws it is imported when it is first called.
"""

from collections.abc import Callable, Mapping
from functools import partial, update_wrapper
from importlib import import_module
from typing import Any

from review_tools.data.project import Project

CHARTS = {
    "counts": "basis corrections_by_kind decision_timeline directions disease_by_model effect_by_cell gap_map "
    "mediator_by_cell products trial_timeline trials_by",
    "explorer": "mechanism_map",
    "flow": "prisma_flow",
    "forest": "forest funnel overview",
    "mechanisms": "mechanisms",
}
TABLES = {
    "counts": "gap_rows",
    "data_tables": "citations corrections findings notices outcomes studies",
    "disease_tables": "approvals controlled_trials laboratory open_trials",
    "explorer": "explorer",
    "flow": "screening_queue search_log",
    "front_page": "at_a_glance cite diseases tiles",
    "methods_tables": "check_rules checklist data_dictionary downloads glossary protocol",
    "open_questions": "drifted_trials not_found open_references trials_without_outcomes unchecked_values "
    "untested_claims",
    "summary": "answers comparison other_comparisons summary_of_findings",
    "synthesis_tables": "claims conflicts extraction judgements outcome_sets published_pools quotations update "
    "update_verdicts",
    "trial_tables": "decisions trial_differences trials",
}


class Calls:
    """The charts, or the tables, of one project: ``charts.forest("x")`` calls ``forest.forest(project, "x")``."""

    def __init__(self, name: str, modules: Mapping[str, str], project: Callable[[], Project]) -> None:
        self._name, self._project = name, project
        self._modules = {function: module for module, functions in modules.items() for function in functions.split()}

    def __getattr__(self, name: str) -> Any:
        if name not in self._modules:
            raise AttributeError(f"{self._name} has no {name!r}; it has {', '.join(dir(self))}")
        function = getattr(import_module(f"{__name__}.{self._modules[name]}"), name)
        return update_wrapper(partial(function, self._project()), function)

    def __dir__(self) -> list[str]:
        return sorted(self._modules)
