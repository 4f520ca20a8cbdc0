"""``review diff``: what a branch changes in the review."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from review_tools.cli.app import AsJson, Root, app, open_project, refuse
from review_tools.data.problems import DataError

if TYPE_CHECKING:
    from review_tools.changes import Changes

ROWS = 40  # of one kind, in the terminal


@app.command()
def diff(
    base: Annotated[str, typer.Argument(help="A git revision, or the project of a project.")],
    head: Annotated[str | None, typer.Argument(help="The same; the working tree if left out.")] = None,
    root: Root = None,
    as_json: AsJson = False,
    bounded: Annotated[
        bool,
        typer.Option("--bounded", help="Exit 1 on more rows than one change may touch, or on an edited past line."),
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown for a pull request.")] = False,
) -> None:
    """Show what HEAD changes in the review since it left BASE: rows, pooled results, verdicts, pages."""
    project = open_project(root)
    from review_tools.changes.markdown import markdown as as_markdown
    from review_tools.changes.revisions import compared

    try:
        found = compared(project, base, head)
    except DataError as error:
        refuse(str(error))
    if as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False, allow_nan=False, indent=1))
    elif markdown:
        print(as_markdown(found), end="")
    else:
        _print(found)
    if bounded:
        _stay_within(project.protocol["bounds"]["rows_of_a_change"], found)


def _stay_within(most: int, found: "Changes") -> None:
    """Refuses a change that nobody can read row by row, and one of what is past."""
    rows = sum(len(table.rows) for table in found.tables)
    refusals = []
    if rows > most:
        remedy = "send it in parts, or first raise bounds.rows_of_a_change in data/review.yml in a change of its own"
        refusals.append(f"{rows:,} rows change, more than {most:,} → {remedy}.")
    if past := len(found.past_edited):
        refusals.append(f"Lines of a log changed or removed: {past} → restore them from git, and add new lines.")
    if refusals:
        refuse("\n".join(refusals))


def _print(found: "Changes") -> None:
    from review_tools.changes.model import ADDED, CHANGED, REMOVED
    from review_tools.changes.summary import headline, one_line, side_by_side, to_read

    console = Console(soft_wrap=True, highlight=False, markup=False)

    def section(title: str, lines: list[str], style: str = "") -> None:
        if lines:
            console.print(Text(title, style="bold"))
        for line in lines[:ROWS]:
            console.print(Text(f"  {line}", style=style))
        if len(lines) > ROWS:
            console.print(f"  … {len(lines) - ROWS} more; --json shows them all")

    console.print(f"{found.before} → {found.after}")
    console.print(headline(found), style="bold")
    for kind, style in ((REMOVED, "red"), (CHANGED, "yellow"), (ADDED, "green")):
        lines = [
            f"{'PAST LINE ' if row.past else ''}{table.name} {one_line(row.name, 100)}"
            + "".join(
                f"\n      {cell.column}: {was or '–'} → {now or '–'}"
                for cell in row.cells
                if kind == CHANGED
                for was, now in [side_by_side(cell.before, cell.after, 80)]
            )
            for table, row in found.rows(kind)
        ]
        if kind == REMOVED:
            lines = [
                f"{t.name}: the whole column {one_line(c, 60)}" for t in found.tables for c in t.columns_removed
            ] + lines
        section(kind.capitalize(), lines, style)
    moved = []
    for pool in found.pools:
        was, now = (f"k {side.k}: {side.text}" if side else "not declared" for side in (pool.before, pool.after))
        moved.append(f"{one_line(pool.title, 100)}: {was} → {now}")
    section("Pooled results", moved)
    section("Prose to read again, since a result that it is about moves", to_read(found))
    section(
        "Verdicts",
        [f"{v.claim_id}: {v.before or '–'} → {v.after or '–'} ({one_line(v.because, 160)})" for v in found.verdicts],
    )
    section("Pages", [f"{one_line(p.page, 100)}: {one_line('; '.join(p.reasons), 160)}" for p in found.pages])
    section("Could not be read or computed", [one_line(note, 300) for note in found.notes], "red")
