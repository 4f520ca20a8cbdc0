"""``review``: the project's commands. Parses and delegates."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from review_tools.evidence import schema
from review_tools.evidence.checks import check as run_checks
from review_tools.evidence.paths import project_root
from review_tools.evidence.problems import DataError, Problem, shorten
from review_tools.evidence.tables import load

if TYPE_CHECKING:
    from review_tools.synthesis.pooling import Pooled

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The living review's tools."
)
Root = Annotated[Path | None, typer.Option("--root", help="The project's folder; found from here upwards if left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command()
def check(root: Root = None, as_json: AsJson = False) -> None:
    """Check data, bibliography and citations; report every problem at once; exit 1 if there is one."""
    folder = _folder(root)
    problems = _problems(folder)
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
    problems = _problems(folder)
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


@app.command()
def pool(
    file: Annotated[Path, typer.Argument(help="CSV: one row a study; `study` names it.")],
    measure: Annotated[str, typer.Option(help="RR, OR, RD, PETO, MD, SMD, ROM, PLO, PAS, HR or GEN.")],
    model: Annotated[str, typer.Option(help="FE, MH, PETO, DL, PM, REML, ML or HE.")] = "REML",
    test: Annotated[str | None, typer.Option(help="z or hksj; hksj for random effects if left out.")] = None,
    guard: Annotated[bool, typer.Option(help="Never let hksj narrow the interval below that of z.")] = True,
    as_json: AsJson = False,
) -> None:
    """Pool the studies of a CSV file: a table, or JSON on the scale of analysis with --json."""
    from review_tools.synthesis import pooling, rows
    from review_tools.synthesis.effects import SynthesisError

    try:
        effects = rows.effect_sizes(rows.read(file), measure.upper(), file.name)
        for warning in effects.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        pooled = pooling.pool(effects, model.upper(), test and test.lower(), guard=guard)
    except (DataError, SynthesisError) as error:
        _refuse(str(error))
    for row in pooled.left_out:
        print(f"left out: {row.label}: {row.why}", file=sys.stderr)
    if as_json:
        print(json.dumps(pooled.figures(), allow_nan=False))
    else:
        _print_pooled(pooled, effects.measure.title)


@app.command()
def accept(
    claim: Annotated[str, typer.Argument(help="Identifier of the claim, from data/claims.csv.")],
    by: Annotated[str, typer.Option(help="Your name: you have read the sentence again.")],
    root: Root = None,
) -> None:
    """Accept the verdict that the data now give a claim, with your name and today's date."""
    from review_tools.synthesis import claims

    folder = _folder(root)
    try:
        print(claims.accept(claim, by, folder))
    except (DataError, KeyError) as error:
        _refuse(str(error.args[0]))


def _problems(folder: Path) -> list[Problem]:
    """Everything wrong with the data; claims are tested once the data are sound."""
    try:
        problems = run_checks(folder)
        if not problems:
            from review_tools.synthesis import claims

            problems = claims.check(folder)
    except DataError as error:
        _refuse(str(error))
    return problems


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


def _print_pooled(pooled: "Pooled", title: str) -> None:
    def text(value: float | None, form: str = ".4g") -> str:
        return "–" if value is None else format(value, form)

    listing = Table("", "estimate", "95% from", "to", box=None, header_style="bold", title_justify="left")
    listing.title = f"{title}, {pooled.k} {'study' if pooled.k == 1 else 'studies'}: {pooled.model}, test {pooled.test}"
    scales: dict[str, tuple[float | None, ...]] = {
        "effect": (pooled.back_estimate, pooled.back_ci_low, pooled.back_ci_high),
        "prediction": (None, pooled.back_pi_low, pooled.back_pi_high),
    }
    if pooled.back_estimate != pooled.estimate:
        scales["scale of analysis"] = (pooled.estimate, pooled.ci_low, pooled.ci_high)
    for name, figures in scales.items():
        listing.add_row(name, *map(text, figures))
    console = Console(highlight=False)
    console.print(listing)
    console.print(f"{'z' if pooled.df is None else 't'} {text(pooled.stat)}, p {text(pooled.p, '.3g')}", end="; ")
    console.print(
        f"tau² {text(pooled.tau2)}, I² {text(pooled.i2, '.1f')}%, Q {text(pooled.q)} (p {text(pooled.q_p, '.3g')})"
    )


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
