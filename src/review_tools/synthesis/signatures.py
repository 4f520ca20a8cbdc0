"""Signatures: a person accepts what one comparison says, and the signature lapses when any of it moves.

The digest covers the question, every row with what decides whether it is pooled, the certainty with its reasons, and
the sentences. Figures leave the synthesis rounded, so that it is the same on every machine.
"""

import json
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from review_tools.data.edit import check_name, edit, sha256
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.synthesis import words
from review_tools.synthesis.certainty import certainty
from review_tools.synthesis.comparisons import answer


@dataclass(frozen=True, slots=True)
class Signature:
    """Who accepted a comparison (empty: nobody), when, and whether what was accepted still stands."""

    by: str = ""
    on: str = ""
    stands: bool = False

    @property
    def words(self) -> str:
        if not self.by:
            return "not signed"
        return f"signed by {self.by} on {self.on}" + ("" if self.stands else "; lapsed, since something moved")


def digest(project: Project, comparison_id: str) -> str:
    """Return the SHA-256 of all that a signature accepts."""
    result, graded = answer(project, comparison_id), certainty(project, comparison_id)
    rows = [_filled(row) for row in result.rows.sort_values("outcome_id").to_dict("records")]
    judged = [[one.name, one.levels, one.reason, one.judged_by] for one in graded.domains] if graded else []
    said = [words.sentence(result), words.plainly(result, graded), graded.words if graded else ""]
    question = _filled(result.comparison.drop("page").to_dict())  # wherever it stands
    signed = {"question": question, "rows": rows, "certainty": judged, "words": said}
    return sha256(json.dumps(signed, ensure_ascii=False, sort_keys=True).encode("utf-8"))


def _filled(row: dict[Hashable, Any]) -> dict[str, str]:
    """Return the cells that hold something, as text: a column that is new and empty lapses nothing."""
    cells = {str(column): list(value) if isinstance(value, tuple) else value for column, value in row.items()}
    return {name: str(value) for name, value in cells.items() if isinstance(value, list) or not pd.isna(value)}


def signature(project: Project, comparison_id: str) -> Signature:
    """Return the signature of a comparison."""
    rows = project.table("signatures")
    for row in rows[rows["comparison_id"] == comparison_id].to_dict("records"):
        stands = bool(row["digest"] == digest(project, comparison_id))
        return Signature(row["signed_by"], f"{row['signed_on']:%Y-%m-%d}", stands)
    return Signature()


def sign(project: Project, comparison_id: str, by: str) -> str:
    """Write a signature, in place of an older one; return a line that says what was signed.

    Raises KeyError for an unknown comparison, and DataError where no name was given.
    """
    by = by.strip()
    check_name(by)
    if not by:
        raise DataError("Say who signs: --by NAME.")
    cells = {"signed_by": by, "signed_on": f"{date.today()}", "digest": digest(project, comparison_id)}
    with edit(project.root) as change:
        if comparison_id in set(change.table("signatures")["comparison_id"]):
            change.set_cells("signatures", "comparison_id", comparison_id, cells)
        else:
            change.add_row("signatures", {"comparison_id": comparison_id} | cells)
    result, graded = answer(project, comparison_id), certainty(project, comparison_id)
    rating = f", certainty {graded.rating}" if graded else ""
    return f"{comparison_id}: k {result.k}, {words.interval(result.pooled)}{rating}, signed by {by}."
