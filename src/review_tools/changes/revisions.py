"""Git revisions as folders: laid out aside, compared, and cleared away. The repository is only read."""

import tempfile
from pathlib import Path

from review_tools.changes import changes
from review_tools.changes.model import Changes
from review_tools.data import git
from review_tools.data.paths import MARKER
from review_tools.data.problems import DataError

PARTS = ("data", "book", "references.bib")


def compared(base: str, head: str | None, root: Path) -> Changes:
    """What ``head`` changes in the review since it left ``base``.

    Each is a folder or a git revision; ``head`` None is the project's folder as it stands. Of two revisions that
    have grown apart, the base is where they parted, so that what others did since is not taken for a removal.

    Raises:
        DataError: a side is neither folder nor revision, or holds no review.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="review-diff-") as name:
            space = Path(name).resolve()
            fork = _fork(base, head, root)
            before, before_name = _laid_out(base, fork, root, space / "before")
            after, after_name = _laid_out(head, None, root, space / "after")
            return changes(before, after, names=(before_name, after_name))
    except git.GitError as error:
        raise DataError(str(error)) from error
    except FileNotFoundError as error:
        raise DataError(f"No review to compare: {error}") from error


def _fork(base: str, head: str | None, root: Path) -> str | None:
    """Where the two parted; None when one of them is a folder, or the newer side is an ancestor of the older."""
    if Path(base).is_dir() or (head is not None and Path(head).is_dir()):
        return None
    old, new = git.commit(root, base), git.commit(root, head or "HEAD")
    try:
        parted = git.run(root, "merge-base", old, new).decode().strip()
    except git.GitError:
        return None  # nothing in common: compared as they are
    return None if head is not None and parted == new else parted


def lay_out(root: Path, sha: str, into: Path) -> None:
    """Writes what a commit holds of the review into a folder.

    Raises:
        FileNotFoundError: the commit holds no review.
        git.GitError: git cannot answer.
    """
    for path, content in git.files(root, sha, *PARTS):
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    if not (into / MARKER).is_file():
        raise FileNotFoundError(f"{sha[:9]} holds no {MARKER}.")


def _laid_out(side: str | None, instead: str | None, root: Path, into: Path) -> tuple[Path, str]:
    if side is None:
        return root, "the working tree"
    if Path(side).is_dir():
        return Path(side), side
    sha = git.commit(root, side)
    parted = f", where they parted: {instead[:9]}" if instead and instead != sha else ""
    lay_out(root, instead or sha, into)
    return into, f"{side} ({sha[:9]}{parted})"
