"""Write changes as Markdown, in which nothing acts, and make HTML and the terminal's text from that."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from markdown_it import MarkdownIt
from markupsafe import Markup

from review_tools.changes.compare import ADDED, CHANGED, REMOVED, Cell, Changes, Row, Table, Turn
from review_tools.changes.state import REFERENCES, Record
from review_tools.data.markdown import SPACE, VALUE, one_line, safe

LIMIT = 60_000  # characters; GitHub takes 65,536
ROOM = 5_000  # kept for the headings of sections whose lines do not fit
REST = "- … and more than fits here: {} left out. `review diff --json` has everything.\n"
SENTENCE = 300  # characters of what is said in a sentence
FEW_ROWS, FEW_CELLS, ALL_CELLS = 10, 6, 99  # a person compares each value of a few new rows with its source
WITH_PAGES = ("studies", "trials")  # tables whose rows have a page each, in a folder of that name
FOR_AUTHORS = ("prose", f"{ADDED}-{REFERENCES}")  # the site leaves these sections out
ADDRESS = re.compile(r"https?://[^\s<>\"`|\\]+")
SITE_LINK = re.compile(r"\[([^\]]*)\]\(<site:[^>]*>\)")
MARKDOWN = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class Section:
    """A heading and its lines, each a Markdown list item. Links to pages of the site are ``site:`` addresses."""

    anchor: str
    title: str
    lines: list[str]

    @property
    def folded(self) -> bool:
        """Say whether it stands closed until asked for: the rows of a table, unless they are few."""
        return len(self.lines) > FEW_ROWS and self.anchor.startswith((ADDED, CHANGED))

    def html(self, limit: int, whole: str = "") -> Markup:
        """Return at most ``limit`` of the lines as a list; ``whole`` is the address of the page that has all."""
        lines, more = self.lines[:limit], len(self.lines) - limit
        if more > 0:
            lines.append(f"- … and {more} more" + (f": [all of them](<{whole}#{self.anchor}>)" if whole else ""))
        return Markup(MARKDOWN.render("\n".join(lines).replace(SPACE, "")))  # noqa: S704 (made without raw HTML)


def headline(changes: Changes) -> str:
    """Return how much changes, in one sentence: rows, past lines, results, verdicts, chapters."""
    if not changes:
        return "Nothing: the review stays as it is."
    parts = []
    for kind in (REMOVED, CHANGED, ADDED):
        counts = [(len(table.of(kind)), table.title.lower()) for table in changes.tables if table.of(kind)]
        if counts:
            where = ", ".join([f"{title} {number}" for number, title in counts])
            parts.append(f"{_many(sum(number for number, _ in counts), 'row')} {kind} ({where})")
    if past := len(changes.past_edited):
        parts.append(f"{_many(past, 'past line')} of a log changed, which must not be")
    for turns, compared, what in (
        (changes.pools, changes.pools_compared, "pooled results move"),
        (changes.verdicts, changes.verdicts_compared, "verdicts change"),
    ):
        new, gone = len([turn for turn in turns if not turn.before]), len([turn for turn in turns if not turn.after])
        parts.append(f"{len(turns) - new - gone} of {compared - new - gone} {what}")
        parts[-1] += "".join([f", {count} {word}" for count, word in ((new, "new"), (gone, "gone")) if count])
    if changes.chapters:  # between two versions the chapters are not compared
        parts.append(f"{_many(len(changes.chapters), 'chapter')} to read again")
    return "; ".join(parts) + "."


def sections(changes: Changes) -> list[Section]:
    """Return the sections that have lines, losses first."""
    past = [_row(table, row, named=True) for table, row in changes.past_edited]
    gone = [
        f"- {safe(table.title)}: the whole column **{safe(column)}**"
        for table in changes.tables
        for column in table.columns_removed
    ]
    others = [table for table in changes.tables if table.name != "corrections"]
    gone += [_row(table, row, named=True) for table in others for row in table.of(REMOVED) if not row.past]
    prose = [
        f"- {safe(name)}: {'; '.join([safe(one, SENTENCE) for one in why])}" for name, why in changes.chapters.items()
    ]
    verdicts = sorted(changes.verdicts, key=lambda turn: turn.before is None)
    found = [
        Section("past", "Past lines of a log changed", past),
        Section("removed", "Removed", gone),
        Section("unknown", "Could not be read or computed", [f"- {safe(note, SENTENCE)}" for note in changes.notes]),
        Section("pools", "Pooled results", [_pool(turn) for turn in changes.pools]),
        Section("prose", "Prose to read again", prose),
        Section("verdicts", "Verdicts on claims", [_verdict(turn) for turn in verdicts]),
        Section("corrections", "Corrections", list(_corrections(changes))),
    ]
    titles = {row.name: row.cell("title") for row in changes.of(REFERENCES, ADDED)}
    for kind in (CHANGED, ADDED):
        for table in others:
            rows = [row for row in table.of(kind) if not row.past]
            most = ALL_CELLS if kind == CHANGED or len(rows) <= FEW_ROWS else FEW_CELLS
            names = titles if kind == ADDED and table.name == "studies" else {}
            lines = [_row(table, row, most=most, title=names.get(row.name, "")) for row in rows]
            found.append(Section(f"{kind}-{table.name}", f"{table.title}: {kind}", lines))
    return [section for section in found if section.lines]


def _row(table: Table, row: Row, *, named: bool = False, most: int = FEW_CELLS, title: str = "") -> str:
    """Return one row: its key, and its cells, of a changed row before and after."""
    key = [column for column, _ in row.key]
    cells = [cell for cell in row.cells if cell.column not in key]
    words = [safe(title, SENTENCE)] if title else []
    words += [f"{safe(cell.column)}: {_cell(cell, row.kind)}" for cell in cells[:most]]
    if len(cells) > most:
        words.append(f"{_many(len(cells) - most, 'cell')} more")
    page = f"{table.name}/{row.name}" if table.name in WITH_PAGES and row.kind != REMOVED else ""
    where = f"{safe(table.title)}: " if named else ""
    return f"- {where}**{_link(row.name, page)}**{': ' if words else ''}{'; '.join(words)}"


def _cell(cell: Cell, kind: str) -> str:
    if kind != CHANGED:
        return value(cell.after or cell.before)
    was, now = side_by_side(cell.before, cell.after, VALUE)
    return f"{value(cell.before, was)} → {value(cell.after, now)}"


def _pool(turn: Turn) -> str:
    pool, sides = turn.newest, (turn.before, turn.after)
    old, new = [side["outcomes"] if side else [] for side in sides]
    moved = ""
    for what, names in (
        ("enters", [name for name in new if name not in old]),
        ("leaves", [name for name in old if name not in new]),
    ):
        moved += f"; {what}: {safe(', '.join(names), SENTENCE)}" if names else ""
    if turn.before and turn.after and not moved and turn.before["result"] != turn.after["result"]:
        moved = "; the same outcomes: their figures or the method changed"
    title = _link(pool["title"], pool["page"] if turn.after else "")
    was, now = map(_result, sides)
    return f"- {title} ({safe(pool['measure'])}): {was} → **{now}**{moved}"


def _result(pool: Record | None) -> str:
    if pool is None:
        return "not declared"
    certainty = f", certainty {safe(pool['certainty'])}" if pool.get("certainty") else ""
    return f"k {pool['result']['k']}: {safe(pool['result']['text'])}{certainty}"


def _verdict(turn: Turn) -> str:
    claim = turn.newest
    name = _link(claim["claim_id"], f"book/synthesis/claims#claim-{claim['claim_id']}" if turn.after else "")
    was, now = [safe(side["verdict"]) if side else "no verdict" for side in (turn.before, turn.after)]
    return f"- {name}: “{safe(claim['statement'], SENTENCE)}”: {was} → **{now}** ({safe(claim['because'], SENTENCE)})"


def _corrections(changes: Changes) -> Iterator[str]:
    for table in [table for table in changes.tables if table.name == "corrections"]:
        for row in table.rows:
            if row.kind == CHANGED:
                yield _row(table, row, most=ALL_CELLS)
            else:
                word = "opened" if row.kind == ADDED else "closed"
                yield f"- {_link(row.name, 'book/audit')} {word}: {safe(row.cell('meaning'), SENTENCE)}"


# Three forms of the same sections


def markdown(changes: Changes, *, fold: bool = True) -> str:
    """Return the changes in GitHub's Markdown, at most ``LIMIT`` characters; lines that do not fit are counted.

    With ``fold`` long sections are closed, by the HTML elements that GitHub knows for that.
    """
    out = f"### What this changes in the review\n\n{safe(headline(changes), LIMIT // 4)}\n"
    out += f"\n{safe(changes.before, 200)} → {safe(changes.after, 200)}\n"
    for section in sections(changes):
        title = f"{'⚠️ ' * (section.anchor in ('past', 'removed'))}{safe(section.title)} ({len(section.lines)})"
        folded = fold and section.folded
        head = f"\n<details><summary><b>{title}</b></summary>\n\n" if folded else f"\n#### {title}\n\n"
        closing = "\n</details>\n" if folded else ""
        if len(out) + len(head) + len(closing) + len(REST) > LIMIT:
            return f"{out}\n{REST.format('sections')}"
        out += head
        for number, line in enumerate(SITE_LINK.sub(r"\1", line) for line in section.lines):
            if len(out) + len(line) + len(closing) + ROOM > LIMIT:
                out += REST.format(f"{len(section.lines) - number:,} of {len(section.lines):,}")
                break
            out += f"{line}\n"
        out += closing
    return out


def terminal(changes: Changes) -> str:
    """Return the same Markdown as plain text, with the signs as they are."""
    return html.unescape(markdown(changes, fold=False).replace(SPACE, ""))


def on_site(changes: Changes) -> list[Section]:
    """Return the sections that readers of the site see."""
    return [section for section in sections(changes) if section.anchor not in FOR_AUTHORS]


def digest(changes: Changes, limit: int, whole: str) -> Markup:
    """Return ``limit`` lines of each section as HTML, for a chapter or the feed; ``whole`` is the page with all."""
    out = Markup("<p>{}</p>\n").format(headline(changes))
    for section in on_site(changes):
        form = "<details>\n<summary>{}</summary>\n{}</details>\n" if section.folded else "<h3>{}</h3>\n{}"
        title = f"{section.title} ({len(section.lines)})"
        out += Markup(form).format(title, section.html(limit, whole))  # noqa: S704 (a form above)
    return out


# Strangers' words


def value(text: str, shown: str = "") -> str:
    """Return one cell: a web address becomes a link to itself, all else is text; ``shown`` is its part to show."""
    if len(text) <= 400 and ADDRESS.fullmatch(text) and urlsplit(text).hostname:
        return f"[{safe(shown or text)}](<{quote(text, safe=':/?#&=%+,;~.-')}>)"
    return safe(shown or text) or "–"


def side_by_side(before: str, after: str, limit: int) -> tuple[str, str]:
    """Return two states of a cell, each on one line; long ones are cut around the first difference, to show it."""
    was, now = [one_line(text, len(text) + 1) for text in (before, after)]
    start = 0
    if was and now and max(len(was), len(now)) > limit:
        alike = next((at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
        if alike > limit // 2:
            start = alike - limit // 4
            start = was.find(" ", start, alike) + 1 or start
    mark = "…" if start else ""
    return one_line(mark + was[start:], limit), one_line(mark + now[start:], limit)


def _link(text: str, page: str) -> str:
    """Return a stranger's words, as a link to a page of the site if one is named."""
    return f"[{safe(text)}](<site:{quote(page, safe='/#-_.')}>)" if page else safe(text) or "–"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
