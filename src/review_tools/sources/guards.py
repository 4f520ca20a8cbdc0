"""Guards of the corrections: whether the text of the review still holds the words that are corrected."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from review_tools.sources import europepmc, report
from review_tools.sources.http import Client
from review_tools.sources.identify import SEED

Row = Mapping[Any, Any]
MENDED = "mended"


def gone(client: Client, corrections: Iterable[Row]) -> list[Row]:
    """Return the corrections whose words no longer stand in the review, those already mended left out.

    Raises:
        ServiceError: the text could not be had; nothing is concluded.
    """
    guarded = [row for row in corrections if row["seed_words"] and row["status"] != MENDED]
    if not guarded:
        return []
    text = _words(europepmc.full_text(client, SEED))
    return [row for row in guarded if _words(row["seed_words"]) not in text]


def markdown(rows: list[Row]) -> str:
    """Return the part of a pull request's text about corrections whose words are gone; empty when there are none."""
    lines = [sentence(row) for row in rows]
    return f"\n# Corrections whose words are gone\n\n{report.bullets(lines)}" if lines else ""


def sentence(row: Row) -> str:
    """Say of one correction what is gone, and what to do."""
    words = f"{row['correction_id']}: the review no longer says “{row['seed_words']}”"
    return f"{words} → read the place again, and set its status to {MENDED} or correct seed_words"


def _words(text: str) -> str:
    """Return words and figures alone, so that marks, blanks and kinds of dashes make no difference."""
    words = " ".join(re.findall(r"[^\W_]+", text.casefold()))
    return f" {words} "
