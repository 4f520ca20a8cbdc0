"""``review forms`` and ``review form``: GitHub's issue forms, and what a filled one changes."""

import json
from pathlib import Path
from typing import Annotated

import typer

from review_tools.cli.app import Root, app, open_project, refuse
from review_tools.data.problems import DataError

LARGEST = 2_000_000  # bytes of an event
TITLE, TEXT, PATCH, COMPLAINTS = "title.txt", "text.md", "change.patch", "complaints.md"


@app.command()
def forms(
    root: Root = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if a form is out of date.")] = False,
) -> None:
    """Write the issue forms anew, with the words of the vocabulary as their choices."""
    from review_tools.sources.forms import questions

    project = open_project(root)
    changed = questions.stale(project) if check else questions.write(project)
    if check and changed:
        refuse(f"Out of date: {', '.join(map(str, changed))}. Run `review forms` and commit what it writes.")
    print(f"{len(questions.FORMS)} forms, {len(changed)} of them written anew.")


@app.command()
def form(
    event: Annotated[Path, typer.Argument(help="The event as GitHub Actions hands it over (JSON with an `issue`).")],
    out: Annotated[Path, typer.Option(help="Folder for the patch, the title and the text of the pull request.")],
    root: Root = None,
) -> None:
    """Turn a filled issue form into a change of the data: a patch and the words for its pull request."""
    from review_tools.changes.render import safe
    from review_tools.data.edit import edit
    from review_tools.sources import adding
    from review_tools.sources.forms import answers, entries
    from review_tools.sources.http import Client, ServiceError

    project = open_project(root)
    out.mkdir(parents=True, exist_ok=True)
    try:
        number, labels, body = _issue(event)
        filled = answers.read(project, answers.form_of(labels), body)
        with Client(project.root / "_build" / "cache" / "http") as client, edit(project.root, dry_run=True) as change:
            what = entries.enter(project, filled, change, client)
            adding.remaining(project, change)
        patch = change.diff()
    except answers.FormError as error:
        complaints = error.complaints
    except adding.AlreadyThereError as error:
        complaints = [f"Already there, {error.why}: {', '.join(map(str, error.places))}."]
    except adding.NotFitError as error:
        complaints = [str(problem) for problem in error.problems]
    except (ServiceError, DataError) as error:
        complaints = [str(error)]
    else:
        (out / PATCH).write_text(f"{patch}\n", encoding="utf-8")
        (out / TITLE).write_text(f"{what} (form #{number})\n", encoding="utf-8")
        given = "\n".join(
            f"- {safe(question.label)}: {safe(filled[question.id])}" for question in filled.form.questions
        )
        text = f"From the form in #{number}. Its answers, to be compared with the source:\n\n{given}\n"
        (out / TEXT).write_text(text, encoding="utf-8")
        print(f"{what}: {', '.join(change.files)} change.")
        return
    listed = "\n".join(f"- {safe(complaint, 600)}" for complaint in complaints)
    words = (
        f"This form could not be turned into rows yet:\n\n{listed}\n\nPlease edit it; a maintainer then tries again.\n"
    )
    (out / COMPLAINTS).write_text(words, encoding="utf-8")
    refuse("\n".join(complaints))


def _issue(event: Path) -> tuple[int, list[str], str]:
    """Number, labels and text of the issue in an event.

    Raises:
        DataError: the file is no event about an issue.
    """
    try:
        if event.stat().st_size > LARGEST:
            raise DataError(f"{event.name}: larger than {LARGEST // 1_000_000} MB → this is no event of an issue.")
        issue = json.loads(event.read_text(encoding="utf-8"))["issue"]
        labels = [str(label["name"]) for label in issue["labels"]]
        return int(issue["number"]), labels, str(issue["body"] or "")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{event.name}: no event about an issue ({type(error).__name__}) → see the job's log."
        ) from error
