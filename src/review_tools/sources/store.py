"""Where candidates lie: a CSV file up to 100,000 rows, Parquet files read through DuckDB beyond. One interface.

Rows are text in the columns of ``candidates``, in the order in which they came. Adding is repeatable: a row
whose ``candidate_id`` is known is passed over, so a run cut in its middle is simply run again.
"""

import csv
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from review_tools.data.problems import DataError
from review_tools.data.project import Project

BOUND = 100_000  # rows of the CSV file at most
PART = 250_000  # rows of one Parquet file at most
KEY = "candidate_id"
Row = dict[str, str]


class Store(Protocol):
    """What both forms can do."""

    def append(self, rows: Iterable[Row]) -> int:
        """Adds the rows whose identifier is new, in order; how many they were."""

    def known(self, column: str, values: Iterable[str]) -> set[str]:
        """Those of the values that stand in the column; the empty value never does."""

    def page(self, offset: int, limit: int) -> list[Row]:
        """Rows from a place on, in the order in which they came."""

    def __len__(self) -> int: ...


def open_store(project: Project) -> Store:
    """The candidates of a project: Parquet once it has been moved there, else CSV."""
    columns = project.schema["candidates"].columns
    folder = project.root / "data" / "candidates.parquet"
    return (
        ParquetStore(folder, columns)
        if folder.is_dir()
        else CsvStore(project.root / "data" / "candidates.csv", columns)
    )


def migrate(project: Project) -> int:
    """Moves the candidates from CSV to Parquet; the CSV file keeps its header. How many rows were moved.

    The Parquet files are complete before the CSV file is emptied; cut in between, the next call finishes.
    """
    columns = project.schema["candidates"].columns
    old = CsvStore(project.root / "data" / "candidates.csv", columns)
    folder, aside = project.root / "data" / "candidates.parquet", project.root / "data" / ".candidates.parquet"
    new = ParquetStore(folder if folder.is_dir() else aside, columns)
    moved = len(old)
    if len({row[KEY] for row in old.rows()}) < moved:
        raise DataError("data/candidates.csv: an identifier stands twice → run `review check`, then migrate again.")
    new.append(old.rows())
    if new.folder == aside:
        aside.replace(folder)
    old.clear()
    return moved


class CsvStore:
    """One CSV file.

    Raises:
        DataError: by ``append``, when the file would pass its bound; nothing is added then.
    """

    def __init__(self, path: Path, columns: list[str], bound: int = BOUND) -> None:
        self.path, self.columns, self.bound = path, columns, bound

    def rows(self) -> Iterator[Row]:
        with self.path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    def append(self, rows: Iterable[Row]) -> int:
        fresh = _fresh(rows, self.known)
        self.refuse_more(len(fresh))
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, self.columns, lineterminator="\n").writerows(fresh)
        return len(fresh)

    def refuse_more(self, number: int) -> None:
        """Raises DataError when so many rows more would pass the bound."""
        if len(self) + number > self.bound:
            raise DataError(f"{self.path.name}: more than {self.bound:,} rows → run `review store --migrate` first.")

    def known(self, column: str, values: Iterable[str]) -> set[str]:
        asked = set(values) - {""}
        return {row[column] for row in self.rows() if row[column] in asked}

    def page(self, offset: int, limit: int) -> list[Row]:
        return list(islice(self.rows(), offset, offset + limit))

    def __len__(self) -> int:
        return sum(1 for _ in self.rows())

    def clear(self) -> None:
        self.path.write_text(",".join(self.columns) + "\n", encoding="utf-8")


class ParquetStore:
    """A folder of Parquet files, each full but the last; a file is never seen half-written."""

    def __init__(self, folder: Path, columns: list[str], part: int = PART) -> None:
        self.folder, self.columns, self.part = folder, columns, part
        folder.mkdir(parents=True, exist_ok=True)
        self._schema = pa.schema([(column, pa.string()) for column in columns])

    def append(self, rows: Iterable[Row]) -> int:
        added, source = 0, iter(rows)
        while batch := list(islice(source, self.part)):
            fresh = _fresh(batch, self.known)
            added += len(fresh)
            self._write(fresh)
        return added

    def known(self, column: str, values: Iterable[str]) -> set[str]:
        asked = pa.table({"value": pa.array(sorted(set(values) - {""}), pa.string())})
        if not self._parts() or asked.num_rows == 0:
            return set()
        self._column(column)
        with duckdb.connect() as database:
            database.register("asked", asked)
            query = f'SELECT DISTINCT "{column}" FROM read_parquet($files) SEMI JOIN asked ON "{column}" = asked.value'  # noqa: S608 (a column of the definition)
            return {value for (value,) in database.execute(query, {"files": self._files()}).fetchall()}

    def page(self, offset: int, limit: int) -> list[Row]:
        found: list[Row] = []
        for part in self._parts():
            size = pq.read_metadata(part).num_rows
            if offset < size and limit > 0:
                rows = pq.read_table(part).slice(offset, limit).to_pylist()
                found += rows
                limit -= len(rows)
            offset = max(offset - size, 0)
        return found

    def count_by(self, column: str) -> dict[str, int]:
        """Rows for each value of a column: what pages need of a store too large to load."""
        if not self._parts():
            return {}
        self._column(column)
        with duckdb.connect() as database:
            query = f'SELECT "{column}", count(*) FROM read_parquet($files) GROUP BY 1 ORDER BY 1'  # noqa: S608 (as above)
            return dict(database.execute(query, {"files": self._files()}).fetchall())

    def __len__(self) -> int:
        return sum(pq.read_metadata(part).num_rows for part in self._parts())

    def _write(self, rows: list[Row]) -> None:
        """Fills the last file, then begins new ones; each takes its place in one step."""
        parts = self._parts()
        number, held = len(parts), pa.table({name: [] for name in self.columns}, schema=self._schema)
        if parts and pq.read_metadata(parts[-1]).num_rows < self.part and rows:
            number, held = len(parts) - 1, pq.read_table(parts[-1])
        left = pa.concat_tables([held, pa.Table.from_pylist(rows, schema=self._schema)]) if rows else held.slice(0, 0)
        while left.num_rows:
            path = self.folder / f"part-{number:06d}.parquet"
            aside = path.with_suffix(f".{os.getpid()}.tmp")
            pq.write_table(left.slice(0, self.part), aside, compression="zstd")
            aside.replace(path)
            left, number = left.slice(self.part), number + 1

    def _parts(self) -> list[Path]:
        return sorted(self.folder.glob("part-*.parquet"))

    def _files(self) -> list[str]:
        return [str(part) for part in self._parts()]

    def _column(self, name: str) -> None:
        if name not in self.columns:
            raise KeyError(f"Candidates have no column {name!r}; they have {', '.join(self.columns)}.")


class _Known(Protocol):
    def __call__(self, column: str, values: Iterable[str]) -> set[str]: ...


def _fresh(rows: Iterable[Row], known: _Known) -> list[Row]:
    """Rows with a new identifier, the first of each."""
    batch: dict[str, Row] = {}
    for row in rows:
        batch.setdefault(row[KEY], row)
    held = known(KEY, batch)
    return [row for key, row in batch.items() if key not in held]
