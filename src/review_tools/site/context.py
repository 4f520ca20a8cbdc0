"""The project that a build of the site shows, and the folders of the pages that are made from its rows."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from review_tools.data.project import Project, once

STUDIES, TRIALS = "studies", "trials"  # a page for each row of these tables: studies/<study_id>


def project_of(app: Sphinx) -> Project:
    """Return the project of a build, opened once."""
    if not hasattr(app, "review_project"):
        app.review_project = Project(Path(app.srcdir))  # type: ignore[attr-defined]
    project: Project = app.review_project  # type: ignore[attr-defined]
    return project


def is_of_row(docname: str) -> bool:
    """Say whether a page is made from a row, not written by hand."""
    return docname.startswith((f"{STUDIES}/", f"{TRIALS}/"))


@once
def rows(project: Project, table: str) -> dict[str, dict[Any, Any]]:
    """Return the rows of a table by their key."""
    key = project.schema[table].primary_key[0]
    return {row[key]: row for row in project.table(table).to_dict("records")}
