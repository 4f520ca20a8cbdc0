"""``review add``, ``review forms`` and ``review form``: new rows, by a command or by a filled issue form."""

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import pandas as pd
import typer

from review_tools.check.rules import BLOCKS
from review_tools.cli.app import CONTRIBUTE, MAINTAIN, Here, app, refuse
from review_tools.cli.check import print_problems
from review_tools.data.edit import Change, edit, signed
from review_tools.data.problems import DataError, Problem, did_you_mean, same_word, shorten
from review_tools.data.project import Project
from review_tools.data.tables import Field, Table

if TYPE_CHECKING:
    from review_tools.sources.records import Record

ALREADY_THERE = 3
SHOWN = ("title", "authors", "journal", "year", "doi", "pmid", "trial_id")
SHOWN_OF_TRIAL = ("registered_status", "registered_condition")


class What(StrEnum):
    DOI = "doi"
    PMID = "pmid"
    NCT = "nct"
    FINDING = "finding"
    OUTCOME = "outcome"


TABLES = {What.DOI: "studies", What.PMID: "studies", What.NCT: "trials"}
TABLES |= {What.FINDING: "findings", What.OUTCOME: "outcomes"}
# What no cell has to hold, and what is asked for all the same: readers and pools miss it.
WANTED = {
    What.FINDING: ("route", "tissue", "modification", "effect_on", "disease"),
    What.OUTCOME: ("population", "arm2", "higher_is_better"),
}
FORMS = {
    What.DOI: "DOI → write it as 10.1000/xyz",
    What.PMID: "PubMed number → write digits only, as 123456",
    What.NCT: "NCT number → write NCT and 8 digits",
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
        list[str] | None, typer.Option("--set", help="column=value, as often as needed: what the record cannot tell.")
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change and write nothing.")] = False,
    distinct: Annotated[bool, typer.Option("--distinct", help="It is another work, in spite of a like title.")] = False,
) -> None:
    """Add a study or trial from its registry record, or a finding or outcome of a study; exit 3 if already there."""
    from review_tools.sources import add as adding

    try:
        signed(by)
        given = _pairs(cells or [], "--set", "column=value")
        more = list(_pairs(mediator or [], "--mediator", "TERM=ROLE").items())
        more += list(_pairs(flag or [], "--flag", "FLAG=NOTE").items())
        _know_columns(project.schema[TABLES[what]], given)
        record = None
        if what in (What.DOI, What.PMID, What.NCT):
            record = _record(what, identifier, file)
            _show(record)
        with edit(project.root, dry_run=dry_run) as change:
            key, unfit = _enter(change, what, identifier, record, given, more, by, distinct)
            left = adding.remaining(change, unfit)
            questions = list(adding.fitting(change, key)) if what is What.OUTCOME else []
        print(change.diff() if dry_run else f"Added {key}: {', '.join(change.files)}.")
    except adding.AlreadyThereError as there:
        print(f"{there}\nNothing was changed.", file=sys.stderr)
        raise typer.Exit(ALREADY_THERE) from None
    except DataError as error:
        _refuse(what, error, project, whole=not cells)
    if dry_run:
        print("Nothing was written (--dry-run).")
    else:
        _what_next(what, key, left)
    if questions:
        print("If it is one of these outcomes, name it in the column outcome_set, so that it is pooled:")
        print("\n".join(f"  {line}" for line in questions))


def _enter(
    change: Change,
    what: What,
    identifier: str,
    record: "Record | None",
    given: dict[str, str],
    more: list[tuple[str, str]],
    by: str,
    distinct: bool,
) -> tuple[str, list[Problem]]:
    """Make the change; return the new key and what the check does not know to be missing."""
    from review_tools.sources import add as adding

    given = adding.meant(change, TABLES[what], given)
    if record is None:
        given = _ask(change, what, adding.about(change, identifier), given)
        enter = adding.add_finding if what is What.FINDING else adding.add_outcome
        return enter(change, identifier, given, more, by), []
    if what is What.NCT:
        adding.look_for_trial(change, record.trial_id)
        given = _ask(change, what, adding.trial_row(change, record), given)
        return adding.add_trial(change, record, given, by), []
    adding.look_for_work(change, record, distinct=distinct)
    given = _ask(change, what, adding.study_row(change, record), given)
    key = adding.add_work(change, record, given, by)
    if given.get(SUMMARY):
        return key, []
    remedy = f"fill it: {change.project.schema['studies'].field(SUMMARY).description}"
    return key, [Problem("data/studies.csv", "this cell must not be empty in a new row", remedy, column=SUMMARY)]


