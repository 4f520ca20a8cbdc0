"""``review``: the project's commands. Parses and delegates."""

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from review_tools.evidence import schema
from review_tools.evidence.checks import check as run_checks
from review_tools.evidence.paths import project_root
from review_tools.evidence.problems import DataError, Problem, shorten
from review_tools.evidence.tables import load

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The living review's tools."
)
Root = Annotated[Path | None, typer.Option("--root", help="The project's folder; found from here upwards if left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command()
def check(root: Root = None, as_json: AsJson = False) -> None:
    """Check data, bibliography and citations; report every problem at once; exit 1 if there is one."""
    folder = _folder(root)
    try:
        problems = run_checks(folder)
    except DataError as error:
        _refuse(str(error))
    if as_json:
        print(json.dumps({"problems": [problem.as_dict() for problem in problems]}, ensure_ascii=False, indent=2))
    else:
        _print_problems(problems, sum(len(load(name, folder)) for name in schema.tables(folder)) if not problems else 0)
    raise typer.Exit(bool(problems))


@app.command()
def build(root: Root = None) -> None:
    """Check the data, build the whole book, and put it into _build/html if everything succeeded."""
    from review_tools.site.build import BuildError
    from review_tools.site.build import build as build_site

    folder = _folder(root)
    problems = run_checks(folder)
    if problems:
        _print_problems(problems, 0)
        _refuse("Nothing was built: mend the problems above first.")
    print("Data checked. Building the book …", flush=True)
    try:
        site = build_site(folder)
    except BuildError as error:
        _refuse(str(error))
    print(f"The book is built: open {site / 'index.html'}, or run make serve.")


@app.command()
def tables(root: Root = None, as_json: AsJson = False) -> None:
    """List the tables with their sizes."""
    folder = _folder(root)
    try:
        sizes = {name: (table, len(load(name, folder))) for name, table in schema.tables(folder).items()}
    except DataError as error:
        _refuse(str(error))
    if as_json:
        print(json.dumps({name: {"rows": rows, "columns": len(table.fields)} for name, (table, rows) in sizes.items()}))
        return
    listing = Table("table", "rows", "columns", "a row is", box=None, header_style="bold")
    for name, (table, rows) in sizes.items():
        listing.add_row(name, str(rows), str(len(table.fields)), table.description.split(". ")[0].rstrip("."))
    Console().print(listing)


def _print_problems(problems: list[Problem], rows: int) -> None:
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


def _folder(root: Path | None) -> Path:
    try:
        return project_root(root)
    except FileNotFoundError as error:
        _refuse(str(error))


def _refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
