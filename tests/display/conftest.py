"""The project with other rows in some tables."""

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from review_tools.data.project import Project
from review_tools.display import CHARTS, TABLES, Calls


@pytest.fixture(scope="session")
def shown_with(project: Project) -> Callable[..., SimpleNamespace]:
    """The project with these rows in place of those of some tables, and what chapters call of it."""

    def shown(**rows: list[str]) -> SimpleNamespace:
        files = {}
        for table, lines in rows.items():
            head = project.read(f"data/{table}.csv").decode().splitlines()[0]
            files[f"data/{table}.csv"] = "\n".join([head, *lines, ""]).encode()
        other = project.with_files(files)
        calls = {name: Calls(name, held, lambda: other) for name, held in (("charts", CHARTS), ("tables", TABLES))}
        return SimpleNamespace(project=other, **calls)

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
