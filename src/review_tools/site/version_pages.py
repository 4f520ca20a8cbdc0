"""Pages under ``v/`` that compare the versions of the review, made from their snapshots, and what chapters say of them.

``v/index`` lists the versions; ``v/26.0.0-26.1.0`` shows what the newer of two changes. Copies of the site as it was
lie beside them (``v/26.0.0/``, ``.ci/kept-sites``).
"""

from docutils import nodes
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from review_tools.changes import render
from review_tools.changes.compare import Changes, between
from review_tools.changes.state import snapshot
from review_tools.data.project import Project, once, snapshot_file
from review_tools.display.grid import grid, link
from review_tools.site.pages import VERSIONS, Page, only_known, project_of, released

INDEX = f"{VERSIONS}/index"
KEPT = "_build/kept"  # sites of past versions; the workflow puts them into the folder v/ of the site
LINES, FEW_LINES = 150, 8  # of a section, on its page and in a chapter
NUMBERS = (
    "A version has a number in three parts: the year of the search, the change of data, the fix. "
    "Each can be compared with the one after it and with the newest, and read as it was where its site is kept."
)


def listed(project: Project) -> dict[str, str]:
    """Return the names of the pages, each with the snapshot it is made from; none where nothing can be compared."""
    pages = {page(old, new): snapshot_file(new) for old, new in comparisons(project)}
    return {INDEX: next(reversed(pages.values())), **pages} if pages else {}


@once
def comparisons(project: Project) -> dict[tuple[str, str], Changes]:
    """Return what the newer of two versions changes, for the pairs that have a page.

    Raises:
        DataError: a snapshot cannot be read.
    """
    states = {number: snapshot(project, number) for number in released(project)}
    return {(old, new): between(states[old], states[new]) for old, new in pairs(list(states))}


def pairs(numbers: list[str]) -> list[tuple[str, str]]:
    """Return which versions, given the oldest first, are compared: each with the newest and with the one after it."""
    return [
        (old, new)
        for at, new in enumerate(numbers)
        for old in numbers[:at]
        if old == numbers[at - 1] or new == numbers[-1]
    ]


def page(old: str, new: str) -> str:
    return f"{VERSIONS}/{old}-{new}"


def since_the_last(project: Project, number: str) -> Changes | None:
    """Return what a version changes against the one before it; None for the first, and where there is no snapshot."""
    return next((changes for (_, new), changes in reversed(comparisons(project).items()) if new == number), None)


class Newest(SphinxDirective):
    """``{version-changes}``: what the newest version changes against the one before it, behind a summary."""

    def run(self) -> list[nodes.Node]:
        """Return the comparison, folded."""
        project = project_of(self.env.app)
        if not (compared := comparisons(project)):
            return [nodes.paragraph(text="There is no earlier version to compare with.")]
        old, new = list(compared)[-1]
        name = f"site:{page(old, new)}"
        body = Markup('<details class="behind" id="newest-changes"><summary>{}</summary>\n{}').format(
            f"What changed from {old} to {new}", render.digest(compared[old, new], FEW_LINES, name)
        )
        body += Markup("<p>{}, {}</p></details>").format(
            link(name, "The whole comparison"), link(f"site:{INDEX}", "all versions")
        )
        return [nodes.raw("", only_known(self.env.app, body), format="html")]


def make(app: Sphinx, name: str) -> Page:
    """Return title and parts of the list of versions, or of a comparison."""
    project = project_of(app)
    if name == INDEX:
        return "Versions of this review", [("", "", table(project))]
    changes = next(one for pair, one in comparisons(project).items() if page(*pair) == name)
    says = Markup("<p>Computed from the snapshots of both versions; {}.</p>\n<p>{}</p>\n").format(
        link(f"site:{INDEX}", "all versions"), render.headline(changes)
    )
    return f"From version {changes.before} to {changes.after}", [
        ("", "", says),
        *(
            (section.anchor, f"{section.title} ({len(section.lines)})", folded(section))
            for section in render.on_site(changes)
        ),
    ]


def folded(section: render.Section) -> Markup:
    """Return the lines of a section, behind a summary where they are many."""
    body = section.html(LINES)
    if len(section.lines) <= FEW_LINES:
        return body
    return Markup('<details class="behind"><summary>Show them</summary>\n{}</details>').format(body)


def table(project: Project) -> Markup:
    """Return every version, the newest first, with what leads on from it."""
    versions = dict(reversed(released(project).items()))
    numbers = list(versions)
    before = [*numbers[1:], ""]

    def against(old: str, new: str) -> object:
        return link(f"site:{page(old, new)}", f"from {old} to {new}") if old and old != new else "–"

    opened = Markup('<a href="{}/index.html">open</a>')
    listed = grid(
        {
            "Version": numbers,
            "Date": list(versions.values()),
            "What it changed": [against(old, number) for old, number in zip(before, numbers, strict=True)],
            "What has changed since": [against(number, numbers[0]) for number in numbers],
            "The site as it was": [
                opened.format(number) if (project.root / KEPT / number).is_dir() else "not kept here"
                for number in numbers
            ],
            "What it says, for machines": [link(f"site:{VERSIONS}/{number}.json", "JSON") for number in numbers],
        },
        "Versions, the newest first",
        ids=[f"version-{number}" for number in numbers],
        name="versions",
    )
    return Markup("<p>{}</p>\n{}").format(NUMBERS, Markup(listed._repr_html_()))  # noqa: S704 (a grid escapes)
