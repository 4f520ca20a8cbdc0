"""``review identify``: the seed's reference numbers, from the list its publisher deposited."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from review_tools.cli.app import Root, app, open_project, refuse
from review_tools.cli.check import print_problems
from review_tools.data.edit import edit
from review_tools.data.problems import DataError


@app.command()
def identify(
    file: Annotated[
        Path | None, typer.Option("--from", help="Crossref's JSON record of the seed review, saved: works offline.")
    ] = None,
    by: Annotated[str, typer.Option(help="Your name, for the changelog.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change and write nothing.")] = False,
    root: Root = None,
) -> None:
    """Fill the unidentified reference numbers from Crossref; keep what people confirmed, list every conflict."""
    from review_tools.sources import adding, crossref, files
    from review_tools.sources import identify as identifying
    from review_tools.sources.http import Client, ServiceError

    project = open_project(root)
    try:
        adding.signed(by)
        with (
            Client(project.root / "_build" / "cache" / "http") as client,
            edit(project.root, dry_run=dry_run) as change,
        ):
            if file:
                (found, seen), fetch = files.crossref_message(file, identifying.SEED), None
            else:
                answer = crossref.message(client, identifying.SEED)
                found, seen, fetch = answer.data, answer.retrieved, partial(crossref.work, client)
            report = identifying.identify(project, change, crossref.references(found), fetch, seen, by)
            adding.remaining(project, change)
    except adding.NotFitError as unfit:
        print_problems(unfit.problems, 0, project)
        refuse("Nothing was changed.")
    except (ServiceError, DataError) as error:
        refuse(f"{error}\nNothing was changed.")
    if dry_run:
        print(change.diff())
    print(f"{len(report.agreeing)} confirmed numbers agree with the list.")
    for heading, lines in (
        ("identified", report.filled),
        ("in conflict with what a person confirmed, kept as it was", report.conflicts),
        ("left", report.left),
    ):
        print(f"{len(lines)} {heading}{':' if lines else '.'}")
        for line in lines:
            print(f"  {line}")
    if dry_run:
        print("Nothing was written (--dry-run).")
