"""``review add``: a study, a trial, a finding or an outcome, by its identifier."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import pandas as pd
import typer

from review_tools.check.rules import BLOCKS
from review_tools.cli.app import Root, app, open_project, refuse
from review_tools.cli.check import print_problems
from review_tools.data import schema
from review_tools.data.edit import Change, edit
from review_tools.data.problems import DataError, Problem, did_you_mean, shorten
from review_tools.data.project import Project

if TYPE_CHECKING:
    from review_tools.sources.records import Record, TrialRecord

ALREADY_THERE = 3
SHOWN = ("title", "authors", "journal", "year", "doi", "pmid", "trial_id", "registered_status", "registered_condition")


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
SUMMARY = "summary"  # the record does not have it, and the study's page begins with it


@app.command()
def add(
    what: Annotated[What, typer.Argument(help="doi or pmid: a study; nct: a trial; finding or outcome: of a study.")],
    identifier: Annotated[str, typer.Argument(help="The DOI, PubMed number, NCT number, or the study's key.")],
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
        Path | None, typer.Option("--from", help="Read the record from a saved file (.bib, .ris, .json), offline.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change and write nothing.")] = False,
    distinct: Annotated[bool, typer.Option("--distinct", help="It is another work, in spite of a like title.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask the service even if its answer was kept today.")] = False,
    root: Root = None,
) -> None:
    """Add a study or trial from its registry record, or a finding or outcome of a study; exit 3 if already there."""
    from review_tools.sources import adding
    from review_tools.sources.http import ServiceError

    project = open_project(root)
    try:
        adding.signed(by)
        given = _pairs(cells or [], "--set", "column=value")
        more = list(_pairs(mediator or [], "--mediator", "TERM=ROLE").items())
        more += list(_pairs(flag or [], "--flag", "FLAG=NOTE").items())
        _know_columns(what, given, project)
        record = None
        if what in (What.DOI, What.PMID, What.NCT):
            record = _record(what, identifier, file, project, fresh)
            _show(record)
        with edit(project.root, dry_run=dry_run) as change:
            key, left = _add(change, what, identifier, record, given, more, by, distinct)
            questions = list(adding.fitting(change, key)) if what is What.OUTCOME else []
        print(change.diff() if dry_run else f"Added {key}: {', '.join(change.files)}.")
    except adding.AlreadyThereError as there:
        print(f"Already there, {there.why}; nothing was changed:", file=sys.stderr)
        for place in there.places:
            print(f"  {place}", file=sys.stderr)
        raise typer.Exit(ALREADY_THERE) from None
    except adding.NotFitError as unfit:
        _refuse_unfit(what, unfit.problems, project, whole=not given)
    except (ServiceError, DataError) as error:
        refuse(f"{error}\nNothing was changed.")
    if dry_run:
        print("Nothing was written (--dry-run).")
    else:
        _what_next(what, key, left)
    if questions:
        print("If it answers one of these questions, add it to data/comparison_outcomes.csv, so that it is pooled:")
        print("\n".join(f"  {line}" for line in questions))


def _add(
    change: Change,
    what: What,
    identifier: str,
    record: "Record | TrialRecord | None",
    given: dict[str, str],
    more: list[tuple[str, str]],
    by: str,
    distinct: bool,
) -> tuple[str, list[Problem]]:
    """Makes the change; returns the new key and what remains to be done for the check to pass."""
    from review_tools.sources import adding
    from review_tools.sources.records import Record, TrialRecord

    if isinstance(record, Record):
        adding.look_for_work(change.project, change, record, distinct=distinct)
        given = _ask(change, what, adding.study_row(change, record), given)
        key = adding.add_work(change.project, change, record, given, by)
        if not given.get(SUMMARY):
            return key, adding.remaining(change.project, change, [_no_summary(change)])
    elif isinstance(record, TrialRecord):
        adding.look_for_trial(change, record.trial_id)
        given = _ask(change, what, adding.trial_row(change.project, change, record), given)
        key = adding.add_trial(change.project, change, record, given, by)
    elif what is What.FINDING:
        given = _ask(change, what, adding.about(change, identifier), given)
        key = adding.add_finding(change, identifier, given, more, by)
    else:
        given = _ask(change, what, adding.about(change, identifier), given)
        key = adding.add_outcome(change, identifier, given, more, by)
    return key, adding.remaining(change.project, change)


def _no_summary(change: Change) -> Problem:
    table = change.after.schema["studies"]
    remedy = f"fill it: {table.field(SUMMARY).description}"
    return Problem(f"data/{table.path}", "this cell must not be empty in a new row", remedy, column=SUMMARY)


def _record(what: What, identifier: str, file: Path | None, project: Project, fresh: bool) -> "Record | TrialRecord":
    """The record, from a file or from its service.

    Raises:
        DataError: the identifier is not of its form, or the file is of something else.
    """
    from review_tools.sources import clinicaltrials, crossref, files, pubmed
    from review_tools.sources.http import Client
    from review_tools.sources.records import NCT, PMID, TrialRecord, doi

    wanted = doi(identifier) if what is What.DOI else identifier.strip().upper()
    forms = {
        What.PMID: (PMID, "PubMed number → write digits only, as 123456"),
        What.NCT: (NCT, "NCT number → write NCT and 8 digits"),
    }
    if what is What.DOI and not wanted:
        raise DataError(f"{shorten(identifier)!r} is no DOI → write it as 10.1000/xyz.")
    if what in forms and not forms[what][0].fullmatch(wanted):
        raise DataError(f"{shorten(identifier)!r} is no {forms[what][1]}.")
    if file is None:
        with Client(project.root / "_build" / "cache" / "http", max_age=0.0 if fresh else 24 * 3600.0) as client:
            if what is What.NCT:
                return clinicaltrials.trial(client, wanted)
            return crossref.work(client, wanted) if what is What.DOI else pubmed.work(client, wanted)
    record = files.read(file)
    if isinstance(record, TrialRecord) != (what is What.NCT):
        raise DataError(
            f"{file}: holds a {'trial' if isinstance(record, TrialRecord) else 'publication'} → {what} wants the other."
        )
    held = record.trial_id if isinstance(record, TrialRecord) else record.doi if what is What.DOI else record.pmid
    if held and held != wanted:
        raise DataError(f"{file}: is the record of {held}, not of {wanted} → name the right file or identifier.")
    return record


def _show(record: "Record | TrialRecord") -> None:
    print(f"{record.source}, seen {record.retrieved}:")
    for name in SHOWN:
        value = getattr(record, name, "")
        if value:
            print(
                f"  {name.replace('_', ' '):<22}{shorten('; '.join(value) if isinstance(value, tuple) else value, 160)}"
            )
    for notice in getattr(record, "notices", ()):
        print(f"  NOTE: {shorten(f'{notice.kind} {notice.date} {notice.doi or notice.pmid}')}")
    if not getattr(record, "authors", True):
        print("  NOTE: the record names no author")


def _ask(change: Change, what: What, known: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """Asks a person at a terminal for the cells that nobody gave; a script gets those it must give as problems."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return given
    answered = dict(given)
    table = change.after.schema[TABLES[what]]
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
                if value in choices:
                    break
                print(f"Not one of these terms; {did_you_mean(value, choices)}".rstrip("; "))
            answered[field.name] = value
    return answered


