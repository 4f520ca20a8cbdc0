"""Signatures of one reader under every result that moved since the newest release, as a release asks for them."""

from pathlib import Path

import pandas as pd

from review_tools.changes import state
from review_tools.changes.compare import between
from review_tools.data.project import Project
from review_tools.data.tables import csv_bytes
from review_tools.synthesis.signatures import digest


def signed_by_all(folder: Path, number: str) -> int:
    """Sign every comparison of a folder that version ``number`` would move; return how many there are."""
    project = Project(folder)
    old, new = state.snapshot(project, list(project.versions)[-1]), state.whole(project, number)
    moved = [turn.after["comparison_id"] for turn in between(old, new).pools if turn.after]
    frame = pd.DataFrame(
        [(name, "A. Reader", "2026-11-29", digest(project, name)) for name in sorted(moved)],
        columns=project.schema["signatures"].columns,
        dtype="str",
    )
    kept = project.text("signatures")
    kept = kept[~kept["comparison_id"].isin(moved)]
    (folder / "data" / "signatures.csv").write_bytes(csv_bytes(pd.concat([kept, frame])))
    return len(moved)
