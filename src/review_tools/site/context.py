"""The project that a build of the site shows."""

from pathlib import Path

from sphinx.application import Sphinx

from review_tools.data.project import Project


def project_of(app: Sphinx) -> Project:
    """Return the project of a build, opened once."""
    if not hasattr(app, "review_project"):
        app.review_project = Project(Path(app.srcdir))  # type: ignore[attr-defined]
    project: Project = app.review_project  # type: ignore[attr-defined]
    return project
