"""What readers download: the tables as spreadsheets open them safely, their definition, the works, one archive.

The tables in the repository are the originals. A downloaded cell that a spreadsheet would take for a
formula starts with an apostrophe; numbers stay numbers.
"""

import io
import json
import re
import zipfile
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from review_tools.data import bibliography
from review_tools.data.citation import work_ris
from review_tools.data.project import Project, once
from review_tools.data.tables import csv_bytes

MARKER = "datapackage.json"
FOLDER = "data"  # of the site
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
# What starts a formula, also after blanks and in the full-width forms that some spreadsheets accept.
FORMULA = re.compile(r"[\s\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
BOM = "\ufeff"  # tells Excel that the text is UTF-8
OLDEST = (1980, 1, 1, 0, 0, 0)  # the same date in every archive, so that the same content is the same file
README = """\
{title}
Version {version}, {released}. Licence: {licence} ({licence_url})
{site}

{files}
Each row of a table is one fact; an empty cell is unknown. datapackage.json (Frictionless Table Schema)
says what each column means. The works are in references.bib and, for reference managers, references.ris;
study_id is the key of the work in both.

These copies are made for spreadsheets: UTF-8 with a byte order mark, comma separated, a header in the
first line. A text cell that a spreadsheet would run as a formula (it starts with =, +, - or @, or with a
tab or line break) starts with an apostrophe here. Numbers such as -2.1 are as they were. The originals,
without mark and apostrophes, and their history are in the folder data/ of
{repository}

Please cite:
{cite}
and the works that the rows name as their sources.
"""


@dataclass(frozen=True)
class Download:
    """One file to download: its path on the site, its name, what it or one row holds, and how many rows it has."""

    path: str
    title: str
    what: str
    rows: int | None = None


def downloads(project: Project) -> list[Download]:
    """Return every file that readers can download, the archive first."""
    works, archived = len(project.works), f"{package(project)['name']}.zip"
    every = [
        Download(archived, "Archive", "Everything below in one archive, with the licence and a README."),
        *(
            Download(table.path, table.title, table.description, len(project.table(table.name)))
            for table in project.schema.values()
        ),
        Download(MARKER, "Definition", "Each column's meaning, type and allowed values (Frictionless Table Schema)."),
        Download("references.bib", "Works, BibTeX", "One work.", works),
        Download("references.ris", "Works, RIS", "One work, for reference managers.", works),
        Download("README.txt", "Read me", "How the files are made, and how to cite them."),
    ]
    return [replace(file, path=f"{FOLDER}/{file.path}") for file in every]


def files(project: Project) -> dict[str, bytes]:
    """Return the content of every file by its path on the site."""
    content = {table.path: table_csv(project.text(table.name)).encode() for table in project.schema.values()}
    content |= {
        MARKER: project.read(f"data/{MARKER}"),
        "references.bib": project.read(bibliography.FILE),
        "references.ris": "\r\n".join(map(work_ris, project.works.values())).encode(),
        "README.txt": readme(project).encode(),
    }
    name, licence = package(project)["name"], "LICENSE-CONTENT"
    packed = content | ({"LICENSE.txt": project.read(licence)} if project.has(licence) else {})
    content[f"{name}.zip"] = archive(packed, name)
    return {f"{FOLDER}/{name}": content[name] for name in content}


def table_csv(frame: pd.DataFrame) -> str:
    """Return a table of text as CSV that a spreadsheet opens without running anything."""
    return BOM + csv_bytes(frame.rename(columns=safe_cell).map(safe_cell)).decode("utf-8")


def safe_cell(text: str) -> str:
    """Return the cell, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def archive(content: dict[str, bytes], folder: str) -> bytes:
    """Return a zip file of the contents, the same bytes for the same content."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in sorted(content.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", OLDEST)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            file.writestr(entry, data)
    return packed.getvalue()


def readme(project: Project) -> str:
    """Return what someone who has only the files needs to know."""
    about, cite = package(project), project.citation
    width = max(len(table.path) for table in project.schema.values()) + 2
    return README.format(
        title=about["title"],
        version=cite.version,
        released=cite.released,
        licence=about["licenses"][0]["title"],
        licence_url=about["licenses"][0]["path"],
        site=cite.url,
        files="".join(f"{table.path:<{width}}{table.title}\n" for table in project.schema.values()),
        repository=cite.repository,
        cite=cite.text(),
    )


@once
def package(project: Project) -> dict[str, Any]:
    """Return what ``datapackage.json`` says of the whole: name, title, licences."""
    whole: dict[str, Any] = json.loads(project.read(f"data/{MARKER}"))
    return whole
