"""Text files that carry a digest of themselves: one that was torn or spoilt counts as missing."""

from hashlib import blake2b
from pathlib import Path


def text_digest(text: str) -> str:
    """A short digest of a text."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def seal(text: str) -> str:
    """What is written: the digest, and the text on the next line."""
    return f"{text_digest(text)}\n{text}"


def unsealed(path: Path) -> str | None:
    """The text of a file, None unless it is there and whole."""
    try:
        claimed, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return text if claimed == text_digest(text) else None
