"""``review build`` and ``review pdf``: the site, put in place only when everything succeeded, and its print."""

import time
from typing import Annotated

import typer

from review_tools.cli.app import CONTRIBUTE, LOOK, Here, app, refuse
from review_tools.cli.check import print_problems, problems_of


@app.command(rich_help_panel=CONTRIBUTE, epilog="Example: review build")
def build(
    project: Here,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Chapters to run at a time; one per core if left out.")
    ] = None,
) -> None:
    """Check the data, run the chapters that are stale, and put the book into _build/html if everything succeeded."""
    from review_tools.site.build import build as build_site

    started = time.monotonic()

    def check() -> None:
        if problems := problems_of(project):
            print_problems(problems, project)
            refuse("Nothing was built: mend the problems above first.")
        print("Data checked. Building the book …", flush=True)

    changed = build_site(project.root, workers, check)
    took = f"The book is built in {time.monotonic() - started:.1f} s"
    page = project.root / "_build" / "html" / "index.html"
    print(f"{took if changed else 'Nothing has changed since the last build'}: open {page}, or run make serve.")


@app.command(rich_help_panel=LOOK, epilog="Example: review pdf")
def pdf(project: Here) -> None:
    """Print the whole review to one PDF in _build/pdf; needs Chromium."""
    from review_tools.site.pdf import make_pdf

    print(f"The review is printed: {make_pdf(project)}")
