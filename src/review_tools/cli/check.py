"""``review check``, ``accept``, ``sign`` and ``pool``: what the data hold, say, and what is wrong."""

import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import pandas as pd
import typer
from rich import table as rich
from rich.console import Console

from review_tools.check import check as run_checks
from review_tools.check import fix as mend
from review_tools.check.repair import Fix
from review_tools.cli.app import CONTRIBUTE, LOOK, MAINTAIN, AsJson, Here, app, refuse
from review_tools.data.problems import DataError, Problem, shorten
from review_tools.data.project import Project
from review_tools.data.tables import Table

if TYPE_CHECKING:
    from review_tools.synthesis.pooling import Pooled


First = Literal["day", "month"]
SHOWN = 5  # rows, or values, of a problem that is in many


@app.command(rich_help_panel=CONTRIBUTE, epilog="Example: review check --fix")
def check(
    project: Here,
    as_json: AsJson = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="First mend what has only one right form, and what a spreadsheet changed.")
    ] = False,
    dates: Annotated[
        First | None,
        typer.Option(help="With --fix: what comes first in 01/05/2024; asked for each column if left out."),
    ] = None,
) -> None:
    """Check data, bibliography and citations; report every problem at once; exit 1 if there is one."""
    mended = mend(project, partial(_month_first, dates, sys.stdin.isatty() and not as_json)) if fix else []
    project = Project(project.root)
    problems = problems_of(project)
    if as_json:
        shown = [asdict(one) | {"meaning": _meaning(project, one.file, one.column)} for one in problems]
        report = {"problems": shown, "fixed": [asdict(one) for one in mended]}
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print_fixes(mended)
        print_problems(problems, project)
        if not problems:
            rows = sum(len(project.table(name)) for name in project.schema)
            typer.secho(f"{rows} rows, bibliography and chapters checked: no problem found.", fg="green")
    raise typer.Exit(bool(problems))


@app.command(rich_help_panel=CONTRIBUTE, epilog='Example: review accept t1d_benefit --by "A. Name"')
def accept(
    claim: Annotated[str, typer.Argument(help="Identifier of the claim, from data/claims.csv.")],
    by: Annotated[str, typer.Option(help="Your name: you have read the sentence again.")],
    project: Here,
) -> None:
    """Accept the verdict that the data now give a claim, with your name and today's date."""
    from review_tools.synthesis import claims

    try:
        print(claims.accept(project, claim, by))
    except KeyError as error:
        refuse(error.args[0])


@app.command(rich_help_panel=MAINTAIN, epilog='Example: review sign agvhd_response --by "A. Name"')
def sign(
    comparisons: Annotated[list[str], typer.Argument(help="Identifiers of comparisons, from data/comparisons.csv.")],
    by: Annotated[str, typer.Option(help="Your name: you have read rows, certainty and wording of each.")],
    project: Here,
) -> None:
    """Sign what comparisons say, with your name and today's date; a signature lapses when any of it moves."""
    from review_tools.synthesis import signatures

    try:
        for comparison in comparisons:
            print(signatures.sign(project, comparison, by))
    except KeyError as error:
        refuse(error.args[0])


@app.command(rich_help_panel=LOOK, epilog="Example: review pool studies.csv --measure RR")
def pool(
    file: Annotated[Path, typer.Argument(help="CSV: one row per study; `study` names it.")],
    measure: Annotated[str, typer.Option(help="RR, OR, RD, PETO, MD, SMD, PLO, HR, IRR or GEN.")],
    model: Annotated[str, typer.Option(help="FE, MH, DL, PM or REML; PETO with FE is Peto's method.")] = "REML",
    test: Annotated[str | None, typer.Option(help="z or hksj; hksj for random effects if left out.")] = None,
    guard: Annotated[bool, typer.Option(help="Never let hksj narrow the interval below that of z.")] = True,
    as_json: AsJson = False,
) -> None:
    """Pool the studies of a CSV file: a table, or JSON on the scale of analysis with --json."""
    from review_tools.synthesis import pooling, rows
    from review_tools.synthesis.effects import CannotPoolError

    try:
        effects = rows.effect_sizes(rows.read(file), measure.upper(), file.name)
        for warning in effects.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        pooled = pooling.pool(effects, model.upper(), test and test.lower(), guard=guard)
    except CannotPoolError as error:
        refuse(str(error))
    for row in pooled.left_out:
        print(f"left out: {row.label}: {row.why}", file=sys.stderr)
    if as_json:
        print(json.dumps(pooled.figures(), allow_nan=False))
    else:
        _print_pooled(pooled, effects.measure.title)


def _print_pooled(pooled: "Pooled", title: str) -> None:
    low, high = pooled.back_prediction or (None, None)
    found = pooled.figures() | {"back_pi_low": low, "back_pi_high": high}
    figures = {name: "–" if value is None else f"{value:.4g}" for name, value in found.items()}
    listing = rich.Table("", "estimate", "95% from", "to", box=None, header_style="bold", title_justify="left")
    listing.title = f"{title}, {pooled.k} {'study' if pooled.k == 1 else 'studies'}: {pooled.model}, test {pooled.test}"
    listing.add_row("effect", figures["back_estimate"], figures["back_ci_low"], figures["back_ci_high"])
    listing.add_row("prediction", "", figures["back_pi_low"], figures["back_pi_high"])
    if pooled.back[0] != pooled.estimate:
        listing.add_row("scale of analysis", figures["estimate"], figures["ci_low"], figures["ci_high"])
    console = Console(highlight=False)
    console.print(listing)
    names = {"stat": "statistic", "p": "p", "tau2": "tau²", "i2": "I² %", "q": "Q", "q_p": "p of Q"}
    console.print(", ".join(f"{name} {figures[key]}" for key, name in names.items()))


