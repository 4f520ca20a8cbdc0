"""Where the time of a build goes when no chapter runs: ``python benchmarks/profiling.py``. Shares, not seconds: a
profiler slows Python down, and native code not at all."""

import os
import pstats
import sys
import tempfile
from pathlib import Path

from building import copied
from figures import Figure, figure, run

# What is told, and the functions that stand for it; each includes what it calls.
PARTS = {
    "starting Sphinx": ("sphinx/application.py", "__init__"),
    "reading the chapters": ("sphinx/builders/__init__.py", "_read_serial"),
    "writing the pages": ("sphinx/builders/__init__.py", "_write_serial"),
    "of all these, the theme's templates": ("sphinx/jinja2glue.py", "render"),
    "of all these, the index of the search": ("sphinx/search/__init__.py", "feed"),
}
BUILD = "import sys; sys.argv = ['jupyter-book', 'build', '.']; from jupyter_book.cli.main import main; main()"


def measure() -> list[Figure]:
    """Rows for the benchmarks: the share of each part in percent."""
    with tempfile.TemporaryDirectory() as aside:
        folder, profile = copied(Path(aside) / "project"), Path(aside) / "profile"
        environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "REVIEW_ROOT": str(folder)}
        run([sys.executable, "-c", BUILD], folder, environment)  # executes the chapters
        (folder / "_build" / "html" / "index.html").unlink()
        (folder / "_build" / ".doctrees" / "environment.pickle").unlink()
        run([sys.executable, "-m", "cProfile", "-o", str(profile), _script(Path(aside))], folder, environment)
        entries = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]
    whole = max(entry[3] for entry in entries.values())
    return [
        figure(
            "profile",
            part,
            100 * sum(e[3] for (f, _, n), e in entries.items() if f.endswith(file) and n == name) / whole,
            "%",
        )
        for part, (file, name) in PARTS.items()
    ]


def _script(folder: Path) -> str:
    path = folder / "build.py"
    path.write_text(BUILD, encoding="utf-8")
    return str(path)


if __name__ == "__main__":
    for row in measure():
        print(row)
