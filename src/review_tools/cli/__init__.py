"""``review``: the project's commands, one module each. They parse and delegate."""

from review_tools.cli import (
    accept,
    add,
    build,
    changes,
    check,
    forms,
    identify,
    pdf,
    pool,
    publish,
    retractions,
    screen,
    store,
    tables,
    watch,
)
from review_tools.cli.app import app

__all__ = [
    "accept",
    "add",
    "app",
    "build",
    "changes",
    "check",
    "forms",
    "identify",
    "pdf",
    "pool",
    "publish",
    "retractions",
    "screen",
    "store",
    "tables",
    "watch",
]
