"""What changes in the review between two states of it: rows, pooled results, verdicts, pages.

``changes(before, after)`` compares two project folders; ``revisions.compared`` lays git revisions out as folders.
The same :class:`~review_tools.changes.model.Changes` serves a pull request's comment, a release's change
list and the page that compares versions.
"""

from pathlib import Path

from review_tools.changes.model import Changes
from review_tools.changes.state import State

__all__ = ["Changes", "State", "changes"]


def changes(before: Path, after: Path, *, names: tuple[str, str] = ("before", "after")) -> Changes:
    """What ``after`` changes in the review that ``before`` holds. Both are project folders; neither is written to.

    Pools and verdicts of both sides are computed by the code at hand, so that only the data differ. What cannot
    be read or computed on one side is said in ``notes``, never left out in silence.

    Args:
        names: what to call the two sides.

    Raises:
        DataError: a folder's ``datapackage.json`` cannot be read.
        FileNotFoundError: a folder is no project.
    """
    return State.read(before).changed_to(State.read(after), names)
