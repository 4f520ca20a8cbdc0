"""Mistakes in memory: each function returns a project in which some files are wrong."""

import csv
import io
import subprocess
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


def commit(project: Project) -> None:
    """Write data and bibliography into the project's folder, and commit them."""
    for file in ("references.bib", *project.files("data")):
        (project.root / file).parent.mkdir(exist_ok=True)
        (project.root / file).write_bytes(project.read(file))
    signed = ["-c", "user.name=T", "-c", "user.email=t@e.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "data", "references.bib"], [*signed, "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=project.root, check=True, capture_output=True)
