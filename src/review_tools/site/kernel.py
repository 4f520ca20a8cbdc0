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

from review_tools.site import inputs

# What the lock file or the machine answers for: settings, time zones, fonts, shared libraries.
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
    ran = [new_code_cell(source) for source, _ in cells]
    reader = NotebookClient(new_notebook(cells=ran), record_timing=False)  # turns the kernel's messages into outputs
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
                    reader.process_message(client.get_iopub_msg(), ran[index], index)
            reply = client.get_shell_msg()["content"]
        answers.send(reply)
    answers.send((manager.kernel.language_info, [(cell.execution_count, cell.outputs) for cell in ran]))


class Guard:
    """Refuses whatever could change what a chapter shows without any change of the build's inputs.

    Sees what Python opens; a library that opens files from C is not seen.
    """

    def __init__(self, files: frozenset[str]) -> None:
        self.files, self.written = files, set[str]()
        libraries = [os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, *map(str, inputs.libraries()))]
        hidden = os.path.join(os.path.expanduser("~"), ".")  # a user's settings
        self.folders = (*(os.path.join(path, "") for path in libraries), *SYSTEM, hidden)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in OUTSIDE:
            raise PermissionError(f"A chapter asks no other program and no network ({event}) → {KEEP}.")
        if event != "open" or not isinstance(arguments[0], (str, bytes, os.PathLike)):
            return
        path, mode, flags = arguments
        name = os.path.realpath(os.fsdecode(path))
        if (isinstance(mode, str) and set(mode) & set("wax")) or (flags or 0) & os.O_CREAT:
            self.written.add(name)
        elif name in self.files or name in self.written or name.endswith(".pyc") or name.startswith(self.folders):
            return
        elif os.path.isfile(name):
            raise PermissionError(f"{name} is no input of the build: a change of it would not be noticed → {KEEP}.")


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent,), daemon=True).start()


def _wait_and_end(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
