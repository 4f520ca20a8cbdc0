"""What a filled form proposes: the rows it becomes, as a patch and the words of a pull request, or why it cannot."""

import re
import string
from datetime import date
from pathlib import Path

from review_tools.check.comparability import FORM_OF
from review_tools.check.duplicates import Entry, index_of
from review_tools.data.edit import Change, edit
from review_tools.data.markdown import bullets
from review_tools.data.problems import DataError, Problem, did_you_mean, same_word, shorten
from review_tools.data.project import Project
from review_tools.sources import add, clinicaltrials, crossref, forms, pubmed, trial_results
from review_tools.sources.http import Client, ServiceError, UnknownRecordError
from review_tools.sources.records import BY_HAND, NCT, Record, identified, trial_id

MAINTAINERS = ("vocabulary", "claims", "withdrawn")  # tables that they decide, some under their name
SOURCE = ("source_url", "source_where")
READ = ("full text", "abstract", "part of abstract")  # how far a source was read for a finding to count as read
FLAG = re.compile(r"add the flag “(.+?)”(?: with a note)?(?: to data/outcome_flags.csv)?")
REPORTERS = ("registry", "secondary", "regulator")  # kinds of reading that are kinds of reporters


def proposal(project: Project, event: Path) -> dict[str, str]:
    """Return the files of a pull request that a filled form becomes: its patch, its title and its text.

    Raises:
        DataError: the form names something that does not exist or is settled already, or is not filled as it asks;
            or as ``review add``.
    """
    number, labels, body = forms.issue(event)
    known = {f"form: {name}": name for name in forms.TABLES}
    names = [name for label, name in known.items() if label in labels]
    if len(names) != 1:
        why = f"The issue carries {len(names) or 'no'} labels of forms; one of these is needed"
        raise DataError(f"{why}: {', '.join(known)}.")
    questions = forms.questions(project, names[0])
    answers = forms.read(questions, body)
    asked = {one.id: one.label for one in questions}
    with Client() as client, edit(project.root, dry_run=True) as change:
        done, *notes = ENTER[names[0]](change, answers, client)
        try:
            left = add.remaining(change)
        except DataError as error:
            raise DataError(*dict.fromkeys(_in_its_words(change, asked, one) for one in error.problems)) from error
    given = [f"{label}: {line}" for name, label in asked.items() for line in answers[name].split("\n")]
    text = f"From the form in #{number}. Its answers, to be compared with the source:\n\n{bullets(given)}"
    if notes := [*notes, *(f"{one.file}, {one.column or one.value}: {one.why} → {one.remedy}" for one in left)]:
        text += f"\nStill to do before it is merged:\n\n{bullets(notes)}"
    return {"change.patch": f"{change.diff(context=3)}\n", "title.txt": f"{done} (form #{number})\n", "text.md": text}


def complaint(error: DataError) -> dict[str, str]:
    """Return the answer to a form that could not be used; a second file says that it is worth another try as it is."""
    if isinstance(error, ServiceError) and not isinstance(error, UnknownRecordError) and error.remedy != BY_HAND:
        text = "A registry did not answer when it was asked for the record. Nothing is wrong with the form, and you "
        text += "need do nothing: it is tried again every few hours.\n\n"
        return {"complaints.md": text + bullets([str(error).partition(" → ")[0]]), "outage": ""}
    listed = bullets([shorten(reason, 600) for reason in str(error).split("\n")])
    last = "Please edit it; a maintainer then tries again."
    return {"complaints.md": f"This form could not be turned into rows yet:\n\n{listed}\n{last}\n"}


def _in_its_words(change: Change, asked: dict[str, str], problem: Problem) -> str:
    """Return a problem with the question or line in place of the file, the row and the column."""
    labels = asked | {"term": "Mediators", "role": "Mediators"}
    place = labels.get(problem.column, problem.column or problem.file)
    if problem.column not in labels and problem.file == "data/outcomes.csv" and problem.row and "results" in labels:
        row = change.table("outcomes").loc[problem.row]
        column = re.sub(r"^(?:events|n|mean|sd|printed_percent)_(?=arm)", "", problem.column)
        names = {column: name for name, column in trial_results.LINES.items()}
        place = f"Result “{row['outcome']}, {row['time']}”, {names.get(column, place)}"
    value = f" {shorten(problem.value)!r}" if problem.value else ""
    remedy = FLAG.sub(r"add the line “Care: \1 = why”", problem.remedy).replace("not_quoted", "“Not in the words:”")
    return f"{place}{value}: {problem.why} → {remedy}"


