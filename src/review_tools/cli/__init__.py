"""``review``: the project's commands, a module for each kind. They parse and delegate."""

from review_tools.cli import add, build, changes, check, watch
from review_tools.cli.app import app

__all__ = ["add", "app", "build", "changes", "check", "watch"]
