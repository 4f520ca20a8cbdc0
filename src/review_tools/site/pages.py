"""What all parts of the site share: the project of the build, its pages, links among them, templates.

Tables and roles make links without knowing on which page they will stand. ``site:book/references#seed-42`` names a page
of this book, with ``?trials.phase=2`` the filters of a table on it; ``site:data/studies.csv`` names a file to download.
On the page each becomes a relative link.
"""

import json
import re
from pathlib import Path
from typing import Any

from jinja2 import Template
from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools.data import export
from review_tools.data.project import Project, once, snapshot_file
from review_tools.display.grid import ENVIRONMENT

logger = logging.getLogger(__name__)
Context = dict[str, Any]  # what a page's template is given
Page = tuple[str, list[tuple[str, str, str]]]  # title; anchor, heading and HTML of each part, the first without heading
STUDIES, TRIALS = "studies", "trials"  # a page for each row of these tables: studies/<study_id>
VERSIONS = "v"  # the folder of the pages that compare versions; sites of past versions lie in it too
TEMPLATES = Path(__file__).parent / "templates"
# Only inside a tag: a row may hold these words too, and pictures keep their quotation marks unescaped.
SITE_LINK = re.compile(r'(<a [^<>]*?)href="site:([^"#?]+)((?:\?[^"#]*)?)(#[^"]*)?"')
LINKED = re.compile(r'<a href="site:([^"#]+)((?:#[^"]*)?)">(.*?)</a>', re.DOTALL)


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


def script_json(value: object) -> str:
    """Return JSON that cannot end the script element in which it stands."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def released(project: Project) -> dict[str, str]:
    """Return the versions whose snapshot is here, with their dates: a copy of the data alone has none."""
    return {number: day for number, day in project.versions.items() if project.has(snapshot_file(number))}


def snapshots(project: Project) -> dict[str, str]:
    """Return the snapshots that readers may take, by their path on the site."""
    return {f"{VERSIONS}/{number}.json": snapshot_file(number) for number in released(project)}


@once
def downloads(project: Project) -> set[str]:
    """Return the addresses of the files to take along."""
    return {*(file.path for file in export.downloads(project)), *snapshots(project)}


def resolve(app: Sphinx, page: str, context: Context) -> None:
    """Turn ``site:`` addresses into relative ones, and warn of a page that does not exist."""
    project, pages = project_of(app), app.env.found_docs
    files, printed = downloads(project), app.builder.name == "singlehtml"

    def target(name: str, query: str, anchor: str) -> str:
        if not printed:
            if name in files:
                return str(context["pathto"](name, True))
            return f"{'' if name == page and query + anchor else context['pathto'](name)}{query}{anchor}"
        is_state = "=" in anchor  # of the explorer, which works on the site
        if name in pages and not is_made(name) and not is_state:
            return anchor or f"#document-{name}"
        return f"{project.site_address}{name}{'' if name in files else '.html'}{query}{anchor}"

    def relative(match: re.Match[str]) -> str:
        start, name, query, anchor = match[1], match[2], match[3], match[4] or ""
        if name not in pages and name not in files:
            where = f"link to {name}, which is no page of this book"
            logger.warning(where, location=page, type="review", subtype="link")
        return f'{start}href="{target(name, query, anchor)}"'

    context["body"] = SITE_LINK.sub(relative, context.get("body") or "")


def only_known(app: Sphinx, body: str) -> str:
    """Return a made text whose links to what this book does not have become words.

    A book of few chapters lacks pages; a page about past versions names claims that have gone since.
    """
    project, pages = project_of(app), app.env.found_docs
    files, claims = downloads(project), rows(project, "claims")

    def kept(match: re.Match[str]) -> str:
        gone = match[2].startswith("#claim-") and match[2].removeprefix("#claim-") not in claims
        return match[0] if (match[1] in pages or match[1] in files) and not gone else match[3]

    return LINKED.sub(kept, body)


def absolute(body: str, address: str) -> str:
    """Return a made text for readers elsewhere: its links to pages name the published site."""
    return LINKED.sub(lambda link: f'<a href="{address}{link[1]}.html{link[2]}">{link[3]}</a>', body)
