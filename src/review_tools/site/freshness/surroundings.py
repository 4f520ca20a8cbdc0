"""What every chapter rests on besides its own inputs: the interpreter, the installed and the locked versions."""

import hashlib
import platform
import sys
from functools import lru_cache
from pathlib import Path

from review_tools.data.reads import digest
from review_tools.site import kernels

LOCK = "requirements.txt"


def surroundings(root: Path) -> dict[str, str]:
    """Name and digest of each."""
    return {
        "the interpreter": f"{platform.python_implementation()} {platform.python_version()}",
        "the installed versions": installed(),
        LOCK: digest(root / LOCK),
        "the code that runs chapters": _kernels(),
    }


@lru_cache(maxsize=1)
def installed() -> str:
    """A digest of the names and versions of everything that is installed."""
    folders = {Path(entry) for entry in sys.path if entry.endswith("site-packages")}
    names = sorted({info.name for folder in folders if folder.is_dir() for info in folder.glob("*.dist-info")})
    return hashlib.blake2b("\n".join(names).encode(), digest_size=16).hexdigest()


@lru_cache(maxsize=1)
def _kernels() -> str:
    files = sorted(Path(file) for folder in kernels.__path__ for file in Path(folder).glob("*.py"))
    return hashlib.blake2b("".join(map(digest, files)).encode(), digest_size=16).hexdigest()
