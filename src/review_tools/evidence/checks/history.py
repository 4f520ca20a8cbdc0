"""Nothing disappears by accident: every study that ever stood in the table still does, or is in ``withdrawn``."""

import csv
import re
import shutil
import subprocess
from collections.abc import Iterator

from review_tools.evidence.checks.evidence import Evidence
from review_tools.evidence.problems import Problem

REMOVED = re.compile(r"^-(?!--)(.+)$", re.MULTILINE)


def check(evidence: Evidence) -> Iterator[Problem]:
    """Study keys that the history of ``data/studies.csv`` knows and the data no longer has.

    Without git, or in a folder git does not track, there is no history to compare with.
    """
    if "studies" not in evidence.sheets:
        return
    kept = set(evidence.sheet("studies")["study_id"]) | set(evidence.sheet("withdrawn")["study_id"])
    for key in sorted(_once_known(evidence) - kept):
        remedy = "restore its row, or say in data/withdrawn.csv when, why and by whom it was taken out"
        why = "this study is in the history but not in the table any more"
        yield Problem(evidence.file("studies"), why, remedy, column="study_id", value=key)


def _once_known(evidence: Evidence) -> set[str]:
    git = shutil.which("git")
    file = evidence.file("studies")
    if git is None:
        return set()
    # The committed history, and what the working tree takes away from it.
    history = ["log", "--format=", "-p", "--unified=0", "--", file]
    pending = ["diff", "HEAD", "--unified=0", "--", file]
    keys: set[str] = set()
    for command in (history, pending):
        done = subprocess.run(  # noqa: S603 (git with fixed arguments)
            [git, "-C", str(evidence.root), *command], capture_output=True, text=True, encoding="utf-8", check=False
        )
        if done.returncode == 0:
            rows = csv.reader(REMOVED.findall(done.stdout))
            keys |= {row[0] for row in rows if len(row) > 5 and re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", row[0])}
    return keys - {"study_id"}
