"""Tables of trials: what the review printed beside what the registry shows."""

from typing import Any

import pandas as pd

from review_tools.data.project import Project, labels
from review_tools.display.data_tables import source_links, trial_link
from review_tools.display.grid import UNKNOWN, Cell, Grid, each, grid, lines, note, notes, show, stacks, tag
from review_tools.display.theme import plural

COMPARED = ("status", "phase", "country")  # the rest is prose, which differs without disagreeing
OPEN = ("recruiting", "not yet recruiting", "enrolling by invitation")  # that people may join
GOING_ON = (*OPEN, "active, not recruiting", "suspended", "unknown")
OLD_AFTER = 18  # months after which a status is only what was last known


def trials(project: Project) -> Grid:
    """Show all trials: Table 1 of the seed review in its order, then those named in its text."""
    frame = project.table("trials").sort_values("table_1_order", na_position="last", kind="stable")
    number = frame["table_1_order"].astype("string")
    date = "of " + frame["status_date"].dt.strftime("%Y-%m-%d")
    confidence = frame["confidence"].map(labels(project, "confidence"))
    phases = each(both, "phase " + frame["reviewed_phase"], "phase " + frame["registered_phase"])
    differ = pd.concat([differs(frame, what) for what in COMPARED], axis="columns").any(axis="columns")
    return grid(
        {
            "Trial": stacks(
                each(trial_link, frame["trial_id"]),
                frame["label"],
                notes(("row " + number + " of Table 1").fillna("not in Table 1")),
            ),
            "Disease": frame["disease"],
            "Status and phase": stacks(
                each(both, frame["reviewed_status"], frame["registered_status"]),
                notes(date),
                phases,
                notes(source_links(frame), confidence),
            ),
            "Cells, and arms": stacks(either(frame, "cell_source"), notes(either(frame, "arms"))),
            "Sponsor and country": stacks(
                either(frame, "sponsor"), each(both, frame["reviewed_country"], frame["registered_country"])
            ),
            "People": each(people, frame["enrolment"], frame["enrolment_basis"]),
        },
        f"{plural(len(frame), 'trial')}: what the review printed and what the registry shows, marked where they differ",
        ids="trial-" + frame["trial_id"],
        name="trials",
        filters={
            "Disease": frame["disease"],
            "Status": in_words(project, frame),
            "Phase": either(frame, "phase"),
            "Cell source": frame["cell_source"],
            "Country": either(frame, "country"),
            "Route": frame["route"],
            "Table 1": number.isna().map({True: "not in Table 1", False: "in Table 1"}),
            "Review and registry": differ.map({True: "differ", False: "agree"}),
        },
    )


def both(reviewed: Any, registered: Any) -> Cell:
    """Return both sides when they differ, one when they agree or one is missing."""
    if pd.notna(reviewed) and pd.notna(registered) and reviewed != registered:
        return lines(tag(f"review: {reviewed}", "strong"), tag(f"registry: {registered}", "dampens"))
    return show(registered if pd.notna(registered) else reviewed)


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


def trial_differences(project: Project) -> Grid:
    """Show status, phase and country where Table 1 of the review and the registry record disagree."""
    trials = project.table("trials")
    sides = [
        trials.assign(
            place=place, what=what, reviewed=trials[f"reviewed_{what}"], registered=trials[f"registered_{what}"]
        )[differs(trials, what)]
        for place, what in enumerate(COMPARED)
    ]
    frame = pd.concat(sides).sort_values("place").sort_index(kind="stable")
    return grid(
        {
            "Trial": stacks(each(trial_link, frame["trial_id"]), frame["label"]),
            "What": frame["what"],
            "The review prints": frame["reviewed"],
            "The registry shows": frame["registered"],
            "Record of": frame["status_date"],
        },
        f"{plural(len(frame), 'difference')} in status, phase or country between review and registry",
    )
