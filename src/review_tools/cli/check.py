"""``review check``: everything wrong with the data, in words."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console

from review_tools.check import check as run_checks
from review_tools.check.fix import Fix
from review_tools.check.fix import fix as mend
from review_tools.cli.app import AsJson, Root, app, open_project, refuse
from review_tools.data.problems import DataError, Problem, shorten
from review_tools.data.project import Project
from review_tools.data.schema import Table


@app.command()
def check(
    root: Root = None,
    as_json: AsJson = False,
    fix: Annotated[bool, typer.Option("--fix", help="First mend spaces, dashes, line ends, DOIs, order.")] = False,
) -> None:
    """Check data, bibliography and citations; report every problem at once; exit 1 if there is one."""
    project = open_project(root)
    mended = mend(project) if fix else []
    project = Project(project.root)
    if not as_json:
        print_fixes(mended)
    problems = problems_of(project)
    if as_json:
        shown = [one.as_dict() | {"meaning": _meaning(project, one.file, one.column)} for one in problems]
        told = {"problems": shown, "fixed": [asdict(one) for one in mended]}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        rows = sum(len(project.table(name)) for name in project.schema) if not problems else 0
        print_problems(problems, rows, project)
    raise typer.Exit(bool(problems))


def problems_of(project: Project) -> list[Problem]:
    """Everything wrong with the data; claims are tested once the data are sound."""
    try:
        problems = run_checks(project)
        if not problems:
            from review_tools.synthesis import claims

            problems = claims.check(project)
    except DataError as error:
        refuse(str(error))
    return problems


def print_fixes(fixes: list[Fix]) -> None:
    for one in fixes:
        place = f", row {one.row}, column {one.column}" if one.row else ""
        change = f"{shorten(one.before)!r} → {shorten(one.after)!r}" if one.column else one.what
        print(f"mended: {one.file}{place}: {change}")


def print_problems(problems: list[Problem], rows: int, project: Project, *, written: bool = True) -> None:
    """Problems by file: the row with the bad cell marked, what is wrong, the remedy, where the column is explained.

    With ``written`` false they are those of a change that was not made, so that the files hold no such rows.
    """
    console = Console(soft_wrap=True, highlight=False, markup=False, file=sys.stdout)
    for file in dict.fromkeys(problem.file for problem in problems):
        console.print(file, style="bold")
        sheet, table = _sheet(project, file) if written else (None, _table(project, file))
        for problem in (p for p in problems if p.file == file):
            place = ", ".join(
                part
                for part in (
                    (f"row {problem.row}" if written else "new row") if problem.row else "",
                    f"column {problem.column}" if problem.column else "",
                )
                if part
            )
            value = f" {shorten(problem.value)!r}" if problem.value else ""
            console.print(f"  {place or 'file'}{value}: {problem.why}")
            if sheet is not None and table and problem.row in sheet.index:
                console.print(f"    {_shown(sheet.loc[[problem.row]].iloc[0], problem.column, table)}", style="dim")
            console.print(f"    → {problem.remedy}")
            if meaning := _meaning(project, file, problem.column):
                console.print(f"    what it means: {meaning}", style="dim")
    if problems:
        files = len({problem.file for problem in problems})
        console.print(
            f"{len(problems)} problem{'s' * (len(problems) > 1)} in {files} file{'s' * (files > 1)}.", style="bold red"
        )
    else:
        console.print(f"{rows} rows, bibliography and chapters checked: no problem found.", style="green")


def _table(project: Project, file: str) -> Table | None:
    return next((t for t in project.schema.values() if f"data/{t.path}" == file), None)


def _sheet(project: Project, file: str) -> tuple[pd.DataFrame | None, Table | None]:
    """The rows of a file of ``data/`` as text, with its definition; nothing where they cannot be read."""
    table = _table(project, file)
    try:
        return (project.text(table.name), table) if table else (None, None)
    except DataError:
        return None, table


def _shown(row: pd.Series, bad: str, table: Table) -> str:
    """The key columns of a row, and the bad cell between its neighbours, marked."""
    columns = list(row.index)
    at = columns.index(bad) if bad in columns else -1
    near = columns[max(at - 1, 0) : at + 2] if at >= 0 else columns[:3]
    chosen = [column for column in columns if column in (*table.primary_key, *near)]
    cells = (f"{column}={shorten(str(row[column]), 40)!r}" for column in chosen)
    return "  ".join(f"▸{cell}◂" if column == bad else cell for column, cell in zip(chosen, cells, strict=True))


def _meaning(project: Project, file: str, column: str) -> str:
    """Where a column of a file of ``data/`` is explained: on the site, or in the data package; else nothing."""
    table = _table(project, file)
    if table is None or column not in table.columns:
        return ""
    try:
        return f"{project.citation.url}book/methods.html#column-{table.name}-{column}"
    except DataError:
        return f"data/datapackage.json, {table.name}, {column}"
