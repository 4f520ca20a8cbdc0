"""``review watch``, ``retractions``, ``identify`` and ``screen``: what the sources hold that is new, and decisions."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from review_tools.cli.app import MAINTAIN, UNCHANGED, DryRun, Here, app, refuse
from review_tools.data.edit import check_name, edit
from review_tools.data.problems import shorten
from review_tools.data.project import Project
from review_tools.data.protocol import SOURCES

if TYPE_CHECKING:
    from review_tools.sources.watch import Result

Report = Annotated[Path | None, typer.Option("--report", help="Append what was found to this file, as Markdown.")]


@app.command(rich_help_panel=MAINTAIN, epilog="Example: review watch --source pubmed --dry-run")
def watch(
    project: Here,
    source: Annotated[str | None, typer.Option(help=f"Only this source: {', '.join(SOURCES)}.")] = None,
    dry_run: DryRun = False,
    report: Report = None,
) -> None:
    """Search the sources since the last search; add to searches, candidates and trial history; exit 1 if one failed.

    After an interruption the next run begins again with the source that this one was at.
    """
    from review_tools.sources.watch import markdown
    from review_tools.sources.watch import watch as search

    if source is not None and source not in SOURCES:
        refuse(f"No source {source!r}; there are {', '.join(SOURCES)}.")
    results = []
    for result in search(project, source, dry_run):
        results.append(result)
        _print_result(result)
    if results:
        _add(report, markdown(results))
    else:
        print("Every source has already been searched today.")
    if dry_run:
        print(UNCHANGED)
    raise typer.Exit(any(result.error for result in results))


def _add(report: Path | None, text: str) -> None:
    """Append to the text of a pull request, to which several commands contribute."""
    if report:
        with report.open("a", encoding="utf-8") as file:
            file.write(text)


def _print_result(result: "Result") -> None:
    if result.error:
        print(result.error, file=sys.stderr, flush=True)
        return
    row = result.search
    print(
        f"{row['source']}, {row['from_date']} to {row['to_date']}: {row['hits']} records, {row['new']} new, "
        f"{row['duplicates']} known, {row['ruled_out']} ruled out ({row['status']})",
        flush=True,
    )
    for change in result.changes:
        print(f"  {change['trial_id']}, {change['column']}: {change['old'] or 'empty'} → {change['new']}")


@app.command(rich_help_panel=MAINTAIN, epilog="Example: review retractions --report found.md")
def retractions(
    project: Here,
    dry_run: DryRun = False,
    report: Report = None,
) -> None:
    """Ask Crossref and PubMed about every work: retractions, concerns, corrections; exit 1 if one is unknown.

    A work without a usable answer is left as it is. Exit 1, too, where the 2024 review lacks words that we correct.
    """
    from review_tools.sources.add import remaining
    from review_tools.sources.http import Client, ServiceError
    from review_tools.sources.retractions import Inquiry, ask, enter, lost_words, markdown
    from review_tools.synthesis import claims

    lost = []
    with Client() as client:
        inquiries = ask(project.works.values(), client)
        try:
            lost = lost_words(client, project.text("corrections").to_dict("records"))
        except ServiceError as error:
            inquiries.append(Inquiry("the text of the 2024 review", unknown=[str(error)]))
    with edit(project.root, dry_run=dry_run) as change:
        new = enter(change, inquiries)
        if new:
            remaining(change)
    turned = [problem.why for problem in claims.check(change.after)] if new else []
    if dry_run and new:
        print(change.diff())
    for row in new:
        status = row["after"] if row["before"] == row["after"] else f"{row['before']} → {row['after']}"
        print(f"{row['study_id']}: {row['kind']} {row['noticed_on']} ({row['notice']}, {row['source']}): {status}")
    for why in turned:
        print(f"To read again: {why}")
    unknown = [f"unknown: {one.name}: {'; '.join(one.unknown)}" for one in inquiries if one.unknown]
    for line in [*unknown, *lost]:
        print(line, file=sys.stderr)
    answered = sum(one.conclusive for one in inquiries)
    nowhere = len(inquiries) - answered - len(unknown)
    counts = f"Works with an answer: {answered}; new notices: {len(new)}; unknown: {len(unknown)}"
    print(f"{counts}; in neither service: {nowhere}.")
    _add(report, markdown(inquiries, new, turned, lost))
    if dry_run:
        print(UNCHANGED)
    raise typer.Exit(bool(unknown or lost))


@app.command(rich_help_panel=MAINTAIN, epilog="Example: review identify --dry-run")
def identify(
    project: Here,
    file: Annotated[
        Path | None, typer.Option("--from", help="Crossref's JSON record of the 2024 review, saved: works offline.")
    ] = None,
    by: Annotated[str, typer.Option(help="Your name, for the changelog.")] = "",
    report: Report = None,
    dry_run: DryRun = False,
) -> None:
    """Fill the unidentified reference numbers from Crossref; keep what people confirmed, list every conflict."""
    from review_tools.data.markdown import bullets
    from review_tools.sources import crossref
    from review_tools.sources.add import remaining
    from review_tools.sources.http import Client
    from review_tools.sources.identify import SEED, saved_list
    from review_tools.sources.identify import identify as fill
    from review_tools.sources.records import today

    check_name(by)
    if not (project.table("citations")["match"] == "unidentified").any():
        print("Every reference number is identified; nothing was asked.")
        return
    with Client() as client, edit(project.root, dry_run=dry_run) as change:
        if file:
            listed, seen = saved_list(file)
            found = fill(change, listed, None, seen, by)
        else:
            listed = crossref.references_of(client, SEED)
            found = fill(change, listed, client, today(), by)
        remaining(change)
    if dry_run:
        print(change.diff())
    print(f"{found.agreeing} confirmed numbers agree with the list.")
    for heading, lines in (
        ("identified", found.filled),
        ("in conflict with what a person confirmed, kept as it was", found.conflicts),
        ("left", found.left),
    ):
        print("\n  ".join([f"{len(lines)} {heading}{':' if lines else '.'}", *lines]))
    if found.filled:
        _add(report, f"## Reference numbers identified\n\n{bullets(found.filled)}\n")
    if dry_run:
        print(UNCHANGED)


@app.command(rich_help_panel=MAINTAIN, epilog='Example: review screen --by "A. Name" --export queue.csv')
def screen(
    project: Here,
    by: Annotated[str, typer.Option(help="Your name: decisions are written under it.")] = "",
    export: Annotated[
        Path | None, typer.Option(help="Write your queue as .csv or .ris: for a spreadsheet, or ASReview.")
    ] = None,
    take: Annotated[
        Path | None, typer.Option("--import", help="Enter the decisions of such a file, or of ASReview's export.")
    ] = None,
    reason: Annotated[str, typer.Option(help="With --import: the reason of exclusions that give none.")] = "",
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="List where people differ; with --by and --export, write yours.")
    ] = False,
) -> None:
    """Screen what the searches found: write your queue to a file, and enter the decisions made in it."""
    from review_tools.sources import screening

    check_name(by)
    if by and take:
        print(f"{screening.take_over(project, take, by, reason)} decisions added to data/screenings.csv.")
    elif by and export:
        candidates = screening.queue(project, by, conflicts_only=conflicts)
        screening.export(candidates, export)
        print(f"{len(candidates)} candidates written to {export}.")
    elif conflicts:
        _print_conflicts(project)
    elif by:
        left = len(screening.queue(project, by))
        print(f"{left} left to screen for {by}: --export FILE.csv (or .ris), decide, --import FILE.")
    else:
        refuse("Say who decides: --by NAME (or --conflicts).")


def _print_conflicts(project: Project) -> None:
    from review_tools.sources.screening import conflicts

    found = conflicts(project)
    if found.empty:
        print("No conflicts.")
        return
    for candidate, rows in found.groupby("candidate_id"):
        print(f"{candidate}: {shorten(rows['title'].iloc[0], 160)}")
        for row in rows.to_dict("records"):
            said = "; ".join(row[part] for part in ("decision", "reason", "note") if row[part])
            print(f"  {row['by']}: {shorten(said, 160)}")
    print("To decide again: review screen --by NAME --conflicts --export FILE, decide, --import FILE")
