"""Build one commit twice, with another path, hash seed and kind of processor, and compare every file.

``python scripts/same_build.py [COMMIT]`` takes the last commit unless one is named; ends with 1 when a file differs.
"""

import filecmp
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def differences(one: Path, other: Path) -> list[str]:
    """Return the files that are on one side only or hold other bytes, by their paths inside the sites."""
    sides = [{path.relative_to(side) for path in side.rglob("*") if path.is_file()} for side in (one, other)]
    alone = [f"{path}: on one side only" for path in sorted(sides[0] ^ sides[1])]
    shared = sorted(sides[0] & sides[1])
    return alone + [f"{path}: differs" for path in shared if not filecmp.cmp(one / path, other / path, shallow=False)]


def built(folder: Path, commit: str, seed: str, processor: str) -> Path:
    """Build a commit in a folder and return its site. Off x86, OpenBLAS takes no notice of the processor named."""
    folder.mkdir(parents=True)
    packed = subprocess.run(["git", "archive", commit], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed, check=True)
    told = {"PYTHONHASHSEED": seed, "OPENBLAS_CORETYPE": processor, "PYTHONPATH": str(folder / "src")}
    command = [sys.executable, "-m", "review_tools.cli", "build", "--root", str(folder)]
    subprocess.run(command, check=True, env=os.environ | told, stdout=subprocess.DEVNULL)
    return folder / "_build" / "html"


if __name__ == "__main__":
    commit = sys.argv[1] if len(sys.argv) > 1 else "HEAD"
    with tempfile.TemporaryDirectory() as aside:
        one = built(Path(aside, "one"), commit, "1", "Haswell")
        other = built(Path(aside, "other place", "deeper"), commit, "2", "Nehalem")
        found = differences(one, other)
        print("\n".join(found) or f"{sum(path.is_file() for path in one.rglob('*'))} files, each the same in both")
    sys.exit(bool(found))
