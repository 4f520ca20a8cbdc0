"""The issue forms for people without git: GitHub's files, how a filled form is read, which rows it becomes.

Questions about a column take their explanation, their choices and whether they are required from the schema and
the vocabulary. A filled form is somebody's words and nothing more; it proposes, the check and a person decide.
"""

import json
import re
import string
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from review_tools.data.edit import Change, edit
from review_tools.data.problems import DataError, shorten
from review_tools.data.project import Project
from review_tools.data.schema import Field
from review_tools.sources import add, crossref, files, pubmed, report
from review_tools.sources.duplicates import Entry, index_of
from review_tools.sources.http import Client
from review_tools.sources.records import PMID, Record, doi

FOLDER = ".github/ISSUE_TEMPLATE"
HEADER = "# Written by `review forms` from the data and review_tools/sources/forms.py. Do not edit.\n"
RESERVED = {"none", "None"}  # words GitHub refuses among the choices
PROMISE = "I have seen the source myself and copied what it says"
NOTICE = (
    "Leave empty what the source does not show: unknown is an answer. A person reads every form before anything "
    "enters the review; it then becomes a proposal that you can follow here."
)
NOTHING = "_No response_"
LIMITS = {False: 500, True: 2000}  # characters of a short and of a long answer
TICKED = re.compile(r"- \[[xX]\] " + re.escape(PROMISE))
MAINTAINERS = ("vocabulary", "claims", "withdrawn")  # tables that they decide, some under their name
SOURCE = ("source_url", "source_where")
READ = ("full text", "abstract", "part of abstract")  # how far a source was read for a finding to count as read


@dataclass(frozen=True)
class Question:
    """One field of a form. What is left out comes from the column ``id`` of ``table``."""

    id: str
    label: str
    table: str = ""
    help: str = ""
    required: bool | None = None
    long: bool = False
    example: str = ""
    without: str = ""  # a term that is no answer here

    def column(self, project: Project) -> Field:
        """Return the column that the answer goes to, or one that takes any text."""
        return project.schema[self.table].field(self.id) if self.table else Field(self.id, "string", "", True)

    def is_required(self, project: Project) -> bool:
        return self.column(project).required if self.required is None else self.required

    def options(self, project: Project) -> dict[str, str]:
        """Return the choices: what a person reads, and the term it stands for.

        A label that GitHub would refuse, or that two terms share, is told apart by its term.
        """
        kind, terms = self.column(project).vocabulary, project.table("vocabulary")
        terms = terms[(terms["kind"] == kind) & (terms["term"] != self.without)]
        unclear = set(terms.loc[terms["label"].duplicated(keep=False), "label"]) | RESERVED
        shown = {}
        for term, label in zip(terms["term"], terms["label"], strict=True):
            numbered = f"{term} {label}" if kind == "section" and term[0].isdigit() else label
            shown[f"{label} ({term})" if label in unclear else numbered] = term
        return shown

    def as_field(self, project: Project) -> dict[str, Any]:
        """Return the question as GitHub's form schema has it."""
        attributes: dict[str, Any] = {"label": self.label, "description": self.help or self.column(project).description}
        options = list(self.options(project))
        if options:
            attributes["options"] = options
        elif self.example:
            attributes["placeholder"] = self.example
        kind = "dropdown" if options else "textarea" if self.long else "input"
        required = {"required": self.is_required(project)}
        return {"type": kind, "id": self.id, "attributes": attributes, "validations": required}


WORK = Question(
    "work", "DOI or PubMed number", help="The work's DOI, or PMID and its number.", example="10.1234/abcd or PMID 123"
)
LINK = Question(
    "source_url", "Link to the source", help="The address where you read it.", example="https://doi.org/10.1234/abcd"
)
WHERE = Question("source_where", "Where in it", help="Page, table, figure, or “abstract”.", example="abstract")


