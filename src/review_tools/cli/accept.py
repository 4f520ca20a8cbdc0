"""``review accept``: a person accepts a claim's new verdict."""

from typing import Annotated

import typer

from review_tools.cli.app import Root, app, open_project, refuse
from review_tools.data.problems import DataError


@app.command()
def accept(
    claim: Annotated[str, typer.Argument(help="Identifier of the claim, from data/claims.csv.")],
    by: Annotated[str, typer.Option(help="Your name: you have read the sentence again.")],
    root: Root = None,
) -> None:
    """Accept the verdict that the data now give a claim, with your name and today's date."""
    from review_tools.synthesis import claims

    project = open_project(root)
    try:
        print(claims.accept(project, claim, by))
    except (DataError, KeyError) as error:
        refuse(str(error.args[0]))
