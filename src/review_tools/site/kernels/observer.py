"""Sees what a chapter's process reads: files past the package's loader, folders, other programs, the network.

Works in the process that runs the cells. It imports nothing of the package, and forgets what the package had
imported, so that a chapter's own imports tell which modules it uses.
"""

import contextlib
import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGE = "review_tools"
FOLDERS = ("os.listdir", "os.scandir", "glob.glob", "pathlib.Path.glob", "pathlib.Path.rglob")
OUTSIDE = ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "socket.connect", "socket.getaddrinfo")
COMPILED = (".pyc", ".so", ".pyd")
SYSTEM = ("/proc", "/dev", "/sys", "/etc", "/usr", "/lib", "/var/cache")


class Observer:
    """Notes what happens from ``start`` on in this process."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.written: set[str] = set()
        self.outside: list[str] = []
        self.active = False

    def start(self, imported: Mapping[str, str] | None = None) -> None:
        """Forgets the package's modules and watches.

        ``imported``: files of modules that were run before, with the digest they had then.
        """
        self.imported = imported or {}
        for name in [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]:
            del sys.modules[name]
        # Paths of the interpreter and its libraries: the lock speaks for them.
        self.known = tuple({os.path.realpath(p) for p in (sys.prefix, sys.base_prefix, sys.exec_prefix)}) + SYSTEM
        self.hidden = os.path.join(os.path.realpath(os.path.expanduser("~")), ".")
        self.before = frozenset(sys.modules)
        self.active = True
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event == "open":
            path, mode, flags = arguments
            if isinstance(path, (str, bytes, os.PathLike)):
                with contextlib.suppress(ValueError):
                    name = os.path.realpath(os.fsdecode(path))
                    writes = bool((isinstance(mode, str) and set(mode) & set("wax")) or (flags or 0) & os.O_CREAT)
                    (self.written if writes else self.read).add(name)
        elif event in FOLDERS and "importlib" not in sys._getframe(1).f_code.co_filename:
            self._folder(arguments[0] if arguments else None)
        elif event in OUTSIDE and not (event == "socket.connect" and self._local(arguments)):
            self.outside.append(event)

    def _folder(self, path: Any) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)) and path is not None:
            return
        name = os.path.realpath(os.fsdecode(path) if path is not None else os.getcwd())
        if not self._vouched(name):
            self.outside.append(f"the folder {name}")

    @staticmethod
    def _local(arguments: tuple[Any, ...]) -> bool:
        """Whether a socket only leads to this kernel's own channels."""
        address = arguments[1] if len(arguments) > 1 else None
        return isinstance(address, (str, bytes)) or (isinstance(address, tuple) and address[0] == "127.0.0.1")

    def _vouched(self, name: str) -> bool:
        """Whether the file belongs to the system or the libraries, or to a user's hidden settings."""
        return name.startswith(self.hidden) or any(
            name == folder or name.startswith(folder + os.sep) for folder in self.known
        )

    def report(self) -> dict[str, Any]:
        """Files with digests, dates asked for, and what no one can vouch for."""
        self.active = False
        reads = sys.modules.get(f"{PACKAGE}.data.reads")
        noted = {str(path): value for path, value in reads.noted().items()} if reads else {}
        days = sorted(reads.days()) if reads else []
        modules = {}
        for imported in sys.modules.keys() - self.before:
            file = getattr(sys.modules[imported], "__file__", None)
            if file and file.endswith(".py"):
                name = os.path.realpath(file)
                if name not in modules and not self._vouched(name):
                    modules[name] = _digest(name)
        rested = noted | {name: self.imported.get(name, found) for name, found in modules.items()}
        changed = [f"{name} (it changed while the chapter ran)" for name in rested if _digest(name) != rested[name]]
        strange = sorted(
            name
            for name in self.read - self.written - set(noted) - set(modules)
            if not name.endswith(COMPILED) and not self._vouched(name) and not os.path.isdir(name)
        )
        return {"files": noted | modules, "days": days, "unmanaged": [*strange, *dict.fromkeys(self.outside), *changed]}


def _digest(name: str) -> str:
    try:
        return hashlib.blake2b(Path(name).read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


observer = Observer()
