"""``review add``: a study, a trial, a finding or an outcome, by its identifier."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from review_tools.cli.app import Root, app, project, refuse
from review_tools.cli.check import print_problems
from review_tools.evidence import schema
from review_tools.evidence.edit import Change, edit
from review_tools.evidence.problems import DataError, Problem, shorten
from review_tools.evidence.tables import load

if TYPE_CHECKING:
    from review_tools.living.services.records import Record, TrialRecord

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
    from review_tools.living import adding
    from review_tools.living.services.http import ServiceError

    folder = project(root)
    try:
        adding.signed(by)
        given = _pairs(cells or [], "--set", "column=value")
        more = list(_pairs(mediator or [], "--mediator", "TERM=ROLE").items())
        more += list(_pairs(flag or [], "--flag", "FLAG=NOTE").items())
        _know_columns(what, given, folder)
        record = None
        if what in (What.DOI, What.PMID, What.NCT):
            record = _record(what, identifier, file, folder, fresh)
            _show(record)
        with edit(folder, dry_run=dry_run) as change:
            key, left = _add(change, what, identifier, record, given, more, by, distinct)
        print(change.diff() if dry_run else f"Added {key}: {', '.join(change.files)}.")
    except adding.AlreadyThereError as there:
        print(f"Already there, {there.why}; nothing was changed:", file=sys.stderr)
        for place in there.places:
            print(f"  {place}", file=sys.stderr)
        raise typer.Exit(ALREADY_THERE) from None
    except adding.NotFitError as unfit:
        _refuse_unfit(what, unfit.problems, folder)
    except (ServiceError, DataError) as error:
        refuse(f"{error}\nNothing was changed.")
    if dry_run:
        print("Nothing was written (--dry-run).")
    else:
        _what_next(what, key, left, folder)


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
    from review_tools.living import adding
    from review_tools.living.services.records import Record, TrialRecord

    if isinstance(record, Record):
        adding.look_for_work(change, record, distinct=distinct)
        given = _ask(change, what, adding.study_row(change, record), given)
        key = adding.add_work(change, record, given, by)
    elif isinstance(record, TrialRecord):
        adding.look_for_trial(change, record.trial_id)
        given = _ask(change, what, adding.trial_row(change, record), given)
        key = adding.add_trial(change, record, given, by)
    elif what is What.FINDING:
        given = _ask(change, what, adding.about(change, identifier), given)
        key = adding.add_finding(change, identifier, given, more, by)
    else:
        given = _ask(change, what, adding.about(change, identifier), given)
        key = adding.add_outcome(change, identifier, given, more, by)
    return key, adding.remaining(change)


def _record(what: What, identifier: str, file: Path | None, folder: Path, fresh: bool) -> "Record | TrialRecord":
    """The record, from a file or from its service.

    Raises:
        DataError: the identifier is not of its form, or the file is of something else.
    """
    from review_tools.living import files
    from review_tools.living.services import clinicaltrials, crossref, pubmed
    from review_tools.living.services.http import Client
    from review_tools.living.services.records import NCT, PMID, TrialRecord, doi

    wanted = doi(identifier) if what is What.DOI else identifier.strip().upper()
    forms = {What.PMID: (PMID, "digits only, as 123456"), What.NCT: (NCT, "NCT and 8 digits")}
    if what is What.DOI and not wanted:
        raise DataError(f"{shorten(identifier)!r} is no DOI → write it as 10.1000/xyz.")
    if what in forms and not forms[what][0].fullmatch(wanted):
        raise DataError(f"{shorten(identifier)!r} is no {what.upper()} number → write {forms[what][1]}.")
    if file is None:
        with Client(folder / "_build" / "cache" / "http", max_age=0.0 if fresh else 24 * 3600.0) as client:
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
    """Asks a person at a terminal for the required cells that nobody gave; a script gets all of them as problems."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return given
    answered = dict(given)
    table = schema.tables(change.root)[TABLES[what]]
    terms = change.table("vocabulary")
    for field in table.fields:
        if field.required and not (known | answered).get(field.name) and field.name != table.primary_key[0]:
            choices = list(terms.loc[terms["kind"] == field.vocabulary, "term"]) if field.vocabulary else []
            print(f"\n{field.description}" + (f"\n  {' · '.join(choices)}" if choices else ""))
            while (value := typer.prompt(field.name).strip()) and choices and value not in choices:
                print("Not one of these terms.")
            answered[field.name] = value
    return answered


def _pairs(said: list[str], option: str, form: str) -> dict[str, str]:
    found = {}
    for one in said:
        name, equals, value = one.partition("=") if option != "--mediator" else one.rpartition("=")
        if not equals or not name.strip():
            raise DataError(f"{option} {shorten(one)!r} is not of the form {form}.")
        found[name.strip()] = " ".join(value.split())
    return found


def _know_columns(what: What, given: dict[str, str], folder: Path) -> None:
    table = schema.tables(folder)[TABLES[what]]
    unknown = [name for name in given if name not in table.columns]
    if unknown:
        raise DataError(f"{table.name} has no column {', '.join(unknown)} → it has {', '.join(table.columns)}.")


def _refuse_unfit(what: What, problems: list[Problem], folder: Path) -> NoReturn:
    """Says what is missing or wrong, and how to give it on the command line."""
    table = schema.tables(folder)[TABLES[what]]
    terms = load("vocabulary", folder)
    own = [one for one in problems if one.file == f"data/{table.path}" and one.column]
    if others := [one for one in problems if one not in own]:
        print_problems(others, 0, folder, written=False)
    for column in dict.fromkeys(one.column for one in own):
        field = table.field(column)
        allowed = list(terms.loc[terms["kind"] == field.vocabulary, "term"]) if field.vocabulary else []
        first = next(one for one in own if one.column == column)
        given = f" {shorten(first.value)!r}" if first.value else ""
        print(f"{column}{given}: {first.why} → {first.remedy}", file=sys.stderr)
        print(f'  --set {column}="…"   {" · ".join(allowed)}'.rstrip(), file=sys.stderr)
    if any("add the flag" in one.remedy for one in own):
        print('  --flag "FLAG=…"   if the source prints just this: why it is odd', file=sys.stderr)
    refuse("Nothing was changed.")


def _what_next(what: What, key: str, left: list[Problem], folder: Path) -> None:
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
    if what is What.OUTCOME:
        outcomes, comparisons = load("outcomes", folder), load("comparisons", folder)
        disease = outcomes.loc[outcomes["outcome_id"] == key, "disease"].iloc[0]
        near = comparisons[comparisons["disease"] == disease]
        if len(near):
            print("If it answers one of these questions, add it to data/comparison_outcomes.csv, so that it is pooled:")
        for comparison, question in zip(near["comparison_id"], near["question"], strict=True):
            print(f"  {comparison},{key},    {question}")
