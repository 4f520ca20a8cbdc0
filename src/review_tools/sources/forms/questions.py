"""The issue forms. GitHub's own files are written from here, so that a form offers the words of ``vocabulary``.

``review forms`` writes ``.github/ISSUE_TEMPLATE/``; a form that differs from the data is refused by ``make test``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from review_tools.data.project import Project

FOLDER = Path(".github") / "ISSUE_TEMPLATE"
HEADER = "# Written by `review forms` from the data and review_tools/living/forms/questions.py. Do not edit.\n"
RESERVED = "none"  # a word GitHub refuses among the choices
PROMISE = "I have seen the source myself and copied what it says"
NOTICE = (
    "Leave empty what the source does not show: unknown is an answer. A person reads every form before anything "
    "enters the review; it then becomes a proposal that you can follow here."
)


@dataclass(frozen=True)
class Question:
    """One field of a form. ``choices`` names a kind of the vocabulary; ``column`` names where the answer goes."""

    id: str
    label: str
    help: str
    required: bool = True
    choices: str = ""
    without: str = ""  # a term that is no answer here
    long: bool = False
    example: str = ""

    def as_field(self, project: Project) -> dict[str, Any]:
        """The question as GitHub's form schema has it."""
        told: dict[str, Any] = {"label": self.label, "description": self.help}
        if self.choices:
            told["options"] = list(options(project, self.choices, self.without))
        elif self.example:
            told["placeholder"] = self.example
        kind = "dropdown" if self.choices else "textarea" if self.long else "input"
        return {"type": kind, "id": self.id, "attributes": told, "validations": {"required": self.required}}


@dataclass(frozen=True)
class Form:
    """One form: a file of GitHub's, and the label by which its issues are known."""

    name: str
    title: str
    about: str
    label: str
    questions: tuple[Question, ...]

    def text(self, project: Project) -> str:
        """The form as the YAML file that GitHub reads."""
        promise = {
            "type": "checkboxes",
            "id": "promise",
            "attributes": {"label": "Evidence", "options": [{"label": PROMISE, "required": True}]},
        }
        body = [
            {"type": "markdown", "attributes": {"value": NOTICE}},
            *(question.as_field(project) for question in self.questions),
            promise,
        ]
        whole = {
            "name": self.title,
            "description": self.about,
            "title": f"{self.title}: ",
            "labels": [self.label],
            "body": body,
        }
        text: str = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=110)
        return HEADER + text


LINK = Question(
    "source_url",
    "Link to the source",
    "The address where you read it, beginning with https://",
    example="https://doi.org/…",
)
WHERE = Question("source_where", "Where in it", "Page, table, figure, or “abstract”.", example="abstract")

