"""``review versions``: the versions of the review, and the copies of its site as it was."""

from pathlib import Path
from typing import Annotated

import typer

from review_tools.cli.app import Root, app, project, refuse
from review_tools.data.problems import DataError
from review_tools.data.versions import copies, versions


@app.command(name="versions")
def list_versions(
    root: Root = None,
    pack: Annotated[Path | None, typer.Option("--pack", help="Pack the newest version's site into a folder.")] = None,
    unpack: Annotated[Path | None, typer.Option("--from", help="Unpack the kept sites in a folder into v/.")] = None,
) -> None:
    """List the versions; keep the newest one's site as an archive; lay out the kept ones beside the newest site."""
    folder = project(root)
    try:
        if pack or unpack:
            from review_tools.site import copies as sites

            if pack:
                print("\n".join(sites.pack(folder, pack)))
            if unpack:
                print(f"{len(sites.unpack(folder, unpack))} copies lie in _build/html/v.")
            return
        kept = copies(folder)
        for version in versions(folder):
            print(f"{version.number}  {version.date}  {'site kept' if version.number in kept else 'site not kept'}")
    except DataError as error:
        refuse(str(error))
