"""Tools of the MSC living review.

Chapters need three names: ``load`` (any table as a typed frame), ``charts`` and ``tables``.
Importing the package is cheap: the charts (altair) load when they are first used.
"""

from importlib import import_module
from types import ModuleType

from review_tools.data.bibliography import bibliography
from review_tools.data.tables import load

__all__ = ["bibliography", "charts", "load", "tables"]

_LAZY = {"charts": "review_tools.display.charts", "tables": "review_tools.display.tables"}


def __getattr__(name: str) -> ModuleType:
    if name in _LAZY:
        return import_module(_LAZY[name])
    raise AttributeError(f"module 'review_tools' has no attribute {name!r}")
