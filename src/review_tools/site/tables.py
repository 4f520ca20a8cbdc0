"""Tables on the page: the script that makes the plain tables of ``display/grid.py`` sortable and searchable.

Why ``static/tables.js`` and not DataTables (measured with the bundle that the package itables ships, 2.9.1):

- Weight: DataTables is 619 KB of script and 107 KB of style (192 KB compressed); ours is 16 KB (6 KB). Its
  bundle is an ES module, which browsers refuse from ``file://``; it would have to be rewritten at each build.
- Phones: its sort and filter buttons stand in the table's head, which the cards of a phone do not show.
- Filtering takes rows out of the document: a printed page lacks them and ``#trial-NCT…`` finds nothing.
- State in the address, filters by facts that are no column, and neutral formulas in downloads would be our code anyway.
- Both pass axe.
"""

from typing import Any

from sphinx.application import Sphinx

SCRIPT = "tables.js"


def setup(app: Sphinx) -> None:
    """Gives the script to the pages that have a table with tools."""
    app.connect("html-page-context", add_script)


def add_script(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Deferred, so that the plain table is read while the script is on its way."""
    if " data-table=" in context.get("body", ""):
        app.add_js_file(SCRIPT, loading_method="defer")