def _words(field: schema.Field, terms: pd.DataFrame) -> list[str]:
    """The words that a column accepts; none where it takes any."""
    if field.type == "boolean":
        return ["true", "false"]
    return list(terms.loc[terms["kind"] == field.vocabulary, "term"]) if field.vocabulary else []


def _pairs(said: list[str], option: str, form: str) -> dict[str, str]:
    found = {}
    for one in said:
        name, equals, value = one.partition("=") if option != "--mediator" else one.rpartition("=")
        if not equals or not name.strip():
            raise DataError(f"{option} {shorten(one)!r} is not of the form {form}.")
        found[name.strip()] = " ".join(value.split())
    return found


def _know_columns(what: What, given: dict[str, str], project: Project) -> None:
    table = project.schema[TABLES[what]]
    unknown = [name for name in given if name not in table.columns]
    if unknown:
        near = "".join(did_you_mean(name, table.columns) for name in unknown)
        raise DataError(f"{table.name} has no column {', '.join(unknown)} → {near}it has {', '.join(table.columns)}.")


def _refuse_unfit(what: What, problems: list[Problem], project: Project, *, whole: bool) -> NoReturn:
    """Says what is missing or wrong, and how to give it on the command line; with ``whole`` all that may be given."""
    table = project.schema[TABLES[what]]
    terms = project.table("vocabulary")

    def option(column: str) -> str:
        return f'  --set {column}="…"   {" · ".join(_words(table.field(column), terms))}'.rstrip()

    own = [one for one in problems if one.file == f"data/{table.path}" and one.column]
    if others := [one for one in problems if one not in own]:
        print_problems(others, 0, project, written=False)
    told = {one.column: one for one in reversed(own)}  # the first of each column
    for column in dict.fromkeys(one.column for one in own):
        first = told[column]
        given = f" {shorten(first.value)!r}" if first.value else ""
        print(f"{column}{given}: {first.why} → {first.remedy}\n{option(column)}", file=sys.stderr)
    if whole:
        for column in WANTED.get(what, ()):
            print(
                f"{column}, if the source shows it: {table.field(column).description}\n{option(column)}",
                file=sys.stderr,
            )
        print(_more(what, project), end="", file=sys.stderr)
    elif any("add the flag" in one.remedy for one in told.values()):
        print('  --flag "FLAG=…"   if the source prints just this: why it is odd', file=sys.stderr)
    refuse("Nothing was changed.")


def _more(what: What, project: Project) -> str:
    """What is given beside the cells of the row, with the words accepted."""
    terms = project.table("vocabulary")
    words = {kind: " · ".join(group["term"]) for kind, group in terms.groupby("kind")}
    if what is What.FINDING:
        return (
            "each mediator, its name in the vocabulary and its role:\n"
            f'  --mediator "TERM=ROLE"   ROLE: {words["mediator role"]}\n  TERM: {words["mediator"]}\n'
        )
    if what is What.OUTCOME:
        blocks = "".join(f"  {block}: {', '.join(needed)}\n" for block, needed in BLOCKS.items() if needed)
        return (
            f"the numbers of its block, each as --set column=…:\n{blocks}"
            f'each reason for care:\n  --flag "FLAG=NOTE"   FLAG: {words["flag"]}\n'
        )
    return ""


def _what_next(what: What, key: str, left: list[Problem]) -> None:
    """The next step: a study that nothing uses yet does not pass the check."""
    if what in (What.DOI, What.PMID):
        print("Now say what it found, one fact a row (columns: data/datapackage.json; without --set they are listed):")
        print(f"  review add finding {key}    a mechanism")
        print(f"  review add outcome {key}    a result in people")
        if any(one.value == key for one in left):
            print("Until then, or until a chapter cites it, review check calls the study unused.")
        return
    if not left:
        print("review check has nothing to say about it.")
