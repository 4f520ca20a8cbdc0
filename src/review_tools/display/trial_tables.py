"""Tables of trials: what is open, what came of each, and where the 2024 review and the registry disagree."""

from typing import Any

import pandas as pd

from review_tools.data.project import Project, once
from review_tools.display import data_tables
from review_tools.display.data_tables import trial_link
from review_tools.display.grid import UNKNOWN, Cell, Grid, Shown, each, grid, lines, note, notes, stacks
from review_tools.display.theme import plural

COMPARED = ("status", "phase", "country")  # the rest is prose, which differs without disagreeing
OPEN = ("recruiting", "not yet recruiting", "enrolling by invitation")  # that people may join
RUNNING = (*OPEN, "active, not recruiting", "suspended")
GOING_ON = (*RUNNING, "unknown")
OLD_AFTER = 18  # months after which a status is only what was last known


def trials(project: Project) -> Grid:
    """Show all trials, one line each: those that are open, running, last known as such, and the rest."""
    frame = project.table("trials")
    going, fresh = either(frame, "status").isin(RUNNING), last_known(project, frame) == ""
    rank = may_be_open(project, frame) * 1 + going + (going & fresh)
    frame = frame.assign(rank=-rank).sort_values(["rank", "status_date"], ascending=[True, False], kind="stable")
    results = [
        data_tables.study_links(project, pd.Series(reports(project).get(name, []))) for name in frame["trial_id"]
    ]
    differ = pd.concat([differs(frame, what) for what in COMPARED], axis="columns").any(axis="columns")
    years = frame["start_date"].str[:4].fillna("?") + " to " + frame["completion_date"].str[:4].fillna("?")
    phase = ("phase " + either(frame, "phase")).where(either(frame, "phase").str[:1].str.isdigit())
    return grid(
        {
            "Trial": stacks(each(trial_link, frame["trial_id"]), frame["label"]),
            "Disease": stacks(frame["disease"], notes(either(frame, "country"))),
            "Question": stacks(either(frame, "arms").fillna(frame["cell_source"]), notes(phase)),
            "People": each(people, frame["enrolment"], frame["enrolment_basis"]),
            "Status": stacks(statuses(project, frame), notes(years.where(years != "? to ?"))),
            "Result": [lines(*found) if found else "none held here" for found in results],
        },
        f"{plural(len(frame), 'trial')}, those that may be open first",
        ids="trial-" + frame["trial_id"],
        name="trials",
        filters={
            "Disease": frame["disease"],
            "Status": in_words(project, frame),
            "Result": ["held here" if found else "none held here" for found in results],
            "Randomised": frame["randomised"],
            "Phase": either(frame, "phase"),
            "Cell source": frame["cell_source"],
            "Country": either(frame, "country"),
            "Table 1 of the 2024 review": frame["table_1_order"].isna().map({True: "not in it", False: "in it"}),
            "The 2024 review and registry": differ.map({True: "differ", False: "agree"}),
        },
    )


@once
def reports(project: Project) -> dict[str, list[str]]:
    """Return the studies that report each trial: those that name it, and the work whose DOI the trial's row gives."""
    studies = project.table("studies").set_index("study_id")["trial_id"].dropna()
    groups = {str(trial): list(group.index) for trial, group in studies.groupby(studies)}
    works = {work["doi"].casefold(): key for key, work in project.works.items() if work["doi"]}
    known = set(project.table("studies")["study_id"])
    for trial, doi in project.table("trials").set_index("trial_id")["publication_doi"].dropna().items():
        key = works.get(str(doi).casefold())
        if key in known and key not in groups.get(str(trial), []):
            groups.setdefault(str(trial), []).append(key)
    return groups


def either(trials: pd.DataFrame, what: str) -> pd.Series:
    """Return what the registry shows; what the review printed where the registry shows nothing."""
    return trials[f"registered_{what}"].fillna(trials[f"reviewed_{what}"])


def differs(trials: pd.DataFrame, what: str) -> pd.Series:
    """Say for each trial whether review and registry both show something, and not the same."""
    reviewed, registered = trials[f"reviewed_{what}"], trials[f"registered_{what}"]
    return reviewed.notna() & registered.notna() & (registered != reviewed) & (registered != "not shown")


def last_known(project: Project, trials: pd.DataFrame) -> pd.Series:
    """Say why the status of each trial is only what was last known; empty where it is fresh, or the trial is over.

    Measured against the day of the newest version, so that the same data give the same page.
    """
    today, date, end = pd.Timestamp(project.citation.released), trials["status_date"], trials["completion_date"]
    end = end.where(end.str.len() > 4, end + "-12").str[:7]  # a year lasts until its December
    why = date.isna().map({True: "date of the status not shown", False: ""}).astype("object")
    why[date < today - pd.DateOffset(months=OLD_AFTER)] = f"status older than {OLD_AFTER} months"
    why[end.notna() & (end < f"{today:%Y-%m}")] = "past its own end"
    return why.where(either(trials, "status").isin(GOING_ON), "")


def may_be_open(project: Project, trials: pd.DataFrame) -> pd.Series:
    """Say for each trial whether people may be able to join: its status says so, and is fresh."""
    return either(trials, "status").isin(OPEN) & (last_known(project, trials) == "")


def statuses(project: Project, trials: pd.DataFrame) -> list[Cell]:
    """Return the status of each trial with its date, and why it is no more than last known."""
    why = last_known(project, trials).mask(either(trials, "status") == "unknown", "")
    return stacks(in_words(project, trials), each(note, trials["status_date"].dt.strftime("%Y-%m-%d"), why))


def in_words(project: Project, trials: pd.DataFrame) -> pd.Series:
    """Return the status of each trial, “last known as” where it may no longer hold."""
    status = either(trials, "status").fillna("not shown")
    return status.mask((last_known(project, trials) != "") & (status != "unknown"), "last known as " + status)


def people(count: Any, basis: Any) -> Cell:
    """Return how many people a trial enrolled or plans to enrol."""
    return UNKNOWN if pd.isna(count) else f"{count} ({basis})" if pd.notna(basis) else str(count)


def trial_differences(project: Project) -> Shown:
    """Fold status, phase and country where Table 1 of the 2024 review and the registry record disagree."""
    trials = project.table("trials")
    sides = [
        trials.assign(
            place=place, what=what, reviewed=trials[f"reviewed_{what}"], registered=trials[f"registered_{what}"]
        )[differs(trials, what)]
        for place, what in enumerate(COMPARED)
    ]
    frame = pd.concat(sides).sort_values("place").sort_index(kind="stable")
    sides_differ = grid(
        {
            "Trial": stacks(each(trial_link, frame["trial_id"]), frame["label"]),
            "What": frame["what"],
            "The 2024 review prints": frame["reviewed"],
            "The registry shows": frame["registered"],
            "Record of": frame["status_date"],
        },
        f"{plural(len(frame), 'difference')} in status, phase or country between the 2024 review and the registry",
    )
    listed = data_tables.corrections(project, section="Table 1")
    return Shown(behind=tuple((table.caption, table) for table in (sides_differ, listed)))
