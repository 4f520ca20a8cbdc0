"""The issue forms for people without git: what they ask, and the files in which GitHub finds them.

Questions about a column take their explanation, their choices and whether they are required from the schema and
the vocabulary.
"""

from dataclasses import dataclass
from typing import Any

import yaml  # type: ignore[import-untyped]

from review_tools.data.project import Project
from review_tools.data.schema import Field
from review_tools.sources.trial_results import EXAMPLE, TEMPLATE

FOLDER = ".github/ISSUE_TEMPLATE"
HEADER = "# Written by `review forms` from the data and review_tools/sources/forms.py. Do not edit.\n"
RESERVED = {"none", "None"}  # words GitHub refuses among the choices
PROMISE = "I have seen the source myself and copied what it says"
NOTICE = (
    "Leave empty what the source does not show: unknown is an answer. A person reads every form before anything "
    "enters the review; it then becomes a proposal that you can follow here."
)


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
    template: str = ""  # what stands in the field to begin with: its lines are read one by one

    @property
    def limit(self) -> int:
        """The characters that an answer may have."""
        return 20_000 if self.template else 2000 if self.long else 500

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
        description = (self.help or self.column(project).description).replace("SITE", project.citation.url)
        attributes: dict[str, Any] = {"label": self.label, "description": description}
        options = list(self.options(project))
        if options:
            attributes["options"] = options
        elif self.template or self.example:
            attributes["value" if self.template else "placeholder"] = self.template or self.example
        kind = "dropdown" if options else "textarea" if self.long or self.template else "input"
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
            Question(
                "mediators",
                "Mediators",
                help="Each and its role, if shown.",
                example="IL-10 = mediator; PD-1 = receptor",
            ),
            Question("model", "Model", "findings"),
            Question("disease", "Disease", "findings"),
            Question("direction", "Direction", "findings"),
        ),
    ),
    "trial": Form(
        "Add a trial with its results",
        "A trial in people, with what it reported for each outcome.",
        "form: trial",
        (
            WORK,
            Question("trial_id", "Registry number", "studies", "Empty if none is named.", example="NCT01234567"),
            Question("read", "How much you read", "outcomes"),
            Question("summary", "What it found", "studies", required=True, long=True),
            Question("n", "People in the trial", "studies", "All who were randomised.", example="64"),
            Question("design", "Design", "outcomes"),
            Question("disease", "Disease", "outcomes"),
            Question("population", "Who exactly", "outcomes", required=True, example="adults, steroid-refractory"),
            Question("arm1", "Arm with MSCs", "outcomes", "What this arm got.", example="umbilical cord MSC, twice"),
            Question("arm2", "Control arm", "outcomes", "What it got; empty if there is none.", example="placebo"),
            Question("contrast", "What the comparison tells", "outcomes"),
            Question("results", "Results", help=EXAMPLE, required=True, template=TEMPLATE),
            Question("extracted_by", "Your name, if these are all of its outcomes", "studies"),
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
