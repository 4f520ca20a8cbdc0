"""Times of the commands people wait for, as ratios against plain Jupyter Book in the same run.

make bench            # about five minutes
python benchmarks/bench.py --runs 1
"""

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def seconds(command: list[str], folder: Path = ROOT) -> float:
    """Wall time of a command that must succeed."""
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def median(measure: Callable[[], float], runs: int) -> float:
    return statistics.median(measure() for _ in range(runs))


def plain_build() -> float:
    """Jupyter Book alone, nothing cached, into a folder of its own."""
    aside = Path(tempfile.mkdtemp())
    try:
        return seconds([str(BIN / "jupyter-book"), "build", str(ROOT), "--path-output", str(aside), "--quiet"])
    finally:
        shutil.rmtree(aside)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    figures = {
        "python with pandas": median(lambda: seconds([sys.executable, "-c", "import pandas"]), runs),
        "review check": median(lambda: seconds([str(BIN / "review"), "check"]), runs),
        "plain jupyter-book, cold": median(plain_build, runs),
        "review build, cold": median(lambda: seconds([str(BIN / "review"), "build"]), runs),
    }
    floor, plain = figures["python with pandas"], figures["plain jupyter-book, cold"]
    ratios = {
        "review check / python with pandas": figures["review check"] / floor,
        "review build / plain jupyter-book": figures["review build, cold"] / plain,
    }
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    for name, value in figures.items():
        print(f"{name:<36}{value:8.2f} s")
    for name, value in ratios.items():
        print(f"{name:<36}{value:8.2f}")
    report = {"date": time.strftime("%Y-%m-%d"), "machine": machine, "runs": runs, "seconds": figures, "ratios": ratios}
    (ROOT / "_build").mkdir(exist_ok=True)
    (ROOT / "_build" / "bench.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print("Written to _build/bench.json")


if __name__ == "__main__":
    main()
