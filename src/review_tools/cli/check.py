"""``review check``: everything wrong with the data, in words."""

import json
import sys
from pathlib import Path

import typer
from rich.console import Console

from review_tools.cli.app import AsJson, Root, app, project, refuse
from review_tools.evidence import schema
from review_tools.evidence.checks import check as run_checks
from review_tools.evidence.problems import DataError, Problem, shorten
from review_tools.evidence.tables import load


@app.command()
def check(root: Root = None, as_json: AsJson = False) -> None:
    """Check data, bibliography and citations; report every problem at once; exit 1 if there is one."""
    folder = project(root)
    problems = problems_of(folder)
    if as_json:
        print(json.dumps({"problems": [problem.as_dict() for problem in problems]}, ensure_ascii=False, indent=2))
    else:
        print_problems(problems, sum(len(load(name, folder)) for name in schema.tables(folder)) if not problems else 0)
    raise typer.Exit(bool(problems))


def problems_of(folder: Path) -> list[Problem]:
    """Everything wrong with the data; claims are tested once the data are sound."""
    try:
        problems = run_checks(folder)
        if not problems:
            from review_tools.synthesis import claims

            problems = claims.check(folder)
    except DataError as error:
        refuse(str(error))
    return problems


def print_problems(problems: list[Problem], rows: int) -> None:
    console = Console(soft_wrap=True, highlight=False, markup=False, file=sys.stdout)
    for file in dict.fromkeys(problem.file for problem in problems):
        console.print(file, style="bold")
        for problem in (p for p in problems if p.file == file):
            place = ", ".join(
                part
                for part in (
                    f"row {problem.row}" if problem.row else "",
                    f"column {problem.column}" if problem.column else "",
                )
                if part
            )
            value = f" {shorten(problem.value)!r}" if problem.value else ""
            console.print(f"  {place or 'file'}{value}: {problem.why}")
            console.print(f"    → {problem.remedy}")
    if problems:
        files = len({problem.file for problem in problems})
        console.print(
            f"{len(problems)} problem{'s' * (len(problems) > 1)} in {files} file{'s' * (files > 1)}.", style="bold red"
        )
    else:
        console.print(f"{rows} rows, bibliography and chapters checked: no problem found.", style="green")
