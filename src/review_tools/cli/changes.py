"""``review diff``, ``review release`` and ``review versions``: what changes in the review, and its versions."""

import json
import sys
from datetime import date
from typing import Annotated

import typer

from review_tools.cli.app import AsJson, Root, app, open_project, refuse
from review_tools.cli.check import print_problems, problems_of
from review_tools.data import git
from review_tools.data.problems import DataError


@app.command()
def diff(
    base: Annotated[str, typer.Argument(help="A git revision, a folder, or the number of a version.")],
    head: Annotated[str | None, typer.Argument(help="The same; the working tree if left out.")] = None,
    root: Root = None,
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown for a pull request.")] = False,
    bounded: Annotated[
        bool,
        typer.Option("--bounded", help="Exit 1 on more rows than one change may touch, or on an edited past line."),
    ] = False,
    unattended: Annotated[
        bool,
        typer.Option("--unattended", help="Exit 1 also on a lost row, or a registry value or status without its log."),
    ] = False,
) -> None:
    """Show what HEAD changes in the review since it left BASE: rows, pooled results, verdicts, pages."""
    project = open_project(root)
    from review_tools.changes import bounds, compare, render

    try:
        changes = compare.compared(project, base, head)
    except DataError as error:
        refuse(str(error))
    if as_json:
        print(json.dumps(changes.as_dict(), ensure_ascii=False, allow_nan=False, indent=1))
    elif markdown:
        print(render.markdown(changes), end="")
    else:
        print(render.terminal(changes, wrap=sys.stdout.isatty()), end="")
    allowed = project.protocol["bounds"] if bounded or unattended else {}
    refusals = bounds.bounded(changes, allowed) if allowed else []
    problems = list(bounds.unattended(changes, allowed)) if unattended else []
    if problems:
        print_problems(problems, 0, project)
    if refusals or problems:
        refuse("\n".join(refusals) or "Nobody has looked at this change, so it is not offered.")


@app.command()
def release(
    version: Annotated[str | None, typer.Argument(help="The number, instead of --search, --data or --fix.")] = None,
    root: Root = None,
    search: Annotated[bool, typer.Option("--search", help="A search of a new year: 26.1.0 → 27.0.0.")] = False,
    data: Annotated[bool, typer.Option("--data", help="A change of data: 26.1.0 → 26.2.0.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="A correction of detail: 26.1.0 → 26.1.1.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change; write nothing.")] = False,
    tag: Annotated[bool, typer.Option("--tag", help="Commit the files and tag the commit.")] = False,
) -> None:
    """Make a version: its number and date everywhere they stand, a snapshot of the data, what it changes."""
    from review_tools.changes.release import make, plan
    from review_tools.changes.render import headline

    asked = [step for step, said in (("search", search), ("data", data), ("fix", fix), (version, version)) if said]
    if len(asked) != 1 or asked[0] is None:
        refuse("Say which version: one of --search, --data, --fix, or a number.")
    project = open_project(root)
    try:
        planned = plan(project, asked[0])
    except DataError as error:
        refuse(str(error))
    if problems := problems_of(project):
        print_problems(problems, 0, project)
        refuse("No version was made: mend the problems above first.")
    try:
        made = make(project, planned, date.today(), dry_run=dry_run)
    except DataError as error:
        refuse(str(error))
    print(made.diff if dry_run else "\n".join(made.files))
    print(f"{made.changes.before} → {made.changes.after}: {headline(made.changes)}")
    words, name = f"Version {planned.number}", f"v{planned.number}"
    if dry_run:
        print("Nothing was written.")
    elif tag:
        try:
            git.run(project.root, "add", "--", *made.files)
            git.run(project.root, "commit", "--quiet", "--message", words)
            git.run(project.root, "tag", "--annotate", name, "--message", words)
        except git.GitError as error:
            refuse(f"The files are written, but git says: {error}")
        print(f"Committed and tagged. Next: git push --follow-tags origin HEAD {name}")
    else:
        print(f"Read what was written, then:\n  git add {' '.join(made.files)}\n  git commit -m '{words}'")
        print(f"  git tag -a {name} -m '{words}'\n  git push origin HEAD {name}")


@app.command()
def versions(root: Root = None) -> None:
    """List the versions: number and date, the oldest first."""
    from review_tools.data.versions import versions as listed

    try:
        for version in listed(open_project(root)):
            print(f"{version.number}  {version.date}")
    except DataError as error:
        refuse(str(error))
