"""``review``: the project's commands, one module each. They parse and delegate."""

from review_tools.cli import (
    add,
    build,
    changes,
    check,
    pdf,
    watch,
)
from review_tools.cli.app import app

__all__ = [
    "add",
    "app",
    "build",
    "changes",
    "check",
    "pdf",
    "watch",
]
