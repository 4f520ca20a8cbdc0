"""Build one commit twice, with another path, hash seed and kind of processor, and compare every file.

Run from the checkout: ``python scripts/same_build.py [COMMIT]`` (HEAD unless named). Ends with 1 when a file differs.
"""

import filecmp
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def differences(one: Path, other: Path) -> list[str]:
    """Files that stand on one side only or hold other bytes, by their paths inside the sites."""
    sides = [{path.relative_to(side) for path in side.rglob("*") if path.is_file()} for side in (one, other)]
    alone = [f"{path}: on one side only" for path in sorted(sides[0] ^ sides[1])]
    common = sorted(sides[0] & sides[1])
    return alone + [f"{path}: differs" for path in common if not filecmp.cmp(one / path, other / path, shallow=False)]


def main() -> int:
    commit = sys.argv[1] if len(sys.argv) > 1 else "HEAD"
    with tempfile.TemporaryDirectory() as name:
        sites = []
        # The kind of processor is the one that numpy's linear algebra is told; off x86 it takes no notice.
        for seed, kind, folder in (
            ("1", "Haswell", Path(name, "one")),
            ("2", "Nehalem", Path(name, "other place", "deeper")),
        ):
            folder.mkdir(parents=True)
            packed = subprocess.run(["git", "archive", commit], check=True, capture_output=True).stdout  # noqa: S603, S607
            subprocess.run(["tar", "-x", "-C", str(folder)], input=packed, check=True)  # noqa: S603, S607
            environment = os.environ | {
                "PYTHONHASHSEED": seed,
                "OPENBLAS_CORETYPE": kind,
                "PYTHONPATH": str(folder / "src"),
            }
            command = [sys.executable, "-m", "review_tools.cli", "build", "--root", str(folder)]
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
            sites.append(folder / "_build" / "html")
        found = differences(*sites)
        print("\n".join(found) or f"{sum(path.is_file() for path in sites[0].rglob('*'))} files, each the same in both")
        return bool(found)


if __name__ == "__main__":
    sys.exit(main())
