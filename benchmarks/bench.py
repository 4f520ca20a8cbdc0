"""Measure builds beside plain Jupyter Book, the check of ten times the data, and pooling beside statsmodels.

``make bench`` (about ten minutes on two cores) prints a table. Builds work on copies of the project. Plain means that
MyST-NB executes each chapter at each build. Quote the ratios: they are taken within one round, so that a slow moment
of the machine counts on both sides.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REVIEW = [sys.executable, "-m", "review_tools.cli"]
PLAIN = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."]
FORCE = "plain Jupyter Book, force"
CHANGES = {  # what changes: file, pattern, and what stands there in another round
    "nothing": ("_toc.yml", r"\Z", ""),
    "one cell of data": ("data/trials.csv", r"hES-MSC in MS( \d+)?", "hES-MSC in MS {}"),
    "one word of prose": ("book/introduction.md", r"(?m)^This chapter\d* tells", "This chapter{} tells"),
}
Row = tuple[str, str, str]


def copied(folder: Path, *, plain: bool = False) -> Path:
    """Copy what a build needs; a plain copy lets MyST-NB execute its chapters."""
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in files.splitlines():
        if (ROOT / name).is_file() and not name.startswith(("tests/", "releases/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    if plain:
        config = folder / "_config.yml"
        text = re.sub(r"execute_notebooks: \w+", "execute_notebooks: force", config.read_text(encoding="utf-8"))
        config.write_text(re.sub(r"(?m)^  config:\n", "  config:\n    review_execution: mystnb\n", text))
    return folder


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command with the package of a folder; return seconds and the MB of its largest process."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "REVIEW_ROOT": str(folder)}
    with tempfile.TemporaryFile("w+") as log:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        log.seek(0)
        if status:
            sys.exit(f"{' '.join(command)} failed in {folder}:\n{log.read()[-3000:]}")
    return seconds, usage.ru_maxrss / 1024


def builds(rounds: int) -> Iterator[Row]:
    """Build from nothing, and after changes, beside a plain build of the same round."""
    seconds, memory = defaultdict(list), defaultdict(list)
    with tempfile.TemporaryDirectory() as aside:
        ours, plain = copied(Path(aside) / "ours"), copied(Path(aside) / "plain", plain=True)
        for number in range(rounds):
            for folder in (ours, plain):
                shutil.rmtree(folder / "_build", ignore_errors=True)
            steps: list[tuple[str, list[str], Path]] = [
                (FORCE, PLAIN, plain),
                ("from nothing", [*REVIEW, "build"], ours),
            ]
            for name, command, folder in [*steps, *((change, [*REVIEW, "build"], ours) for change in CHANGES)]:
                if name in CHANGES:
                    file, pattern, new = CHANGES[name]
                    text = (ours / file).read_text(encoding="utf-8")
                    (ours / file).write_text(re.sub(pattern, new.format(number), text, count=1), encoding="utf-8")
                took, peak = timed(command, folder)
                seconds[name].append(took)
                memory[name].append(peak)
    for name, times in seconds.items():
        ratio = statistics.median(one / force for one, force in zip(times, seconds[FORCE], strict=True))
        yield f"build, {name}", f"{statistics.median(times):.1f} s, {max(memory[name]):.0f} MB", f"{ratio:.2f} of plain"


def check(_: int) -> Iterator[Row]:
    """Check the project and one with ten times the data."""
    from grow import grow

    with tempfile.TemporaryDirectory() as aside:
        (once, small), (ten, large) = (
            timed([*REVIEW, "check"], grow(copied(Path(aside) / str(factor)), factor)) for factor in (1, 10)
        )
    yield "check", f"{once:.1f} s, {small:.0f} MB", ""
    yield "check, data ×10", f"{ten:.1f} s, {large:.0f} MB", f"{ten / once:.1f} of the data as they are"


def pooling(_: int) -> Iterator[Row]:
    """Pool made-up effects with tau² 0.1; statsmodels gives no intervals of tau² and I², and has no REML."""
    import numpy as np
    import pandas as pd
    from statsmodels.stats.meta_analysis import combine_effects

    from review_tools.synthesis.pooling import pool
    from review_tools.synthesis.rows import effect_sizes

    def best(task: Callable[[], object]) -> float:
        def once() -> float:
            start = time.perf_counter()
            task()
            return time.perf_counter() - start

        return min(once() for _ in range(20))

    for size in (10, 1_000):
        chance = np.random.default_rng(size)
        v = chance.uniform(0.02, 0.6, size)
        effects = effect_sizes(pd.DataFrame({"effect": chance.normal(0.3, np.sqrt(v + 0.1)), "se": np.sqrt(v)}), "GEN")
        for model, method in (("DL", "chi2"), ("PM", "iterated"), ("REML", "iterated")):
            ours = best(lambda model=model, effects=effects: pool(effects, model))
            theirs = best(
                lambda method=method, effects=effects: combine_effects(effects.effect, effects.variance, method)
            )
            yield f"pool {size:,} studies, {model}", f"{1000 * ours:.2f} ms", f"{ours / theirs:.1f} of statsmodels"


PARTS = {"build": builds, "check": check, "pooling": pooling}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="rounds of builds")
    parser.add_argument("--only", choices=PARTS, action="append")
    asked = parser.parse_args()
    for part in asked.only or PARTS:
        for row in PARTS[part](asked.rounds):
            print("{:<32}{:<24}{}".format(*row), flush=True)
