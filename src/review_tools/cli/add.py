"""``review add``, ``review forms`` and ``review form``: new rows, by a command or by a filled issue form."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import pandas as pd
import typer

from review_tools.check.rules import BLOCKS
from review_tools.cli.app import CONTRIBUTE, MAINTAIN, UNCHANGED, DryRun, Here, app, refuse
from review_tools.cli.check import print_problems
from review_tools.data.edit import Change, check_name, edit
from review_tools.data.problems import DataError, Problem, did_you_mean, same_word, shorten
from review_tools.data.project import Project
from review_tools.data.tables import Field

if TYPE_CHECKING:
    from review_tools.sources.records import Record

ALREADY_THERE = 3
SHOWN = ("title", "authors", "journal", "year", "doi", "pmid", "trial_id")
SHOWN_OF_TRIAL = ("registered_status", "registered_condition")


What = Literal["doi", "pmid", "nct", "finding", "outcome"]
TABLES = {"doi": "studies", "pmid": "studies", "nct": "trials", "finding": "findings", "outcome": "outcomes"}
WANTED = {  # what no cell has to hold, and what is asked for all the same: readers and pools miss it
    "finding": ("route", "tissue", "modification", "effect_on", "disease"),
    "outcome": ("population", "arm2", "higher_is_better"),
}
FORMS = {
    "doi": "a DOI → write it as 10.1000/xyz",
    "pmid": "a PubMed number → write digits only, as 123456",
    "nct": "an NCT number → write NCT and 8 digits",
}
OTHER = {
    "short": "it is a short DOI, which stands for another: open https://doi.org/10/… and take the DOI shown there",
    "pmcid": "with a number of PubMed Central, use review add pmid",
    "trial": "trials of other registries are entered by hand in data/trials.csv",
}
SUMMARY = "summary"  # the record does not have it, and the study's page begins with it


@app.command(
    rich_help_panel=CONTRIBUTE, epilog='Example: review add doi 10.1000/xyz --set species=human --by "A. Name"'
)
def add(
    what: Annotated[What, typer.Argument(help="doi or pmid: a study; nct: a trial; finding or outcome: of a study.")],
    identifier: Annotated[
        str, typer.Argument(help="The DOI, PubMed number or NCT number, or their address; or the study's key.")
    ],
    project: Here,
    cells: Annotated[
        list[str] | None, typer.Option("--set", help="column=value, as often as needed: what the record does not say.")
    ] = None,
    mediator: Annotated[
        list[str] | None, typer.Option(help="For a finding: TERM=ROLE, for example IL-10=mediator; repeatable.")
    ] = None,
    flag: Annotated[
        list[str] | None, typer.Option(help="For an outcome: FLAG=NOTE, a reason for care; repeatable.")
    ] = None,
    by: Annotated[str, typer.Option(help="Your name, for the changelog.")] = "",
    file: Annotated[
        Path | None,
        typer.Option("--from", help="Read the record from a saved file (.bib, .ris, .nbib, .json), offline."),
    ] = None,
    dry_run: DryRun = False,
    distinct: Annotated[bool, typer.Option("--distinct", help="It is another work, despite a similar title.")] = False,
) -> None:
    """Add a study or trial from its registry record, or a finding or outcome of a study; exit 3 if already there."""
    from review_tools.sources import add as adding

    try:
        check_name(by)
        given = dict(_pairs(cells, "--set", "column=value"))
        more = [*_pairs(mediator, "--mediator", "TERM=ROLE"), *_pairs(flag, "--flag", "FLAG=NOTE")]
        table = project.schema[TABLES[what]]
        if unknown := [name for name in given if name not in table.columns]:
            near = "".join(did_you_mean(name, table.columns) for name in unknown)
            columns = ", ".join(table.columns)
            raise DataError(f"{table.name} has no column {', '.join(unknown)} → {near}it has {columns}.")
        record = _record(what, identifier, file) if what in FORMS else None
        with edit(project.root, dry_run=dry_run) as change:
            given = adding.meant(change, TABLES[what], given)
            if record is None:
                known = adding.about(change, identifier)
                add_row = adding.add_finding if what == "finding" else adding.add_outcome
                enter = partial(add_row, change, identifier, more=more)
            elif what == "nct":
                adding.look_for_trial(change, record.trial_id)
                known, enter = adding.trial_row(change, record), partial(adding.add_trial, change, record)
            else:
                adding.look_for_work(change, record, distinct=distinct)
                if record.trial_id not in ("", *change.table("trials")["trial_id"]):
                    print(f"  NOTE: its trial is not in the data: run review add nct {record.trial_id} first")
                known, enter = adding.study_row(change, record), partial(adding.add_work, change, record)
            given = _ask(change, what, known, given)
            key = enter(given=given, by=by)
            left = adding.remaining(change, _unsaid(change, what, given))
            questions = list(adding.fitting(change, key)) if what == "outcome" else []
        print(change.diff() if dry_run else f"Added {key}: {', '.join(change.files)}.")
    except adding.AlreadyThereError as there:
        print(f"{there}\nNothing was changed.", file=sys.stderr)
        raise typer.Exit(ALREADY_THERE) from None
    except DataError as error:
        _refuse(what, error, project, whole=not cells)
    if dry_run:
        print(UNCHANGED)
    else:
        _what_next(what, key, left)
    if questions:
        print("If it is one of these outcomes, name it in the column outcome_set, so that it is pooled:")
        print("\n".join(f"  {line}" for line in questions))


def _unsaid(change: Change, what: What, given: dict[str, str]) -> list[Problem]:
    """Return what is missing although the check does not ask for it."""
    if TABLES[what] != "studies" or given.get(SUMMARY):
        return []
    remedy = f"fill it: {change.project.schema['studies'].field(SUMMARY).description}"
    return [Problem("data/studies.csv", "this cell must not be empty in a new row", remedy, column=SUMMARY)]


def _record(what: What, identifier: str, file: Path | None) -> "Record":
    """Return the record, from a file or from its service, and show it.

    Raises:
        DataError: the identifier is not of its form, or the file is of something else.
    """
    from review_tools.sources import clinicaltrials, crossref, europepmc, files, pubmed
    from review_tools.sources.http import Client
    from review_tools.sources.records import identified

    kind, wanted = identified(identifier)
    if kind == "pmcid" and what == "pmid":
        with Client() as client:
            kind, wanted = what, europepmc.number(client, kind, wanted, what)
    if kind != what:
        other = f"did you mean review add {kind} {wanted}?" if kind in TABLES else OTHER.get(kind, "")
        raise DataError("; ".join(filter(None, (f"{shorten(identifier)!r} is not {FORMS[what]}", other))))
    if file is None:
        fetch = {"nct": clinicaltrials.trial, "doi": crossref.work, "pmid": pubmed.work}[what]
        with Client() as client:
            record = fetch(client, wanted)
    else:
        record = files.read(file, wanted)
        name = "trial_id" if what == "nct" else what
        is_trial = record.kind == "registration"
        if is_trial != (what == "nct"):
            held, needed = ("trial", "publication") if is_trial else ("publication", "trial")
            raise DataError(f"{file}: holds a {held} → for {what}, name the record of a {needed}.")
        if (number := getattr(record, name)) not in ("", wanted):
            raise DataError(f"{file}: is the record of {number}, not of {wanted} → name the right file or identifier.")
        typed: dict[str, Any] = {name: wanted}
        record = replace(record, **typed)
    _show(record)
    return record


def _show(record: "Record") -> None:
    print(f"{record.source}, seen {record.retrieved}:")
    shown = {name: getattr(record, name) for name in SHOWN}
    shown |= {name: record.columns.get(name) for name in SHOWN_OF_TRIAL}
    for name, value in shown.items():
        if value:
            text = "; ".join(name.strip("{}") for name in value) if isinstance(value, tuple) else value
            print(f"  {name.replace('_', ' '):<22}{shorten(text, 160)}")
    for notice in record.notices:
        print(f"  NOTE: {shorten(f'{notice.kind} {notice.date} {notice.doi or notice.pmid}')}")
    if not (record.authors or record.columns):
        print("  NOTE: the record names no author: look at the short title in references.bib")
    if record.unread:
        print(f"  NOTE: not taken over: {', '.join(record.unread)}")


def _ask(change: Change, what: What, known: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """Ask a person at a terminal for the cells that nobody gave; a script gets those it must give as problems."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return given
    answered, terms = dict(given), change.table("vocabulary")
    table = change.project.schema[TABLES[what]]
    for field in table.fields:
        numbers = BLOCKS.get(answered.get("block", ""), ())
        must = field.required or field.name in (SUMMARY, *numbers) or (field.name == "unit" and "mean_arm1" in numbers)
        asked = must or field.name in WANTED.get(what, ())
        if asked and field.name != table.primary_key[0] and not (known | answered).get(field.name):
            choices = _words(field, terms)
            left_out = "" if must else " (Enter alone leaves it empty.)"
            print(f"\n{field.description}{left_out}" + (f"\n  {' · '.join(choices)}" if choices else ""))
            read = partial(_chosen, choices, must)
            answered[field.name] = typer.prompt(field.name, "", value_proc=read, show_default=False)
    return answered


