"""Where the project lies."""

import os
from functools import lru_cache
from pathlib import Path

MARKER = Path("data") / "datapackage.json"
HERE = Path(__file__).resolve()


def project_root(start: Path | None = None) -> Path:
    """Folder that holds ``data/datapackage.json``.

    Looks at ``start``, then at the environment variable ``REVIEW_ROOT``, then upwards from the current
    folder, then at the checkout this package runs from, so that a chapter finds its data wherever it is
    executed.

    Raises:
        FileNotFoundError: when no such folder is found.
    """
    if start is not None:
        if (start / MARKER).is_file():
            return _resolved(start, Path.cwd())
        raise FileNotFoundError(f"{start} holds no {MARKER}. Name the folder that holds data/ and book/.")
    named = os.environ.get("REVIEW_ROOT")
    if named:
        return project_root(Path(named))
    here = Path.cwd()
    for folder in (here, *here.parents, *HERE.parents):
        if (folder / MARKER).is_file():
            return folder
    raise FileNotFoundError(f"No {MARKER} in {here} or above it. Run inside the project, or pass its folder.")


@lru_cache(maxsize=64)
def _resolved(folder: Path, _here: Path) -> Path:
    """Asked for at every table, and dear: the system is asked about each folder above."""
    return folder.resolve()
