"""Mistakes in memory: each function returns a project in which some files are wrong."""

import csv
import io
from collections.abc import Callable

from review_tools.data.project import Project
from review_tools.data.tables import csv_bytes


def cells(project: Project, table: str, row: str, **changes: str) -> Project:
    """Write cells of the row whose first column is ``row``."""
    frame = project.text(table)
    lines = frame.index[frame.iloc[:, 0] == row]
    assert len(lines), f"no row {row} in {table}"
    for column, value in changes.items():
        frame.loc[lines[0], column] = value
    return project.with_files({project.file_of(table): csv_bytes(frame)})


def lines(project: Project, table: str, *added: str) -> Project:
    """Add lines at the end of a table."""
    file = project.file_of(table)
    return project.with_files({file: project.read(file) + "".join(f"{line}\n" for line in added).encode("utf-8")})


def again(project: Project, table: str, row: str, **changes: str) -> Project:
    """Add a row once more, found by one of its first two columns, with some cells changed."""
    frame = project.text(table)
    like = frame[(frame.iloc[:, :2] == row).any(axis=1)].iloc[0].to_dict()
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow((like | changes).values())
    return lines(project, table, line.getvalue())


def text(project: Project, file: str, change: Callable[[str], str]) -> Project:
    """Change the text of a file."""
    before = project.read(file).decode("utf-8")
    after = change(before)
    assert after != before
    return project.with_files({file: after.encode("utf-8")})
