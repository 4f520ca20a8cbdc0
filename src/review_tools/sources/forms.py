"""The issue forms for people without git, edited where GitHub finds them; ``review forms`` writes their choices.

A question is named by the column that its answer goes to; one with a vocabulary offers its terms.
"""

from dataclasses import dataclass
from typing import Any

import yaml  # type: ignore[import-untyped]

from review_tools.data.project import Project
from review_tools.data.tables import Field

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
