"""``review``: the project's commands, one module each. They parse and delegate."""

from review_tools.cli import (
    accept,
    add,
    build,
    check,
    diff,
    gate,
    pdf,
    pool,
    release,
    tables,
    versions,
    watch,
)
from review_tools.cli.app import app

__all__ = [
    "accept",
    "add",
    "app",
    "build",
    "check",
    "diff",
    "gate",
    "pdf",
    "pool",
    "release",
    "tables",
    "versions",
    "watch",
]
