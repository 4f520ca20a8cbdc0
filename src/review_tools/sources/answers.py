"""How a filled form is read: the text of an issue is somebody's words and nothing more."""

import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from review_tools.check.repair import tidy
from review_tools.data.problems import DataError, did_you_mean, same_word, shorten
from review_tools.sources import files
from review_tools.sources.forms import PROMISE, Question
from review_tools.sources.records import doi

NOTHING = "_No response_"
TICKED = re.compile(r"- \[[xX]\] " + re.escape(PROMISE))


def issue(event: Path) -> tuple[int, list[str], str]:
    """Return number, labels and text of the issue in an event. Raises DataError if it is no event about an issue."""
    try:
        found = json.loads(files.text_of(event)[0])["issue"]
        return int(found["number"]), [str(label["name"]) for label in found["labels"]], str(found["body"] or "")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"no event about an issue ({type(error).__name__})"
        raise DataError(f"{event.name}: {why} → see the job's log.") from error


def read(questions: Sequence[Question], body: str) -> dict[str, str]:
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


def _divide(questions: Sequence[Question], body: str) -> tuple[dict[str, str], list[str]]:
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
