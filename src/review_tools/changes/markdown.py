"""Changes as GitHub-flavoured Markdown for a pull request: bounded, and with nothing in it that acts.

All words from the data are text of strangers. Every character that could begin markup is written as a numeric
reference, which CommonMark never reads as structure, and a zero-width space follows the signs that GitHub itself
looks for afterwards (mentions, issue numbers). See https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from review_tools.changes.model import ADDED, CHANGED, REMOVED, Cell, Changes, Row, Table
from review_tools.changes.summary import headline, one_line, side_by_side, to_read

LIMIT = 60_000  # GitHub takes 65,536 characters
VALUE, LINK = 160, 60
FEW_ROWS, FEW_CELLS, ALL_CELLS = 10, 6, 99  # a person compares each value of a few new rows with its source
ROOM = 600  # for the line that says what was cut
ACTIVE = re.compile(r"[^\w\s.,;'’“”„–—…→·±×°%/+=?-]", re.ASCII)
TRIGGER = re.compile(r"@|#|(?<=GH)-|(?<=gh)-|(?<=://)|(?<=\bwww)")
ADDRESS = re.compile(r"https?://[^\s<>\"`|\\]+")


def safe(text: str, limit: int = VALUE) -> str:
    """A stranger's words on one line, as text and nothing else."""
    text = one_line(text, limit)
    # What is not ASCII and printable (Greek letters, umlauts) begins no markup.
    marked = TRIGGER.sub(lambda sign: f"{sign[0]}\u200b", text)
    return "".join(f"&#{ord(c)};" if (ACTIVE.match(c) and ord(c) < 128) or c in "_\u200b" else c for c in marked)


def value(text: str, shown: str = "") -> str:
    """One cell: an http(s) address becomes a link to itself, everything else is text; ``shown`` is its part to show."""
    if _is_address(text):
        return f"[{safe(shown or text, LINK)}](<{quote(text, safe=':/?#&=%+,;~.-')}>)"
    return safe(shown or text) or "–"


def _is_address(text: str) -> bool:
    return bool(len(text) <= 400 and ADDRESS.fullmatch(text) and urlsplit(text).hostname)


def _values(cell: Cell) -> tuple[str, str]:
    """Both states of a cell; of long ones the part where they differ."""
    limit = LINK if _is_address(cell.before) and _is_address(cell.after) else VALUE
    was, now = side_by_side(cell.before, cell.after, limit)
    return value(cell.before, was), value(cell.after, now)


def markdown(changes: Changes, limit: int = LIMIT) -> str:
    """The comment: losses first, then results, verdicts, corrections, rows, pages; at most ``limit`` characters.

    What does not fit is counted by section at the end.
    """
    out = [f"### What this changes in the review\n\n{headline(changes)}\n"]
    out.append(f"\n<sub>{safe(changes.before, 200)} → {safe(changes.after, 200)}</sub>\n")
    left = limit - ROOM - sum(map(len, out))
    cut: list[str] = []
    for title, lines, closing in _sections(changes):
        head = f"\n{title}\n\n"
        taken: list[str] = []
        left -= len(head) + len(closing)
        for line in lines:
            if len(line) + 1 > left:
                break
            taken.append(line)
            left -= len(line) + 1
        if len(taken) < len(lines):
            name = re.sub(r"<[^>]+>|[#*]", "", title).strip()
            cut.append(f"{len(lines) - len(taken)} of {len(lines)} lines under “{name}”")
        if taken:
            out.append(head + "\n".join(taken) + f"\n{closing}")
        else:
            left += len(head) + len(closing)
    if cut:
        told = "; ".join(cut[:8]) + (f"; and {len(cut) - 8} sections more" if len(cut) > 8 else "")
        out.append(
            f"\n**Too long to show whole.** Left out: {told[: ROOM - 120]}. `review diff --json` has everything.\n"
        )
    return "".join(out)


Section = tuple[str, list[str], str]


