"""The process forked for one chapter: runs its cells with IPython and sends back what each one gave."""

import contextlib
import io
import itertools
import os
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from review_tools.site.kernels.jobs import Cell, Job, Output
from review_tools.site.kernels.modules import kept
from review_tools.site.kernels.observer import observer
from review_tools.site.kernels.orphans import die_with_parent


def run(job: Job, answers: Connection) -> None:
    """Runs a chapter. Sends ("starts", index), ("ran", index, count, outputs) …, then ("done", failure, observed)."""
    die_with_parent()
    threading.Thread(target=_end_with_build, args=(answers,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the build decides
    os.chdir(job.folder)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 (nobody answers a question here)
    shell = _Shell.instance()
    sys.path.insert(0, "")  # as a kernel has it
    kept.put_away()
    observer.start(kept.digests)
    for cell in job.cells:
        answers.send(("starts", cell.index))
        count, outputs, error = shell.give(cell)
        answers.send(("ran", cell.index, count, outputs))
        if error and not cell.may_fail:
            answers.send(("done", (cell.index, error["ename"], error["traceback"]), observer.report()))
            return
    answers.send(("done", None, observer.report()))


def _end_with_build(answers: Connection) -> None:
    """Waits for the other end to close. The warm parent would not notice: this process keeps it alive."""
    with contextlib.suppress(EOFError, OSError):
        answers.recv()
    os._exit(1)


class _Stream(io.TextIOBase):
    """Text written to standard output or error, in the order of the other outputs."""

    def __init__(self, name: str, outputs: list[Output]) -> None:
        self.name, self.outputs = name, outputs

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        streams = itertools.takewhile(lambda output: output["output_type"] == "stream", reversed(self.outputs))
        own = next((output for output in streams if output["name"] == self.name), None)
        if own:  # as nbclient does: one of each stream between two displays
            own["text"] += text
        elif text:
            self.outputs.append({"output_type": "stream", "name": self.name, "text": text})
        return len(text)


class _Publisher(DisplayPublisher):  # type: ignore[misc]
    """What ``display`` shows."""

    def publish(
        self, data: Any, metadata: Any = None, *, transient: Any = None, update: bool = False, **_: Any
    ) -> None:
        shell: _Shell = self.shell
        name = (transient or {}).get("display_id")
        plain, about = _plain(data), _plain(metadata or {})
        if update:
            for shown in shell.shown.get(name or "", []):
                shown.update(data=plain, metadata=about)
            return
        output = {"output_type": "display_data", "data": plain, "metadata": about}
        shell.outputs.append(output)
        if name:
            shell.shown.setdefault(name, []).append(output)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear()


class _Hook(DisplayHook):  # type: ignore[misc]
    """The value of a cell's last line."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self.shell.outputs.append(
            {
                "output_type": "execute_result",
                "execution_count": self.prompt_count,
                "data": _plain(format_dict),
                "metadata": _plain(md_dict or {}),
            }
        )

    def finish_displayhook(self) -> None:
        pass


class _Shell(InteractiveShell):  # type: ignore[misc]
    """IPython as a kernel sets it up, without the messages between processes."""

    displayhook_class = _Hook
    display_pub_class = _Publisher

    def __init__(self, **options: Any) -> None:
        self.outputs: list[Output] = []
        self.shown: dict[str, list[Output]] = {}
        super().__init__(**options)
        self.history_manager.enabled = False
        self.colors = "nocolor"

    def give(self, cell: Cell) -> tuple[int, list[Output], Output | None]:
        """The number, outputs and error of one cell."""
        outputs: list[Output] = []
        self.outputs = outputs
        kept = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Stream("stdout", outputs), _Stream("stderr", outputs)
        count = self.execution_count
        try:
            self.run_cell(cell.source, store_history=True)
        finally:
            sys.stdout, sys.stderr = kept
        errors = [output for output in outputs if output["output_type"] == "error"]
        return count, outputs, errors[-1] if errors else None

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        self.outputs.append(
            {"output_type": "error", "ename": etype.__name__, "evalue": str(evalue), "traceback": list(stb)}
        )

    def init_history(self) -> None:
        self.config.HistoryManager.enabled = False
        super().init_history()


def _plain(bundle: Any) -> Any:
    from ipykernel.jsonutil import encode_images, json_clean

    return json_clean(encode_images(bundle))
