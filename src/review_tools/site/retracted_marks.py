"""Works that no longer stand: struck through wherever the text cites or lists them, with the word for why."""

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from review_tools.data.problems import DataError
from review_tools.data.retracted import retracted
from review_tools.site.context import project_of

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Mark citations and entries of the references when a page is about to be written."""
    app.connect("doctree-resolved", mark)


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Strike links to such works, and their entries, through."""
    project = project_of(app)
    try:
        works, gone = project.works, retracted(project)
    except DataError as error:
        logger.warning(str(error), type="review", subtype="data")
        return
    status = {works[key].anchor: word for key, word in gone.items() if key in works}
    for link in doctree.findall(nodes.reference):
        if word := status.get(link.get("refuri", "").rpartition("#")[2] or link.get("refid", "")):
            strike(link, f"</s> [{escape(word)}]")
    for entry in doctree.findall(nodes.citation):
        if word := next((status[name] for name in entry["ids"] if name in status), ""):
            for text in entry.findall(nodes.paragraph):
                strike(text, f'</s> <span class="tag tag-retracted">{escape(word)}</span>')


def strike(node: nodes.Element, end: str) -> None:
    """Strike the content of a node through; ``end`` is the HTML that closes it."""
    node.insert(0, nodes.raw("", "<s>", format="html"))
    node.append(nodes.raw("", end, format="html"))
