"""What is written down as it happens: searches, screening, registry changes, notices, versions.

Its numbers add up, its days are in order, it agrees with the tables that it is about, and nothing of it disappears.
Without git, or in a folder that git does not track, there is no history to compare with.
"""

from collections.abc import Iterator
from itertools import pairwise

from review_tools.check.engine import Sheet, file_rule, past_states, table_rule, whole
from review_tools.data import citation, prisma_counts, protocol, retracted
from review_tools.data.edit import sha256
from review_tools.data.problems import Problem
from review_tools.data.project import NUMBER, RELEASES, Project, order, snapshot_file

DAYS = {  # pairs of columns of which the first is not after the second
    "searches": (("from_date", "to_date"), ("to_date", "run_on")),
    "notices": (("noticed_on", "seen_on"),),
}
RECORDS = {"candidates": "candidate_id", "studies": "study_id", "trials": "trial_id", "withdrawn": "study_id"}
ALL = "--full-history"  # also states that a merge has left behind
RESTORE = "restore it from git; only `review release` makes one"


@table_rule("searches")
def search_does_not_add_up(searches: Sheet) -> Iterator[Problem]:
    """Refuse a search whose hits are not the sum of new, duplicates and ruled out."""
    parts = [searches.numbers(column) for column in ("new", "duplicates", "ruled_out")]
    wrong, why = searches.numbers("hits") - sum(parts), "not {:.0f} new + {:.0f} duplicates + {:.0f} ruled_out"
    yield from searches.report(wrong.abs() > 0, "hits", why, "correct the number that is wrong", *parts)


@table_rule("searches")
def search_without_its_records(searches: Sheet) -> Iterator[Problem]:
    """Refuse a search whose new records or duplicates are not those among the candidates."""
    candidates, searched = searches.of("candidates"), searches["search_id"]
    repeats = candidates["duplicate_of"] != ""
    fresh, same = (candidates["search_id"][rows].value_counts() for rows in (~repeats, repeats))
    queued, again = (searched.map(count).astype("float64").fillna(0) for count in (fresh, same))
    wrong, why = queued - searches.numbers("new"), "data/candidates.csv holds {:.0f} records to screen of this search"
    yield from searches.report(wrong.abs() > 0, "new", why, "restore the rows, or correct the number", queued)
    wrong, why = again > searches.numbers("duplicates"), "data/candidates.csv holds {:.0f} duplicates of this search"
    yield from searches.report(wrong, "duplicates", why, "correct the number", again)


@table_rule("candidates")
def duplicate_of_nothing(candidates: Sheet) -> Iterator[Problem]:
    """Refuse a duplicate of itself or of a record that does not exist."""
    keys = {key for table, column in RECORDS.items() for key in candidates.of(table).lines[column]}
    column = candidates["duplicate_of"]
    why, remedy = "no such candidate, study or trial", "name the record that it repeats"
    yield from candidates.report(~column.isin(keys | {""}), "duplicate_of", why, remedy)
    itself = (column != "") & (column == candidates["candidate_id"])
    yield from candidates.report(itself, "duplicate_of", "repeats itself", "name the other record")


@table_rule("screenings")
def reason_and_decision(screenings: Sheet) -> Iterator[Problem]:
    """Refuse an exclusion without a reason, and a reason beside another decision."""
    excluded, reason = screenings["decision"] == "exclude", screenings["reason"]
    yield from screenings.report(excluded & (reason == ""), "reason", "an exclusion without a reason", "fill it")
    wrong, why = ~excluded & (reason != ""), "a reason beside the decision “{}”"
    yield from screenings.report(wrong, "reason", why, "only an exclusion has one: empty it", screenings["decision"])


@table_rule("screenings")
def decision_about_duplicate(screenings: Sheet) -> Iterator[Problem]:
    """Refuse a decision about a duplicate."""
    candidates = screenings.of("candidates")
    about = screenings["candidate_id"].isin(candidates["candidate_id"][candidates["duplicate_of"] != ""])
    why, remedy = "a decision about a duplicate", "decide about the record that it repeats"
    yield from screenings.report(about, "candidate_id", why, remedy)


@table_rule("screenings")
def idle_undo(screenings: Sheet) -> Iterator[Problem]:
    """Refuse an undo of a decision that does not stand."""
    why, remedy = "takes back a decision that does not stand", "remove the row, or restore the decision before it"
    yield from screenings.report(prisma_counts.idle_undos(screenings.frame), "decision", why, remedy)


@table_rule(*DAYS)
def days_out_of_order(rows: Sheet) -> Iterator[Problem]:
    """Refuse a search that ends before it begins or after it ran, and a notice seen before it was published."""
    for earlier, later in DAYS[rows.table.name]:
        wrong = (rows[earlier] > rows[later]) & (rows[later] != "")
        remedy = "restore the row from git, or set the clock right"
        yield from rows.report(wrong, earlier, f"after {later} ({{}})", remedy, rows[later])


@table_rule("studies")
def status_against_notices(studies: Sheet) -> Iterator[Problem]:
    """Refuse a status milder than the notices about the work ask for: a retraction cannot be overruled."""
    notices = studies.of("notices")
    for line, row in studies.rows.items():
        about = notices.lines["study_id"].get(row["study_id"], [])
        kinds = [kind for one in about if (kind := notices.rows[one]["kind"]) in retracted.STATUS]
        void = [kind for kind in kinds if kind in retracted.VOID]
        least = retracted.gravest(map(retracted.STATUS.__getitem__, void or ["correction"] * bool(kinds)))
        if row["status"] in retracted.ORDER and retracted.gravest((row["status"], least)) != row["status"]:
            why = f"data/notices.csv holds a notice of its {', '.join(dict.fromkeys(kinds))}"
            yield from studies.report([line], "status", why, f"write {least}")


