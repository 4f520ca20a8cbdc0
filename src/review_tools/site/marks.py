"""Marks on what the text cites: how far a work was read, and whether it still stands.

A work read to its abstract or further has no mark; ◐ stands for a part of the record or a secondary report, ○ for the
title alone, △ for the word of the 2024 review alone. Each page that has marks explains them once, at its foot.
"""

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools.data.problems import DataError
from review_tools.data.project import Project, once
from review_tools.data.retracted import retracted
from review_tools.site.context import is_made, project_of

logger = logging.getLogger(__name__)
# Drawn, because no font on every machine holds these signs; the outline of each in a square of 10.
SIGNS = {
    "part": ('<circle cx="5" cy="5" r="4"/><path d="M5 1a4 4 0 0 0 0 8z" fill="currentColor"/>', "read in part only"),
    "title": ('<circle cx="5" cy="5" r="4"/>', "known by its title only"),
    "seed": ('<path d="M5 1.5 9 8.5H1z"/>', "known from the 2024 review only"),
}
DEPTHS = {"part of abstract": "part", "secondary": "part", "title only": "title", "seed only": "seed"}
KEY = {
    "part": "a part of the record or a secondary report was read",
    "title": "only the title was read",
    "seed": "only the 2024 review says so",
}


def setup(app: Sphinx) -> None:
    """Mark citations and entries of the references when a page is about to be written."""
    app.connect("doctree-resolved", mark)


def sign(depth: str) -> nodes.raw:
    """Return the mark of a reading, of ``DEPTHS``; an empty node where enough was read."""
    if depth not in DEPTHS:
        return nodes.raw("", "", format="html")
    drawing, name = SIGNS[DEPTHS[depth]]
    return nodes.raw("", _drawn(DEPTHS[depth], drawing, name), format="html")


def _drawn(kind: str, drawing: str, name: str) -> str:
    frame = f'class="mark mark-{kind}" viewBox="0 0 10 10" role="img" aria-label="{name}"'
    return f"<svg {frame}><title>{name}</title>{drawing}</svg>"


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
            link.parent.insert(link.parent.index(link) + 1, sign(read[anchor]))
    for entry in doctree.findall(nodes.citation):
        if word := next((status[name] for name in entry["ids"] if name in status), ""):
            for text in entry.findall(nodes.paragraph):
                strike(text, f'</s> <span class="tag tag-retracted">{escape(word)}</span>')
    explain(doctree)


def explain(doctree: nodes.document) -> None:
    """Add the key to the marks that a page has."""
    drawn = [node.astext() for node in doctree.findall(nodes.raw) if 'class="mark mark-' in node.astext()]
    used = [kind for kind in KEY if any(f"mark-{kind}" in text for text in drawn)]
    section = next(iter(doctree.findall(nodes.section)), None)
    if used and section is not None:
        lines = "; ".join(f"{_drawn(kind, SIGNS[kind][0], SIGNS[kind][1])} {KEY[kind]}" for kind in used)
        section += nodes.raw("", f'<p class="mark-key">After a citation: {lines}.</p>', format="html")


def strike(node: nodes.Element, end: str) -> None:
    """Strike the content of a node through; ``end`` is the HTML that closes it."""
    node.insert(0, nodes.raw("", "<s>", format="html"))
    node.append(nodes.raw("", end, format="html"))