def _chosen(choices: list[str], must: bool, said: str) -> str:
    """Return an answer, as the one of the choices that it means where there are choices."""
    said = said.strip()
    if must and not said:
        raise typer.BadParameter("this cell must not be empty")
    if not choices or not said:
        return said
    if not (chosen := same_word(said, choices)):
        raise typer.BadParameter(f"not one of these terms; {did_you_mean(said, choices)}".rstrip("; "))
    return chosen


def _words(field: Field, terms: pd.DataFrame) -> list[str]:
    """Return the words that a column accepts; none where it takes any."""
    if field.type == "boolean":
        return ["true", "false"]
    return list(terms.loc[terms["kind"] == field.vocabulary, "term"]) if field.vocabulary else []


def _pairs(said: list[str] | None, option: str, form: str) -> Iterator[tuple[str, str]]:
    from review_tools.sources.records import trial_id

    for one in said or ():
        name, equals, value = one.rpartition("=") if option == "--mediator" else one.partition("=")
        if not equals or not name.strip():
            raise DataError(f"{option} {shorten(one)!r} is not of the form {form}.")
        yield name.strip(), trial_id(value) if name.strip() == "trial_id" else " ".join(value.split())


def _refuse(what: What, error: DataError, project: Project, *, whole: bool) -> NoReturn:
    """Say what is missing or wrong, and how to give it on the command line; with ``whole`` all that may be given."""
    if not (problems := error.problems):
        refuse(f"{error}\nNothing was changed.")
    table, terms = project.schema[TABLES[what]], project.table("vocabulary")

    def option(column: str) -> str:
        return f'  --set {column}="…"   {" · ".join(_words(table.field(column), terms))}'.rstrip()

    own = [one for one in problems if one.file == project.file_of(table.name) and one.column]
    if others := [one for one in problems if one not in own]:
        print_problems(others, project, written=False)
    first: dict[str, Problem] = {}  # of each column
    said = []
    for problem in own:
        first.setdefault(problem.column, problem)
    for column, problem in first.items():
        value = f" {shorten(problem.value)!r}" if problem.value else ""
        said += [f"{column}{value}: {problem.why} → {problem.remedy}", option(column)]
    if whole:
        for column in WANTED.get(what, ()):
            said += [f"{column}, if the source shows it: {table.field(column).description}", option(column)]
        said += _more(what, terms)
    elif any("add the flag" in one.remedy for one in first.values()):
        said.append('  --flag "FLAG=…"   if the source prints just this: why it is odd')
    refuse("\n".join([*said, "Nothing was changed."]))


