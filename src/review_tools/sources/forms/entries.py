"""What a filled form changes in the data. It proposes; the check and a person decide.

Works (a DOI or a PubMed number) are entered by the same code as ``review add``.
"""

import re
import string
from collections.abc import Callable

from review_tools.data.edit import Change
from review_tools.data.problems import shorten
from review_tools.data.project import Project
from review_tools.sources import adding, crossref, pubmed
from review_tools.sources.forms.answers import Answers, FormError
from review_tools.sources.http import Client
from review_tools.sources.records import Record, doi

PMID = re.compile(r"(?:PMID:?\s*)?([1-9]\d{0,8})", re.IGNORECASE)
FINDING = ["section", "statement", "route", "tissue", "product", "target_cell", "effect", "effect_on", "model"]
FINDING += ["disease", "direction"]
KEPT = ("vocabulary", "claims", "withdrawn")  # what maintainers decide, some of it under their name
SOURCE = ["source_url", "source_where"]
# How far a finding's source was read settles on what the finding rests.
BASIS = {"full text": "source read", "abstract": "source read", "part of abstract": "source read"}


def enter(project: Project, answers: Answers, change: Change, client: Client) -> str:
    """Writes the form's rows into the change; returns in a few words what it does.

    Raises:
        FormError: the form names a row, column or number that does not exist, or that is settled already.
        AlreadyThereError, ServiceError: as ``review add``.
    """
    return ENTER[answers.form.name](project, answers, change, client)


def _study(project: Project, answers: Answers, change: Change, client: Client) -> str:
    record = _record(answers["work"], client)
    adding.look_for_work(project, change, record)
    given = {column: answers[column] for column in ("kind", "species", "read", *SOURCE)}
    given["summary"] = answers["statement"]
    key = adding.add_work(project, change, record, {column: value for column, value in given.items() if value})
    finding = {column: answers[column] for column in [*FINDING, *SOURCE] if answers[column]}
    finding["basis"] = BASIS.get(answers["read"], "title only")
    version = adding.next_version(change.read(adding.CHANGELOG))
    change.add_row("findings", {"finding_id": _finding_id(change), "study_id": key, "added_in": version, **finding})
    return f"Add {key}"


def _correction(project: Project, answers: Answers, change: Change, client: Client) -> str:
    frame = change.table("corrections")
    number, trial = _seed_number(answers["seed_number"], optional=True), answers["trial_id"].upper()
    known = change.table("citations").set_index("seed_number")["study_id"]
    stem = f"c{trial}" if trial else f"c{int(number or 0):03d}"
    ends = ["", *(f"-{n}" for n in range(2, 99))] if trial else list(string.ascii_lowercase)
    taken = set(frame["correction_id"])
    name = next((f"{stem}{end}" for end in ends if f"{stem}{end}" not in taken), "")
    if not name:
        raise FormError([f"All identifiers that begin with {stem} are taken; a maintainer has to enter this one."])
    row = {column: answers[column] for column in frame.columns if answers[column]}
    row |= {"correction_id": name, "seed_number": number, "study_id": str(known.get(number, "")), "trial_id": trial}
    change.add_row("corrections", row)
    return f"Record correction {name}"


def _value(project: Project, answers: Answers, change: Change, client: Client) -> str:
    table, column = answers["table"].removesuffix(".csv"), answers["column"]
    tables = {name: one for name, one in project.schema.items() if name not in KEPT and not one.append_only}
    if table not in tables:
        raise FormError([f"There is no table {shorten(table)!r} to correct; there are {', '.join(tables)}."])
    frame = change.table(table)
    key = tables[table].primary_key[0]
    if column not in frame.columns or column == key:
        choice = ", ".join(name for name in frame.columns if name != key)
        raise FormError([f"{table} has no column {shorten(column)!r} to correct; there are {choice}."])
    hits = frame.index[frame[key] == answers["row"]]
    if len(hits) != 1:
        raise FormError([f"{table} has {len(hits) or 'no'} row {shorten(answers['row'])!r}."])
    sources = {name: answers[name] for name in SOURCE if name in frame.columns}
    change.set_cells(table, key, answers["row"], sources | {column: answers["new"]})
    return f"Correct {table} {answers['row']} {column}"


def _reference(project: Project, answers: Answers, change: Change, client: Client) -> str:
    number = _seed_number(answers["seed_number"])
    citations = change.table("citations")
    row = citations.index[citations["seed_number"] == number][0]
    if citations.loc[row, "study_id"]:
        raise FormError([f"Number {number} is identified already, as {citations.loc[row, 'study_id']}."])
    record = _record(answers["work"], client)
    works = project.works.values()
    key = next((one.key for one in works if record.doi and one["doi"].lower() == record.doi.lower()), "")
    if not key:
        adding.look_for_work(project, change, record)
        read = "title only"  # what the review itself has seen of the work; a reader may raise it
        given = {"kind": answers["kind"], "read": read, "source_url": answers["source_url"]}
        key = adding.add_work(project, change, record, given | {"source_where": answers["source_where"]})
    cells = {column: answers[column] for column in ("match", "agreement", *SOURCE)}
    change.set_cells("citations", "seed_number", number, cells)
    for table in ("citations", "findings", "corrections"):  # the check refuses two names for one number
        change.set_cells(table, "seed_number", number, {"study_id": key})
    return f"Identify reference {number} as {key}"


def _record(work: str, client: Client) -> Record:
    if found := PMID.fullmatch(work.strip()):
        return pubmed.work(client, found[1])
    name = doi(work)
    if not name:
        raise FormError([f"{shorten(work)!r} is neither a DOI (10.1234/abcd) nor a PubMed number (PMID 12345678)."])
    return crossref.work(client, name)


def _seed_number(number: str, optional: bool = False) -> str:
    """The number as the tables write it."""
    if optional and not number:
        return ""
    if not (number.isdecimal() and 1 <= int(number) <= 121):
        raise FormError([f"“Reference number” is {shorten(number)!r}; it is a whole number from 1 to 121."])
    return str(int(number))


def _finding_id(change: Change) -> str:
    numbers = change.table("findings")["finding_id"].str.extract(r"^fn(\d+)")[0].dropna()
    return f"fn{max([0, *map(int, numbers)]) + 1}"


ENTER: dict[str, Callable[[Project, Answers, Change, Client], str]] = {
    "study": _study,
    "correction": _correction,
    "value": _value,
    "reference": _reference,
}
