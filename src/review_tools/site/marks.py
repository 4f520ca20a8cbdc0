"""Marks on what the text cites: how far a work was read, and whether it still stands.

A work read to its abstract or further has no mark; ◐ stands for a part of the record or a secondary report, ○ for the
title alone, △ for the word of the 2024 review alone. Each page that has marks explains them once, at its foot.
"""

from html import escape
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools.data.problems import DataError
from review_tools.data.project import Project, once
from review_tools.data.retracted import retracted
from review_tools.site.context import is_made, project_of

logger = logging.getLogger(__name__)


class Mark(NamedTuple):
    """A mark: its outline in a square of 10 (no font on every machine holds these signs), its name, what it means."""

    drawing: str
    name: str
    meaning: str

    @property
    def html(self) -> str:
        frame = f'class="mark" viewBox="0 0 10 10" role="img" aria-label="{self.name}"'
        return f"<svg {frame}><title>{self.name}</title>{self.drawing}</svg>"


PART = Mark(
    '<circle cx="5" cy="5" r="4"/><path d="M5 1a4 4 0 0 0 0 8z" fill="currentColor"/>',
    "read in part only",
    "a part of the record or a secondary report was read",
)
TITLE = Mark('<circle cx="5" cy="5" r="4"/>', "known by its title only", "only the title was read")
SEED = Mark('<path d="M5 1.5 9 8.5H1z"/>', "known from the 2024 review only", "only the 2024 review says so")
DEPTHS = {"part of abstract": PART, "secondary": PART, "title only": TITLE, "seed only": SEED}


def setup(app: Sphinx) -> None:
    """Mark citations and entries of the references when a page is about to be written."""
    app.connect("doctree-resolved", mark)


def sign(depth: str) -> nodes.raw:
    """Return the mark of a reading, of ``DEPTHS``; an empty node where enough was read."""
    if depth not in DEPTHS:
        return nodes.raw("", "", format="html")
    return nodes.raw("", DEPTHS[depth].html, format="html", mark=DEPTHS[depth])


@once
def works(project: Project) -> tuple[dict[str, str], dict[str, str]]:
    """Return by its anchor how far each work was read, and the word for each work that no longer stands."""
    known, gone = project.works, retracted(project)
    read = project.table("studies").set_index("study_id")["read"]
    return (
        {known[key].anchor: depth for key, depth in read.items() if key in known},
        {known[key].anchor: word for key, word in gone.items() if key in known},
    )


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the mark of its reading to each citation, strike works that no longer stand, and explain the marks."""
    try:
        read, status = works(project_of(app))
    except DataError as error:
        logger.warning(str(error), type="review", subtype="data")
        return
    if is_made(docname):
        return
    for link in list(doctree.findall(nodes.reference)):
        anchor = link.get("refuri", "").rpartition("#")[2] or link.get("refid", "")
        if word := status.get(anchor):
            strike(link, f"</s> [{escape(word)}]")
        elif read.get(anchor) in DEPTHS:
            attach(link, sign(read[anchor]))
    for entry in doctree.findall(nodes.citation):
        if word := next((status[name] for name in entry["ids"] if name in status), ""):
            for text in entry.findall(nodes.paragraph):
                strike(text, f'</s> <span class="tag tag-retracted">{escape(word)}</span>')
    explain(doctree)


def explain(doctree: nodes.document) -> None:
    """Add the key to the marks that a page has."""
    drawn = {node.get("mark") for node in doctree.findall(nodes.raw)}
    used = [one for one in (PART, TITLE, SEED) if one in drawn]
    section = next(iter(doctree.findall(nodes.section)), None)
    if used and section is not None:
        lines = "; ".join(f"{one.html} {one.meaning}" for one in used)
        section += nodes.raw("", f'<p class="mark-key">After a citation: {lines}.</p>', format="html")


def attach(link: nodes.reference, mark: nodes.raw) -> None:
    """Put a mark at the end of a link, on one line with its last word."""
    words, space, last = link.pop().astext().rpartition(" ")
    link += [nodes.Text(words + space), nodes.inline("", "", nodes.Text(last), mark, classes=["marked"])]


def strike(node: nodes.Element, end: str) -> None:
    """Strike the content of a node through; ``end`` is the HTML that closes it."""
    node.insert(0, nodes.raw("", "<s>", format="html"))
    node.append(nodes.raw("", end, format="html"))
