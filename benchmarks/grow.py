"""Grow the data: each factor adds a copy of the studies in use and of all that belongs to them, under new names.

Numbers and terms are kept, so that ``review check`` accepts what grew; its DOIs begin with 10.5555, kept for examples.
"""

import re
from pathlib import Path
from zlib import crc32

import pandas as pd

from review_tools.data.bibliography import FILE as BIBLIOGRAPHY
from review_tools.data.project import Project
from review_tools.data.tables import csv_bytes
from review_tools.synthesis import claims

TABLES = ("studies", "findings", "finding_mediators", "trials", "trial_sources", "outcomes", "outcome_flags")
TABLES += ("risk_of_bias", "published_pools", "published_pool_studies", "assessments")
ENTRY = re.compile(r"^@\w+\{([^,]+),.*?^\}", re.MULTILINE | re.DOTALL)


def grow(root: Path, factor: int) -> Path:
    """Write ``factor`` times the data into a copy of the project, and accept what they say of each claim."""
    project = Project(root)
    tables = {name: project.text(name) for name in TABLES}
    used = set(tables["findings"]["study_id"]) | set(tables["outcomes"]["study_id"])
    entries = {entry[1]: entry[0] for entry in ENTRY.finditer(project.read(BIBLIOGRAPHY).decode())}
    works = [_entry(text, key, n) for n in range(1, factor) for key, text in entries.items() if key in used]
    (root / BIBLIOGRAPHY).write_text("\n\n".join([*entries.values(), *works]) + "\n", encoding="utf-8")
    for name, frame in tables.items():
        copies = [_copy(project, name, frame, used, n) for n in range(1, factor)]
        (root / project.file_of(name)).write_bytes(csv_bytes(pd.concat([frame, *copies])))
    means = Project(root).text("outcomes").query("mean_arm1 != ''")["outcome_id"]  # many alike make others look far off
    flags = pd.concat(
        [Project(root).text("outcome_flags"), pd.DataFrame({"outcome_id": means, "flag": "unusual value"})]
    )
    flags = flags.drop_duplicates(["outcome_id", "flag"]).fillna("")
    (root / project.file_of("outcome_flags")).write_bytes(csv_bytes(flags))
    controlled = tables["outcomes"].loc[tables["outcomes"]["design"] != "single-arm", "study_id"].unique()
    named = ",".join(f"{study}_copy{n}" for n in range(1, factor) for study in controlled)
    chapter = root / "book" / "glossary.md"  # a chapter names every controlled study
    chapter.write_text(chapter.read_text("utf-8") + (f"\n{{cite:p}}`{named}`\n" if named else ""), encoding="utf-8")
    ledger = project.text("claims")
    ledger["expected"] = [claim.verdict.word for claim in claims.verdicts(Project(root))]
    (root / project.file_of("claims")).write_bytes(csv_bytes(ledger))
    return root


def _copy(project: Project, name: str, frame: pd.DataFrame, used: set[str], number: int) -> pd.DataFrame:
    """Return the rows of a table about used studies with the names of one copy."""
    table = project.schema[name]
    frame = frame[frame["study_id"].isin({*used, ""})].copy() if "study_id" in frame else frame.copy()
    targets = {key.column: key.target for key in table.foreign_keys if key.target in TABLES}
    if len(table.primary_key) == 1:
        targets[table.primary_key[0]] = name
    for column in frame.columns:
        if column in targets:
            frame[column] = [value and _renamed(targets[column], value, number) for value in frame[column]]
        elif column == "doi" or column.endswith("_doi"):
            frame[column] = [value and f"10.5555/{number}.{value.replace('/', '.')}" for value in frame[column]]
        elif column in ("seed_number", "table_1_order"):  # the seed's own numbers are not its copies'
            frame[column] = ""
    return frame


def _renamed(table: str, name: str, number: int) -> str:
    """Return the name of a row in one copy, of the form its table asks for."""
    digits, (stem, _, rest) = crc32(f"{name} {number}".encode()), name.rpartition("-")
    forms = {"studies": f"{name}_copy{number}", "trials": f"NCT{digits % 10**8:08d}", "findings": f"fn{digits}"}
    return forms.get(table, f"{stem}_copy{number}-{rest}")


def _entry(text: str, key: str, number: int) -> str:
    """Return a work of the bibliography with the key, DOI and title of one copy."""
    text = re.sub(r"(?m)^  pmc?id = .*\n", "", text.replace(key, f"{key}_copy{number}", 1))
    text = re.sub(r"(?<=doi = \{)([^}]*)", lambda doi: f"10.5555/{number}.{doi[0].replace('/', '.')}", text)
    return re.sub(r"(?m)^(  title = \{.*?)(\]?\},)$", rf"\1 {number}\2", text, count=1)
