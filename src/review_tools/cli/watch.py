"""``review watch``: what is new in the sources since they were last searched."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from review_tools.cli.app import Root, app, open_project, refuse
from review_tools.data.problems import DataError
from review_tools.data.protocol import SOURCES

if TYPE_CHECKING:
    from review_tools.sources.watch.run import Result


@app.command()
def watch(
    source: Annotated[str | None, typer.Option(help=f"Only this source: {', '.join(SOURCES)}.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day, instead of that of the last complete search."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Search and tell; change nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write what was found as Markdown into this file.")] = None,
    root: Root = None,
) -> None:
    """Search the sources since the last search; add to searches, candidates and trial history; exit 1 if one failed.

    An interrupted search is gone on with by the next run.
    """
    from review_tools.sources.watch.report import markdown
    from review_tools.sources.watch.run import watch as run

    project = open_project(root)
    if source is not None and source not in SOURCES:
        refuse(f"{source!r} is no source; there are {', '.join(SOURCES)}.")
    results = []
    try:
        for result in run(project, source, since.date() if since else None, dry_run):
            results.append(result)
            _tell(result)
    except DataError as error:
        refuse(str(error))
    finally:
        if report and results:
            report.write_text(markdown(results), encoding="utf-8")
    if dry_run:
        print("Dry run: nothing was changed.")
    raise typer.Exit(any(result.error for result in results))


def _tell(result: "Result") -> None:
    if result.found is None:
        print(result.error, file=sys.stderr, flush=True)
        return
    row = result.found.search
    print(
        f"{row['source']}, {row['from_date']} to {row['to_date']}: {row['hits']} records, {row['new']} new, "
        f"{row['duplicates']} known, {row['ruled_out']} ruled out ({row['status']})",
        flush=True,
    )
    for change in result.found.changes:
        print(f"  {change['trial_id']}, {change['column']}: {change['old'] or 'empty'} → {change['new']}")
