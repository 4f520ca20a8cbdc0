"""Grow the data: each factor adds a copy of the studies with findings, of their findings and works, under new names.

Outcomes are not copied: ``review check`` refuses the same figures under the name of another study. Numbers and terms
are kept, so that it accepts what grew; its DOIs begin with 10.5555, kept for examples.
"""

import re
from pathlib import Path
from zlib import crc32

import pandas as pd

from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.project import Project
from review_tools.data.tables import csv_bytes

ENTRY = re.compile(r"^@\w+\{([^,]+),.*?^\}", re.MULTILINE | re.DOTALL)


def grow(root: Path, factor: int) -> Path:
    """Write ``factor`` times the studies, findings and works into a copy of the project."""
    project = Project(root)
    tables = {name: project.text(name) for name in ("studies", "findings", "finding_mediators")}
    used = {*tables["findings"]["study_id"]} - {""}
    entries = {entry[1]: entry[0] for entry in ENTRY.finditer(project.read(BIBLIOGRAPHY).decode())}
    works = [_entry(text, key, n) for n in range(1, factor) for key, text in entries.items() if key in used]
    (root / BIBLIOGRAPHY).write_text("\n\n".join([*entries.values(), *works]) + "\n", encoding="utf-8")
    for name, frame in tables.items():
        own = frame[frame["study_id"].isin(used)] if name == "studies" else frame
        copies = [_copied(own, number) for number in range(1, factor)]
        (root / project.file_of(name)).write_bytes(csv_bytes(pd.concat([frame, *copies])))
    return root


def _copied(frame: pd.DataFrame, number: int) -> pd.DataFrame:
    """Return rows with the names of one copy; a study's number in the 2024 review and its trial are not its copy's."""
    frame = frame.copy()
    if "study_id" in frame:
        named = frame["study_id"] != ""
        frame.loc[named, frame.columns.intersection(["seed_number", "trial_id"])] = ""
        frame.loc[named, "study_id"] += f"_copy{number}"
    if "finding_id" in frame:
        frame["finding_id"] = frame["finding_id"].map(lambda name: f"fn{crc32(f'{name} {number}'.encode())}")
    if "statement" in frame:
        frame["statement"] += f" ({number})"
    return frame


def _entry(text: str, key: str, number: int) -> str:
    """Return a work of the bibliography with the key, DOI and title of one copy."""
    text = re.sub(r"(?m)^  pmc?id = .*\n", "", text.replace(key, f"{key}_copy{number}", 1))
    text = re.sub(r"(?<=doi = \{)([^}]*)", lambda doi: f"10.5555/{number}.{doi[0].replace('/', '.')}", text)
    return re.sub(r"(?m)^(  title = \{.*?)(\]?\},)$", rf"\1 {number}\2", text, count=1)
