"""Measure builds beside plain Jupyter Book, the check of ten times the findings, and pooling beside statsmodels.

``make bench`` prints a table; ``python benchmarks/bench.py pooling`` one part of it. Builds work on copies of the
project; plain means that MyST-NB executes each chapter at each build. Quote the ratios: they are taken within one
round, so that a slow moment of the machine counts on both sides.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from timeit import repeat

ROOT = Path(__file__).resolve().parents[1]
REVIEW = [sys.executable, "-m", "review_tools.cli"]
FORCE = "plain Jupyter Book, force"
PLAIN = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."]
CHANGES = {  # what changes before a build: file, pattern, new text
    "from nothing": None,
    "nothing changed": None,
    "one cell of data": ("data/trials.csv", r"hES-MSC in MS( \d+)?", "hES-MSC in MS {}"),
    "one word of prose": ("book/introduction.md", r"so far are mixed( \d+)?", "so far are mixed {}"),
}
ROUNDS = 3
Row = tuple[str, str, str]


def copied(folder: Path) -> Path:
    return shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "_build", "__pycache__"))


def changed(file: Path, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, new, file.read_text(encoding="utf-8"), count=1)
    if not count:
        sys.exit(f"There is nothing to change in {file.name}: mend the pattern {pattern!r}.")
    file.write_text(text, encoding="utf-8")


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command with the package of a folder; return seconds and the MB of its largest process."""
    around = {**os.environ, "PYTHONPATH": str(folder / "src"), "REVIEW_ROOT": str(folder)}
    start = time.perf_counter()
    with (folder.parent / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=around, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{(folder.parent / 'log').read_text()[-3000:]}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def builds(aside: Path) -> Iterator[Row]:
    """Build from nothing and after changes, beside a plain build of the same round."""
    ours, plain = copied(aside / "ours"), copied(aside / "plain")
    changed(plain / "_config.yml", r"execute_notebooks: \w+", "execute_notebooks: force")
    changed(plain / "_config.yml", r"(?m)^  config:\n", "  config:\n    review_execution: mystnb\n")
    runs = defaultdict(list)
    for number in range(ROUNDS):
        for folder in (ours, plain):
            shutil.rmtree(folder / "_build", ignore_errors=True)
        runs[FORCE].append(timed(PLAIN, plain))
        for name, change in CHANGES.items():
            if change:
                changed(ours / change[0], change[1], change[2].format(number))
            runs[name].append(timed([*REVIEW, "build"], ours))
    for name, measured in runs.items():
        seconds, memory = zip(*measured, strict=True)
        ratio = median(one / force for one, (force, _) in zip(seconds, runs[FORCE], strict=True))
        yield f"build, {name}", f"{median(seconds):.1f} s, {max(memory):.0f} MB", f"{ratio:.2f} of plain"


def check(aside: Path) -> Iterator[Row]:
    """Check the project, and one with ten times the studies, findings and works."""
    from grow import grow

    first = 0.0
    for factor in (1, 10):
        seconds, memory = timed([*REVIEW, "check"], grow(copied(aside / f"times {factor}"), factor))
        first = first or seconds
        yield f"check, findings ×{factor}", f"{seconds:.1f} s, {memory:.0f} MB", f"{seconds / first:.1f} of ×1"


def pooling(_: Path) -> Iterator[Row]:
    """Pool made-up effects with tau² 0.1; statsmodels gives no intervals of tau² and I², and has no REML."""
    import numpy as np
    import pandas as pd
    from statsmodels.stats.meta_analysis import combine_effects

    from review_tools.synthesis.pooling import pool
    from review_tools.synthesis.rows import effect_sizes

    def best(task: Callable[[], object]) -> float:
        return 1000 * min(repeat(task, number=1, repeat=20))

    for size in (10, 1_000):
        chance = np.random.default_rng(size)
        v = chance.uniform(0.02, 0.6, size)
        effects = effect_sizes(pd.DataFrame({"effect": chance.normal(0.3, np.sqrt(v + 0.1)), "se": np.sqrt(v)}), "GEN")
        for model, method in (("DL", "chi2"), ("PM", "iterated"), ("REML", "iterated")):
            ours = best(lambda effects=effects, model=model: pool(effects, model))
            theirs = best(lambda of=effects, method=method: combine_effects(of.effect, of.variance, method))
            yield f"pool {size:,} studies, {model}", f"{ours:.2f} ms", f"{ours / theirs:.1f} of statsmodels"


if __name__ == "__main__":
    for part in (builds, check, pooling):
        if sys.argv[1:] in ([], [part.__name__]):
            with tempfile.TemporaryDirectory() as folder:
                for row in part(Path(folder)):
                    print("{:<32}{:<24}{}".format(*row), flush=True)
