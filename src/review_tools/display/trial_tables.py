"""Tables of trials and decisions: what is open, what came of each, where the 2024 review and the registry disagree."""

from typing import Any

import pandas as pd

from review_tools.data.project import Project, once
from review_tools.display.data_tables import corrections, source_links, study_link, study_links, trial_links
from review_tools.display.grid import UNKNOWN, Cell, Grid, Shown, each, grid, lines, notes, stacks, tags
from review_tools.display.queries import by, in_words
from review_tools.display.theme import plural

COMPARED = ("status", "phase", "country")  # the rest is prose, which differs without disagreeing
OPEN = ("recruiting", "not yet recruiting", "enrolling by invitation")  # that people may join
RUNNING = (*OPEN, "active, not recruiting", "suspended")
GOING_ON = (*RUNNING, "unknown")
OLD_AFTER = 18  # months after which a status is only what was last known


@once
def known_trials(project: Project) -> pd.DataFrame:
    """Return all trials, with what is known of each in columns of their own.

    ``status``, ``phase``, ``country`` and ``arms`` are what the registry shows, or what the review printed where it
    shows nothing; ``said`` is the status in words. ``why`` says why the status is only what was last known; it is empty
    where it is fresh, or the trial is over. Measured against the day of the newest version, so that the same data give
    the same page. ``open``: people may be able to join, since the status says so and is fresh.
    """
    trials = project.table("trials")
    for what in (*COMPARED, "arms"):
        trials[what] = trials[f"registered_{what}"].fillna(trials[f"reviewed_{what}"])
    today, date, end = pd.Timestamp(project.citation.released), trials["status_date"], trials["completion_date"]
    end = end.where(end.str.len() > 4, end + "-12").str[:7]  # a year lasts until its December
    why = date.isna().map({True: "date of the status not shown", False: ""}).astype("object")
    why[date < today - pd.DateOffset(months=OLD_AFTER)] = f"status older than {OLD_AFTER} months"
    why[end.notna() & (end < f"{today:%Y-%m}")] = "past its own end"
    status = trials["status"].fillna("not shown")
    why = why.where(status.isin(GOING_ON), "")
    said = status.mask((why != "") & (status != "unknown"), "last known as " + status)
    return trials.assign(why=why, said=said, open=status.isin(OPEN) & (why == ""))


def statuses(trials: pd.DataFrame) -> list[Cell]:
    """Return the status of each of some known trials with its date, and why it is no more than last known."""
    why = trials["why"].mask(trials["status"] == "unknown", "")
    return stacks(trials["said"], notes(trials["status_date"].dt.strftime("%Y-%m-%d"), why))


def people(count: Any, basis: Any) -> Cell:
    """Return how many people a trial enrolled or plans to enrol."""
    return UNKNOWN if pd.isna(count) else f"{count} ({basis})" if pd.notna(basis) else str(count)


def phases(phase: pd.Series) -> pd.Series:
    """Return phases with the word; missing where the trial has none."""
    return ("phase " + phase).where(phase.str[:1].str.isdigit())


@once
def reports(project: Project) -> pd.DataFrame:
    """Return pairs of trial and study: studies that name a trial, and the works whose DOI the trial's row gives."""
    studies, trials = project.table("studies"), project.table("trials")
    given = trials.assign(study_id=trials["publication_doi"].str.casefold().map(project.works_by_doi))
    given = given[given["study_id"].isin(studies["study_id"])]
    named = studies.sort_values("trial_id", kind="stable")
    return pd.concat([table[["trial_id", "study_id"]] for table in (named, given)]).dropna().drop_duplicates()


