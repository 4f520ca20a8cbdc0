"""The number of the next version, as Metapsy counts: year of the search . change of data . fix."""

from review_tools.changes import Changes
from review_tools.changes.model import CHANGED
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.data.versions import NUMBER, order

STEPS = ("search", "data", "fix")


def next_number(project: Project, newest: str, asked: str) -> str:
    """The number that follows ``newest``, for one of ``STEPS`` or for a number that a person chose.

    Raises:
        DataError: the number is none, is not newer, or names a year that was not searched.
    """
    year, data, fix = order(newest)
    searched = _searched(project)
    steps = {"search": f"{max(searched, year)}.0.0", "data": f"{year}.{data + 1}.0", "fix": f"{year}.{data}.{fix + 1}"}
    number = steps.get(asked, asked)
    if not NUMBER.fullmatch(number):
        raise DataError(f"{number!r} is no number of a version → write year.data.fix, for example {steps['data']}.")
    chosen = order(number)[0]
    if (chosen != year and chosen > searched) or (asked == "search" and searched <= year):
        raise DataError(
            f"data/searches.csv holds no complete search of a year after that of {newest} → "
            "run `review watch` first, or use --data for a change without such a search."
        )
    if order(number) <= order(newest):
        raise DataError(f"{number} is not newer than {newest}, the newest version → leave the number out, or raise it.")
    return number


def fits(newest: str, number: str, changes: Changes) -> None:
    """Refuses a fix that changes what the review says, and a change of data that changes none.

    Raises:
        DataError: the number promises something else than the changes are.
    """
    is_fix = order(number)[:2] == order(newest)[:2]
    rows = any(row.kind != CHANGED for table in changes.tables for row in table.rows)
    if is_fix and (rows or changes.pools or changes.verdicts):
        raise DataError(f"{number} would be a fix, but rows, pooled results or verdicts change → use --data.")
    if not is_fix and not changes and order(number)[0] == order(newest)[0]:
        raise DataError(f"{number} would be a change of data, but the data are those of {newest} → use --fix.")


def _searched(project: Project) -> int:
    """The year, in two digits, of the last complete search; 0 when there was none."""
    searches = project.table("searches")
    days = searches.loc[searches["status"] == "complete", "to_date"]
    return int(days.max().year) % 100 if len(days) else 0
