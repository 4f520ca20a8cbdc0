"""``review schema``: what a table's rows must look like, for editors."""

import json
from typing import Annotated

import typer

from review_tools.cli.app import Root, app, project, refuse
from review_tools.data.problems import DataError


@app.command()
def schema(
    table: Annotated[str, typer.Argument(help="Name of a table; review tables lists them.")], root: Root = None
) -> None:
    """Print the JSON Schema (draft 2020-12) of a table's rows, made from data/datapackage.json."""
    from review_tools.data.editors import row_schema

    try:
        print(json.dumps(row_schema(table, project(root)), ensure_ascii=False, indent=2))
    except (KeyError, DataError) as error:
        refuse(str(error.args[0]))
