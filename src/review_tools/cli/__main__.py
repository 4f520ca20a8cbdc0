"""``python -m review_tools.cli``."""

from review_tools.cli import app

app()
