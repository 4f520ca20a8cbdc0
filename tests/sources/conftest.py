"""Fixtures: services on this machine that speak the real formats, and ways to look at a project's tables."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from review_tools.cli import app
from review_tools.sources import http
from sources.search_server import Searches
from sources.server import Services

Run = Callable[..., tuple[int, str]]
Rows = Callable[[str], list[dict[str, str]]]
Files = Callable[[], dict[str, bytes]]
LOGS = ("searches", "candidates", "screenings", "trial_history")


@pytest.fixture
def copy(copy: Path) -> Path:
    """A copy of the project whose logs are still empty."""
    for table in LOGS:
        log = copy / f"data/{table}.csv"
        log.write_text(log.read_text(encoding="utf-8").split("\n", 1)[0] + "\n", encoding="utf-8")
    return copy


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that clients would have waited; they do not wait in tests."""
    waited: list[float] = []
    monkeypatch.setattr(http, "pause", waited.append)
    return waited


def _served(running: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("REVIEW_TIMEOUT", "0.5")
    monkeypatch.setattr(http, "ATTEMPTS", 2)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> Iterator[Services]:
    """The services on this machine; every client of the test asks them."""
    with Services() as running:
        _served(running, monkeypatch)
        yield running


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> Iterator[Searches]:
    """The same, with searches."""
    with Searches() as running:
        _served(running, monkeypatch)
        yield running


@pytest.fixture
def review(copy: Path) -> Run:
    """Runs a command on the copy; whatever it refuses, it refuses in words."""

    def run(*words: str) -> tuple[int, str]:
        done: Result = CliRunner().invoke(app, [*words, "--root", str(copy)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in done.output
        return done.exit_code, done.output

    return run


@pytest.fixture
def rows(copy: Path) -> Rows:
    """Reads a table of the copy as it is on disk."""

    def read(table: str) -> list[dict[str, str]]:
        with (copy / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture
def files(copy: Path) -> Files:
    """What every file that a change may touch holds."""

    def read() -> dict[str, bytes]:
        paths = [*(copy / "data").iterdir(), copy / "references.bib", copy / "CHANGELOG.md"]
        return {path.name: path.read_bytes() for path in paths}

    return read
