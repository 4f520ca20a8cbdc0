"""The benchmarks of the project: ``make bench`` (about half an hour on two cores), into ``_build/bench.json``.

    python benchmarks/bench.py --runs 1 --only build
    python benchmarks/bench.py --publish     # what was measured last becomes benchmarks/results.json, shown in Methods

Times are medians of whole commands; ratios are taken within one round, so that a slow moment of the machine counts on
both sides. Quote the ratios.
"""

import argparse
import json
import os
import platform
import subprocess
import time
from pathlib import Path

import building
import dedupe
import growing
import pooling
import profiling
import weighing

ROOT = Path(__file__).resolve().parents[1]
MADE, KEPT = ROOT / "_build" / "bench.json", ROOT / "benchmarks" / "results.json"
GROUPS = {
    "build": building.measure,
    "profile": lambda runs: profiling.measure(),
    "weight": lambda runs: weighing.measure(),
    "growth": lambda runs: growing.measure(),
    "pooling": lambda runs: pooling.measure(),
    "duplicates": dedupe.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=GROUPS, action="append")
    parser.add_argument("--publish", action="store_true", help="copy _build/bench.json to benchmarks/results.json")
    asked = parser.parse_args()
    if asked.publish:
        KEPT.write_bytes(MADE.read_bytes())
        print(f"{KEPT.relative_to(ROOT)} is renewed: look at it in Methods, then commit it.")
        return
    report = json.loads(MADE.read_text(encoding="utf-8")) if asked.only and MADE.is_file() else {"figures": []}
    for group in asked.only or GROUPS:
        print(f"{group} …", flush=True)
        kept = [row for row in report["figures"] if row["part"] != group]
        report["figures"] = kept + [{"part": group, **row} for row in GROUPS[group](asked.runs)]
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
        report |= {
            "date": time.strftime("%Y-%m-%d"),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
            f"Python {platform.python_version()}",
            "commit": commit.stdout.strip()[:12],
            "runs": asked.runs,
        }
        MADE.parent.mkdir(exist_ok=True)
        MADE.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for row in report["figures"]:
        ratio = f"{row['ratio']:8.3g} × {row['against']}" if row["ratio"] is not None else ""
        print(f"{row['name']:<64}{row['value']:>10.4g} {row['unit']:<6}{ratio}")
    print(f"Written to {MADE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
