"""``review build``: the site, put in place only when everything succeeded."""

import time
from typing import Annotated

import typer

from review_tools.cli.app import CONTRIBUTE, Root, app, open_project, refuse
from review_tools.cli.check import print_problems, problems_of


@app.command(rich_help_panel=CONTRIBUTE, epilog="Example: review build")
def build(
    root: Root = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Chapters run at a time; one a core if left out.")] = None,
) -> None:
    """Check the data, run the chapters that are stale, and put the book into _build/html if everything succeeded."""
    from review_tools.site.build import BuildError
    from review_tools.site.build import build as build_site

    project, started = open_project(root), time.monotonic()

    def check() -> None:
        problems = problems_of(project)
        if problems:
            print_problems(problems, 0, project)
            refuse("Nothing was built: mend the problems above first.")
        print("Data checked. Building the book …", flush=True)

    try:
        changed = build_site(project.root, workers, check)
    except BuildError as error:
        refuse(str(error))
    page = project.root / "_build" / "html" / "index.html"
    if changed:
        took = time.monotonic() - started
        print(f"The book is built in {took:.1f} s: open {page}, or run make serve.")
    else:
        print(f"Nothing has changed since the last build: open {page}, or run make serve.")
