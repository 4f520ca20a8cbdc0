"""What changes in the review between two states of it: rows, pooled results, verdicts, pages.

``changes(before, after)`` compares two projects; ``revisions.compared`` reads them from folders or git revisions.
The same :class:`~review_tools.changes.model.Changes` serves a pull request's comment, a release's change
list and the page that compares versions.
"""

from review_tools.changes.model import Changes
from review_tools.changes.state import State
from review_tools.data.project import Project

__all__ = ["Changes", "State", "changes"]


def changes(before: Project, after: Project, *, names: tuple[str, str] = ("before", "after")) -> Changes:
    """What ``after`` changes in the review that ``before`` holds. Neither is written to.

    Pools and verdicts of both sides are computed by the code at hand, so that only the data differ. What cannot
    be read or computed on one side is said in ``notes``, never left out in silence.

    Args:
        names: what to call the two sides.

    Raises:
        DataError: the ``datapackage.json`` of a side cannot be read.
    """
    return State.read(before).changed_to(State.read(after), names)
