"""Several tables changed as one: all of them or none, whenever the run is interrupted."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from review_tools.data.edit import replace_bytes
from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.sources.store import Row, open_store

FILE = "journal.json"


def put(project: Project, folder: Path, tables: Mapping[str, bytes], candidates: Sequence[Row] = ()) -> None:
    """Writes files (path below ``root`` → content), and adds rows to the store of candidates, as one step.

    The intention is written first, in one file put in place at once; what follows can be repeated by ``finish``.
    """
    files = {
        name: {"before": _digest(project.root / name), "content": content.decode("utf-8")}
        for name, content in tables.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    intended = {"files": files, "candidates": list(candidates)}
    replace_bytes(folder / FILE, json.dumps(intended, ensure_ascii=False).encode("utf-8"))
    finish(project, folder)


def finish(project: Project, folder: Path) -> bool:
    """Completes what an interrupted ``put`` intended; says whether there was anything.

    Raises:
        DataError: a file was changed by somebody else in between.
    """
    journal = folder / FILE
    if not journal.is_file():
        return False
    intended = json.loads(journal.read_text(encoding="utf-8"))
    files = intended["files"]
    for name, one in files.items():
        content = one["content"].encode("utf-8")
        if _digest(project.root / name) not in (one["before"], sha256(content).hexdigest()):
            raise DataError(
                f"{name}: changed by hand while an interrupted watch had not finished writing it → "
                f"undo that change (git stash), run review watch, and make it again; or delete {journal} to give up "
                "what the watch found, which the next search then finds again."
            )
    if intended["candidates"]:
        open_store(project).append(intended["candidates"])  # passes over those that are there already
    for name, one in files.items():
        replace_bytes(project.root / name, one["content"].encode("utf-8"))
    journal.unlink()
    return True


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
