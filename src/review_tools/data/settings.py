"""Files of settings in YAML: the protocol, the citation file, the book's configuration."""

import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from review_tools.data import reads
from review_tools.data.problems import DataError


def settings(path: Path, name: str) -> dict[str, Any]:
    """The settings of one file, which messages call ``name``. Each page asks, so a file is parsed once a state.

    Raises:
        DataError: the file is missing, not YAML, or holds no settings.
    """
    reads.note(path)
    try:
        state = path.stat()
    except FileNotFoundError:
        raise DataError(f"{name}: the file is missing → restore it from git.") from None
    return copy.deepcopy(_parsed(path, name, state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=16)
def _parsed(path: Path, name: str, _changed: int, _size: int) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{name}: not YAML ({' '.join(str(error).split())}) → mend that line.") from error
    if not isinstance(content, dict):
        raise DataError(f"{name}: holds no settings → restore it from git.")
    return content