def _record(what: What, identifier: str, file: Path | None) -> "Record":
    """Return the record, from a file or from its service.

    Raises:
        DataError: the identifier is not of its form, or the file is of something else.
    """
    from review_tools.sources import clinicaltrials, crossref, europepmc, files, pubmed
    from review_tools.sources.http import Client
    from review_tools.sources.records import identified

    kind, wanted = identified(identifier)
    if kind == "pmcid" and what is What.PMID:
        with Client() as client:
            kind, wanted = what, europepmc.number(client, kind, wanted, what)
    if kind != what:
        form, other = (
            FORMS[what],
            f"did you mean review add {kind} {wanted}?" if kind in TABLES else OTHER.get(kind, ""),
        )
        raise DataError(f"{shorten(identifier)!r} is no {form}{'; ' * bool(other)}{other}")
    if file is None:
        fetch = {What.NCT: clinicaltrials.trial, What.DOI: crossref.work, What.PMID: pubmed.work}[what]
        with Client() as client:
            return fetch(client, wanted)
    record = files.read(file, wanted)
    is_trial = record.kind == "registration"
    if is_trial != (what is What.NCT):
        raise DataError(f"{file}: holds a {'trial' if is_trial else 'publication'} → {what} wants the other.")
    held = record.trial_id if is_trial else record.doi if what is What.DOI else record.pmid
    if held and held != wanted:
        raise DataError(f"{file}: is the record of {held}, not of {wanted} → name the right file or identifier.")
    return record if is_trial else replace(record, doi=wanted) if what is What.DOI else replace(record, pmid=wanted)


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
        print(f"  NOTE: not taken from the file: {', '.join(record.unread)}")


def _ask(change: Change, what: What, known: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """Ask a person at a terminal for the cells that nobody gave; a script gets those it must give as problems."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return given
    answered = dict(given)
    table = change.project.schema[TABLES[what]]
    terms = change.table("vocabulary")
    for field in table.fields:
        numbers = BLOCKS.get(answered.get("block", ""), ())
        must = field.required or field.name in (SUMMARY, *numbers) or (field.name == "unit" and "mean_arm1" in numbers)
        if not (must or field.name in WANTED.get(what, ())) or field.name == table.primary_key[0]:
            continue
        if not (known | answered).get(field.name):
            choices = _words(field, terms)
            left_out = "" if must else " (Enter alone leaves it empty.)"
            print(f"\n{field.description}{left_out}" + (f"\n  {' · '.join(choices)}" if choices else ""))
            default = None if must else ""
            while (value := typer.prompt(field.name, default, show_default=False).strip()) and choices:
                if chosen := same_word(value, choices):
                    value = chosen
                    break
                print(f"Not one of these terms; {did_you_mean(value, choices)}".rstrip("; "))
            answered[field.name] = value
    return answered


def _words(field: Field, terms: pd.DataFrame) -> list[str]:
    """Return the words that a column accepts; none where it takes any."""
    if field.type == "boolean":
        return ["true", "false"]
    return list(terms.loc[terms["kind"] == field.vocabulary, "term"]) if field.vocabulary else []


def _pairs(said: list[str], option: str, form: str) -> dict[str, str]:
    from review_tools.sources.records import trial_id

    found = {}
    for one in said:
        name, equals, value = one.partition("=") if option != "--mediator" else one.rpartition("=")
        if not equals or not name.strip():
            raise DataError(f"{option} {shorten(one)!r} is not of the form {form}.")
        found[name.strip()] = " ".join(value.split()) if name.strip() != "trial_id" else trial_id(value)
    return found


def _know_columns(table: Table, given: dict[str, str]) -> None:
    unknown = [name for name in given if name not in table.columns]
    if unknown:
        near = "".join(did_you_mean(name, table.columns) for name in unknown)
        raise DataError(f"{table.name} has no column {', '.join(unknown)} → {near}it has {', '.join(table.columns)}.")


def _refuse(what: What, error: DataError, project: Project, *, whole: bool) -> NoReturn:
    """Say what is missing or wrong, and how to give it on the command line; with ``whole`` all that may be given."""
    if not (problems := error.problems):
        refuse(f"{error}\nNothing was changed.")
    table, terms = project.schema[TABLES[what]], project.table("vocabulary")

    def option(column: str) -> str:
        return f'  --set {column}="…"   {" · ".join(_words(table.field(column), terms))}'.rstrip()

    own = [one for one in problems if one.file == f"data/{table.path}" and one.column]
    if others := [one for one in problems if one not in own]:
        print_problems(others, project, written=False)
    first = {one.column: one for one in reversed(own)}  # of each column
    said = []
    for column in dict.fromkeys(one.column for one in own):
        problem = first[column]
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
    if what is What.FINDING:
        said = ["each mediator, its name in the vocabulary and its role:"]
        return [*said, f'  --mediator "TERM=ROLE"   ROLE: {words["mediator role"]}', f"  TERM: {words['mediator']}"]
    if what is What.OUTCOME:
        blocks = [f"  {block}: {', '.join(needed)}" for block, needed in BLOCKS.items() if needed]
        said = ["the numbers of its block, each as --set column=…:", *blocks, "each reason for care:"]
        return [*said, f'  --flag "FLAG=NOTE"   FLAG: {words["flag"]}']
    return []


def _what_next(what: What, key: str, left: list[Problem]) -> None:
    """Say the next step: a study that nothing uses yet does not pass the check."""
    if what in (What.DOI, What.PMID):
        print("Now say what it found, one fact a row (columns: data/datapackage.json; without --set they are listed):")
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
    """Write the issue forms anew, with the words of the vocabulary as their choices."""
    from review_tools.sources.forms import TABLES, stale

    changed = stale(project)
    if check and changed:
        refuse(f"Out of date: {', '.join(changed)}. Run `review forms` and commit what it writes.")
    for name, text in changed.items():
        (project.root / name).write_text(text, encoding="utf-8")
    print(f"{len(TABLES)} forms, {len(changed)} of them written anew.")


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
