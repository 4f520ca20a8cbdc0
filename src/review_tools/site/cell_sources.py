"""The call that makes each figure, beside its downloads: a reader can repeat it in the chapter's notebook."""

from docutils import nodes
from markupsafe import escape
from sphinx.application import Sphinx

from review_tools.site.execute import sources

TOOLS = '<div class="chart-tools"'
IMPORT = "import review_tools as rt\n"
CALL = '<details class="chart-call"><summary>Python</summary><code>{}</code></details>'


def setup(app: Sphinx) -> None:
    """Add the calls when a chapter is read."""
    app.connect("doctree-read", show)


def show(app: Sphinx, doctree: nodes.document) -> None:
    """Put the source of each code cell into the tools of the figure that it draws."""
    if not (cells := sources(str(app.env.doc2path(app.env.docname)))):
        return
    for cell in doctree.findall(lambda node: isinstance(node, nodes.Element) and node.get("nb_element") == "cell_code"):
        call = CALL.format(escape(IMPORT + cells[cell["cell_index"]].strip().removeprefix(IMPORT)))
        for drawn in cell.findall(nodes.raw):
            before, tools, after = drawn.astext().partition(TOOLS)
            if tools:
                start, end, rest = after.partition(">")
                drawn.children = [nodes.Text(before + tools + start + end + call + rest)]
