"""The small book, and git."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def copy(small: Path) -> Path:
    """The small book is what a test changes."""
    return small


@pytest.fixture(scope="session")
def git() -> Callable[..., str]:
    """Run git in a folder, as somebody."""

    def run(folder: Path, *words: str) -> str:
        identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", *identity, *words]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout

    return run