@dataclass(frozen=True)
class Form:
    """One form: a file of GitHub's, and the label by which its issues are known."""

    title: str
    about: str
    label: str
    own: tuple[Question, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """Its own questions, and those that every form ends with."""
        return (*self.own, LINK, WHERE)

    def text(self, project: Project) -> str:
        """Return the form as the YAML file that GitHub reads."""
        evidence = {"label": "Evidence", "options": [{"label": PROMISE, "required": True}]}
        body = [
            {"type": "markdown", "attributes": {"value": NOTICE}},
            *(question.as_field(project) for question in self.questions),
            {"type": "checkboxes", "id": "promise", "attributes": evidence},
        ]
        head = {"name": self.title, "description": self.about, "title": f"{self.title}: ", "labels": [self.label]}
        text: str = yaml.safe_dump({**head, "body": body}, allow_unicode=True, sort_keys=False, width=110)
        return HEADER + text


FORMS = {
    "study": Form(
        "Suggest a study",
        "A work that the review should hold, with one thing it found.",
        "form: study",
        (
            WORK,
            Question("kind", "Sort of work", "studies"),
            Question("species", "Species", "studies"),
            Question("read", "How much you read", "studies", "A finding counts for more when its source was read."),
            Question("section", "Where it belongs", "findings", "The section of the review it speaks to."),
            Question("statement", "What it found", "findings", "One finding on one target, in your words.", long=True),
            Question("route", "Route", "findings"),
            Question("tissue", "Source of the cells", "findings"),
            Question("product", "What was given", "findings", "Cells, or something made from them."),
            Question("target_cell", "Target cell", "findings"),
            Question("effect", "Effect", "findings"),
            Question("effect_on", "Effect on what, precisely", "findings", example="IL-10 secretion"),
            Question("model", "Model", "findings"),
            Question("disease", "Disease", "findings"),
            Question("direction", "Direction", "findings"),
        ),
    ),
    "correction": Form(
        "Report a correction",
        "A place where the 2024 review and its source disagree.",
        "form: correction",
        (
            Question("section", "Section of the 2024 review", "corrections"),
            Question("seed_number", "Reference number", "corrections"),
            Question("trial_id", "Trial", "corrections", example="NCT01234567"),
            Question("kind", "What differs", "corrections"),
            Question("seed_says", "What the 2024 review says", "corrections", "In your own words.", long=True),
            Question("source_says", "What the source says", "corrections", "In your own words.", long=True),
            Question("meaning", "What that means for a reader", "corrections", long=True),
            Question("confidence", "How much of the source you saw", "corrections"),
        ),
    ),
    "value": Form(
        "Correct a value",
        "A cell of one of our tables that is not what its source prints.",
        "form: value",
        (
            Question("table", "Table", help="Its name, as on the download page.", example="outcomes"),
            Question("row", "Row", help="Its identifier: the first column.", example="deng_2017_randomised-1"),
            Question("column", "Column", help="The name of the column.", example="events_arm1"),
            Question("new", "What it should be", help="The value as the source prints it."),
            Question("why", "Why", help="What the source says, in one sentence.", long=True),
        ),
    ),
    "reference": Form(
        "Identify a reference",
        "Which work one of the 2024 review's open reference numbers is.",
        "form: reference",
        (
            Question("seed_number", "Reference number", "citations"),
            WORK,
            Question("kind", "Sort of work", "studies"),
            Question("match", "How sure", "citations", "Exact if every particular fits.", without="unidentified"),
            Question(
                "agreement", "Why it fits", "citations", "What fits, and what does not.", required=True, long=True
            ),
        ),
    ),
}


def stale(project: Project) -> dict[str, str]:
    """Return the forms on disk that do not say what the data say: file, and the text it should have."""
    texts = {f"{FOLDER}/{name}.yml": form.text(project) for name, form in FORMS.items()}
    return {name: text for name, text in texts.items() if not project.has(name) or project.read(name) != text.encode()}


def proposal(project: Project, event: Path) -> dict[str, str]:
    """Return the files of a pull request that a filled form becomes: its patch, its title and its text.

    Raises:
        DataError: the form names something that does not exist or is settled already, or is not filled as it asks;
            or as ``review add``.
    """
    number, labels, body = _issue(event)
    names = [name for name, form in FORMS.items() if form.label in labels]
    if len(names) != 1:
        known = ", ".join(form.label for form in FORMS.values())
        raise DataError(f"The issue carries {len(names) or 'no'} labels of forms; one of these is needed: {known}.")
    form = FORMS[names[0]]
    answers = read(project, form, body)
    with Client() as client, edit(project.root, dry_run=True) as change:
        done = ENTER[names[0]](change, answers, client)
        add.remaining(change)
    given = report.bullets([f"{one.label}: {answers[one.id]}" for one in form.questions])
    text = f"From the form in #{number}. Its answers, to be compared with the source:\n\n{given}"
    return {"change.patch": f"{change.diff()}\n", "title.txt": f"{done} (form #{number})\n", "text.md": text}


def complaint(error: DataError) -> str:
    """Return the answer to a form that could not be used."""
    listed = report.bullets([shorten(reason, 600) for reason in str(error).split("\n")])
    return f"This form could not be turned into rows yet:\n\n{listed}\nPlease edit it; a maintainer then tries again.\n"


def read(project: Project, form: Form, body: str) -> dict[str, str]:
    """Return the answers in the text of an issue by question, terms of the vocabulary in place of their labels.

    Raises:
        DataError: a question is missing, asked twice, left open though required, answered at too great a length
            or with a word that is not among its choices; every complaint at once.
    """
    pieces, complaints = _divide(form, body.replace("\r\n", "\n"))
    answers = {}
    for question in form.questions:
        label, limit = question.label, LIMITS[question.long]
        answer = _clean(pieces.get(label, ""))
        options = question.options(project)
        if len(answer) > limit:
            complaints.append(f"“{label}” has {len(answer)} characters; at most {limit} are taken.")
        elif answer and options and answer not in options:
            complaints.append(f"“{label}”: {shorten(answer)!r} is not one of its choices.")
        elif not answer and question.is_required(project) and label in pieces:
            complaints.append(f"“{label}” is empty. {question.help or question.column(project).description}")
        answers[question.id] = options.get(answer, answer)
    if not TICKED.search(pieces.get("Evidence", "")):
        complaints.append(f"The box “{PROMISE}” is not ticked.")
    if complaints:
        raise DataError(*complaints)
    return answers


def _divide(form: Form, body: str) -> tuple[dict[str, str], list[str]]:
    """Return the text under each heading of the form, and what is wrong with the headings.

    Only the form's own headings, in its own order, divide the text, so that a heading inside an answer cannot
    pass for another answer.
    """
    labels = [*(question.label for question in form.questions), "Evidence"]
    found = {label: list(re.finditer(rf"^### {re.escape(label)}[ \t]*$", body, re.MULTILINE)) for label in labels}
    complaints = [
        f"The heading “{label}” stands {len(matches)} times in the issue; it has to stand once."
        for label, matches in found.items()
        if len(matches) != 1
    ]
    places = {label: matches[0] for label, matches in found.items() if len(matches) == 1}
    order = sorted(places, key=lambda label: places[label].start())
    if order != list(places):
        complaints.append("The headings are not in the order of the form; please use the form as it is.")
    ends = [*(places[label].start() for label in order[1:]), len(body)]
    return {label: body[places[label].end() : end] for label, end in zip(order, ends, strict=False)}, complaints


def _clean(text: str) -> str:
    """Return an answer as one line of plain text: no control, invisible or private characters, blanks folded."""
    text = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    text = " ".join(text.split())
    return "" if text == NOTHING else text


def _issue(event: Path) -> tuple[int, list[str], str]:
    """Return number, labels and text of the issue in an event. Raises DataError if it is no event about an issue."""
    try:
        issue = json.loads(files.text_of(event)[0])["issue"]
        return int(issue["number"]), [str(label["name"]) for label in issue["labels"]], str(issue["body"] or "")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"no event about an issue ({type(error).__name__})"
        raise DataError(f"{event.name}: {why} → see the job's log.") from error


def _study(change: Change, answers: dict[str, str], client: Client) -> str:
    record = _record(answers["work"], client)
    add.look_for_work(change, record)
    own = ("kind", "species", "read", *SOURCE)
    given = {column: answers[column] for column in own if answers[column]} | {"summary": answers["statement"]}
    key = add.add_work(change, record, given)
    asked = [question.id for question in FORMS["study"].questions if question.table == "findings"]
    finding = {column: answers[column] for column in (*asked, *SOURCE) if answers[column]}
    finding["basis"] = "source read" if answers["read"] in READ else "title only"
    add.add_finding(change, key, finding, [], "")
    return f"Add {key}"


def _correction(change: Change, answers: dict[str, str], _: Client) -> str:
    frame = change.table("corrections")
    number, trial = answers["seed_number"], answers["trial_id"].upper()
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
    return f"Record correction {name}"


def _value(change: Change, answers: dict[str, str], _: Client) -> str:
    table, column, row = answers["table"].removesuffix(".csv"), answers["column"], answers["row"]
    schema = change.project.schema
    tables = [name for name, one in schema.items() if name not in MAINTAINERS and not one.append_only]
    if table not in tables:
        raise DataError(f"There is no table {shorten(table)!r} to correct; there are {', '.join(tables)}.")
    frame, key = change.table(table), schema[table].primary_key[0]
    others = [name for name in frame.columns if name != key]
    if column not in others:
        raise DataError(f"{table} has no column {shorten(column)!r} to correct; there are {', '.join(others)}.")
    hits = int((frame[key] == row).sum())
    if hits != 1:
        raise DataError(f"{table} has {hits or 'no'} row {shorten(row)!r}.")
    sources = {name: answers[name] for name in SOURCE if name in frame.columns}
    change.set_cells(table, key, row, sources | {column: answers["new"]})
    return f"Correct {table} {row} {column}"


def _reference(change: Change, answers: dict[str, str], client: Client) -> str:
    number = _seed_number(answers["seed_number"])
    held = change.table("citations").set_index("seed_number")["study_id"][number]
    if held:
        raise DataError(f"Number {number} is identified already, as {held}.")
    record = _record(answers["work"], client)
    key = index_of(change.project.works.values()).find(Entry("", record.doi, record.pmid))
    if not key:
        add.look_for_work(change, record)
        # What the review itself has seen of the work; a reader may raise it.
        given = {"read": "title only", **{column: answers[column] for column in ("kind", *SOURCE)}}
        key = add.add_work(change, record, given)
    cells = {column: answers[column] for column in ("match", "agreement", *SOURCE)}
    change.set_cells("citations", "seed_number", number, cells)
    for table in ("citations", "findings", "corrections"):  # the check refuses two names for one number
        change.set_cells(table, "seed_number", number, {"study_id": key})
    return f"Identify reference {number} as {key}"


ENTER = {"study": _study, "correction": _correction, "value": _value, "reference": _reference}


def _record(work: str, client: Client) -> Record:
    number = re.sub(r"^PMID:?\s*", "", work, flags=re.IGNORECASE)
    if PMID.fullmatch(number):
        return pubmed.work(client, number)
    if not doi(work):
        raise DataError(f"{shorten(work)!r} is neither a DOI (10.1234/abcd) nor a PubMed number (PMID 12345678).")
    return crossref.work(client, doi(work))


def _seed_number(number: str) -> str:
    """Return a reference number as the tables write it."""
    if not (number.isdecimal() and 1 <= int(number) <= 121):
        raise DataError(f"“Reference number” is {shorten(number)!r}; it is a whole number from 1 to 121.")
    return str(int(number))