def _sections(changes: Changes) -> Iterator[Section]:
    """Heading, lines and what closes the section, those with lines only."""
    for title, lines in (
        ("#### ⚠️ Past lines of a log changed", [_bullet(*one) for one in changes.past_edited]),
        ("#### ⚠️ Removed", [*_columns_lost(changes), *(_bullet(t, r) for t, r in changes.rows(REMOVED) if not r.past)]),
        ("#### Could not be read or computed", [f"- {safe(note, 300)}" for note in changes.notes]),
        ("#### Pooled results", list(_pools(changes))),
        ("#### Prose to read again, since a result that it is about moves", [f"- {safe(p)}" for p in to_read(changes)]),
        ("#### Claims whose verdict changes", list(_verdicts(changes))),
        ("#### Corrections", list(_corrections(changes))),
    ):
        if lines:
            yield title, lines, ""
    for table in changes.tables:
        if rows := [row for row in table.of(CHANGED) if not row.past]:
            yield f"#### {safe(table.title)}: changed", list(_changed(rows)), ""
    for table in changes.tables:
        if rows := list(table.of(ADDED)):
            title = f"<details><summary><b>{safe(table.title)}: {len(rows)} added</b></summary>"
            cells = FEW_CELLS if len(rows) > FEW_ROWS else ALL_CELLS
            yield title, [_bullet(table, row, named=False, most=cells) for row in rows], "\n</details>\n"
    if changes.pages:
        lines = [f"- {safe(page.page)}: {'; '.join(safe(why) for why in page.reasons)}" for page in changes.pages]
        yield f"<details><summary><b>{len(lines)} pages affected</b></summary>", lines, "\n</details>\n"


def _bullet(table: Table, row: Row, *, named: bool = True, most: int = FEW_CELLS) -> str:
    key = {column for column, _ in row.key}
    shown = [cell for cell in row.cells if cell.column not in key]
    where = f"{safe(table.name)} " if named else ""
    return f"- {where}{_key(row)}: {'; '.join(map(_cell, shown[:most]))}{_rest(shown, most)}"


def _cell(cell: Cell) -> str:
    if cell.before and cell.after:
        return f"{safe(cell.column)}: {' → '.join(_values(cell))}"
    return f"{safe(cell.column)}: {value(cell.before or cell.after)}"


def _rest(cells: list[Cell], shown: int) -> str:
    more = len(cells) - shown
    return f"; {more} {'cell' if more == 1 else 'cells'} more" if more > 0 else ""


def _key(row: Row) -> str:
    """The key columns with their values."""
    return ", ".join(f"{safe(column)} **{safe(name, 100) or '–'}**" for column, name in row.key)


def _columns_lost(changes: Changes) -> Iterator[str]:
    for table in changes.tables:
        for column in table.columns_removed:
            yield f"- {safe(table.name)}: the whole column **{safe(column)}**"


def _changed(rows: list[Row]) -> Iterator[str]:
    yield f"| {' · '.join(safe(column) for column, _ in rows[0].key)} | column | before | after |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        for cell in row.cells:
            yield f"| {safe(row.name, 100)} | {safe(cell.column)} | {' | '.join(_values(cell))} |"


def _pools(changes: Changes) -> Iterator[str]:
    if not changes.pools:
        return
    yield "| comparison | before | after | enters | leaves |"
    yield "| --- | --- | --- | --- | --- |"
    for pool in changes.pools:
        sides = (f"k {side.k}: {safe(side.text)}" if side else "not declared" for side in (pool.before, pool.after))
        outcomes = (safe(", ".join(names)) or "–" for names in (pool.entered, pool.left))
        yield f"| {safe(pool.title)} ({safe(pool.measure)}) | {' | '.join((*sides, *outcomes))} |"


def _verdicts(changes: Changes) -> Iterator[str]:
    for verdict in changes.verdicts:
        then, now = (safe(word) or "no verdict" for word in (verdict.before, verdict.after))
        because = safe(verdict.because, 200)
        yield f"- {safe(verdict.claim_id)}: {then} → **{now}** ({because}). “{safe(verdict.statement, 300)}”"


def _corrections(changes: Changes) -> Iterator[str]:
    for word, rows in (("opened", changes.corrections_opened), ("closed", changes.corrections_closed)):
        for row in rows:
            said = {cell.column: cell.after or cell.before for cell in row.cells}
            yield f"- {word}: {safe(row.name)}: {safe(said.get('meaning', ''), 200)}"
