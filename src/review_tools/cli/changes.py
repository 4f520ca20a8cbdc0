"""``review diff`` and ``review release``: what changes in the review, and its versions."""

import json
from typing import Annotated

import typer

from review_tools.cli.app import CONTRIBUTE, MAINTAIN, UNCHANGED, AsJson, DryRun, Here, app, refuse
from review_tools.cli.check import print_problems, problems_of


@app.command(rich_help_panel=CONTRIBUTE, epilog="Example: review diff main")
def diff(
    base: Annotated[str, typer.Argument(help="A git revision, a folder, or the number of a version.")],
    project: Here,
    head: Annotated[str | None, typer.Argument(help="The same; the working tree if left out.")] = None,
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
    from review_tools.changes import bounds, compare, render

    changes = compare.diff(project, base, head)
    if as_json:
        print(json.dumps(changes.as_dict(), ensure_ascii=False, allow_nan=False, indent=1))
    elif markdown:
        print(render.markdown(changes), end="")
    else:
        print(render.terminal(changes), end="")
    allowed = project.protocol["bounds"] if bounded or unattended else {}
    refusals = bounds.bounded(changes, allowed) if allowed else []
    problems = list(bounds.unattended(changes, allowed)) if unattended else []
    if problems:
        print_problems(problems, project)
    if refusals or problems:
        refuse("\n".join(refusals) or "Nobody has looked at this change, so it is not offered.")


@app.command(rich_help_panel=MAINTAIN, epilog="Example: review release data --dry-run")
def release(
    step: Annotated[
        str, typer.Argument(help="search (26.1.0 → 27.0.0), data (→ 26.2.0), fix (→ 26.1.1), or a number.")
    ],
    project: Here,
    dry_run: DryRun = False,
) -> None:
    """Make a version: its number and date everywhere they stand, a snapshot of the data, what it changes."""
    from review_tools.changes.release import make, next_number
    from review_tools.changes.render import headline

    number = next_number(project, step)
    if problems := problems_of(project):
        print_problems(problems, project)
        refuse("No version was made: mend the problems above first.")
    changes, files = make(project, number, dry_run=dry_run)
    print("\n".join(files))
    print(f"{changes.before} → {changes.after}: {headline(changes)}")
    if dry_run:
        print(UNCHANGED)
    else:
        print(f"Read what was written, then:\n  git add {' '.join(files)}\n  git commit -m 'Version {number}'")
        print(f"  git tag -a v{number} -m 'Version {number}'\n  git push origin HEAD v{number}")
