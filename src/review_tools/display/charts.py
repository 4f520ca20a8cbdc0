"""Every chart a chapter can call, in one place."""

from typing import Any

import review_tools.display.theme  # noqa: F401 (registers the look of all charts)
from review_tools.display.lazy import Names

_NAMES = Names(
    __name__,
    {
        "bars": ["basis", "corrections_by_kind", "directions", "trials_by"],
        "flow": ["prisma_flow"],
        "forest": ["forest"],
        "gapmap": ["gap_map"],
        "matrices": ["disease_by_model", "effect_by_cell", "mediator_by_cell", "products"],
        "mechanisms": ["mechanism_map"],
        "overview": ["overview"],
        "response_rates": ["response_rates"],
        "timeline": ["trial_timeline"],
    },
)
__all__ = _NAMES.all


def __getattr__(name: str) -> Any:
    return _NAMES.find(name)


def __dir__() -> list[str]:
    return _NAMES.all
