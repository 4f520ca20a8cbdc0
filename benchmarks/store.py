"""Rates of the candidate store on made-up records: ``python benchmarks/store.py [RECORDS]``."""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from review_tools.sources.store import ParquetStore

COLUMNS = (
    "candidate_id search_id source record_id kind doi pmid trial_id title year matched score duplicate_of found_on"
)
RECORDS, BATCH, REPEATED = 1_000_000, 50_000, 10  # of each batch one in ten is known already
PUBMED = 37_000_000  # records, in partitions of a million: docs/scale.md


def made_up(start: int, number: int) -> Iterator[dict[str, str]]:
    """Records of the form of candidates; every tenth repeats an earlier identifier."""
    for at in range(start, start + number):
        key = at // 2 if at % REPEATED == 0 and at else at
        title = f"Mesenchymal stromal cells in condition {key % 977}, model {key % 8191}, report {key}"
        values = (f"pubmed-{key}", "pubmed-1125", "pubmed", str(key), "report", f"10.1000/x{key}", str(key + 1), "")
        more = (title, str(1990 + key % 37), "It names both groups of words.", "1", "", "2026-11-25")
        yield dict(zip(COLUMNS.split(), (*values, *more), strict=True))


def measure(runs: int = 1, records: int = RECORDS) -> list[dict[str, object]]:
    """Rows for the benchmarks: rates of adding, of looking up numbers, of reading a page, and memory."""
    figures: list[tuple[str, float, str]] = []
    process = psutil.Process()
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            store = ParquetStore(Path(folder) / "parts", COLUMNS.split())
            memory, times = [], []
            for start in range(0, records, BATCH):
                begun = time.perf_counter()
                batch = list(made_up(start, BATCH))
                store.known("doi", (row["doi"] for row in batch))
                store.append(batch)
                times.append(time.perf_counter() - begun)
                memory.append(process.memory_info().rss / 2**20)
            held = len(store)
            begun = time.perf_counter()
            store.known("pmid", [str(number) for number in range(0, 2 * records, 2 * records // 1000)])
            asked = time.perf_counter() - begun
            begun = time.perf_counter()
            store.page(held // 2, 50)
            paged = time.perf_counter() - begun
            size = sum(part.stat().st_size for part in Path(folder).rglob("*.parquet")) / 2**20
            middle = len(memory) // 2
            figures = [
                (f"add {records:,} in batches, deduplicated", records / sum(times), "records/s"),
                (f"{PUBMED:,} in partitions, one after the other", PUBMED / records * sum(times) / 60, "min"),
                ("last batch against the second", times[-1] / times[1], "times"),
                ("look up 1,000 numbers", asked, "s"),
                ("a page from the middle", paged, "s"),
                ("on disk", size, "MiB"),
                ("memory, most", max(memory), "MiB"),
                ("memory, growth in the second half", max(memory[middle:]) - max(memory[:middle]), "MiB"),
                ("records kept", held, "records"),
            ]
    empty: dict[str, object] = {"against": None, "ratio": None}
    return [{"group": "store", "name": name, "value": value, "unit": unit, **empty} for name, value, unit in figures]


if __name__ == "__main__":
    for row in measure(records=int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS):
        print(f"{row['name']:<50}{row['value']:>14,.2f} {row['unit']}")
