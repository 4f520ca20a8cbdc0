"""Git revisions as projects in memory, compared. The repository is only read."""

from pathlib import Path

from review_tools.changes import changes
from review_tools.changes.model import Changes
from review_tools.data import git
from review_tools.data.problems import DataError
from review_tools.data.project import MARKER, Project

PARTS = ("data", "book", "references.bib")


def compared(project: Project, base: str, head: str | None) -> Changes:
    """What ``head`` changes in the review since it left ``base``.

    Each is a folder or a git revision; ``head`` None is the project's folder as it stands. Of two revisions that
    have grown apart, the base is where they parted, so that what others did since is not taken for a removal.

    Raises:
        DataError: a side is neither folder nor revision, or holds no review.
    """
    try:
        fork = _fork(project, base, head)
        (before, before_name), (after, after_name) = _side(project, base, fork), _side(project, head, None)
        return changes(before, after, names=(before_name, after_name))
    except git.GitError as error:
        raise DataError(str(error)) from error
    except FileNotFoundError as error:
        raise DataError(f"No review to compare: {error}") from error


def _fork(project: Project, base: str, head: str | None) -> str | None:
    """Where the two parted; None when one of them is a folder, or the newer side is an ancestor of the older."""
    if Path(base).is_dir() or (head is not None and Path(head).is_dir()):
        return None
    old, new = git.commit(project.root, base), git.commit(project.root, head or "HEAD")
    try:
        parted = git.run(project.root, "merge-base", old, new).decode().strip()
    except git.GitError:
        return None  # nothing in common: compared as they are
    return None if head is not None and parted == new else parted


def at_commit(project: Project, sha: str) -> Project:
    """Return what a commit holds of the review, in memory.

    Raises:
        FileNotFoundError: the commit holds no review.
        git.GitError: git cannot answer.
    """
    contents = {str(path): content for path, content in git.files(project.root, sha, *PARTS)}
    if MARKER not in contents:
        raise FileNotFoundError(f"{sha[:9]} holds no {MARKER}.")
    return Project.of_files(project.root, contents)


def _side(project: Project, side: str | None, instead: str | None) -> tuple[Project, str]:
    if side is None:
        return project, "the working tree"
    if Path(side).is_dir():
        return Project(Path(side)), side
    sha = git.commit(project.root, side)
    parted = f", where they parted: {instead[:9]}" if instead and instead != sha else ""
    return at_commit(project, instead or sha), f"{side} ({sha[:9]}{parted})"
