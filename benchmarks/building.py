"""Builds of the whole book, ours beside plain Jupyter Book with the same chapters: ``python benchmarks/building.py``.

Both work on copies of the project and import the package from there, so that a change of a chart function is a
change for both. Plain means that MyST-NB executes: each chapter at each build (force; measured from nothing, as ours
is when it is cold), or with its cache, whose key is the code alone, so that after a change of data its pages keep the
old numbers.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from figures import Figure, Run, Samples, run

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
OURS = [str(BIN / "python"), "-m", "review_tools.cli", "build"]
PLAIN = [str(BIN / "jupyter-book"), "build", "."]
PARTS = ("book", "data", "src", "releases", "references.bib", "_config.yml", "_toc.yml", "requirements.txt")
PARTS += ("CITATION.cff", "CHANGELOG.md", "LICENSE-CONTENT")
FORCE, CACHE, OWN = "plain jupyter-book, force", "plain jupyter-book, cache", "plain jupyter-book, nothing changed"


def copied(folder: Path, mode: str = "") -> Path:
    """A copy of the project; with a mode, MyST-NB executes its chapters."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy(source, folder / part)
    if mode:
        path = folder / "_config.yml"
        text = re.sub(r"execute_notebooks: \w+", f"execute_notebooks: {mode}", path.read_text(encoding="utf-8"))
        path.write_text(re.sub(r"^  config:\n", "  config:\n    review_execution: mystnb\n", text, flags=re.MULTILINE))
    return folder


def built(folder: Path, command: list[str]) -> Run:
    """One build, with the package of that folder."""
    left = ("REVIEW_ROOT", "PYTHONDONTWRITEBYTECODE")  # Python keeps what it has compiled, unless told not to
    environment = {key: value for key, value in os.environ.items() if key not in left}
    return run(command, folder, {**environment, "PYTHONPATH": str(folder / "src")})


def replaced(file: str, pattern: str, by: str) -> Callable[[Path, int], None]:
    """A change of one place of one file, another one in each round."""

    def change(folder: Path, number: int) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        new, count = re.subn(pattern, by.format(number), text, count=1)
        if not count or new == text:
            raise RuntimeError(f"benchmarks: nothing to change in {file}; mend the pattern {pattern!r}")
        (folder / file).write_text(new, encoding="utf-8")

    return change


CHANGES = {
    "one row of the trials": replaced("data/trials.csv", r"hES-MSC in MS( \d+)?", "hES-MSC in MS {}"),
    "one word of prose": replaced("book/introduction.md", r"(?m)^This chapter\d* tells", "This chapter{} tells"),
    "one chart function": replaced("src/review_tools/display/bars.py", r"dx=\d+(\.\d+)?", "dx=4.{}"),
}


def measure(runs: int = 3) -> list[Figure]:
    """Rows for the benchmarks: seconds, and ratios against plain force in the same round."""
    samples, ran = Samples(), {}
    with tempfile.TemporaryDirectory() as folder:
        ours = copied(Path(folder) / "ours")
        force, cache = (copied(Path(folder) / mode, mode) for mode in ("force", "cache"))
        built(cache, PLAIN)  # fills its cache
        for number in range(1, runs + 1):
            for copy in (ours, force):
                shutil.rmtree(copy / "_build", ignore_errors=True)
            samples.add("cold", built(ours, OURS))
            samples.add(FORCE, built(force, PLAIN))
            samples.add("nothing changed", built(ours, OURS))
            samples.add(OWN, built(cache, PLAIN))
            for name, change in CHANGES.items():
                change(ours, number)
                change(cache, number)
                done = built(ours, OURS)
                samples.add(name, done)
                samples.add(f"{name}, {CACHE}", built(cache, PLAIN))
                ran[name] = len(re.findall(r"executing\.\.\. \[", done.said))
            shutil.rmtree(ours / "_build" / "html")
            samples.add("Sphinx alone, every chapter known", built(ours, OURS))
            samples.add("one interpreter with the imports", built(ours, [sys.executable, "-c", IMPORTS]))
            print(f"round {number} of {runs} done", flush=True)
    rows = [samples.figure("build", FORCE), samples.figure("build", "cold", FORCE)]
    rows += [samples.figure("build", name, FORCE) for name in CHANGES]
    rows += [samples.figure("build", f"{name}, {CACHE}", FORCE) for name in CHANGES]
    rows += [samples.figure("build", OWN), samples.figure("build", "nothing changed", OWN)]
    rows += [samples.figure("floor", name, FORCE) for name in samples.runs if "alone" in name or "imports" in name]
    rows += [
        {
            "group": "build",
            "name": f"chapters executed: {name}",
            "value": count,
            "unit": "",
            "against": "",
            "ratio": None,
        }
        for name, count in ran.items()
    ]
    return rows


IMPORTS = "import pandas, altair, ipykernel.ipkernel"


if __name__ == "__main__":
    for row in measure(1):
        print(row)
