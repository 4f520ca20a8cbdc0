"""``review``: the project's commands, one module each. They parse and delegate."""

from review_tools.cli import (
    add,
    build,
    check,
    diff,
    gate,
    pdf,
    release,
    versions,
    watch,
)
from review_tools.cli.app import app

__all__ = [
    "add",
    "app",
    "build",
    "check",
    "diff",
    "gate",
    "pdf",
    "release",
    "versions",
    "watch",
]
