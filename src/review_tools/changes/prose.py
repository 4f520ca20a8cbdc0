"""Find the chapters to read again, and why: only a person can tell whether their sentences still hold."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator

from review_tools.changes.model import Changes, Table
from review_tools.changes.state import REFERENCES
from review_tools.check.chapters import CITE, FACT
from review_tools.data import inline_values
from review_tools.data.project import Project

MOVES = "the result of {} moves; read also its question and what_would_change_it in data/comparisons.csv"


def to_read(before: Project, after: Project, changes: Changes, differing: Collection[str]) -> dict[str, list[str]]:
    """Return chapters with the reasons to read them; none where a side has no chapters.

    Args:
        differing: the files that are not the same on both sides.
    """
    old, new = [side.files("book", ".md") for side in (before, after)]
    if not old or not new:
        return {}
    reasons: dict[str, list[str]] = defaultdict(list)
    studies = {study for table in changes.tables for study in _studies(table)}
    changed = {table.name: {row.key[0][1] for row in table.rows} for table in changes.tables}
    for file in dict.fromkeys((*new, *old)):
        page = reasons[file.removesuffix(".md")]
        if file not in new or file not in old:
            page.append("this chapter is new" if file in new else "this chapter is gone")
            continue
        if file in differing:
            page.append("its text changes")
        text = after.read(file).decode("utf-8", "replace") if changed else ""
        if cited := sorted({key.strip() for keys in CITE.findall(text) for key in keys.split(",")} & studies):
            page.append(f"cites {', '.join(cited)}")
        for kind, question in dict.fromkeys(FACT.findall(text)):
            table, _, rest = question.partition(" ")  # it asks one table, for one row unless it counts
            if table in changed and (kind == "count" or rest.partition(" ")[0] in changed[table]):
                was, now = [_answer(side, kind, question) for side in (before, after)]
                if was != now:
                    page.append(f"{kind} {question}: {was} → {now}")
    for pool in changes.pools:
        reasons[pool.newest["page"]].append(MOVES.format(pool.newest["comparison_id"]))
    for claim in changes.verdicts:
        reasons[claim.newest["chapter"].removesuffix(".md")].append(
            f"the verdict on {claim.newest['claim_id']} changes"
        )
    return {page: why for page, why in reasons.items() if why}


def _studies(table: Table) -> Iterator[str]:
    """Yield the studies that changed rows are about."""
    for row in table.rows:
        for column, value in (*row.key, *[(c.column, v) for c in row.cells for v in (c.before, c.after)]):
            if column in ("study_id", "basis_study_id") or (table.name == REFERENCES and column == "key"):
                yield value
            elif column == "outcome_id":
                yield re.sub(r"-\d+$", "", value)


def _answer(project: Project, kind: str, question: str) -> str:
    try:
        return inline_values.answer(project, kind, question)
    except Exception:  # data that did not pass the check may fail anywhere; the check says where
        return "no answer"
