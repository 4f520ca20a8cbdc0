"""Every table a chapter can call, in one place."""

from review_tools.display.explorer import explorer
from review_tools.display.records import (
    at_a_glance,
    citations,
    corrections,
    data_dictionary,
    findings,
    glossary,
    outcomes,
    studies,
    table_sizes,
    withdrawn,
)
from review_tools.display.registry import trial_differences, trials
from review_tools.display.results import (
    answer,
    answers,
    claims,
    comparison_rows,
    decisions,
    gap_rows,
    published_pools,
    sensitivity,
    update,
    update_verdicts,
)
from review_tools.display.reuse import cite, downloads

__all__ = [
    "answer",
    "answers",
    "at_a_glance",
    "citations",
    "cite",
    "claims",
    "comparison_rows",
    "corrections",
    "data_dictionary",
    "decisions",
    "downloads",
    "explorer",
    "findings",
    "gap_rows",
    "glossary",
    "outcomes",
    "published_pools",
    "sensitivity",
    "studies",
    "table_sizes",
    "trial_differences",
    "trials",
    "update",
    "update_verdicts",
    "withdrawn",
]
