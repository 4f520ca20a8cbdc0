"""The process that runs one chapter: IPython's kernel in the process itself, without sockets."""

import contextlib
import os
import signal
import sys
import threading
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from review_tools.site.build import libraries

# The machine: its settings, time zones, fonts and shared libraries.
SYSTEM = ("/dev", "/etc", "/lib", "/opt", "/proc", "/sys", "/usr", "/var/cache", "/Library", "/System", "C:\\Windows")
OUTSIDE = {"os.exec", "os.posix_spawn", "os.system", "socket.getaddrinfo", "subprocess.Popen"}
KEEP = "keep what it needs in data/"


def run(answers: Connection, folder: str, cells: list[tuple[str, list[str]]], files: frozenset[str]) -> None:
    """Run the cells of a chapter.

    Args:
        answers: is sent None when the kernel is there, the kernel's reply after each cell, and in the end what it says
            of its language, with number and outputs of each cell.
        folder: where the chapter lies.
        cells: source and tags of each.
        files: what they may read.
    """
    from ipykernel.inprocess.manager import InProcessKernelManager
    from nbclient import NotebookClient
    from nbclient.client import CellExecutionComplete
    from nbformat.v4 import new_code_cell, new_notebook
    from traitlets.config import Config

    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the build decides
    os.chdir(folder)
    sys.path.insert(0, "")  # as a kernel has it
    manager = InProcessKernelManager(config=Config(HistoryManager={"enabled": False}))
    manager.start_kernel()
    manager.kernel.shell.autoawait = False  # in the process itself the kernel has no thread for it
    client = manager.client()
    client.start_channels()
    notebook = new_notebook(cells=[new_code_cell(source) for source, _ in cells])
    reader = NotebookClient(notebook, record_timing=False)  # turns the kernel's messages into outputs
    reader.reset_execution_trackers()
    reader.clear_before_next_output = False
    sys.addaudithook(Guard(files))
    answers.send(None)
    for index, (source, tags) in enumerate(cells):
        reply: dict[str, Any] = {"status": "ok"}
        if source.strip() and "skip-execution" not in tags:
            client.execute(source, allow_stdin=False)
            with contextlib.suppress(CellExecutionComplete):
                while True:
                    reader.process_message(client.get_iopub_msg(), notebook.cells[index], index)
            reply = client.get_shell_msg()["content"]
        answers.send(reply)
    outputs = [(cell.execution_count, cell.outputs) for cell in notebook.cells]
    answers.send((manager.kernel.language_info, outputs))


class Guard:
    """Refuses what could change a chapter's outputs without any change of the inputs of the build.

    It hears of every file that Python opens. A library that opens a file from C goes unheard.
    """

    def __init__(self, files: frozenset[str]) -> None:
        self.files, self.written = files, set[str]()
        folders = (sys.prefix, sys.base_prefix, *map(str, libraries()))
        self.libraries = tuple(os.path.join(os.path.realpath(path), "") for path in folders)
        self.around = (*SYSTEM, os.path.join(os.path.expanduser("~"), "."))  # the user's settings too
        self.project = os.path.join(os.path.realpath(os.environ.get("REVIEW_ROOT", "")), "")

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in OUTSIDE:
            raise PermissionError(f"A chapter may not start a program or use the network ({event}) → {KEEP}.")
        if event != "open" or not isinstance(arguments[0], (str, bytes, os.PathLike)):
            return
        path, mode, flags = arguments
        name = os.path.realpath(os.fsdecode(path))
        if (isinstance(mode, str) and set(mode) & set("wax")) or (flags or 0) & os.O_CREAT:
            self.written.add(name)
            return
        if name in self.files or name in self.written or name.endswith(".pyc") or name.startswith(self.libraries):
            return
        if os.path.isfile(name) and (name.startswith(self.project) or not name.startswith(self.around)):
            raise PermissionError(f"{name} is not an input of the build, which would miss a change of it → {KEEP}.")


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent,), daemon=True).start()


def _wait_and_end(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