def problems_of(project: Project) -> list[Problem]:
    """Return everything wrong with the data; claims are tested once the data are sound."""
    problems = run_checks(project)
    if not problems:
        from review_tools.synthesis import claims

        problems = claims.check(project)
    return problems


def _month_first(said: First | None, can_ask: bool, file: str, column: str, dates: list[str]) -> bool | None:
    """Return whether the month comes first in a column of dates, as given or asked; None if nobody knows."""
    place = f"{file}, column {column}: in {' and '.join(dates[:2])}"
    if said is None and can_ask:
        answer = typer.prompt(f"{place}, what comes first: day, month, or leave them?", "leave", err=True)
        said = next((first for first in get_args(First) if first == answer), None)
    if said is None:
        print(f"left: {place} day or month may come first → add --dates day, or --dates month", file=sys.stderr)
    return None if said is None else said == "month"


def _print_fixes(fixes: list[Fix]) -> None:
    """Print what was mended, the same kind of a column in one line."""
    kinds: dict[tuple[str, str, str], list[Fix]] = {}
    for one in fixes:
        kinds.setdefault((one.file, one.column, "" if one.column else one.what), []).append(one)
    for (file, column, what), same in kinds.items():
        place = _place(file, _rows([one.row for one in same if one.row]), column and f"column {column}")
        change = f"{shorten(same[0].before)!r} → {shorten(same[0].after)!r}" if column else what
        print(f"mended: {place}: {change}{', and the like' if column and len(same) > 1 else ''}")


def _place(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _rows(rows: list[int]) -> str:
    """Return the words for some rows: the first of many."""
    shown = [str(row) for row in rows[:SHOWN]]
    if len(rows) > SHOWN:
        shown.append(f"{len(rows) - SHOWN} more")
    return f"rows {', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(f"row {row}" for row in shown)


def print_problems(problems: list[Problem], project: Project, *, written: bool = True) -> None:
    """Print problems by file: the row with the bad cell marked, what is wrong, the remedy, what the column means.

    The same problem of several rows is printed once, where it is first. With ``written`` false the problems are those
    of a change that was not made, so that the files hold no such rows.
    """
    kinds: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.column, problem.why, problem.remedy), []).append(problem)
    file = ""
    for same in kinds.values():
        problem = same[0]
        if problem.file != file:
            file = problem.file
            typer.secho(file, bold=True)
        rows: dict[str, list[int]] = {}
        for one in same:
            rows.setdefault(one.file, []).extend([one.row] if one.row else [])
        place = _rows(rows.pop(file)) if written else "new row" * bool(problem.row)
        place = _place(place, problem.column and f"column {problem.column}") or "file"
        values = [f" {shorten(value)!r}" for value in dict.fromkeys(one.value for one in same) if value]
        more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
        typer.echo(f"  {place}{','.join(values[:SHOWN])}{more}: {problem.why}")
        for other, lines in rows.items():
            typer.echo(f"    and {_place(other, _rows(lines))}")
        if written and (excerpt := _excerpt(project, problem)):
            typer.secho(f"    {excerpt}", dim=True)
        typer.echo(f"    → {problem.remedy}")
        if meaning := _meaning(project, file, problem.column):
            typer.secho(f"    what it means: {meaning}", dim=True)
    if problems:
        files = len({problem.file for problem in problems})
        places = f", {len(problems)} places" if len(problems) > len(kinds) else ""
        count = f"{len(kinds)} problem{'s' * (len(kinds) > 1)} in {files} file{'s' * (files > 1)}{places}."
        typer.secho(count, fg="red", bold=True)


def _table(project: Project, file: str) -> Table | None:
    return next((table for name, table in project.schema.items() if project.file_of(name) == file), None)


def _excerpt(project: Project, problem: Problem) -> str:
    """Return the key of a problem's row, and the bad cell between its neighbours, marked; nothing if it has no row."""
    table = _table(project, problem.file)
    try:
        sheet = project.text(table.name) if table else pd.DataFrame()
    except DataError:
        return ""
    columns, bad = list(sheet.columns), problem.column
    if not table or problem.row not in sheet.index or set(table.columns).isdisjoint(columns):
        return ""
    at = columns.index(bad) if bad in columns else 1
    near = (*table.primary_key, *columns[max(at - 1, 0) : at + 2])
    row = sheet.loc[[problem.row]].iloc[0]
    cells = {column: f"{column}={shorten(str(row[column]), 40)!r}" for column in columns if column in near}
    return "  ".join(f"▸{cell}◂" if column == bad else cell for column, cell in cells.items())


def _meaning(project: Project, file: str, column: str) -> str:
    """Return where a column of a file of ``data/`` is explained: on the site, or in the data package; else nothing."""
    table = _table(project, file)
    if table is None or column not in table.columns:
        return ""
    try:
        return f"{project.citation.url}book/methods.html#column-{table.name}-{column}"
    except DataError:
        return f"data/datapackage.json, {table.name}, {column}"
