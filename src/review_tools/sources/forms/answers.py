"""A filled form, read from the text of an issue. Whatever stands in it is somebody's words and nothing more.

GitHub puts each answer under a heading of the third level that repeats the question. Only the form's own
headings, in its own order, divide the text, so that a heading inside an answer cannot pass for another answer.
"""

import re
import unicodedata
from dataclasses import dataclass

from review_tools.data.problems import shorten
from review_tools.data.project import Project
from review_tools.sources.forms.questions import FORMS, PROMISE, Form, Question, options

NOTHING = "_No response_"
LIMITS = {False: 500, True: 2000}  # characters of a short and of a long answer
TICKED = re.compile(r"- \[[xX]\] " + re.escape(PROMISE))


class FormError(Exception):
    """The form cannot be used. ``complaints`` holds every reason, for the person who filled it in."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True)
class Answers:
    """One filled form: the answers by question, terms of the vocabulary in place of their labels."""

    form: Form
    given: dict[str, str]

    def __getitem__(self, question: str) -> str:
        return self.given.get(question, "")


def form_of(labels: list[str]) -> Form:
    """The form that an issue with these labels was made with.

    Raises:
        FormError: no label, or more than one, belongs to a form.
    """
    found = [form for form in FORMS.values() if form.label in labels]
    if len(found) != 1:
        known = ", ".join(form.label for form in FORMS.values())
        raise FormError([f"The issue carries {len(found) or 'no'} labels of forms; one of these is needed: {known}."])
    return found[0]


def read(project: Project, form: Form, body: str) -> Answers:
    """Reads the body of an issue.

    Raises:
        FormError: a question is missing, asked twice, left open though required, answered at too great a length
            or with a word that is not among its choices; every complaint at once.
    """
    pieces, complaints = _divide(form, body.replace("\r\n", "\n"))
    given: dict[str, str] = {}
    for question in form.questions:
        text = pieces.get(question.label, "")
        answer = clean(text)
        if answer:
            limit = LIMITS[question.long]
            if len(answer) > limit:
                complaints.append(f"“{question.label}” has {len(answer)} characters; at most {limit} are taken.")
            elif question.choices:
                answer = _choice(project, question, answer, complaints)
        elif question.required and question.label in pieces:
            complaints.append(f"“{question.label}” is empty. {question.help}")
        given[question.id] = answer
    if not TICKED.search(pieces.get("Evidence", "")):
        complaints.append(f"The box “{PROMISE}” is not ticked.")
    if complaints:
        raise FormError(complaints)
    return Answers(form, given)


def clean(text: str) -> str:
    """An answer as one line of plain text: no control, invisible or private characters, blanks folded."""
    text = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    text = " ".join(text.split())
    return "" if text == NOTHING else text


def _divide(form: Form, body: str) -> tuple[dict[str, str], list[str]]:
    """The text under each heading of the form, and what is wrong with the headings."""
    labels = [*(question.label for question in form.questions), "Evidence"]
    complaints = []
    pieces: dict[str, str] = {}
    places = {}
    for label in labels:
        found = [match.start() for match in re.finditer(rf"^### {re.escape(label)}[ \t]*$", body, re.MULTILINE)]
        if len(found) == 1:
            places[label] = found[0]
        else:
            complaints.append(f"The heading “{label}” stands {len(found)} times in the issue; it has to stand once.")
    order = sorted(places, key=lambda label: places[label])
    if order != [label for label in labels if label in places]:
        complaints.append("The headings are not in the order of the form; please use the form as it is.")
    for label, following in zip(order, [*order[1:], ""], strict=True):
        end = places[following] if following else len(body)
        pieces[label] = body[places[label] : end].split("\n", 1)[1] if "\n" in body[places[label] : end] else ""
    return pieces, complaints


def _choice(project: Project, question: Question, answer: str, complaints: list[str]) -> str:
    terms = options(project, question.choices, question.without)
    if answer not in terms:
        complaints.append(f"“{question.label}”: {shorten(answer)!r} is not one of its choices.")
    return terms.get(answer, "")
