"""Which rows a chart or table shows, joined with what a reader needs beside them."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from review_tools.data.inline_values import in_section
from review_tools.data.project import Project, labels
from review_tools.data.retracted import retracted

# What stands in the place of a value that is missing, and of the route where no MSC product was given.
NO = {"mediator": "none named", "disease": "no disease", "route": "not shown", "tissue": "not shown"}
WITHOUT = "no MSC product"


def select(project: Project, table: str, **conditions: str | None) -> pd.DataFrame:
    """Return the rows of a table that meet the conditions; None asks nothing, a section covers its sub-sections.

    Raises:
        KeyError: the table has no such column.
    """
    frame = project.table(table)
    for column, value in conditions.items():
        if value is not None:
            frame = frame[in_section(frame[column], value) if column == "section" else frame[column] == value]
    return frame


def findings(project: Project, section: str | None = None) -> pd.DataFrame:
    """Return findings with their work, and its label: “Hackel et al. 2023”, or “seed 42” while unidentified."""
    frame = select(project, "findings", section=section)
    seed = "seed " + frame["seed_number"].astype("str")
    return frame.assign(
        study=study_labels(project, frame["study_id"]).fillna(seed), work=frame["study_id"].fillna(seed)
    )


def study_labels(project: Project, studies: pd.Series) -> pd.Series:
    """Return the label of each study, with its status when it no longer stands."""
    status = {study: f" ({word})" for study, word in retracted(project).items()}
    return studies.map({study: project.works[study].label + status.get(study, "") for study in set(studies.dropna())})


def with_mediators(project: Project, frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each mediator of each finding; findings that name none have a missing ``mediator``."""
    mediators = project.table("finding_mediators").rename(columns={"term": "mediator"})
    return frame.merge(mediators[["finding_id", "mediator"]], on="finding_id", how="left")


def as_chosen(frame: pd.DataFrame) -> pd.DataFrame:
    """Return findings by the routes and sources that the explorer offers: two rows where both routes acted."""
    given = frame["product"] != "none"
    route, tissue = (frame[name].fillna(NO[name]).where(given, WITHOUT) for name in ("route", "tissue"))
    return frame.assign(
        route=route.map(lambda one: ["contact", "paracrine"] if one == "both" else one), tissue=tissue
    ).explode("route")


def by(frame: pd.DataFrame, key: str, value: str) -> dict[Any, list[Any]]:
    """Return the values that belong to each key, in the order of the table."""
    groups: dict[Any, list[Any]] = frame.groupby(key)[value].agg(list).to_dict()
    return groups


def lists(project: Project, table: str, keys: pd.Series, column: str) -> list[list[Any]]:
    """Return for each key the values that the rows of another table hold for it, in the order of that table."""
    held = by(project.table(table), str(keys.name), column)
    return [held.get(key, []) for key in keys]


def with_words(project: Project, table: str, **conditions: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of a table that meet the conditions (as for ``select``), and their terms in words."""
    frame = select(project, table, **conditions)
    return frame, in_words(project, table, frame)


def in_words(project: Project, table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the label of each term in the rows of a table, as readers see it, in columns of the same names."""
    kinds = {field.name: field.vocabulary for field in project.schema[table].fields if field.vocabulary}
    return pd.DataFrame({column: frame[column].map(labels(project, kind)) for column, kind in kinds.items()})


def in_one_line(names: Iterable[str], limit: int = 8) -> str:
    """Return different names as one line for a tooltip, sorted; those past the limit are counted."""
    names = sorted(set(names))
    return "; ".join(names[:limit]) + (f"; and {len(names) - limit} more" if len(names) > limit else "")
