"""Abbreviations explained where a reader first meets them: ``<abbr>`` with the glossary's words."""

import re

from docutils import nodes
from sphinx.application import Sphinx

from review_tools.data.project import Project, once
from review_tools.site.context import project_of

SHORT = re.compile(r"[A-Z].*[A-Z0-9\u03b1-\u03c9]")  # two capitals, or a capital and a figure or Greek letter
PLAIN = (nodes.paragraph, nodes.emphasis, nodes.strong)


def setup(app: Sphinx) -> None:
    """Explains terms in each page before it is written."""
    app.connect("doctree-resolved", explain)


@once
def glossary(project: Project) -> dict[str, str]:
    """Return abbreviations, and mediators known by a short name, with what they stand for."""
    terms = project.table("vocabulary")
    terms = terms[terms["kind"].isin(["abbreviation", "mediator"])]
    return {
        row["term"]: f"{row['label']}: {row['definition']}"
        for _, row in terms.iterrows()
        if SHORT.search(row["term"]) and " " not in row["term"] and row["term"].casefold() != row["label"].casefold()
    }


def explain(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Marks the first occurrence of each term on a page, in the plain text of its paragraphs."""
    project = project_of(app)
    meanings = dict(glossary(project))
    longest_first = "|".join(re.escape(term) for term in sorted(meanings, key=lambda term: (-len(term), term)))
    pattern = re.compile(rf"(?<![\w-])({longest_first})(?=s?(?!\w))")
    for text in [node for node in doctree.findall(nodes.Text) if _in_prose(node)]:
        parts, end, words = [], 0, text.astext()
        for match in pattern.finditer(words):
            meaning = meanings.pop(match[1], None)
            if meaning:
                term = nodes.abbreviation("", match[1], explanation=meaning, classes=["term"])
                parts += [nodes.Text(words[end : match.start()]), term]
                end = match.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(words[end:])])


def _in_prose(text: nodes.Text) -> bool:
    """Whether the text stands in a paragraph, and in no link, code, formula or table on the way there."""
    node = text.parent
    while not isinstance(node, nodes.paragraph):
        if not isinstance(node, PLAIN):
            return False
        node = node.parent
    return isinstance(node.parent, nodes.section | nodes.list_item)
