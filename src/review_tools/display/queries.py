"""Which rows a chart or table shows, joined with what a reader needs beside them."""

from typing import Any

import pandas as pd

from review_tools.data.inline_values import in_section
from review_tools.data.project import Project, once
from review_tools.data.retracted import retracted


def chosen(project: Project, table: str, **conditions: str | None) -> pd.DataFrame:
    """Rows of a table that meet the conditions given; a section covers its sub-sections.

    Raises:
        KeyError: the table has no such column.
    """
    frame = project.table(table)
    for column, value in conditions.items():
        if value is not None:
            frame = frame[in_section(frame[column], value) if column == "section" else frame[column] == value]
    return frame


def findings(project: Project, section: str | None = None, disease: str | None = None) -> pd.DataFrame:
    """Findings with the label of their study: “Hackel et al. 2023”, or “seed 42” while unidentified."""
    frame = chosen(project, "findings", section=section, disease=disease)
    return frame.assign(
        study=[
            study_label(project, study, seed)
            for study, seed in zip(frame["study_id"], frame["seed_number"], strict=True)
        ]
    )


def study_label(project: Project, study_id: Any, seed_number: Any) -> str:
    """Label of a study, with its status when it no longer stands, or of a seed number that is not yet identified."""
    if isinstance(study_id, str):
        status = retracted(project).get(study_id)
        return f"{project.works[study_id].label}{f' ({status})' if status else ''}"
    return f"seed {seed_number}"


def with_mediators(project: Project, frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each mediator of each finding; findings that name none have a missing ``mediator``."""
    mediators = project.table("finding_mediators").rename(columns={"term": "mediator"})
    return frame.merge(mediators[["finding_id", "mediator"]], on="finding_id", how="left")


@once
def labels(project: Project, kind: str) -> dict[str, str]:
    """Return each term of one kind of the vocabulary with the label that readers see."""
    terms = project.table("vocabulary")
    terms = terms[terms["kind"] == kind]
    return dict(zip(terms["term"], terms["label"], strict=True))


def named_studies(studies: pd.Series, limit: int = 8) -> str:
    """Study labels as one line for a tooltip."""
    names = sorted(set(studies))
    shown = "; ".join(names[:limit])
    return shown + (f"; and {len(names) - limit} more" if len(names) > limit else "")
