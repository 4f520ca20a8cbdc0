"""Abstracts of candidates, kept beside the repository: they are their publishers', and too many for git."""

import json
from collections.abc import Mapping
from pathlib import Path

from review_tools.data.project import Project

FILE = Path("_abstracts") / "abstracts.jsonl"


def append(project: Project, abstracts: Mapping[str, str]) -> None:
    """Add the abstracts of some candidates; of two for one candidate the later counts."""
    path = project.root / FILE
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        for candidate, text in abstracts.items():
            file.write(json.dumps([candidate, text], ensure_ascii=False) + "\n")


def read(project: Project) -> dict[str, str]:
    """Return the abstracts on this machine by candidate. A line cut in its middle is passed over."""
    path = project.root / FILE
    found: dict[str, str] = {}
    if path.is_file():
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    candidate, text = json.loads(line)
                except ValueError:
                    continue
                found[str(candidate)] = str(text)
    return found
