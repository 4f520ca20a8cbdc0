"""Mistakes in memory: projects in which some files are wrong, and what spreadsheets do to a table that they save.

The latter in English, German and French settings, after true files of LibreOffice, and after what is told of Excel and
Google Sheets. A cell is read in one language (that of the user, or English where the user chose so when importing) and
shown in that of the user.
"""

import codecs
import csv
import io
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from review_tools.data.project import Project
from review_tools.data.tables import csv_bytes

MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "de": ["Jan", "Feb", "Mrz", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"],
    "fr": ["janv", "févr", "mars", "avr", "mai", "juin", "juil", "août", "sept", "oct", "nov", "déc"],
}
SHOWN = {  # a day, a day of this year, a month
    "en": ("{m}/{d}/{y}", "{d}-{name}", "{name}-{yy:02}"),
    "de": ("{d:02}.{m:02}.{y}", "{d:02}. {name}", "{name} {yy:02}"),
    "fr": ("{d:02}/{m:02}/{y}", "{d:02}-{name}", "{name}-{yy:02}"),
}
BOOLEANS = {"en": ("TRUE", "FALSE"), "de": ("WAHR", "FALSCH"), "fr": ("VRAI", "FAUX")}


codecs.register_error("c1", lambda error: (error.object[error.start : error.end].decode("latin-1"), error.end))  # type: ignore[attr-defined]


def cells(project: Project, table: str, row: str, **changes: str) -> Project:
    """Write cells of the row whose first column is ``row``."""
    frame = project.text(table)
    lines = frame.index[frame.iloc[:, 0] == row]
    assert len(lines), f"no row {row} in {table}"
    for column, value in changes.items():
        frame.loc[lines[0], column] = value
    return project.with_files({project.file_of(table): csv_bytes(frame)})


def on_disk(folder: Path, table: str, row: str, **changes: str) -> None:
    """Write cells of a row into the table of a folder."""
    project = cells(Project(folder), table, row, **changes)
    (folder / project.file_of(table)).write_bytes(project.read(project.file_of(table)))


def lines(project: Project, table: str, *added: str) -> Project:
    """Add lines at the end of a table."""
    file = project.file_of(table)
    return project.with_files({file: project.read(file) + "".join(f"{line}\n" for line in added).encode("utf-8")})


def again(project: Project, table: str, row: str, **changes: str) -> Project:
    """Add a row once more, found by one of its first two columns, with some cells changed."""
    frame = project.text(table)
    like = frame[(frame.iloc[:, :2] == row).any(axis=1)].iloc[0].to_dict()
    return lines(project, table, csv_line([*(like | changes).values()]))


def text(project: Project, file: str, change: Callable[[str], str]) -> Project:
    """Change the text of a file."""
    before = project.read(file).decode("utf-8")
    after = change(before)
    assert after != before
    return project.with_files({file: after.encode("utf-8")})


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, as somebody."""
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(project: Project) -> None:
    """Write data and bibliography into the project's folder, and commit them."""
    for file in ("references.bib", *project.files("data")):
        (project.root / file).parent.mkdir(exist_ok=True)
        (project.root / file).write_bytes(project.read(file))
    for words in (["init", "-q"], ["add", "data", "references.bib"], ["commit", "-qm", "x"]):
        git(project.root, *words)


@dataclass(frozen=True)
class Program:
    """How a program reads and writes: by default as LibreOffice does."""

    separator: str = ","
    encoding: str = "utf-8"
    line_end: str = "\n"
    taken_for: str = ""  # the encoding in which it read the UTF-8 of the table
    lines: bool = False  # it took commas for text, so that each line is one cell
    keeps_iso: bool = True  # it shows days as they were typed
    short: bool = False  # it shows 2-Jan and May-24, 11 digits, and forgets commas at the end of rows


def saved(frame: pd.DataFrame, program: Program, setting: str, read_in: str = "") -> bytes:
    """Return a table as a program writes it after it has read it."""
    separator = program.separator.format("," if setting == "en" else ";")
    rows = [list(frame.columns), *frame.to_numpy().tolist()]
    if program.taken_for:
        rows = [[cell.encode().decode(program.taken_for, "c1") for cell in row] for row in rows]
    if program.lines and setting != "en":
        rows = [next(csv.reader([csv_line(row)], delimiter=";", quoting=csv.QUOTE_NONE)) for row in rows]
        width = max(map(len, rows))
        rows = [row + [""] * (width - len(row)) for row in rows]
    else:
        rows = [[shown(cell, program, setting, read_in or setting) for cell in row] for row in rows]
    text = "".join(csv_line(row, separator) + program.line_end for row in rows)
    return text.encode(program.encoding, "replace")


def csv_line(row: list[str], separator: str = ",") -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=separator, lineterminator="").writerow(row)
    return line.getvalue()


def shown(cell: str, program: Program, setting: str, read_in: str) -> str:
    """Return what a program shows of a cell."""
    mark = "." if read_in == "en" else ","
    thousands = {"en": ",", "de": r"\.", "fr": " "}[read_in]
    comma = "." if setting == "en" else ","
    if cell in ("true", "false") and (program.short or read_in == "en"):
        return BOOLEANS[setting][cell == "false"]
    if re.fullmatch(rf"-?(\d+|\d{{1,3}}({thousands}\d{{3}})+)(\{mark}\d+)?", cell):
        number = float(re.sub(thousands, "", cell).replace(mark, "."))
        return f"{number:.{6 if abs(number) >= 1e11 and program.short else 12}G}".replace(".", comma)
    if program.short and setting == read_in == "en" and re.fullmatch(r"\d+(\.\d+)?%", cell):
        return f"{float(cell[:-1]):.{2 if '.' in cell else 0}f}%"
    day, this_year, month = SHOWN[setting]
    for pattern, order, form in (
        (r"(\d{4})-(\d\d)-(\d\d)", "ymd", "" if program.keeps_iso else day),
        (r"(\d{4})-(\d\d)", "ym", month if program.short else ""),
        (r"(\d{1,2})[/-](\d{1,2})", "md" if read_in == "en" else "dm", this_year if program.short else day),
        (r"(\d{1,2})\.(\d{1,2})\.(\d{1,2})" if read_in != "en" else r"(?!)", "dmy", day),
        (r"(\d{1,2})\.(\d{1,2})" if read_in == "de" and program.short else r"(?!)", "dm", this_year),
        (r"(\d{1,2})\.(\d{2})" if read_in == "de" and program.short else r"(?!)", "my", month),
    ):
        if (match := re.fullmatch(pattern, cell)) and form:
            part = {"y": 2026, "m": 1, "d": 1} | dict(zip(order, map(int, match.groups()), strict=True))
            part["y"] += 2000 if part["y"] < 30 else 1900 if part["y"] < 100 else 0
            try:
                date(part["y"], part["m"], part["d"])
            except ValueError:
                continue
            return form.format(**part, yy=part["y"] % 100, name=MONTHS[setting][part["m"] - 1])
    return cell
