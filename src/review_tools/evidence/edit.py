"""Writing tables: whole or not at all, always in the same form."""

import os
import tempfile
from pathlib import Path

import pandas as pd


def write_text(path: Path, frame: pd.DataFrame) -> None:
    """Writes a frame of text as CSV (UTF-8, line feeds, quotes only where needed).

    The new file takes the old one's place in one step, so that a reader or an interruption finds
    either the old file or the new one.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            frame.to_csv(file, index=False, lineterminator="\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
