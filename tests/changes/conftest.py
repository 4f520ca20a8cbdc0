"""The small book in place of the whole."""

from pathlib import Path

import pytest


@pytest.fixture
def copy(small: Path) -> Path:
    """The small book is what a test changes."""
    return small
