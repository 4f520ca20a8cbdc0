"""Tools of the MSC living review.

Chapters need four names: ``load`` (any table as a typed frame), ``bibliography``, ``charts`` and ``tables``.
They read the project around the current folder, which is opened once.
Importing the package is cheap: the charts (altair) load when they are first used.
"""

from functools import cache

import pandas as pd

from review_tools.data.bibliography import Reference
from review_tools.data.project import Project
from review_tools.display import CHARTS, TABLES, Calls

__all__ = ["Project", "bibliography", "charts", "load", "project", "tables"]


@cache
def project() -> Project:
    """Return the project of this process, the one that chapters read."""
    return Project.find()


def load(name: str) -> pd.DataFrame:
    """Return one table as a typed frame. Raises what ``Project.table`` raises."""
    return project().table(name)


def bibliography() -> dict[str, Reference]:
    """Return all works by key. Raises what ``Project.works`` raises."""
    return project().works


charts = Calls("charts", CHARTS, project)
tables = Calls("tables", TABLES, project)
