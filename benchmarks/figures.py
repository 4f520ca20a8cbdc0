"""What a benchmark says: one row a figure; and commands measured as whole processes."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

Figure = dict[str, object]


def figure(
    group: str, name: str, value: float, unit: str = "s", against: str = "", ratio: float | None = None
) -> Figure:
    """One row: a value with its unit, and how it stands to what it is measured against."""
    return {"group": group, "name": name, "value": value, "unit": unit, "against": against, "ratio": ratio}


@dataclass(frozen=True)
class Run:
    """What a process took, those it started and waited for included."""

    seconds: float
    cpu: float
    peak: float  # MB of the largest single process
    said: str


def run(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Run:
    """Runs a command to its end.

    Raises:
        RuntimeError: it failed; the message ends with what it said last.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as log, tempfile.NamedTemporaryFile("r") as told:
        # A process begins with the memory of the one that starts it, so a small one stands between.
        between = [sys.executable, "-c", BETWEEN, told.name, *command]
        done = subprocess.run(between, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False)
        seconds = time.perf_counter() - start
        log.seek(0)
        said = log.read()
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed in {folder}:\n{said[-3000:]}")
        cpu, peak = map(float, told.read().split())
    return Run(seconds, cpu, peak / 1024, said)


BETWEEN = """import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    file.write(f"{used.ru_utime + used.ru_stime} {used.ru_maxrss}")
sys.exit(code)"""


@dataclass
class Samples:
    """The runs of several kinds of task, told as medians and as medians of the ratios within a round."""

    runs: dict[str, list[Run]] = field(default_factory=dict)

    def add(self, name: str, ran: Run) -> None:
        self.runs.setdefault(name, []).append(ran)

    def seconds(self, name: str) -> float:
        return statistics.median(ran.seconds for ran in self.runs[name])

    def figure(self, group: str, name: str, against: str = "") -> Figure:
        """Median seconds; against another task of the same rounds, the median of the ratios."""
        if not against:
            return figure(group, name, self.seconds(name))
        pairs = zip(self.runs[name], self.runs[against], strict=True)
        return figure(
            group, name, self.seconds(name), "s", against, statistics.median(a.seconds / b.seconds for a, b in pairs)
        )
