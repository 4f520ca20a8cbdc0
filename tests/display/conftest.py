"""The project itself, and the same project with other rows in some tables."""

from collections.abc import Callable
from pathlib import Path

import pytest

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display.calls import CHARTS, TABLES, Calls


class Shown:
    """What chapters call, for one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.charts = Calls("charts", CHARTS, lambda: project)
        self.tables = Calls("tables", TABLES, lambda: project)


@pytest.fixture(scope="session")
def project(root: Path) -> Project:
    """The project itself."""
    assert rt.project().root == root  # chapters and tests read the same one
    return rt.project()


@pytest.fixture(scope="session")
def shown_with(project: Project) -> Callable[..., Shown]:
    """What the project shows with these rows in place of those of some tables."""

    def shown(**rows: list[str]) -> Shown:
        names = {table: f"data/{table}.csv" for table in rows}
        heads = {table: project.read(name).decode().splitlines()[0] for table, name in names.items()}
        return Shown(
            project.with_files({names[t]: "\n".join([heads[t], *lines, ""]).encode() for t, lines in rows.items()})
        )

    return shown
