"""Screening: the queue of one person as a file for a spreadsheet or ASReview, and the decisions in it back.

ASReview's labels are read as it writes them: in CSV the columns ``asreview_label`` (1, 0 or empty) and
``asreview_note``, in RIS notes (``N1``) with the words ``ASReview_relevant`` or ``ASReview_irrelevant``.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import rispy

from review_tools.data.edit import edit
from review_tools.data.export import FORMULA, table_csv
from review_tools.data.prisma_counts import PEOPLE, in_force, to_screen
from review_tools.data.problems import DataError, Problem
from review_tools.data.project import Project
from review_tools.data.tables import parse_table
from review_tools.sources.records import today

DECISIONS = ("include", "exclude", "unsure", "undo")
COLUMNS = ["candidate_id", "decision", "reason", "note"]
SHOWN = ["title", "abstract", "year", "doi", "pmid", "trial_id", "matched"]
LABELS = {"1": "include", "1.0": "include", "0": "exclude", "0.0": "exclude"}  # of ASReview
NOTES = {"ASReview_relevant": "include", "ASReview_irrelevant": "exclude"}
# Abstracts stay beside the repository: they are their publishers', and too many for git.
ABSTRACTS = Path("_abstracts") / "abstracts.jsonl"


def keep_abstracts(project: Project, abstracts: Mapping[str, str]) -> None:
    """Add the abstracts of some candidates; of two for one candidate the later counts."""
    path = project.root / ABSTRACTS
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(pair, ensure_ascii=False) + "\n" for pair in abstracts.items())


def _abstracts(project: Project) -> dict[str, str]:
    """Return the abstracts on this machine by candidate. A line cut in its middle is passed over."""
    path, found = project.root / ABSTRACTS, {}
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    for line in text.split("\n"):
        try:
            candidate, abstract = json.loads(line)
        except ValueError:
            continue
        found[str(candidate)] = str(abstract)
    return found


def queue(project: Project, by: str, *, conflicts_only: bool = False) -> pd.DataFrame:
    """Return the candidates that a person still has to decide about, the best match first; all cells are text.

    Nobody sees what others decided. A candidate about which two people have decided is not asked of a third;
    with ``conflicts_only`` those are returned on which the person and others differ.
    """
    candidates, standing = to_screen(project.text("candidates")), in_force(project.text("screenings"))
    if conflicts_only:
        differ = conflicts(project)
        asked = candidates["candidate_id"].isin(differ.loc[differ["by"] == by, "candidate_id"])
    else:
        people = standing["candidate_id"].value_counts()
        settled = {*standing.loc[standing["by"] == by, "candidate_id"], *people.index[people >= PEOPLE]}
        asked = ~candidates["candidate_id"].isin(settled)
    left = candidates[asked].sort_values("score", ascending=False, kind="stable", key=pd.to_numeric)
    abstracts = left["candidate_id"].map(_abstracts(project)).fillna("")
    left = left.assign(decision="", reason="", note="", abstract=abstracts)
    return left[[*COLUMNS, *SHOWN]].reset_index(drop=True)


def export(candidates: pd.DataFrame, file: Path) -> None:
    """Write a queue as CSV or RIS, as the name of the file says. Raises DataError for another ending."""
    if file.suffix.lower() == ".csv":
        text = table_csv(candidates)
    elif file.suffix.lower() == ".ris":
        text = rispy.dumps([_ris(row) for row in candidates.to_dict("records")])
    else:
        raise DataError(f"{file}: the form is not known by the file's ending → name a .csv or a .ris file.")
    file.write_text(text, encoding="utf-8", newline="")


def _ris(row: Mapping[Any, str]) -> dict[str, str]:
    """Return a record for rispy, on whose lines nothing can begin another field."""
    record = {"id": row["candidate_id"], "title": row["title"], "abstract": row["abstract"], "year": row["year"]}
    record |= {"doi": row["doi"], "accession_number": row["pmid"]}
    shown = {field: " ".join(value.split()) for field, value in record.items()}
    return {"type_of_reference": "JOUR", **{field: value for field, value in shown.items() if value}}


def take_over(project: Project, file: Path, by: str, reason: str = "") -> int:
    """Enter the decisions of a filled file; a row without one, or whose decision stands already, adds nothing.

    Args:
        reason: of exclusions that name none, as those that come from ASReview.

    Returns:
        How many decisions were added.

    Raises:
        DataError: anything is wrong in any row; then nothing is entered, and the message lists all of it.
    """
    terms = project.text("vocabulary")
    reasons = terms.loc[terms["kind"] == "exclusion reason", "term"].tolist()
    if reason and reason not in reasons:
        raise DataError(f"--reason {reason!r}: not an exclusion reason → write one of {', '.join(reasons)}.")
    with edit(project.root) as change:
        sheet = _sheet(file, reasons)
        sheet.loc[(sheet["decision"] == "exclude") & (sheet["reason"] == ""), "reason"] = reason
        screenings, candidates = change.table("screenings"), change.table("candidates")
        mine = screenings[screenings["by"] == by]
        standing = {row[0]: row[1:] for row in in_force(mine)[COLUMNS].itertuples(index=False, name=None)}
        repeats = dict(zip(candidates["candidate_id"], candidates["duplicate_of"], strict=True))
        if problems := list(_problems(sheet, file.name, repeats, set(standing), reasons)):
            raise DataError(*problems)
        numbers, who = Counter(mine["candidate_id"]), hashlib.sha256(by.encode()).hexdigest()[:6]
        new = []
        for candidate, *decided in sheet[COLUMNS].itertuples(index=False, name=None):
            if decided[0] and standing.get(candidate) != tuple(decided):
                numbers[candidate] += 1
                # Made of candidate, person and number, so that rows written in two branches never clash.
                row = {"screening_id": f"{candidate}-{who}-{numbers[candidate]}", "by": by, "date": f"{today()}"}
                new.append(row | dict(zip(COLUMNS, (candidate, *decided), strict=True)))
        change.add_rows("screenings", new)
    return len(new)


def conflicts(project: Project) -> pd.DataFrame:
    """Return the standing decisions on which people differ: one row a candidate and person, with the title."""
    standing = in_force(project.text("screenings"))
    differ = standing.groupby("candidate_id")["decision"].transform("nunique") > 1
    titles = project.text("candidates")[["candidate_id", "title"]]
    return standing[differ].merge(titles, on="candidate_id").sort_values(["candidate_id", "by"], kind="stable")


def _sheet(file: Path, reasons: list[str]) -> pd.DataFrame:
    """Return the columns of ``COLUMNS`` as text; the index is the line (of a RIS file, the number of the record)."""
    if file.suffix.lower() == ".ris":
        try:
            records = rispy.loads(file.read_bytes().decode("utf-8-sig"), skip_unknown_tags=True)
        except (UnicodeDecodeError, rispy.parser.ParseError) as error:
            raise DataError(f"{file}: no RIS file ({error}) → use the one that ASReview exported.") from error
        if not records:
            raise DataError(f"{file}: holds no record → use the RIS file that ASReview exported.")
        text = pd.DataFrame(map(_of_ris, records), index=range(1, len(records) + 1))
    else:
        text = parse_table(file.read_bytes(), file.name)
        if "asreview_label" in text.columns:
            text["label"], text["said"] = text["asreview_label"].replace(LABELS), text.get("asreview_note", "")
    if {"label", "candidate_id"} <= set(text.columns):
        parts = pd.DataFrame([_split(note, reasons) for note in text["said"]], text.index, ["reason", "note"])
        text = text.assign(decision=text["label"], **parts)
        text.loc[text["decision"] != "exclude", "reason"] = ""
    if missing := [name for name in COLUMNS if name not in text.columns]:
        semicolons = len(text.columns) == 1 and ";" in text.columns[0]
        remedy = "use a file that review screen --export or ASReview wrote"
        remedy += "; it was saved with semicolons: choose commas" if semicolons else ""
        raise DataError(f"{file}: lacks the columns {', '.join(missing)} → {remedy}.")
    text = pd.DataFrame({name: text[name].str.strip() for name in COLUMNS})
    text["decision"] = text["decision"].str.lower()
    # The apostrophe that kept a spreadsheet from running the note as a formula is not part of it.
    text["note"] = [note[1:] if note[:1] == "'" and FORMULA.match(note[1:]) else note for note in text["note"]]
    return text


def _of_ris(record: Mapping[str, Any]) -> dict[str, str]:
    """Return candidate, decision and note of a record that ASReview labelled."""
    notes = [str(note) for note in record.get("notes", [])]
    label = next((decision for word, decision in NOTES.items() if any(word in note.split() for note in notes)), "")
    said = next((note.partition(":")[2] for note in notes if note.startswith("asreview_note:")), "")
    try:
        said = json.loads(said)  # as ASReview writes it
    except ValueError:
        said = said.strip()
    return {"candidate_id": str(record.get("id", "")), "label": label, "said": str(said or "")}


def _split(note: str, reasons: list[str]) -> tuple[str, str]:
    """Return the reason that a note begins with, as in “wrong design: a comment”, and the rest of the note."""
    start, _, rest = note.partition(":")
    return (start.strip(), rest.strip()) if start.strip() in reasons else ("", " ".join(note.split()))


def _problems(
    sheet: pd.DataFrame, name: str, repeats: dict[str, str], standing: set[str], reasons: list[str]
) -> Iterator[Problem]:
    often = Counter(sheet["candidate_id"])
    for line, row in sheet.to_dict("index").items():
        candidate, decision, reason = row["candidate_id"], row["decision"], row["reason"]

        def problem(column: str, why: str, remedy: str, row: dict[Any, str] = row, line: Any = line) -> Problem:
            return Problem(name, why, remedy, int(line), column, row[column])

        if candidate not in repeats:
            yield problem("candidate_id", "no such candidate", "leave the identifiers as exported")
        elif repeats[candidate] and decision:
            yield problem("candidate_id", f"repeats {repeats[candidate]}", "decide about that one")
        if often[candidate] > 1:
            yield problem("candidate_id", "stands more than once", "keep one row")
        if decision and decision not in DECISIONS:
            yield problem("decision", "not a decision", f"write {', '.join(DECISIONS)}, or leave it empty")
        if decision == "undo" and candidate not in standing:
            yield problem("decision", "takes back a decision that does not stand", "leave it empty")
        if decision == "exclude" and reason not in reasons:
            remedy = f"write {', '.join(reasons)}; or give those without one the same with --reason"
            yield problem("reason", "an exclusion needs a reason", remedy)
        if reason and decision != "exclude":
            yield problem("reason", "only an exclusion has a reason", "exclude, or empty it (a note may say more)")
        if not row["note"].isprintable():
            yield problem("note", "a line break or control character", "write the note on one line")
