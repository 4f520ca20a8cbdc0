"""``review store``: where the candidates lie."""

from typing import Annotated

import typer

from review_tools.cli.app import Root, app, open_project, refuse
from review_tools.data.problems import DataError


@app.command()
def store(
    migrate: Annotated[bool, typer.Option("--migrate", help="Move the candidates from CSV to Parquet.")] = False,
    root: Root = None,
) -> None:
    """Say where the candidates lie and how many they are; with --migrate, move them to Parquet."""
    from review_tools.sources import store as stores

    project = open_project(root)
    try:
        if migrate:
            print(f"{stores.migrate(project)} candidates moved to data/candidates.parquet.")
        held = stores.open_store(project)
    except DataError as error:
        refuse(str(error))
    where = "data/candidates.parquet" if isinstance(held, stores.ParquetStore) else "data/candidates.csv"
    print(f"{len(held)} candidates in {where}.")
