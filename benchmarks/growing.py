"""How the work grows with the data: ``python benchmarks/growing.py`` measures ×1, ×10 and ×100 of every table."""

import gzip
import os
import sys
import tempfile
from pathlib import Path

from building import OURS
from figures import Figure, figure, run
from grow import grow

ROOT = Path(__file__).resolve().parents[1]
FACTORS = (1, 10, 100)
BUILT = 10  # the largest factor whose book is built unless asked for more
CHECK = [*OURS[:-1], "check"]
LOAD = "from review_tools.data import schema, tables\nfor name in schema.tables(): tables.load(name)"
POOL = (
    "from review_tools.data.tables import load\nfrom review_tools.synthesis.comparisons import answer\n"
    "for name in load('comparisons')['comparison_id']: answer(name)"
)


def measure(built: int = BUILT) -> list[Figure]:
    """Rows for the benchmarks: seconds and memory of check, load, pool and build, and the heaviest page."""
    rows: list[Figure] = []
    first: dict[str, float] = {}
    environment = {key: value for key, value in os.environ.items() if key != "REVIEW_ROOT"}
    for factor in FACTORS:
        with tempfile.TemporaryDirectory() as aside:
            folder = grow(ROOT, Path(aside) / "project", factor)
            tasks = {"check": CHECK, "load": [sys.executable, "-c", LOAD], "pool": [sys.executable, "-c", POOL]}
            if factor <= built:
                tasks["build"] = OURS
            for name, command in tasks.items():
                done = run(command, folder, environment)
                first.setdefault(name, done.seconds)
                rows.append(figure("growth", f"{name}, data ×{factor}", done.seconds, "s", f"{name}, data ×1",
                                   done.seconds / first[name]))  # fmt: skip
                rows.append(figure("growth", f"{name}, data ×{factor}, memory", done.peak, "MB"))
            if factor <= built:
                rows.append(figure("growth", f"heaviest page, data ×{factor}", heaviest(folder), "KB"))
        print(f"data ×{factor} done", flush=True)
    return rows


def heaviest(folder: Path) -> float:
    """The weight of the heaviest page, compressed as servers do."""
    pages = (folder / "_build" / "html").rglob("*.html")
    return max(len(gzip.compress(page.read_bytes(), 6)) for page in pages) / 1000


if __name__ == "__main__":
    for row in measure(int(sys.argv[1]) if len(sys.argv) > 1 else BUILT):
        print(row)
