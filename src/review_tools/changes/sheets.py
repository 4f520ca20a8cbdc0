"""One state of the review, read as text; what cannot be read is kept as a sentence."""

from dataclasses import dataclass

import pandas as pd

from review_tools.check import Evidence
from review_tools.data.bibliography import Reference
from review_tools.data.project import Project

REFERENCES = "references"


@dataclass(frozen=True)
class Sheets:
    """``tables`` holds title, key columns, whether it only grows, and the rows as text, by name."""

    project: Project | None  # None: a snapshot, which has no chapters to compare
    tables: dict[str, tuple[str, tuple[str, ...], bool, pd.DataFrame]]
    chapters: dict[str, str]
    unreadable: tuple[str, ...]

    @classmethod
    def read(cls, project: Project) -> "Sheets":
        evidence = Evidence.read(project)
        tables = {
            name: (schema.title, schema.primary_key, schema.append_only, evidence.sheets[name])
            for name, schema in evidence.schemas.items()
            if name in evidence.sheets
        }
        tables[REFERENCES] = ("Bibliography", ("key",), False, _works(evidence.references))
        return cls(project, tables, evidence.chapters, tuple(map(str, evidence.unreadable)))


def _works(references: dict[str, Reference]) -> pd.DataFrame:
    frame = pd.DataFrame([{"key": work.key, **work.fields} for work in references.values()], dtype="str")
    return frame.fillna("") if len(frame) else pd.DataFrame(columns=["key"], dtype="str")
