"""Tables of trials: what the review printed beside what the registry shows."""

from typing import Any

import pandas as pd

from review_tools.data.project import Project
from review_tools.display.data_tables import COMPARED, people, source, trial_link
from review_tools.display.grid import UNKNOWN, Cell, Filters, Grid, grid, lines, note, show, tag, text
from review_tools.display.queries import chosen, labels
from review_tools.display.theme import plural


def _pair(reviewed: Any, registered: Any) -> Cell:
    """Both sides when they differ, one when they agree."""
    if pd.isna(reviewed) and pd.isna(registered):
        return UNKNOWN
    if pd.isna(reviewed) or pd.isna(registered) or reviewed == registered:
        return show(registered if pd.notna(registered) else reviewed)
    return lines([tag(f"review: {reviewed}", "promotes"), tag(f"registry: {registered}", "dampens")])


def trials(project: Project) -> Grid:
    """All trials: Table 1 of the seed review in its order, then those named in its text."""
    frame = chosen(project, "trials").sort_values("table_1_order", na_position="last", kind="stable")
    columns = [
        ("Trial", _trial),
        ("Disease", text("disease")),
        ("Status and phase", lambda row: _status(project, row)),
        ("Cells, and arms", _given),
        ("Sponsor and country", _sponsor),
        ("People", people),
    ]
    filters: Filters = {
        "Disease": "disease",
        "Status": status_of,
        "Phase": lambda row: _either(row, "phase"),
        "Cell source": "cell_source",
        "Country": lambda row: _either(row, "country"),
        "Route": "route",
        "Table 1": lambda row: "in Table 1" if pd.notna(row["table_1_order"]) else "not in Table 1",
        "Review and registry": lambda row: "differ" if any(_differs(row, what) for what in COMPARED) else "agree",
    }
    caption = (
        f"{plural(len(frame), 'trial')}: what the review printed and what the registry shows, marked where they differ"
    )
    return grid(frame, columns, caption, lambda row: f"trial-{row['trial_id']}", name="trials", filters=filters)


def status_of(row: pd.Series) -> str:
    """The status readers filter by: the registry's, else the review's."""
    status = _either(row, "status")
    return str(status) if pd.notna(status) else str(UNKNOWN.striptags())


def _either(row: pd.Series, what: str) -> Any:
    """What the registry shows; what the review printed where the registry shows nothing."""
    return row[f"registered_{what}"] if pd.notna(row[f"registered_{what}"]) else row[f"reviewed_{what}"]


def _trial(row: pd.Series) -> Cell:
    place = f"row {row['table_1_order']} of Table 1" if pd.notna(row["table_1_order"]) else "not in Table 1"
    return lines([trial_link(row["trial_id"]), row["label"], note(place)])


def _status(project: Project, row: pd.Series) -> Cell:
    date = f"of {row['status_date']:%Y-%m-%d}" if pd.notna(row["status_date"]) else None
    phases = (
        f"phase {phase}" if pd.notna(phase) else None for phase in (row["reviewed_phase"], row["registered_phase"])
    )
    status = lines([_pair(row["reviewed_status"], row["registered_status"]), note(date)])
    return lines([status, _pair(*phases), note(source(row), labels(project, "confidence")[row["confidence"]])])


def _given(row: pd.Series) -> Cell:
    arms = _either(row, "arms")
    return lines([show(_either(row, "cell_source")), note(arms)])


def _sponsor(row: pd.Series) -> Cell:
    return lines([show(_either(row, "sponsor")), _pair(row["reviewed_country"], row["registered_country"])])


def _differs(row: pd.Series, what: str) -> bool:
    """Both the review and the registry say something, and not the same."""
    reviewed, registered = row[f"reviewed_{what}"], row[f"registered_{what}"]
    return pd.notna(reviewed) and pd.notna(registered) and registered not in (reviewed, "not shown")


def trial_differences(project: Project) -> Grid:
    """Status, phase and country where the review's Table 1 and the registry record both say something and differ."""
    frame = chosen(project, "trials")
    rows = [
        {
            "trial_id": row["trial_id"],
            "label": row["label"],
            "what": what,
            "reviewed": row[f"reviewed_{what}"],
            "registered": row[f"registered_{what}"],
            "date": row["status_date"],
        }
        for _, row in frame.iterrows()
        for what in COMPARED
        if _differs(row, what)
    ]
    differences = pd.DataFrame(rows, columns=["trial_id", "label", "what", "reviewed", "registered", "date"])
    columns = [
        ("Trial", lambda row: lines([trial_link(row["trial_id"]), row["label"]])),
        ("What", text("what")),
        ("The review prints", text("reviewed")),
        ("The registry shows", text("registered")),
        ("Record of", text("date")),
    ]
    caption = f"{plural(len(differences), 'difference')} in status, phase or country between review and registry"
    return grid(differences, columns, caption)
