"""``review tables``: what data there are."""

import json

from rich.console import Console
from rich.table import Table

from review_tools.cli.app import AsJson, Root, app, open_project, refuse
from review_tools.data.problems import DataError


@app.command()
def tables(root: Root = None, as_json: AsJson = False) -> None:
    """List the tables with their sizes."""
    project = open_project(root)
    try:
        sizes = {name: (table, len(project.table(name))) for name, table in project.schema.items()}
    except DataError as error:
        refuse(str(error))
    if as_json:
        print(json.dumps({name: {"rows": rows, "columns": len(table.fields)} for name, (table, rows) in sizes.items()}))
        return
    listing = Table("table", "rows", "columns", "a row is", box=None, header_style="bold")
    for name, (table, rows) in sizes.items():
        listing.add_row(name, str(rows), str(len(table.fields)), table.description.split(". ")[0].rstrip("."))
    Console().print(listing)