def _study(change: Change, answers: dict[str, str], client: Client) -> list[str]:
    record = _record(answers["work"], client)
    add.look_for_work(change, record)
    own = ("kind", "species", "read", *SOURCE)
    given = {column: answers[column] for column in own if answers[column]} | {"summary": answers["statement"]}
    key = add.add_work(change, record, given)
    finding = {column: answers[column] for column in change.table("findings").columns if answers.get(column)}
    finding["basis"] = "source read" if answers["read"] in READ else "title only"
    mediators = (one.partition("=") for one in answers["mediators"].split(";") if one.strip())
    add.add_finding(change, key, finding, [(name.strip(), role.strip()) for name, _, role in mediators], "")
    return [f"Add {key}"]


def _trial(change: Change, answers: dict[str, str], client: Client) -> list[str]:
    """Enter the trial and its report where they are new, and each result of the report."""
    record, notes = _record(answers["work"], client), []
    number = trial_id(answers["trial_id"]) or record.trial_id
    if number and number not in set(change.table("trials")["trial_id"]):
        if number.upper().startswith("NCT"):
            if not NCT.fullmatch(number):
                raise DataError(f"“Registry number” is {shorten(number)!r} → write NCT and 8 digits.")
            add.add_trial(change, clinicaltrials.trial(client, number), {"disease": answers["disease"]})
        else:
            notes.append(f"data/trials.csv: {number} is not there → enter it by hand, and name it in data/studies.csv")
            number = ""
    given = {"kind": "human trial", "species": "human", "trial_id": number}
    given |= {column: answers[column] for column in ("n", "summary", "read", "extracted_by", *SOURCE)}
    given["extracted_on"] = f"{date.today()}" if answers["extracted_by"] else ""
    given = {column: said for column, said in given.items() if said}
    key = _held(change, record) or add.add_work(change, record, given)
    change.set_cells("studies", "study_id", key, given, only_empty=True)
    shared = ("design", "disease", "population", "arm1", "arm2", "contrast", "read", *SOURCE)
    row = {column: answers[column] for column in shared if answers[column]} | {"analysis_set": "not stated"}
    row["reported_by"] = answers["read"] if answers["read"] in REPORTERS else "source"
    for cells, flags in _results(change, answers):
        identifier = add.add_outcome(change, key, row | cells, flags, "")
        if cells["block"] in ("partial", "percent only"):
            notes.append(f"{identifier} is shown, and not pooled: the size or spread of an arm is missing")
        if choices := list(add.fitting(change, identifier)):
            offered = "; ".join(choice.partition(" ")[0] for choice in choices)
            notes.append(f"{identifier} names no declared outcome; if it is one of these, it is pooled: {offered}")
    return [f"Add results of {key}", *notes]


def _results(change: Change, answers: dict[str, str]) -> list[tuple[trial_results.Block, list[tuple[str, str]]]]:
    """Return cells and reasons for care of each result in the form. Raises DataError with all that is wrong."""
    declared = change.table("outcome_sets").set_index("outcome_set")
    own = declared[declared["disease"].isin([answers["disease"], FORM_OF.get(answers["disease"], "")])]
    words = {"outcome_set": dict(zip([*own.index, *own["outcome"]], [*own.index] * 2, strict=True))}
    words["higher_is_better"] = trial_results.BETTER
    for column, kind in (("domain", "outcome domain"), ("analysis_set", "analysis set"), ("flag", "flag")):
        words[column] = add.words_of(change, kind)
    found, complaints = [], []
    for number, block in enumerate(trial_results.blocks(answers["results"]), 1):
        try:
            cells, flags = trial_results.cells(block, words, single=not answers["arm2"])
        except DataError as error:
            complaints += [f"Result {number}, {line}" for line in str(error).split("\n")]
            continue
        if name := cells.get("outcome_set"):  # it settles what may then stay empty
            for column in ("domain", "higher_is_better"):
                cells.setdefault(column, declared[column][name])
        found.append((cells, flags))
    if complaints or not found:
        raise DataError(*complaints or ["“Results” names no outcome."])
    return found


