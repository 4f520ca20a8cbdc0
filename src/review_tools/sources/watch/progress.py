"""How far a search has come, kept on disk: after an interruption it goes on at the next page."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from review_tools.data.edit import replace_bytes
from review_tools.sources.watch.sources import Hit, Page


@dataclass(frozen=True, slots=True)
class Place:
    """Where one search stands. ``asked`` tells one search from another: source, strategy, version, query and days."""

    asked: list[str]
    pages: int = 0  # pages received
    cursor: str = ""  # of the next page
    total: int = 0  # records announced by the first page
    size: int = 0  # bytes of the spool that belong to the pages received
    broken: int = 0
    done: bool = False
    search_id: str = ""  # its row in the log, once it is being written


class Progress:
    """The state of one source's search in two files: the place, and the spool of its records, one JSON a line.

    The place is written after the spool, in one step, and says how much of the spool counts: a page is
    either received as a whole or asked for again.
    """

    def __init__(self, folder: Path, source: str) -> None:
        self._place_file, self._spool = folder / f"{source}.json", folder / f"{source}.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        self.place = Place([])
        with suppress(OSError, ValueError, TypeError):  # no place, or a spoiled one: begin anew
            self.place = Place(**json.loads(self._place_file.read_text(encoding="utf-8")))
        if self._spool_size() < self.place.size:
            self.place = Place([])

    def begin(self, asked: list[str]) -> None:
        """A new search; whatever there was is forgotten."""
        self._keep(Place(asked))

    def add(self, page: Page) -> None:
        """Keeps one page received."""
        with self._spool.open("r+b" if self._spool.exists() else "w+b") as file:
            file.truncate(self.place.size)
            file.seek(self.place.size)
            for hit in page.hits:
                file.write(json.dumps(asdict(hit), ensure_ascii=False).encode("utf-8") + b"\n")
            size = file.tell()
        total = self.place.total if page.total is None or self.place.pages else page.total
        broken = self.place.broken + len(page.broken)
        place = replace(self.place, pages=self.place.pages + 1, cursor=page.cursor, total=total)
        self._keep(replace(place, size=size, broken=broken, done=not page.cursor))

    def name(self, search_id: str) -> None:
        """The row of the log under which the search is about to be written."""
        self._keep(replace(self.place, search_id=search_id))

    def end(self) -> None:
        """The search is in the tables."""
        self._place_file.unlink(missing_ok=True)
        self._spool.unlink(missing_ok=True)
        self.place = Place([])

    def hits(self) -> Iterator[Hit]:
        """The records received so far, in order, one after the other."""
        if self.place.size:
            with self._spool.open("rb") as file:
                while file.tell() < self.place.size:
                    yield Hit(**json.loads(file.readline()))

    def _keep(self, place: Place) -> None:
        replace_bytes(self._place_file, json.dumps(asdict(place)).encode("utf-8"))
        self.place = place

    def _spool_size(self) -> int:
        return self._spool.stat().st_size if self._spool.exists() else 0
