"""``review``: the project's commands, one module each. They parse and delegate."""

from review_tools.cli import accept, build, check, pool, tables
from review_tools.cli.app import app

__all__ = ["accept", "app", "build", "check", "pool", "tables"]