def _correction(change: Change, answers: dict[str, str], _: Client) -> list[str]:
    frame = change.table("corrections")
    number, trial = answers["seed_number"], trial_id(answers["trial_id"])
    number = _seed_number(number) if number else ""
    studies = change.table("citations").set_index("seed_number")["study_id"]
    stem = f"c{trial}" if trial else f"c{int(number or 0):03d}"
    ends = ["", *(f"-{n}" for n in range(2, 99))] if trial else list(string.ascii_lowercase)
    name = next((f"{stem}{end}" for end in ends if f"{stem}{end}" not in set(frame["correction_id"])), "")
    if not name:
        raise DataError(f"All identifiers that begin with {stem} are taken; a maintainer has to enter this one.")
    row = {column: answers[column] for column in frame.columns if answers.get(column)}
    row |= {"correction_id": name, "seed_number": number, "study_id": studies.get(number, ""), "trial_id": trial}
    row["status"] = "open"
    change.add_row("corrections", row)
    return [f"Record correction {name}"]


def _value(change: Change, answers: dict[str, str], _: Client) -> list[str]:
    schema = change.project.schema
    tables = [name for name, one in schema.items() if name not in MAINTAINERS and not one.append_only]
    table = _named(Path(answers["table"].casefold()).stem, tables, "table")
    frame, key = change.table(table), schema[table].primary_key[0]
    column = _named(answers["column"], [name for name in frame.columns if name != key], f"column of {table}")
    names = frame.loc[frame[key].str.casefold() == answers["row"].casefold(), key]
    if len(names) != 1:
        near = did_you_mean(answers["row"], frame[key])
        raise DataError(f"{table} has {len(names) or 'no'} row {shorten(answers['row'])!r}; {near}".rstrip("; "))
    cells = {name: answers[name] for name in SOURCE if name in frame.columns} | {column: answers["new"]}
    change.set_cells(table, key, names.iloc[0], add.meant(change, table, cells))
    return [f"Correct {table} {names.iloc[0]} {column}"]


def _named(said: str, names: list[str], what: str) -> str:
    """Return the table or column that is meant. Raises DataError where there is none of that name."""
    if not (name := same_word(said, names)):
        near = did_you_mean(said, names)
        raise DataError(f"There is no {what} {shorten(said)!r} to correct; {near}there are {', '.join(names)}.")
    return name


def _reference(change: Change, answers: dict[str, str], client: Client) -> list[str]:
    number = _seed_number(answers["seed_number"])
    held = change.table("citations").set_index("seed_number")["study_id"][number]
    if held:
        raise DataError(f"Number {number} is identified already, as {held}.")
    record = _record(answers["work"], client)
    # What the review itself has seen of the work; a reader may raise it.
    given = {"read": "title only", **{column: answers[column] for column in ("kind", *SOURCE)}}
    key = _held(change, record) or add.add_work(change, record, given)
    cells = {column: answers[column] for column in ("match", "agreement", *SOURCE)}
    change.set_cells("citations", "seed_number", number, cells)
    for table in ("citations", "findings", "corrections"):  # the check refuses two names for one number
        change.set_cells(table, "seed_number", number, {"study_id": key})
    return [f"Identify reference {number} as {key}"]


ENTER = {"study": _study, "trial": _trial, "correction": _correction, "value": _value, "reference": _reference}


def _record(work: str, client: Client) -> Record:
    kind, number = identified(work)
    if kind not in (fetch := {"doi": crossref.work, "pmid": pubmed.work}):
        raise DataError(f"{shorten(work)!r} is neither a DOI (10.1234/abcd) nor a PubMed number (PMID 12345678).")
    return fetch[kind](client, number)


def _held(change: Change, record: Record) -> str:
    """Return the key of a work that is there; empty when it is new. Raises DataError if one is like it."""
    if not (key := index_of(change.project.works.values()).find(Entry("", record.doi, record.pmid))):
        add.look_for_work(change, record)
    return key


def _seed_number(number: str) -> str:
    """Return a reference number as the tables write it."""
    if not (number.isdecimal() and 1 <= int(number) <= 121):
        raise DataError(f"“Reference number” is {shorten(number)!r}; it is a whole number from 1 to 121.")
    return str(int(number))
