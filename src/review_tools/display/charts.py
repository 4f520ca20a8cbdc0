"""Every chart a chapter can call, in one place."""

import review_tools.display.theme  # noqa: F401 (registers the look of all charts)
from review_tools.display.bars import basis, corrections_by_kind, directions, trials_by
from review_tools.display.forest import forest
from review_tools.display.gapmap import gap_map
from review_tools.display.matrices import disease_by_model, effect_by_cell, mediator_by_cell, products
from review_tools.display.mechanisms import mechanism_map
from review_tools.display.rates import response_rates
from review_tools.display.timeline import trial_timeline

__all__ = [
    "basis",
    "corrections_by_kind",
    "directions",
    "disease_by_model",
    "effect_by_cell",
    "forest",
    "gap_map",
    "mechanism_map",
    "mediator_by_cell",
    "products",
    "response_rates",
    "trial_timeline",
    "trials_by",
]
