"""The site in ``_build/html`` and what it rests on."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from review_tools.site.freshness.inputs import Inputs

STATE = ".site.json"
BEFORE = ".before"  # the last site, while the new one takes its place


class Published:
    """What stands in the folder where readers look."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / STATE

    def holds(self, now: Inputs) -> bool:
        """Whether the site is there, untouched, and made from these inputs."""
        known = self._known()
        return known.get("inputs") == now and known.get("files") == self._files()

    def inputs(self) -> Inputs | None:
        """What the site was made from; None when that is not known."""
        known: Inputs | None = self._known().get("inputs")
        return known

    def replace(self, made: Path, names: Iterable[str], inputs: Inputs | None) -> None:
        """Puts new folders in the place of the old ones, each in two renames."""
        self.state.unlink(missing_ok=True)
        for name in names:
            before = self.folder / f"{BEFORE}-{name}"
            shutil.rmtree(before, ignore_errors=True)
            if (self.folder / name).exists():
                (self.folder / name).rename(before)
            (made / name).rename(self.folder / name)
            shutil.rmtree(before, ignore_errors=True)
        if inputs is not None:
            text = json.dumps({"inputs": inputs, "files": self._files()})
            part = self.state.with_suffix(".part")
            part.write_text(text, encoding="utf-8")
            part.replace(self.state)

    def recover(self) -> None:
        """Puts back what a build that was killed between two renames had set aside."""
        for before in self.folder.glob(f"{BEFORE}-*"):
            name = before.name.removeprefix(f"{BEFORE}-")
            if (self.folder / name).exists():
                shutil.rmtree(before)
            else:
                before.rename(self.folder / name)

    def _known(self) -> dict[str, Inputs]:
        try:
            known: dict[str, Inputs] = json.loads(self.state.read_text(encoding="utf-8"))
            return known
        except (OSError, ValueError):
            return {}

    def _files(self) -> dict[str, str]:
        """Every page and file with size and time: whoever touched one since is noticed."""
        found = ((path, path.stat()) for path in sorted((self.folder / "html").rglob("*")) if path.is_file())
        return {path.relative_to(self.folder).as_posix(): f"{s.st_size} {s.st_mtime_ns}" for path, s in found}
