"""Make a version: all its files at once, or none of them.

Its number counts as Metapsy does: year of the search . change of data . fix.
"""

import re
from datetime import date

from review_tools.changes import state
from review_tools.changes.compare import CHANGED, Changes, between
from review_tools.data import citation, git, protocol
from review_tools.data.edit import Change, edit, sha256
from review_tools.data.problems import DataError
from review_tools.data.project import NUMBER, RELEASES, Project, order, snapshot_file
from review_tools.synthesis.signatures import signature

CHANGELOG = "CHANGELOG.md"
UNRELEASED = re.compile(r"^## \[Unreleased\]\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def make(project: Project, number: str, *, dry_run: bool = False) -> tuple[Changes, list[str]]:
    """Make a version from data that passed the check; return what it changes, and its files.

    Raises DataError, with nothing written, if the folder has changes that are not committed, the changes are not those
    that the number promises, nobody signed a result that moves, the changelog is silent, or a file that names the
    version cannot be written to.
    """
    day, newest = date.today().isoformat(), list(project.versions)[-1]
    snapshot = state.whole(project, number, day, _committed(project))
    changes = between(state.snapshot(project, newest), snapshot)
    fits(newest, number, changes)
    signed(project, changes)
    text = snapshot.text()
    with edit(project.root, dry_run=dry_run) as change:
        _write(change, number, newest, day)
        change.add_row(RELEASES, {"version": number, "date": day, "sha256": sha256(text.encode())})
        change.write(snapshot_file(number), text)
        return changes, change.files


def _committed(project: Project) -> str:
    """Return the commit that the folder holds unchanged."""
    try:
        changed = git.run(project.root, "status", "--porcelain", "--", ".").decode().splitlines()
        if changed:
            named = ", ".join(line[3:] for line in changed[:5]) + (" …" if len(changed) > 5 else "")
            raise DataError(f"Not everything is committed ({named}) → commit it, or take it back.")
        return git.commit(project.root, "HEAD")
    except git.GitError as error:
        raise DataError(f"A version is made from a commit, and git says: {error}") from error


def _write(change: Change, number: str, newest: str, day: str) -> None:
    """Write the files that name the version."""
    _set(change, protocol.FILE, {"version": number, "preceding": f"{{version: {newest}}}"})
    _set(change, citation.FILE, {"version": number, "date-released": day})
    text = change.read(CHANGELOG)
    waiting = UNRELEASED.search(text)
    if waiting is None or not waiting[1].strip():
        raise DataError(f"{CHANGELOG}: nothing stands under “## [Unreleased]” → say there what this version changes.")
    heading = f"## [Unreleased]\n\n## [{number}] - {day}\n"
    change.write(CHANGELOG, text[: waiting.start()] + heading + text[waiting.start(1) :])


def _set(change: Change, file: str, values: dict[str, str]) -> None:
    """Set top-level values of a YAML file, and leave its comments alone."""
    text = change.read(file)
    for key, value in values.items():
        text, found = re.subn(rf"^({key}: )[^#\n]*?(?=\s*(?:#|$))", rf"\g<1>{value}", text, flags=re.MULTILINE)
        if found != 1:
            raise DataError(f"{file}: {found} lines start with “{key}:” → leave exactly one.")
    change.write(file, text)


def next_number(project: Project, asked: str) -> str:
    """Return the number that follows the newest, for search, data or fix, or for a number that a person chose.

    Raises DataError if the number is none, is not newer, or names a year that was not searched.
    """
    if not project.versions:
        raise DataError(f"data/{RELEASES}.csv names no version to follow → restore it from git.")
    newest = list(project.versions)[-1]
    year, data, fix = order(newest)
    searches = project.table("searches")
    days = searches.loc[searches["status"] == "complete", "to_date"]
    searched = int(days.max().year) % 100 if len(days) else 0
    steps = {"search": f"{max(searched, year)}.0.0", "data": f"{year}.{data + 1}.0", "fix": f"{year}.{data}.{fix + 1}"}
    number = steps.get(asked, asked)
    if not NUMBER.fullmatch(number):
        raise DataError(f"{number!r} is no number of a version → write year.data.fix, for example {steps['data']}.")
    chosen = order(number)[0]
    if (chosen != year and chosen > searched) or (asked == "search" and searched <= year):
        raise DataError(
            f"data/searches.csv holds no complete search of a year after that of {newest} → "
            "run `review watch` first, or `review release data` for a change without such a search."
        )
    if order(number) <= order(newest):
        raise DataError(
            f"{number} is not newer than {newest}, the newest version → raise it, or ask for search, data or fix."
        )
    return number


def fits(newest: str, number: str, changes: Changes) -> None:
    """Refuse (DataError) a fix that changes what the review says, and a change of data that changes none."""
    is_fix = order(number)[:2] == order(newest)[:2]
    rows = any(row.kind != CHANGED for table in changes.tables for row in table.rows)
    if is_fix and (rows or changes.pools or changes.verdicts):
        raise DataError(
            f"{number} would be a fix, but rows, pooled results or verdicts change → run `review release data`."
        )
    if not is_fix and not changes and order(number)[0] == order(newest)[0]:
        raise DataError(
            f"{number} would be a change of data, but the data are those of {newest} → run `review release fix`."
        )


def signed(project: Project, changes: Changes) -> None:
    """Refuse (DataError) a pooled result that moved and that nobody signed as it now stands."""
    moved = [
        turn.after["comparison_id"] for turn in changes.pools if turn.after and (turn.before or turn.after["outcomes"])
    ]
    signatures = {name: signature(project, name) for name in moved}
    if waiting := [f"  {name}: {one.words}" for name, one in signatures.items() if not one.stands]:
        raise DataError(
            f"Results that moved since {changes.before} wait for a signature:",
            *waiting,
            "→ read rows, certainty and wording of each, then: review sign COMPARISON --by NAME",
        )
