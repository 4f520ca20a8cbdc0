"""Chapters side by side, each in a process forked from one warm parent that has the heavy imports done.

The warm parent is the fork server of ``multiprocessing``: it starts clean, imports, and ends with the build.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import connection, forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from types import ModuleType

from review_tools.site.kernels import child
from review_tools.site.kernels.jobs import Failure, Job, Observed, Outcome, Ran

WARM = "review_tools.site.kernels.warm"


def available() -> bool:
    """Whether processes can be forked safely here, and nobody asked to do without (``REVIEW_KERNELS=plain``)."""
    return sys.platform == "linux" and os.environ.get("REVIEW_KERNELS") != "plain"


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def warm_up() -> ForkServerContext:
    """Starts the warm parent; it imports while the build goes on."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WARM])
    with _no_main():
        forkserver.ensure_running()
    return context


@dataclass
class _Run:
    job: Job
    process: ForkServerProcess
    answers: connection.Connection
    started: float
    cells: dict[int, Ran] = field(default_factory=dict)
    now: int | None = None
    since: float = 0.0

    def outcome(self, failure: Failure | None, observed: Observed | None = None) -> Outcome:
        return Outcome(self.job, time.monotonic() - self.started, self.cells, observed or Observed(), failure)


def run(jobs: list[Job], workers: int) -> Iterator[Outcome]:
    """Runs all jobs, ``workers`` at a time; yields each as soon as it ends. No process outlives the iteration."""
    context = warm_up()
    waiting, running = list(reversed(jobs)), list[_Run]()
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(_start(context, waiting.pop()))
            limits = [r.since + r.job.timeout - time.monotonic() for r in running if r.job.timeout is not None]
            ready = connection.wait([r.answers for r in running], max(0.0, min(limits)) if limits else None)
            for one in list(running):
                ended = _hear(one) if one.answers in ready else _overdue(one)
                if ended:
                    running.remove(one)
                    _end(one)
                    yield ended
    finally:
        for one in running:
            _end(one)


def _start(context: ForkServerContext, job: Job) -> _Run:
    mine, theirs = context.Pipe()
    started = time.monotonic()
    process = context.Process(target=child.run, args=(job, theirs), daemon=True)
    with _no_main():
        process.start()
    theirs.close()
    return _Run(job, process, mine, started, since=time.monotonic())


def _hear(one: _Run) -> Outcome | None:
    """Takes one message; the end of the chapter, if this is it."""
    try:
        message = one.answers.recv()
    except (EOFError, OSError):
        one.process.join(5)
        return one.outcome(Failure(one.now, _death(one.process.exitcode)))
    match message:
        case ("starts", int(index)):
            one.now, one.since = index, time.monotonic()
        case ("ran", int(index), count, outputs):
            one.cells[index] = Ran(count, outputs)
            one.since = time.monotonic()
        case ("done", failure, observed):
            told = failure and Failure(failure[0], failure[1], "\n".join(failure[2]))
            return one.outcome(told, Observed(**observed))
    return None


def _overdue(one: _Run) -> Outcome | None:
    if one.job.timeout is None or time.monotonic() - one.since < one.job.timeout:
        return None
    return one.outcome(Failure(one.now, f"the cell took longer than {one.job.timeout:g} s"))


def _end(one: _Run) -> None:
    one.process.kill()
    one.process.join()
    one.answers.close()


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"its kernel was ended by {name}{' (out of memory?)' if -code == signal.SIGKILL else ''}"
    return f"its kernel ended by itself{'' if code is None else f' with exit code {code}'}"


@contextlib.contextmanager
def _no_main() -> Iterator[None]:
    """``multiprocessing`` would run the command's own script again in each child, for nothing."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
