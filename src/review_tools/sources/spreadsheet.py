"""Screening in a spreadsheet: the queue as a CSV file, and its decisions back, all or none."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from review_tools.data.export import BOM, FORMULA, safe_cell
from review_tools.data.prisma_counts import in_force
from review_tools.data.problems import DataError, Problem
from review_tools.data.project import Project
from review_tools.data.tables import parse_table
from review_tools.sources.screening import DECISIONS, Decision, Queue, append, person

COLUMNS = [
    "candidate_id",
    "decision",
    "reason",
    "note",
    "title",
    "abstract",
    "year",
    "doi",
    "pmid",
    "trial_id",
    "matched",
]
NEEDED = COLUMNS[:4]


def write(queue: Queue, file: Path) -> int:
    """The person's queue in order, with empty columns to decide in; cells that look like formulas are made text."""
    rows = queue.left()
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write(BOM)
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for candidate in rows:
            row = queue.record(candidate)
            shown = [row[name] for name in ("title", "year", "doi", "pmid", "trial_id", "matched")]
            title, *rest = ("" if pd.isna(value) else safe_cell(str(value)) for value in shown)
            writer.writerow([candidate, "", "", "", title, safe_cell(queue.abstracts.get(candidate, "")), *rest])
    return len(rows)


def read(project: Project, file: Path, by: str) -> int:
    """Takes over the decisions of a filled-in file; a row without one, or whose decision stands already, adds nothing.

    Returns:
        How many decisions were added.

    Raises:
        DataError: anything is wrong in any row; then nothing is taken over, and the message lists all of it.
    """
    by = person(by)
    sheet = _sheet(file)
    problems = list(_problems(project, sheet, file.name))
    if problems:
        raise DataError("\n".join([*map(str, problems), "Nothing was imported."]))
    standing = in_force(Project(project.root).text("screenings"))
    mine = standing[standing["by"] == by].set_index("candidate_id")[["decision", "reason", "note"]]
    known = {str(key): tuple(row) for key, row in zip(mine.index, mine.to_numpy().tolist(), strict=True)}
    rows = [Decision(*row) for row in sheet[NEEDED].to_numpy().tolist() if row[1]]
    fresh = [row for row in rows if known.get(row.candidate_id) != (row.decision, row.reason, row.note)]
    if fresh:
        append(project, by, fresh)
    return len(fresh)


def _sheet(file: Path) -> pd.DataFrame:
    text = parse_table(file.read_bytes(), file.name)
    missing = [name for name in NEEDED if name not in text.columns]
    if missing:
        hint = (
            "; it was saved with semicolons: choose commas" if len(text.columns) == 1 and ";" in text.columns[0] else ""
        )
        remedy = f"use a file that review screen --export wrote{hint}"
        raise DataError(f"{file}: lacks the columns {', '.join(missing)} → {remedy}. Nothing was imported.")
    text = pd.DataFrame({name: text[name].str.strip() for name in NEEDED})
    text["decision"] = text["decision"].str.lower()
    # The apostrophe that kept a spreadsheet from running the note as a formula is not part of it.
    text["note"] = [note[1:] if note[:1] == "'" and FORMULA.match(note[1:]) else note for note in text["note"]]
    return text


def _problems(project: Project, sheet: pd.DataFrame, name: str) -> Iterator[Problem]:
    candidates, terms = project.table("candidates"), project.table("vocabulary")
    repeats = dict(zip(candidates["candidate_id"], candidates["duplicate_of"].fillna(""), strict=True))
    reasons = terms.loc[terms["kind"] == "exclusion reason", "term"].tolist()
    often = Counter(sheet["candidate_id"])
    for line, cells in sheet.iterrows():
        row = {str(column): str(cell) for column, cell in cells.items()}
        found = _wrong(row, repeats, reasons, often[row["candidate_id"]])
        yield from (Problem(name, why, remedy, int(str(line)), column, row[column]) for column, why, remedy in found)


def _wrong(
    row: dict[str, str], repeats: dict[str, str], reasons: list[str], times: int
) -> Iterator[tuple[str, str, str]]:
    """Column, what is wrong, remedy."""
    candidate, decision, reason = row["candidate_id"], row["decision"], row["reason"]
    if candidate not in repeats:
        yield "candidate_id", "no such candidate", "leave the identifiers as exported"
    elif repeats[candidate] and decision:
        yield "candidate_id", f"repeats {repeats[candidate]}", "decide about that one"
    if times > 1:
        yield "candidate_id", "stands more than once", "keep one row"
    if decision and decision not in DECISIONS:
        yield "decision", "not a decision", f"write {', '.join(DECISIONS)}, or leave it empty"
    if decision == "exclude" and reason not in reasons:
        yield "reason", "an exclusion needs a reason", f"write {', '.join(reasons)}"
    if reason and decision in ("include", "unsure"):
        yield "reason", "only an exclusion has a reason", "empty it (a note may say more)"
    if reason and not decision:
        yield "reason", "a reason without a decision", "decide, or empty it"
    if not row["note"].isprintable():
        yield "note", "a line break or control character", "write the note on one line"
