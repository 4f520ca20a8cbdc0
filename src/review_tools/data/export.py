"""What readers download: the tables as spreadsheets open them safely, their definition, the works, one archive.

The tables in the repository are the originals. A downloaded cell that a spreadsheet would take for a
formula starts with an apostrophe; numbers stay numbers.
"""

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from review_tools.data import bibliography, reads, schema
from review_tools.data.citation import citation, works_ris
from review_tools.data.paths import MARKER, project_root
from review_tools.data.tables import load, read_text

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
Each row of a table is one fact; an empty cell is unknown. {marker} (Frictionless Table Schema)
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
    """One file a reader may take: where it lies on the site, its name, what it or one row holds, its rows."""

    path: str
    title: str
    what: str
    rows: int | None = None


def downloads(root: Path | None = None) -> list[Download]:
    """Every file there is to take, the archive first."""
    folder = project_root(root)
    tables = schema.tables(folder).values()
    works = len(bibliography.bibliography(folder))
    listed = [
        Download(archive_name(folder), "Archive", "Everything below in one archive, with the licence and a README."),
        *(Download(table.path, table.title, table.description, len(load(table.name, folder))) for table in tables),
        Download(
            MARKER.name, "Definition", "Each column's meaning, type and allowed values (Frictionless Table Schema)."
        ),
        Download("references.bib", "Works, BibTeX", "One work.", works),
        Download("references.ris", "Works, RIS", "One work, for reference managers.", works),
        Download("README.txt", "Read me", "How the files are made, and how to cite them."),
    ]
    return [replace(file, path=f"{FOLDER}/{file.path}") for file in listed]


def files(root: Path | None = None) -> dict[str, bytes]:
    """The content of every file by its path on the site."""
    folder = project_root(root)
    content = {table.path: table_csv(folder / "data" / table.path).encode() for table in schema.tables(folder).values()}
    content |= {
        MARKER.name: (folder / MARKER).read_bytes(),
        "references.bib": (folder / bibliography.FILE).read_bytes(),
        "references.ris": works_ris(bibliography.bibliography(folder).values()).encode(),
        "README.txt": readme(folder).encode(),
    }
    licence = folder / "LICENSE-CONTENT"
    packed = content | ({"LICENSE.txt": licence.read_bytes()} if licence.is_file() else {})
    content[archive_name(folder)] = archive(packed, Path(archive_name(folder)).stem)
    return {f"{FOLDER}/{name}": content[name] for name in content}


def table_csv(path: Path) -> str:
    """One table as CSV that a spreadsheet opens without running anything."""
    frame = read_text(path)
    written = io.StringIO()
    written.write(BOM)
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(safe_cell(name) for name in frame.columns)
    lines.writerows([safe_cell(cell) for cell in row] for row in frame.itertuples(index=False))
    return written.getvalue()


def safe_cell(text: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def archive(content: dict[str, bytes], folder: str) -> bytes:
    """A zip file of the contents, the same bytes for the same content."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in sorted(content.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", OLDEST)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            file.writestr(entry, data)
    return packed.getvalue()


def archive_name(root: Path | None = None) -> str:
    return f"{package(root)['name']}.zip"


def readme(root: Path | None = None) -> str:
    """What someone who has only the files needs to know."""
    about, cite = package(root), citation(root)
    names = [*((table.path, table.title) for table in schema.tables(root).values())]
    width = max(len(name) for name, _ in names) + 2
    return README.format(
        title=about["title"],
        version=cite.version,
        released=cite.released,
        licence=about["licenses"][0]["title"],
        licence_url=about["licenses"][0]["path"],
        site=cite.url,
        files="".join(f"{name:<{width}}{title}\n" for name, title in names),
        marker=MARKER.name,
        repository=cite.repository,
        cite=cite.text(),
    )


def package(root: Path | None = None) -> dict[str, Any]:
    """What ``datapackage.json`` says of the whole: name, title, licences."""
    path = project_root(root) / MARKER
    reads.note(path)
    whole: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return whole
