"""The chapters in the order of ``_toc.yml``, each with its depth and the part that it opens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml  # type: ignore[import-untyped]

from review_tools.data.project import Project


@dataclass(frozen=True)
class Chapter:
    """One chapter: its page without ``.html``, how deep it lies (0 or more), the caption of the part it opens."""

    name: str
    depth: int = 0
    part: str = ""

    @property
    def anchor(self) -> str:
        """Where the chapter starts in the assembled page; the prefix of all its other anchors."""
        return self.name.replace("/", "-")


def chapters(project: Project) -> list[Chapter]:
    """All chapters, the front page first.

    Raises:
        OSError: there is no ``_toc.yml``.
    """
    toc = yaml.safe_load((project.root / "_toc.yml").read_text(encoding="utf-8"))
    parts = toc.get("parts", [{"chapters": toc.get("chapters", [])}])
    found = [Chapter(toc["root"])]
    for part in parts:
        below = list(_below(part.get("chapters", []), 0))
        if below:
            below[0] = Chapter(below[0].name, 0, part.get("caption", ""))
        found += below
    return found


def _below(entries: list[dict[str, Any]], depth: int) -> Iterator[Chapter]:
    for entry in entries:
        yield Chapter(entry["file"], depth)
        yield from _below(entry.get("sections", []), depth + 1)
