"""Names that are imported when a chapter first uses them: it then rests only on the modules that drew it."""

from importlib import import_module
from typing import Any


class Names:
    """The names a module offers, by the module of this folder that defines them."""

    def __init__(self, module: str, where: dict[str, list[str]]) -> None:
        self.module = module
        self.where = {name: place for place, names in where.items() for name in names}
        self.all = sorted(self.where)

    def find(self, name: str) -> Any:
        """The object of that name.

        Raises:
            AttributeError: the module offers no such name; the message lists what it offers.
        """
        if name not in self.where:
            raise AttributeError(f"module {self.module!r} has no {name!r}; it has {', '.join(self.all)}")
        return getattr(import_module(f"{__package__}.{self.where[name]}"), name)
