"""One state of the review, read as text; what cannot be read is kept as a sentence."""

from dataclasses import dataclass

import pandas as pd

from review_tools.check import RULES
from review_tools.check.chapters import chapters
from review_tools.check.engine import run
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
        unreadable = run(project, (rule for rule in RULES.values() if rule.id.startswith("unreadable")))
        files = {problem.file for problem in unreadable}
        tables = {
            name: (schema.title, schema.primary_key, schema.append_only, project.text(name))
            for name, schema in project.schema.items()
            if project.file_of(name) not in files
        }
        tables[REFERENCES] = ("Bibliography", ("key",), False, _works(project.readable_works[0]))
        return cls(project, tables, chapters(project), tuple(map(str, unreadable)))


def _works(references: dict[str, Reference]) -> pd.DataFrame:
    frame = pd.DataFrame([{"key": work.key, **work.fields} for work in references.values()], dtype="str")
    return frame.fillna("") if len(frame) else pd.DataFrame(columns=["key"], dtype="str")
