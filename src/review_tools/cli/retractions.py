"""``review retractions``: what was published about the works of this review since."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from review_tools.cli.app import Root, app, open_project, refuse
from review_tools.cli.check import print_problems
from review_tools.data.edit import edit
from review_tools.data.problems import DataError
from review_tools.data.project import Project


@app.command()
def retractions(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask and show the change; write nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Add what was found as Markdown to this file.")] = None,
    root: Root = None,
) -> None:
    """Ask Crossref and PubMed about every work: retractions, concerns, corrections; exit 1 if one is unknown.

    A work without a usable answer is left as it is; the next run within a day asks only about those.
    """
    from review_tools.sources import retractions as asking
    from review_tools.sources.adding import NotFitError, remaining
    from review_tools.sources.http import Client
    from review_tools.synthesis import claims

    project = open_project(root)
    try:
        with Client(project.root / "_build" / "cache" / "http") as client:
            asked = asking.ask(project, client)
        with edit(project.root, dry_run=dry_run) as change:
            new = asking.enter(change, asked)
            if new:
                remaining(project, change)
        turned = [problem.why for problem in claims.check(Project(project.root))] if new and not dry_run else []
    except NotFitError as unfit:
        print_problems(unfit.problems, 0, project)
        refuse("Nothing was changed.")
    except DataError as error:
        refuse(f"{error}\nNothing was changed.")
    if dry_run and new:
        print(change.diff())
    for row in new:
        status = row["after"] if row["before"] == row["after"] else f"{row['before']} → {row['after']}"
        print(f"{row['study_id']}: {row['kind']} {row['noticed_on']} ({row['notice']}, {row['source']}): {status}")
    for why in turned:
        print(f"To read again: {why}")
    unknown = [one for one in asked if one.unknown]
    for one in unknown:
        print(f"unknown: {one.study_id}: {'; '.join(one.unknown)}", file=sys.stderr)
    told, nowhere = sum(one.told for one in asked), sum(not (one.held or one.unknown) for one in asked)
    print(f"Works told of: {told}; new notices: {len(new)}; unknown: {len(unknown)}; in neither service: {nowhere}.")
    if report:
        with report.open("a", encoding="utf-8") as file:
            file.write(asking.markdown(asked, new, turned))
    if dry_run:
        print("Dry run: nothing was changed.")
    raise typer.Exit(bool(unknown))