def trials(project: Project) -> Grid:
    """Show all trials, one line each: those that are open, running, last known as such, and the rest."""
    frame = known_trials(project)
    going, fresh = frame["status"].isin(RUNNING), frame["why"] == ""
    frame = frame.assign(rank=-(frame["open"] * 1 + going + (going & fresh)))
    frame = frame.sort_values(["rank", "status_date"], ascending=[True, False], kind="stable")
    studies = by(reports(project), "trial_id", "study_id")
    results = [study_links(project, studies.get(name, [])) for name in frame["trial_id"]]
    years = frame["start_date"].str[:4].fillna("?") + " to " + frame["completion_date"].str[:4].fillna("?")
    differ = frame["trial_id"].isin(_differences(project)["trial_id"])
    return grid(
        {
            "Trial": stacks(trial_links(frame), frame["label"]),
            "Disease": stacks(frame["disease"], notes(frame["country"])),
            "Question": stacks(frame["arms"].fillna(frame["cell_source"]), notes(phases(frame["phase"]))),
            "People": each(people, frame["enrolment"], frame["enrolment_basis"]),
            "Status": stacks(statuses(frame), notes(years.where(years != "? to ?"))),
            "Result": [lines(*found) or "none held here" for found in results],
        },
        f"{plural(len(frame), 'trial')}, those that may be open first",
        ids="trial-" + frame["trial_id"],
        name="trials",
        filters={
            "Disease": frame["disease"],
            "Status": frame["said"],
            "Result": ["held here" if found else "none held here" for found in results],
            "Randomised": frame["randomised"],
            "Phase": frame["phase"],
            "Cell source": frame["cell_source"],
            "Country": frame["country"],
            "Table 1 of the 2024 review": frame["table_1_order"].isna().map({True: "not in it", False: "in it"}),
            "The 2024 review and registry": differ.map({True: "differ", False: "agree"}),
        },
    )


def trial_differences(project: Project) -> Shown:
    """Show, folded, where Table 1 of the 2024 review and the registry disagree on status, phase or country."""
    frame = _differences(project)
    sides_differ = grid(
        {
            "Trial": stacks(trial_links(frame), frame["label"]),
            "What": frame["what"],
            "The 2024 review prints": frame["reviewed"],
            "The registry shows": frame["registered"],
            "Record of": frame["status_date"],
        },
        f"{plural(len(frame), 'difference')} in status, phase or country between the 2024 review and the registry",
    )
    listed = corrections(project, section="Table 1")
    return Shown(behind=tuple((table.caption, table) for table in (sides_differ, listed)))


def _differences(project: Project) -> pd.DataFrame:
    """Return what review and registry both show of a trial, and not the same."""
    trials = project.table("trials")
    sides = [
        trials.assign(what=what, reviewed=trials[f"reviewed_{what}"], registered=trials[f"registered_{what}"])
        for what in COMPARED
    ]
    frame = pd.concat(sides).dropna(subset=["reviewed", "registered"]).sort_index(kind="stable")
    return frame[(frame["registered"] != frame["reviewed"]) & (frame["registered"] != "not shown")]


def newest_decisions(project: Project) -> pd.DataFrame:
    """Return all decisions on MSC products, the newest first, those without a date last."""
    return project.table("decisions").sort_values("date", ascending=False, na_position="last", kind="stable")


def decisions(project: Project, frame: pd.DataFrame | None = None, caption: str = "") -> Grid:
    """Show decisions of regulators, payers and guideline bodies on MSC products, the newest first, or some of them."""
    if frame is None:
        frame = newest_decisions(project)
    words = in_words(project, "decisions", frame)
    secondary = (words["read"] + " source").where(frame["read"] == "secondary")
    date = frame["date_note"].fillna(frame["date"]).fillna("no date")  # a note begins with the date
    basis = ["" if pd.isna(study) else study_link(project, study) for study in frame["basis_study_id"]]
    return grid(
        {
            "Decision": stacks(tags(words["decision"], "none"), notes(date), notes(frame["words"])),
            "By": stacks(frame["agency"], notes(source_links(frame), secondary)),
            "Product": stacks(frame["product"], notes(frame["indication"])),
            "Because": stacks(basis, frame["reason"].fillna(frame["basis"]).fillna(""), notes(frame["note"])),
        },
        caption or plural(len(frame), "decision"),
        name="decisions",
        filters={
            "Decision": words["decision"],
            "Body": words["kind"],
            "Country": frame["country"],
            "Source": words["read"],
        },
        tools=False if caption else None,
    )
