"""The project itself, and the same project with other rows in some tables."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import review_tools as rt
from review_tools.data.project import Project
from review_tools.display import CHARTS, TABLES, Calls


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


@pytest.fixture(scope="session")
def trials_with(project: Project) -> Callable[..., Project]:
    """The project with other values in the row of the first trial, and the newest version of 2026-11-29."""
    frame = project.text("trials")
    citation = re.sub(rb"date-released: \S+", b"date-released: 2026-11-29", project.read("CITATION.cff"))

    def changed(**values: str) -> Project:
        other = frame.copy()
        other.loc[other.index[0], list(values)] = list(values.values())
        return project.with_files({"data/trials.csv": other.to_csv(index=False).encode(), "CITATION.cff": citation})

    return changed