def _more(what: What, terms: pd.DataFrame) -> list[str]:
    """Return what may be given beside the cells of the row, with the words accepted."""
    words = {kind: " · ".join(group["term"]) for kind, group in terms.groupby("kind")}
    return {
        "finding": [
            "each mediator, its name in the vocabulary and its role:",
            f'  --mediator "TERM=ROLE"   ROLE: {words["mediator role"]}',
            f"  TERM: {words['mediator']}",
        ],
        "outcome": [
            "the numbers of its block, each as --set column=…:",
            *(f"  {block}: {', '.join(needed)}" for block, needed in BLOCKS.items() if needed),
            "each reason for care:",
            f'  --flag "FLAG=NOTE"   FLAG: {words["flag"]}',
        ],
    }.get(what, [])


def _what_next(what: What, key: str, left: list[Problem]) -> None:
    """Say the next step: a study that nothing uses yet does not pass the check."""
    if what in ("doi", "pmid"):
        print("Now say what it found, one fact per row (columns: data/datapackage.json, or listed without --set):")
        print(f"  review add finding {key}    a mechanism")
        print(f"  review add outcome {key}    a result in people")
        if any(one.value == key for one in left):
            print("Until then, or until a chapter cites it, review check calls the study unused.")
    elif not left:
        print("review check has nothing to say about it.")
    else:
        print("Still to do, as review check says:")
        print("\n".join(f"  {one.file}, {one.column or one.value}: {one.why} → {one.remedy}" for one in left))


@app.command(rich_help_panel=MAINTAIN, epilog="Example: review forms --check")
def forms(
    project: Here,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if a form is out of date.")] = False,
) -> None:
    """Rewrite the issue forms, with the words of the vocabulary as their choices."""
    from review_tools.sources.forms import TABLES, stale

    changed = stale(project)
    if check and changed:
        refuse(f"Out of date: {', '.join(changed)}. Run `review forms` and commit what it writes.")
    for name, text in changed.items():
        (project.root / name).write_text(text, encoding="utf-8")
    print(f"{len(TABLES)} forms, {len(changed)} of them rewritten.")


@app.command(rich_help_panel=MAINTAIN, epilog="Example: review form event.json --out change")
def form(
    event: Annotated[Path, typer.Argument(help="The event as GitHub Actions hands it over (JSON with an `issue`).")],
    out: Annotated[Path, typer.Option(help="Folder for the patch, the title and the text of the pull request.")],
    project: Here,
) -> None:
    """Turn a filled issue form into a change of the data: a patch and the words for its pull request."""
    from review_tools.sources.proposals import complaint, proposal

    out.mkdir(parents=True, exist_ok=True)
    try:
        files = proposal(project, event)
    except DataError as error:
        _write(out, complaint(error))
        raise
    _write(out, files)
    print(files["title.txt"], end="")


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
