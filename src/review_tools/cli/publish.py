"""``review publish``: what the workflows say on GitHub. Texts that came from elsewhere are escaped and cut."""

import os
from pathlib import Path
from typing import Annotated

import typer

from review_tools.cli.app import app, refuse

MARKER = "review-changes"
publish = typer.Typer(no_args_is_help=True, help="Say something on GitHub (for the workflows).")
app.add_typer(publish, name="publish")
Repository = Annotated[str, typer.Option(envvar="GITHUB_REPOSITORY", help="owner/name")]


@publish.command()
def comment(
    file: Annotated[Path, typer.Option(help="What `review diff --markdown` printed.")],
    owner: Annotated[str, typer.Option(help="Owner of the branch.")],
    branch: Annotated[str, typer.Option(help="The branch.")],
    commit: Annotated[str, typer.Option(help="Its commit, so that an outdated run says nothing.")],
    run: Annotated[str, typer.Option(help="Address of the run that holds the preview.")],
    repository: Repository,
) -> None:
    """Write or renew the one comment that says what a pull request changes in the review."""
    from review_tools.sources.github import GitHub
    from review_tools.sources.http import ServiceError

    try:
        github = GitHub(repository)
        number = github.pull_of(owner, branch, commit)
        if number is None:
            print("No open pull request has this commit as its head; nothing to say.")
            return
        link = f"\n[The built site and the log of this run]({run})\n" if run.startswith("https://github.com/") else ""
        print(github.put_comment(number, MARKER, f"{file.read_text(encoding='utf-8')}{link}"))
    except (ServiceError, OSError, ValueError) as error:
        refuse(str(error))


@publish.command()
def pull(
    branch: Annotated[str, typer.Option(help="The branch to propose, already pushed.")],
    folder: Annotated[Path, typer.Option(help="Folder with title.txt and text.md.")],
    repository: Repository,
) -> None:
    """Open a pull request from a branch, or renew the text of the open one."""
    from review_tools.sources.github import GitHub
    from review_tools.sources.http import ServiceError

    try:
        title, text = ((folder / name).read_text(encoding="utf-8") for name in ("title.txt", "text.md"))
        print(GitHub(repository).put_pull(branch, title.strip(), text))
    except (ServiceError, OSError, ValueError) as error:
        refuse(str(error))


@publish.command()
def answer(
    issue: Annotated[int, typer.Option(min=1, help="Number of the issue.")],
    file: Annotated[Path, typer.Option(help="The text, Markdown.")],
    repository: Repository,
) -> None:
    """Write or renew the one answer on an issue."""
    from review_tools.sources.github import GitHub
    from review_tools.sources.http import ServiceError

    try:
        print(GitHub(repository).put_comment(issue, "review-answer", file.read_text(encoding="utf-8")))
    except (ServiceError, OSError, ValueError) as error:
        refuse(str(error))


@publish.command()
def issue(
    title: Annotated[str, typer.Option(help="Its title; the open issue of the same title gets a comment instead.")],
    label: Annotated[str, typer.Option(help="Its label.")],
    file: Annotated[Path | None, typer.Option(help="The text; the address of the run if left out.")] = None,
    repository: Repository = "",
) -> None:
    """Open an issue, for a scheduled job that failed."""
    from review_tools.sources.github import GitHub
    from review_tools.sources.http import ServiceError

    try:
        run = (
            f"{os.environ.get('GITHUB_SERVER_URL', '')}/{repository}/actions/runs/{os.environ.get('GITHUB_RUN_ID', '')}"
        )
        text = file.read_text(encoding="utf-8") if file else f"The run: {run}"
        print(GitHub(repository).put_issue(title, label, text))
    except (ServiceError, OSError, ValueError) as error:
        refuse(str(error))
