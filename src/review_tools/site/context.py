"""What all parts of the site share: the project of the build, the pages made from its rows, the templates."""

from pathlib import Path
from typing import Any

from jinja2 import Template
from sphinx.application import Sphinx

from review_tools.data.project import Project, once
from review_tools.display.grid import ENVIRONMENT

STUDIES, TRIALS = "studies", "trials"  # a page for each row of these tables: studies/<study_id>
VERSIONS = "v"  # the folder of the pages that compare versions; sites of past versions lie in it too
TEMPLATES = Path(__file__).parent / "templates"


def project_of(app: Sphinx) -> Project:
    """Return the project of a build, opened once."""
    if not hasattr(app, "review_project"):
        app.review_project = Project(Path(app.srcdir))  # type: ignore[attr-defined]
    project: Project = app.review_project  # type: ignore[attr-defined]
    return project


def is_made(docname: str) -> bool:
    """Say whether a page is made from the data, not written by hand."""
    return docname.startswith((f"{STUDIES}/", f"{TRIALS}/", f"{VERSIONS}/"))


@once
def rows(project: Project, table: str) -> dict[str, dict[Any, Any]]:
    """Return the rows of a table by their key."""
    key = project.schema[table].primary_key[0]
    return {row[key]: row for row in project.table(table).to_dict("records")}


def template(name: str, **values: Any) -> Template:
    """Return one of the package's templates; all escape what is put into them."""
    return ENVIRONMENT.from_string((TEMPLATES / name).read_text(encoding="utf-8"), values)
