"""The issue forms for people without git, and how a filled one is read: as somebody's words and nothing more.

They are edited where GitHub finds them; ``review forms`` writes their choices. A question is named by the column that
its answer goes to; one with a vocabulary offers its terms.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from review_tools.check.repair import tidy
from review_tools.data.problems import DataError, did_you_mean, same_word, shorten
from review_tools.data.project import Project
from review_tools.data.tables import Field
from review_tools.sources.files import text_of
from review_tools.sources.records import doi

FOLDER = ".github/ISSUE_TEMPLATE"
HEADER = "# Edit the questions here, then run `review forms`, which writes their choices.\n"
TABLES: dict[str, tuple[str, ...]] = {  # of each form: where its questions find their columns, in the first that fits
    "study": ("findings", "studies"),
    "trial": ("outcomes", "studies"),
    "correction": ("corrections",),
    "value": (),
    "reference": ("citations", "studies"),
}
RESERVED = {"none", "None"}  # words GitHub refuses among the choices
NO_ANSWER = "unidentified"  # a term that a form is there to replace
LIMITS = {"input": 500, "dropdown": 500, "textarea": 2000}  # characters of an answer
LONGEST = 20_000  # of one with a template
PROMISE = "I have seen the source myself and copied what it says"  # the box that every form ends with
NOTHING = "_No response_"  # what GitHub writes for an answer left empty
TICKED = re.compile(r"- \[[xX]\] " + re.escape(PROMISE))


class Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writes texts of several lines as such."""


Dumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, "|" if "\n" in text else None)
)


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a form."""

    id: str
    label: str
    help: str
    required: bool
    limit: int  # the characters that an answer may have
    by_line: bool  # the field begins with a template, whose lines are read one by one
    column: Field  # that the answer goes to, or one that takes any text
    options: dict[str, str]  # what a person reads, and the term it stands for


def questions(project: Project, name: str) -> list[Question]:
    """Return the questions of a form."""
    found = []
    for one in _form(project, name)["body"]:
        if one["type"] in LIMITS:
            told, column = one["attributes"], _column(project, name, one["id"])
            by_line, required = "value" in told, one["validations"]["required"]
            limit = LONGEST if by_line else LIMITS[one["type"]]
            words = (one["id"], told["label"], told["description"])
            found.append(Question(*words, required, limit, by_line, column, _options(project, column.vocabulary)))
    return found


def stale(project: Project) -> dict[str, str]:
    """Return the forms on disk that do not offer what the data offer: file, and the text it should have."""
    texts = {}
    for name in TABLES:
        form = _form(project, name)
        for one in form["body"]:
            if one["type"] == "dropdown":
                one["attributes"]["options"] = list(_options(project, _column(project, name, one["id"]).vocabulary))
        text = yaml.dump(form, None, Dumper, allow_unicode=True, sort_keys=False, width=110)
        texts[f"{FOLDER}/{name}.yml"] = HEADER + text
    return {file: text for file, text in texts.items() if project.read(file) != text.encode()}


def _form(project: Project, name: str) -> Any:
    return yaml.safe_load(project.read(f"{FOLDER}/{name}.yml"))


def _column(project: Project, form: str, name: str) -> Field:
    tables = (project.schema[table] for table in TABLES[form])
    return next((table.field(name) for table in tables if name in table.columns), Field(name, "string", ""))


def _options(project: Project, kind: str) -> dict[str, str]:
    """Return the terms of a kind by what a form shows: the label, with the term where it is reserved or not unique."""
    terms = project.table("vocabulary")
    terms = terms[(terms["kind"] == kind) & (terms["term"] != NO_ANSWER)]
    unclear = set(terms.loc[terms["label"].duplicated(keep=False), "label"]) | RESERVED
    shown = {}
    for term, label in zip(terms["term"], terms["label"], strict=True):
        numbered = f"{term} {label}" if kind == "section" and term[0].isdigit() else label
        shown[f"{label} ({term})" if label in unclear else numbered] = term
    return shown


def issue(event: Path) -> tuple[int, list[str], str]:
    """Return number, labels and text of the issue in an event. Raises DataError if it is no event about an issue."""
    try:
        found = json.loads(text_of(event)[0])["issue"]
        return int(found["number"]), [str(label["name"]) for label in found["labels"]], str(found["body"] or "")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"no event about an issue ({type(error).__name__})"
        raise DataError(f"{event.name}: {why} → see the job's log.") from error


def read(questions: list[Question], body: str) -> dict[str, str]:
    """Return the answers in the text of an issue by question, terms of the vocabulary in place of their labels.

    Raises:
        DataError: a question is missing, asked twice, left open though required, answered at too great a length
            or with a word that is not among its choices; every complaint at once.
    """
    pieces, complaints = _divide(questions, body.replace("\r\n", "\n"))
    answers = {}
    for question in questions:
        label = question.label
        answer = _clean(pieces.get(label, ""), question)
        if len(answer) > question.limit:
            complaints.append(f"“{label}” has {len(answer)} characters; at most {question.limit} are taken.")
        elif answer and question.options:
            chosen = same_word(answer, [*question.options, *question.options.values()])
            if not chosen:
                near = did_you_mean(answer, question.options)
                complaints.append(f"“{label}”: {shorten(answer)!r} is not one of its choices; {near}".rstrip("; "))
            answer = question.options.get(chosen, chosen)
        elif not answer and question.required and label in pieces:
            complaints.append(f"“{label}” is empty. {question.help.splitlines()[0]}")
        answers[question.id] = tidy(answer, question.column)
    if not TICKED.search(pieces.get("Evidence", "")):
        complaints.append(f"The box “{PROMISE}” is not ticked.")
    if complaints:
        raise DataError(*complaints)
    return answers


def _divide(questions: list[Question], body: str) -> tuple[dict[str, str], list[str]]:
    """Return the text under each heading of the form, and what is wrong with the headings.

    Only the form's own headings, in its own order, divide the text, so that a heading inside an answer cannot
    pass for another answer.
    """
    labels = [*(question.label for question in questions), "Evidence"]
    _, *pieces = re.split(rf"^### ({'|'.join(map(re.escape, labels))})[ \t]*$", body, flags=re.MULTILINE)
    found = pieces[::2]
    complaints = [
        f"The heading “{label}” stands {found.count(label)} times in the issue; it has to stand once."
        for label in labels
        if found.count(label) != 1
    ]
    if not complaints and found != labels:
        complaints.append("The headings are not in the order of the form; please use the form as it is.")
    return dict(zip(found, pieces[1::2], strict=True)), complaints


def _clean(text: str, question: Question) -> str:
    """Return an answer as plain text: no control, invisible or private characters, blanks folded.

    It is one line, unless the question is asked line by line. A bare DOI is a link as well.
    """
    text = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    lines = [" ".join(line.split()) for line in (text.split("\n") if question.by_line else [text])]
    text = "\n".join(line for line in lines if line)
    if question.id == "source_url" and (number := doi(text)):
        return f"https://doi.org/{number}"
    return "" if text == NOTHING else text