STUDY = Form(
    "study",
    "Suggest a study",
    "A work that the review should hold, with one thing it found.",
    "form: study",
    (
        Question(
            "work",
            "DOI or PubMed number",
            "The work's DOI, or PMID and its number.",
            example="10.1234/abcd or PMID 12345678",
        ),
        Question("kind", "Sort of work", "What sort of work it is.", choices="study kind"),
        Question("species", "Species", "Whose cells, or which animals.", required=False, choices="species"),
        Question("read", "How much you read", "A finding counts for more when its source was read.", choices="reading"),
        Question("section", "Where it belongs", "The section of the review it speaks to.", choices="section"),
        Question("statement", "What it found", "One finding on one target cell, in your own words.", long=True),
        Question("route", "Route", "How the cells act.", choices="route"),
        Question("tissue", "Source of the cells", "The tissue.", required=False, choices="tissue"),
        Question("product", "What was given", "Cells, or something made from them.", choices="product"),
        Question("target_cell", "Target cell", "The immune cell acted on.", required=False, choices="target cell"),
        Question("effect", "Effect", "What happened to the target.", choices="effect"),
        Question(
            "effect_on",
            "Effect on what, precisely",
            "The thing measured.",
            required=False,
            example="IL-10 secretion",
        ),
        Question("model", "Model", "Where it was shown.", choices="model"),
        Question("disease", "Disease", "If one was modelled or treated.", required=False, choices="disease"),
        Question("direction", "Direction", "Which way it points.", choices="direction"),
        LINK,
        WHERE,
    ),
)
CORRECTION = Form(
    "correction",
    "Report a correction",
    "A place where the seed review and its source disagree.",
    "form: correction",
    (
        Question("section", "Section of the seed review", "Where the statement stands.", choices="section"),
        Question(
            "seed_number",
            "Reference number",
            "The number the seed review gives for it, 1 to 121; empty for a trial or an uncited statement.",
            required=False,
        ),
        Question(
            "trial_id",
            "Trial",
            "The registry number, if it is about a trial.",
            required=False,
            example="NCT01234567",
        ),
        Question("kind", "What differs", "The kind of disagreement.", choices="correction kind"),
        Question("seed_says", "What the seed review says", "In your own words.", long=True),
        Question("source_says", "What the source says", "In your own words, with its numbers.", long=True),
        Question("meaning", "What that means for a reader", "One sentence.", long=True),
        Question("confidence", "How much of the source you saw", "All of it, or a part.", choices="confidence"),
        LINK,
        WHERE,
    ),
)
VALUE = Form(
    "value",
    "Correct a value",
    "A cell of one of our tables that is not what its source prints.",
    "form: value",
    (
        Question("table", "Table", "Its name, as on the download page.", example="outcomes"),
        Question("row", "Row", "Its identifier: the first column of the table.", example="deng_2017_randomised-1"),
        Question("column", "Column", "The name of the column.", example="events_arm1"),
        Question("new", "What it should be", "The value as the source prints it."),
        Question("why", "Why", "What the source says, in one sentence.", long=True),
        LINK,
        WHERE,
    ),
)
REFERENCE = Form(
    "reference",
    "Identify a reference",
    "Which work one of the seed review's open reference numbers is.",
    "form: reference",
    (
        Question("seed_number", "Reference number", "One of the numbers shown as not yet identified, 1 to 121."),
        Question("work", "DOI or PubMed number", "The work's DOI, or PMID and its number."),
        Question("kind", "Sort of work", "What sort of work it is.", choices="study kind"),
        Question(
            "match",
            "How sure",
            "Exact if every particular of the citing sentence fits.",
            choices="match",
            without="unidentified",
        ),
        Question(
            "agreement",
            "Why it fits",
            "What of the citing sentence agrees with the work, and what does not.",
            long=True,
        ),
        LINK,
        WHERE,
    ),
)
FORMS = {form.name: form for form in (STUDY, CORRECTION, VALUE, REFERENCE)}


def options(project: Project, kind: str, without: str = "") -> dict[str, str]:
    """The choices of one kind of the vocabulary: what a person reads, and the term it stands for.

    A label that GitHub would refuse, or that two terms share, is told apart by its term.
    """
    terms = project.table("vocabulary")
    terms = terms[(terms["kind"] == kind) & (terms["term"] != without)]
    if terms.empty:
        raise KeyError(f"The vocabulary has no terms of kind {kind!r}.")
    shared = set(terms.loc[terms["label"].duplicated(keep=False), "label"]) | {RESERVED, RESERVED.title()}
    numbered = kind == "section"
    return {
        f"{label} ({term})" if label in shared else f"{term} {label}" if numbered and term[0].isdigit() else label: term
        for term, label in zip(terms["term"], terms["label"], strict=True)
    }


def files(project: Project) -> Iterator[tuple[Path, str]]:
    """Each form's path below the project, and its text."""
    for form in FORMS.values():
        yield FOLDER / f"{form.name}.yml", form.text(project)


def stale(project: Project) -> list[Path]:
    """The forms that do not say what the data say."""
    return [path for path, text in files(project) if not _same(project.root / path, text)]


def write(project: Project) -> list[Path]:
    """Writes every form anew; returns those that changed."""
    changed = stale(project)
    for path, text in files(project):
        (project.root / path).parent.mkdir(parents=True, exist_ok=True)
        (project.root / path).write_text(text, encoding="utf-8")
    return changed


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
