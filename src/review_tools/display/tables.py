"""Every table a chapter can call, in one place."""

from typing import Any

from review_tools.display.lazy import Names

_NAMES = Names(
    __name__,
    {
        "explorer": ["explorer"],
        "flow": ["screening_queue", "search_log"],
        "open_questions": ["open_references", "trials_without_outcomes", "unchecked_values", "untested_claims"],
        "front_page": ["at_a_glance", "directions"],
        "measured": ["benchmarks"],
        "protocol": ["checklist", "protocol"],
        "data_tables": [
            "citations",
            "corrections",
            "data_dictionary",
            "findings",
            "glossary",
            "notices",
            "outcomes",
            "studies",
            "table_sizes",
            "withdrawn",
        ],
        "trial_tables": ["trial_differences", "trials"],
        "results": [
            "answer",
            "answers",
            "claims",
            "comparison_rows",
            "decisions",
            "gap_rows",
            "published_pools",
            "sensitivity",
            "update",
            "update_verdicts",
        ],
        "cite_and_download": ["cite", "downloads"],
    },
)
__all__ = _NAMES.all


def __getattr__(name: str) -> Any:
    return _NAMES.find(name)


def __dir__() -> list[str]:
    return _NAMES.all
