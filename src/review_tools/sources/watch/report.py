"""What a watch found, as Markdown for a pull request. All text from outside is escaped."""

import re
from collections.abc import Sequence

from review_tools.sources.watch.known import Row
from review_tools.sources.watch.run import Result
from review_tools.sources.watch.sources import SERVICES

SHOWN = 100  # rows of a listing; a pull request's text is bounded


def markdown(results: Sequence[Result]) -> str:
    """The text of the pull request."""
    found = [result.found for result in results if result.found]
    errors = [result.error for result in results if result.error]
    new = [row for one in found for row in one.candidates if not row["duplicate_of"]]
    changes = [row for one in found for row in one.changes]
    parts = ["# What the searches found\n"]
    if errors:
        parts.append("## Not finished\n\n" + "\n".join(f"- {plain(error)}" for error in errors) + "\n")
    columns: tuple[str, ...] = ("source", "from_date", "to_date", "hits", "new", "duplicates", "ruled_out", "status")
    searches = [{**one.search, "source": SERVICES[one.search["source"]].name} for one in found]
    parts.append("## Searches\n\n" + listing(searches, columns, "No search came to its end."))
    columns = ("source", "record_id", "year", "title", "score")
    new.sort(key=lambda row: -float(row["score"]))
    parts.append("## To screen\n\n" + listing(new, columns, "No new record."))
    columns = ("trial_id", "column", "old", "new", "source_url")
    parts.append("## Changes in the registry\n\n" + listing(changes, columns, "No known trial changed."))
    parts.append(
        "Merging takes the candidates into the queue and the registry's values into the table of trials; "
        "no study enters the review by it. Screen with `review screen`.\n"
    )
    return "\n".join(parts)


def listing(rows: Sequence[Row], columns: Sequence[str], empty: str) -> str:
    """Rows as a table; ``empty`` when there are none."""
    if not rows:
        return f"{empty}\n"
    lines = [columns, ["---"] * len(columns), *([plain(row[column]) for column in columns] for row in rows[:SHOWN])]
    more = f"\nAnd {len(rows) - SHOWN} more, in the tables.\n" if len(rows) > SHOWN else ""
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n" + more


def plain(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no link, nobody notified."""
    text = re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", " ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("@", "@\N{ZERO WIDTH SPACE}").replace("://", ":\N{ZERO WIDTH SPACE}//")
