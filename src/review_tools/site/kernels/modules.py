"""The package's modules, imported once and handed to each chapter as if it imported them itself.

What a chapter imports tells what it rests on, so each begins without any of them. When it imports one, it gets the one
that is there, and with it those that this one imported: to run them again would give the same, only later.
"""

import builtins
import contextlib
import importlib
import os
import sys
from collections import defaultdict
from collections.abc import Iterable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType
from typing import Any

from review_tools.data.reads import digest

PACKAGE = "review_tools"


class Kept(MetaPathFinder, Loader):
    """Modules that were imported with a note of which of the package's modules each of them imports."""

    def __init__(self) -> None:
        self.imports: dict[str, list[str]] = defaultdict(list)
        self.modules: dict[str, ModuleType] = {}
        self.digests: dict[str, str] = {}  # of their files, as they were when they were imported

    def import_noting(self, names: Iterable[str]) -> None:
        """Imports these and what they import, all anew: those that are there came without a note.

        One that fails is left to the chapter that imports it, which then tells what is wrong.
        """
        before = {name: sys.modules.pop(name) for name in _own()}
        usual = builtins.__import__

        def noting(name: str, *given: Any, **named: Any) -> ModuleType:
            module = usual(name, *given, **named)
            said = dict(zip(("globals", "locals", "fromlist", "level"), given, strict=False)) | named
            importer = said.get("globals") or {}
            if _is_own(importer.get("__name__", "")):
                whole = resolve_name("." * said.get("level", 0) + name, importer["__package__"])
                self.imports[importer["__name__"]] += [whole, *(f"{whole}.{x}" for x in said.get("fromlist") or ())]
            return module

        builtins.__import__ = noting
        try:
            for name in names:
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        finally:
            builtins.__import__ = usual
        there = (sys.modules[name] for name in self.imports if name in sys.modules)
        files = (os.path.realpath(str(module.__file__)) for module in there)
        self.digests = {file: digest(Path(file)) for file in files}
        sys.modules.update({name: module for name, module in before.items() if name not in sys.modules})

    def put_away(self) -> None:
        """From now on a module counts as imported only when somebody imports it."""
        self.modules = {name: sys.modules.pop(name) for name in _own() if name in self.imports}
        sys.meta_path.insert(0, self)

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        module = self.modules.get(fullname)
        if module is None:
            return None
        spec = ModuleSpec(fullname, self, origin=module.__file__, is_package=hasattr(module, "__path__"))
        spec.submodule_search_locations = getattr(module, "__path__", None)
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        for name in self.imports[module.__name__]:
            if name in self.modules:
                importlib.import_module(name)
        if hasattr(module, "on_import"):  # what it changes elsewhere
            module.on_import()


def _own() -> list[str]:
    return [name for name in sys.modules if _is_own(name) and name != __name__]


def _is_own(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


kept = Kept()