@table_rule("trial_history")
def change_of_no_column(history: Sheet) -> Iterator[Problem]:
    """Refuse a registry change of a column that the table of trials does not have."""
    wrong = ~history["column"].isin(history.project.schema["trials"].columns)
    yield from history.report(wrong, "column", "no column of data/trials.csv", "name one of its columns")


@table_rule("trial_history")
def change_that_does_not_stand(history: Sheet) -> Iterator[Problem]:
    """Refuse a latest registry change that is not the value in the table of trials."""
    trials = history.of("trials").by("trial_id")
    latest = {(row["trial_id"], row["column"]): (line, row["new"]) for line, row in history.rows.items()}
    for (trial, column), (line, new) in latest.items():
        if trial in trials and trials[trial].get(column, new) != new:
            why = f"not the value in data/trials.csv ({trials[trial][column] or 'empty'})"
            remedy = "add a row to data/trial_history.csv for the change, or undo it"
            yield from history.report([line], "new", why, remedy)


@table_rule(RELEASES)
def versions_out_of_order(releases: Sheet) -> Iterator[Problem]:
    """Refuse a version whose number or date is not after that of the version before."""
    for (_, before, day_before), (line, number, day) in pairwise(_listed(releases)):
        if order(number) <= order(before):
            yield from releases.report([line], "version", f"not newer than {before}, the line before", RESTORE)
        if day < day_before:
            yield from releases.report([line], "date", f"before {day_before}, the date of {before}", RESTORE)


@file_rule(RELEASES)
def wrong_snapshot(project: Project) -> Iterator[Problem]:
    """Refuse a snapshot that is missing, changed or of no version."""
    releases, files = whole(project, RELEASES), project.files(RELEASES)
    listed = {snapshot_file(number): line for line, number, _ in _listed(releases)}
    for file, line in listed.items() if files else ():  # a copy of the data alone has none
        row, why = releases.rows[line], ""
        if file not in files:
            why = f"the snapshot of {row['version']} is missing"
        elif sha256(project.read(file)) != row["sha256"]:
            why = "not the snapshot that was released: its SHA-256 is another one"
        if why:
            yield Problem(file, why, "restore it from git")
    for file in set(files) - listed.keys():
        yield Problem(file, f"of no version in {releases.file}", "remove it; only `review release` makes a snapshot")


@file_rule(f"{protocol.FILE} and {citation.FILE}")
def other_version(project: Project) -> Iterator[Problem]:
    """Refuse a protocol or a citation file that cannot be read or names another version than the newest."""
    releases = whole(project, RELEASES)
    for _, number, day in list(_listed(releases))[-1:]:
        for file, column, said, right in (
            (protocol.FILE, "version", project.protocol["version"], number),
            (citation.FILE, "version", project.citation.version, number),
            (citation.FILE, "date-released", project.citation.released, day),
        ):
            if said != right:
                why = f"the newest version in {releases.file} says {right}"
                remedy = "restore it from git, and run `review release`"
                yield Problem(file, why, remedy, column=column, value=said)


@table_rule("studies")
def study_gone(studies: Sheet) -> Iterator[Problem]:
    """Refuse a study of the history that is gone, unless it is recorded as withdrawn."""
    present = studies.lines["study_id"].keys() | studies.of("withdrawn").lines["study_id"].keys()
    past = set[str]().union(*(one.get("study_id", ()) for one in past_states(studies.project, studies.file, ALL)))
    for key in sorted(past - present - {""}):
        remedy = "restore its row, or say in data/withdrawn.csv when, why and by whom it was taken out"
        why = "this study is in the history but not in the table any more"
        yield Problem(studies.file, why, remedy, column="study_id", value=key)


@table_rule()
def past_line_changed(log: Sheet) -> Iterator[Problem]:
    """Refuse a past line that was changed or removed in a table that only grows."""
    if not log.table.append_only:
        return
    key, reported = list(log.table.primary_key), set()  # by the newest of the past states alone
    now = {tuple(row[column] for column in key): line for line, row in log.of(log.table.name).rows.items()}
    for past in past_states(log.project, log.file, ALL):
        if not set(key) <= set(past.columns):
            continue
        columns = [column for column in past.columns if column in log.frame.columns]
        for row in past.to_dict("records"):
            subject = tuple(row[column] for column in key)
            if subject not in now and (subject, "") not in reported:
                reported.add((subject, ""))
                why = "this line is in the history but not in the table any more; its lines are only added to"
                yield Problem(log.file, why, "restore it from git", None, key[0], " ".join(subject))
            for column in columns if subject in now else ():
                if log.rows[now[subject]][column] != row[column] and (subject, column) not in reported:
                    reported.add((subject, column))
                    why = f"a past line was changed (it said {row[column]!r}); its lines are only added to"
                    yield from log.report([now[subject]], column, why, "restore it from git, and add a new line")


def _listed(releases: Sheet) -> Iterator[tuple[int, str, str]]:
    """Yield line, number and date of each version; numbers of another form are reported by the schema."""
    for line, row in releases.rows.items():
        if NUMBER.fullmatch(row["version"]):
            yield line, row["version"], row["date"]
