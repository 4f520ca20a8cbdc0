"""``review gate``: may a scheduled run's changes be offered at all."""

from typing import Annotated

import typer

from review_tools.cli.app import Root, app, open_project, refuse
from review_tools.cli.check import print_problems
from review_tools.data.problems import DataError


@app.command()
def gate(
    base: Annotated[str, typer.Argument(help="Commit or branch to compare with, for example origin/main.")],
    root: Root = None,
) -> None:
    """Refuse changes that lose or rewrite anything or grow a table beyond its bound; exit 1 if there are such."""
    from review_tools.changes.gate import gate as problems_of

    try:
        problems = problems_of(open_project(root), base)
    except DataError as error:
        refuse(str(error))
    if problems:
        print_problems(problems, 0, open_project(root))
        refuse("The gate is closed.")
    print(f"Nothing is lost, rewritten or out of bounds since {base}.")
