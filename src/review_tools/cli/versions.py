"""``review versions``: the versions of the review, and the copies of its site as it was."""

from pathlib import Path
from typing import Annotated

import typer

from review_tools.cli.app import Root, app, open_project, refuse
from review_tools.data.problems import DataError
from review_tools.data.versions import copies, versions


@app.command(name="versions")
def list_versions(
    root: Root = None,
    pack: Annotated[Path | None, typer.Option("--pack", help="Pack the newest version's site into a project.")] = None,
    unpack: Annotated[Path | None, typer.Option("--from", help="Unpack the kept sites in a project into v/.")] = None,
) -> None:
    """List the versions; keep the newest one's site as an archive; lay out the kept ones beside the newest site."""
    project = open_project(root)
    try:
        if pack or unpack:
            from review_tools.site import copies as sites

            if pack:
                print("\n".join(sites.pack(project, pack)))
            if unpack:
                print(f"{len(sites.unpack(project, unpack))} copies lie in _build/html/v.")
            return
        kept = copies(project)
        for version in versions(project):
            print(f"{version.number}  {version.date}  {'site kept' if version.number in kept else 'site not kept'}")
    except DataError as error:
        refuse(str(error))
