"""What the search page knows of each page beside Sphinx's index of words: its kind, its title, and what it is called.

A page is found first by its name: words that its front matter lists as ``keywords``, and for the page of a disease each
term of the vocabulary that has its home there. ``static/search.js`` reads both files when somebody searches.
"""

import html
import re
from pathlib import Path

from sphinx.application import Sphinx

from review_tools.data.project import Project
from review_tools.site.charts import script_json
from review_tools.site.context import STUDIES, TRIALS, VERSIONS, project_of

FILE = "search-pages.js"
DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)"')
KINDS = {
    f"{STUDIES}/": "Study",
    f"{TRIALS}/": "Trial",
    f"{VERSIONS}/": "Version",
    "book/diseases/": "Disease page",
    "book/": "Chapter",
}
ABBREVIATION = re.compile(r"(.*?) \((\w+)\)$")  # “Multiple sclerosis (MS)”


def setup(app: Sphinx) -> None:
    """Write the file when the pages stand."""
    app.connect("build-finished", write)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write kind, title, description and names of each page."""
    if exception or app.builder.name != "html":
        return
    env, site = app.env, Path(app.outdir)
    names, parents = diseases(project_of(app)), {}
    for parent, pages in env.toctree_includes.items():
        parents.update(dict.fromkeys(pages, parent))
    known = {}
    for page in sorted(env.found_docs):
        text = (site / f"{page}.html").read_text(encoding="utf-8")
        said = DESCRIPTION.search(text)
        kind = next((kind for start, kind in KINDS.items() if page.startswith(start)), "Page")
        parent = parents.get(page, app.config.root_doc)
        if kind == "Chapter" and parent != app.config.root_doc:
            kind = f"Chapter of “{env.titles[parent].astext()}”"
        words = str(env.metadata[page].get("keywords", ""))
        called = [*(word.strip() for word in words.split(",") if word.strip()), *names.get(page, [])]
        known[page] = [kind, env.titles[page].astext(), html.unescape(said[1]) if said else "", called]
    (site / "_static" / FILE).write_text(f"Search.setPages({script_json(known)});\n", encoding="utf-8")


def diseases(project: Project) -> dict[str, list[str]]:
    """Return what the diseases of each page are called: term, name and abbreviation."""
    labels = project.table("vocabulary").query("kind == 'disease'").set_index("term")["label"]
    found: dict[str, list[str]] = {}
    for disease, page in project.table("disease_pages").itertuples(index=False):
        short = ABBREVIATION.match(labels[disease])
        called = [disease, *(short.groups() if short else [labels[disease]])]
        found.setdefault(f"book/{page}", []).extend(called)
    return found
