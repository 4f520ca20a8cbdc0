"""``review pool``: a meta-analysis of any CSV file."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from review_tools.cli.app import AsJson, app, refuse
from review_tools.data.problems import DataError

if TYPE_CHECKING:
    from review_tools.synthesis.pooling import Pooled


@app.command()
def pool(
    file: Annotated[Path, typer.Argument(help="CSV: one row a study; `study` names it.")],
    measure: Annotated[str, typer.Option(help="RR, OR, RD, PETO, MD, SMD, PLO, HR, IRR or GEN.")],
    model: Annotated[str, typer.Option(help="FE, MH, DL, PM or REML; PETO with FE is Peto's method.")] = "REML",
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
        refuse(str(error))
    for row in pooled.left_out:
        print(f"left out: {row.label}: {row.why}", file=sys.stderr)
    if as_json:
        print(json.dumps(pooled.figures(), allow_nan=False))
    else:
        _print_pooled(pooled, effects.measure.title)


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
