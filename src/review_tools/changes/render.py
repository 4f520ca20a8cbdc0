"""Write changes as Markdown, in which nothing acts, and make HTML and the terminal's text from that.

All words from the data are text of strangers. Every character that could begin markup is written as a numeric
reference, which CommonMark never reads as structure, and a zero-width space follows the signs that GitHub itself
looks for afterwards (mentions, issue numbers). See https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references.
"""

import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from urllib.parse import quote, urlsplit

from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from rich.console import Console
from rich.markdown import Markdown as RichMarkdown

from review_tools.changes.model import ADDED, CHANGED, REFERENCES, REMOVED, Cell, Changes, Pool, Row, Table, Turn

LIMIT = 60_000  # characters; GitHub takes 65,536
ROOM = 600  # for the line that says what was cut
VALUE, LINK = 160, 60  # characters of a cell
FEW_ROWS, FEW_CELLS, ALL_CELLS = 10, 6, 99  # a person compares each value of a few new rows with its source
WITH_PAGES = ("studies", "trials")  # tables whose rows have a page each, in a folder of that name
SPACE = "&#8203;"  # a zero-width space
MARKUP = str.maketrans(
    {sign: f"&#{ord(sign)};" for sign in {*string.punctuation} - {*".,;'%/+=?-"}} | {"\u200b": SPACE}
)
TRIGGER = re.compile(r"(@|#|(?<=GH)-|(?<=gh)-|(?<=://)|(?<=\bwww))")
ADDRESS = re.compile(r"https?://[^\s<>\"`|\\]+")
MARKDOWN = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class Section:
    """A heading and its lines, each a Markdown list item; those that are ``folded`` stand closed until asked for."""

    anchor: str
    title: str
    lines: list[str]
    folded: bool = False


def headline(changes: Changes) -> str:
    """Return how much changes, in one sentence: rows, past lines, results, verdicts, pages."""
    if not changes:
        return "Nothing: the review stays as it is."
    parts = []
    for kind in (REMOVED, CHANGED, ADDED):
        counts = [(len(table.of(kind)), table.title.lower()) for table in changes.tables if table.of(kind)]
        if counts:
            total = sum([number for number, _ in counts])
            where = ", ".join([f"{title} {number}" for number, title in counts])
            parts.append(f"{_many(total, 'row')} {kind} ({where})")
    if past := len(changes.past_edited):
        parts.append(f"{_many(past, 'past line')} of a log changed, which must not be")
    for turns, compared, what in (
        (changes.pools, changes.pools_compared, "pooled results move"),
        (changes.verdicts, changes.verdicts_compared, "verdicts change"),
    ):
        new, gone = len([turn for turn in turns if not turn.before]), len([turn for turn in turns if not turn.after])
        parts.append(f"{len(turns) - new - gone} of {compared - new - gone} {what}")
        parts[-1] += "".join([f", {count} {word}" for count, word in ((new, "new"), (gone, "gone")) if count])
    if changes.pages:  # between two versions the chapters are not compared
        parts.append(f"{_many(len(changes.pages), 'page')} affected")
    return "; ".join(parts) + "."


def sections(changes: Changes, *, site: bool = False) -> Iterator[Section]:
    """Yield the sections that have lines, losses first.

    Args:
        site: for a page of the site or its feed, with links to its pages (``site:`` addresses), without what only
            authors need. Else for those who judge a change.
    """
    mark = "" if site else "⚠️ "
    gone = [(table, row) for table, row in changes.rows(REMOVED) if not row.past and table.name != "corrections"]
    columns = [
        f"- {safe(table.title)}: the whole column **{safe(column)}**"
        for table in changes.tables
        for column in table.columns_removed
    ]
    for anchor, title, lines in (
        ("past", f"{mark}Past lines of a log changed", [_row(*one, named=True) for one in changes.past_edited]),
        ("removed", f"{mark}Removed", columns + [_row(*one, named=True) for one in gone]),
        ("unknown", "Could not be read or computed", [f"- {safe(note, 300)}" for note in changes.notes]),
        ("pools", "Pooled results", [_pool(turn, site) for turn in changes.pools]),
        ("prose", "Prose to read again, since a result that it is about moves", [] if site else _prose(changes)),
        ("verdicts", "Verdicts on claims", _verdicts(changes, site)),
        ("corrections", "Corrections", [*_corrections(changes, site)]),
    ):
        if lines:
            yield Section(anchor, title, lines)
    changed, added = list(_by_table(changes, CHANGED, site)), list(_by_table(changes, ADDED, site))
    yield from sorted((*changed, *added), key=lambda section: section.folded) if site else (*changed, *added)
    if changes.pages:
        pages = [f"- {safe(page)}: {'; '.join(map(safe, why))}" for page, why in changes.pages.items()]
        yield Section("pages", "Pages affected", pages, folded=True)


def _by_table(changes: Changes, kind: str, site: bool) -> Iterator[Section]:
    titles = {row.name: _cell(row, "title") for row in changes.of(REFERENCES, ADDED)}
    for table in changes.tables:
        rows = [row for row in table.of(kind) if not row.past]
        if not rows or table.name == "corrections" or (site and kind == ADDED and table.name == REFERENCES):
            continue
        most = ALL_CELLS if kind == CHANGED or (len(rows) <= FEW_ROWS and not site) else FEW_CELLS
        names = titles if site and kind == ADDED and table.name == "studies" else {}
        lines = [_row(table, row, most=most, site=site, title=names.get(row.name, "")) for row in rows]
        folded = table.name not in WITH_PAGES or (kind == CHANGED and table.name != "trials") if site else kind == ADDED
        yield Section(f"{kind}-{table.name}", f"{table.title}: {kind}", lines, folded)


def _row(
    table: Table, row: Row, *, named: bool = False, most: int = FEW_CELLS, site: bool = False, title: str = ""
) -> str:
    """One row: its key, and its cells, of a changed one before and after."""
    key = [column for column, _ in row.key]
    cells = [cell for cell in row.cells if cell.column not in key]
    page = f"{table.name}/{row.name}" if site and table.name in WITH_PAGES and row.kind != REMOVED else ""
    words = [_change(cell) if row.kind == CHANGED else f"{safe(cell.column)}: {_value(cell)}" for cell in cells[:most]]
    if len(cells) > most:
        words.append(f"{_many(len(cells) - most, 'cell')} more")
    where = f"{safe(table.title)}: " if named else ""
    says = safe(title) if title else "; ".join(words)
    return f"- {where}**{_link(row.name, page, 100)}**{': ' if says else ''}{says}"


def _change(cell: Cell) -> str:
    limit = LINK if _is_address(cell.before) and _is_address(cell.after) else VALUE
    was, now = side_by_side(cell.before, cell.after, limit)
    return f"{safe(cell.column)}: {value(cell.before, was)} → {value(cell.after, now)}"


def _value(cell: Cell) -> str:
    return value(cell.after or cell.before)


def _cell(row: Row, column: str) -> str:
    return next((cell.after or cell.before for cell in row.cells if cell.column == column), "")


def _pool(turn: Turn[Pool], site: bool) -> str:
    pool = turn.newest
    sides = [
        f"k {side.result.k}: {safe(side.result.text)}" if side else "not declared" for side in (turn.before, turn.after)
    ]
    was, now = [side.outcomes if side else () for side in (turn.before, turn.after)]
    entered, left = [name for name in now if name not in was], [name for name in was if name not in now]
    moved = [
        f"; {what}: {safe(', '.join(names), 300)}" for what, names in (("enters", entered), ("leaves", left)) if names
    ]
    title = _link(pool.title, pool.page if site and turn.after else "")
    return f"- {title} ({safe(pool.measure)}): {sides[0]} → **{sides[1]}**{''.join(moved)}"


def _prose(changes: Changes) -> list[str]:
    """The prose that a moved result may have made untrue: nothing but a person can tell."""
    moved: dict[str, list[str]] = {}
    for pool in [turn.newest for turn in changes.pools]:
        moved.setdefault(pool.page, []).append(pool.comparison_id)
    return [
        f"- {safe(page)}.md, and question and what&#95;would&#95;change&#95;it of {safe(', '.join(names), 300)} "
        "in data/comparisons.csv"
        for page, names in moved.items()
    ]


def _verdicts(changes: Changes, site: bool) -> list[str]:
    """Verdicts that turned before those that are new."""
    lines = []
    for turn in sorted(changes.verdicts, key=lambda turn: turn.before is None):
        claim = turn.newest
        page = f"book/synthesis/claims#claim-{claim.claim_id}" if site and turn.after else ""
        was, now = [safe(side.verdict) if side else "no verdict" for side in (turn.before, turn.after)]
        name = "" if site else f"{safe(claim.claim_id)}: "
        lines.append(f"- {name}“{_link(claim.statement, page, 300)}”: {was} → **{now}** ({safe(claim.because, 300)})")
    return lines


def _corrections(changes: Changes, site: bool) -> Iterator[str]:
    for word, kind in (("closed", REMOVED), ("opened", ADDED)):
        for row in changes.of("corrections", kind):
            yield f"- {_link(row.name, 'book/audit' if site else '')} {word}: {safe(_cell(row, 'meaning'), 300)}"
    table = [table for table in changes.tables if table.name == "corrections"]
    yield from [_row(table[0], row, most=ALL_CELLS) for row in changes.of("corrections", CHANGED)]


# Three forms of the same sections


def markdown(changes: Changes, limit: int = LIMIT, *, fold: bool = True) -> str:
    """Return the changes in GitHub's Markdown, at most ``limit`` characters.

    What does not fit is counted by section at the end.

    Args:
        fold: close the long sections, with the HTML elements that GitHub knows for that.
    """
    out = [f"### What this changes in the review\n\n{safe(headline(changes), limit // 4)}\n"]
    out.append(f"\n{safe(changes.before, 200)} → {safe(changes.after, 200)}\n")
    left = limit - ROOM - sum(map(len, out))
    cut: list[str] = []
    for section in sections(changes):
        title, lines = f"{safe(section.title)} ({len(section.lines)})", section.lines
        folded = fold and section.folded
        head = f"\n<details><summary><b>{title}</b></summary>\n\n" if folded else f"\n#### {title}\n\n"
        closing = "\n</details>\n" if folded else ""
        taken = _fitting(lines, left - len(head) - len(closing))
        if len(taken) < len(lines):
            cut.append(f"{len(lines) - len(taken)} of {len(lines)} lines under “{safe(section.title)}”")
        if taken:
            out.append(head + "\n".join(taken) + f"\n{closing}")
            left -= len(out[-1])
    if cut:
        what = "; ".join(cut[:8]) + (f"; and {len(cut) - 8} sections more" if len(cut) > 8 else "")
        out.append(
            f"\n**Too long to show whole.** Left out: {what[: ROOM - 120]}. `review diff --json` has everything.\n"
        )
    return "".join(out)


def _fitting(lines: Iterable[str], room: int) -> list[str]:
    taken = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        taken.append(line)
    return taken


def html(changes: Changes, *, limit: int, level: int = 2, whole: str = "") -> Markup:
    """Return the changes as HTML for a page or the feed, in sections of at most ``limit`` lines.

    Links to pages of the site are ``site:`` addresses.

    Args:
        level: of the headings. Below 2 sections with many lines are folded.
        whole: address of the page that shows all, named where lines are left out.
    """
    out = [Markup('<p class="changes-sum">{}</p>\n').format(headline(changes))]
    for section in sections(changes, site=True):
        lines, more = section.lines[:limit], len(section.lines) - limit
        if more > 0:
            lines.append(f"- … and {more} more" + (f": [all of them](<{whole}#{section.anchor}>)" if whole else ""))
        listed = Markup(MARKDOWN.render("\n".join(lines).replace(SPACE, "")))  # noqa: S704 (made without raw HTML)
        title = escape(f"{section.title} ({len(section.lines)})")
        if level == 2:
            link = Markup('<a class="headerlink" href="#{}" title="Link to this heading">#</a>').format(section.anchor)
            shape = Markup('<section id="{}">\n<h2>{}{}</h2>\n{}</section>\n').format(
                section.anchor, title, link, listed
            )
        elif section.folded:
            shape = Markup("<details>\n<summary>{}</summary>\n{}</details>\n").format(title, listed)
        else:
            shape = Markup("<h{}>{}</h{}>\n{}").format(level, title, level, listed)
        out.append(shape)
    return Markup().join(out)


def terminal(changes: Changes, *, wrap: bool) -> str:
    """Return the changes as text: wrapped and with colours for a terminal, or each line whole, to be searched."""
    console = Console(file=StringIO(), width=None if wrap else LIMIT, force_terminal=wrap)
    with console.capture() as written:
        console.print(RichMarkdown(markdown(changes, fold=False).replace(SPACE, ""), hyperlinks=False))
    return "\n".join([line.rstrip() for line in written.get().splitlines()]) + "\n"


# Strangers' words


def safe(text: str, limit: int = VALUE) -> str:
    """Return a stranger's words on one line, as text and nothing else."""
    return TRIGGER.sub("\\1\u200b", one_line(text, limit)).translate(MARKUP)


def value(text: str, shown: str = "") -> str:
    """Return one cell: a web address becomes a link to itself, all else is text; ``shown`` is its part to show."""
    if _is_address(text):
        return f"[{safe(shown or text, LINK)}](<{quote(text, safe=':/?#&=%+,;~.-')}>)"
    return safe(shown or text) or "–"


def one_line(text: str, limit: int) -> str:
    """Return a text without line breaks, control and direction characters, cut to ``limit`` characters."""
    return _cut(_plain(text), limit)


def side_by_side(before: str, after: str, limit: int) -> tuple[str, str]:
    """Return two states of a cell, each on one line; long ones are cut around the first difference, to show it."""
    was, now = _plain(before), _plain(after)
    start = 0
    if was and now and max(len(was), len(now)) > limit:
        alike = next((at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
        if alike > limit // 2:
            start = alike - limit // 4
            start = was.find(" ", start, alike) + 1 or start
    mark = "…" if start else ""
    return _cut(mark + was[start:], limit), _cut(mark + now[start:], limit)


def _plain(text: str) -> str:
    return "".join(filter(str.isprintable, " ".join(text.split())))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _is_address(text: str) -> bool:
    return bool(len(text) <= 400 and ADDRESS.fullmatch(text) and urlsplit(text).hostname)


def _link(text: str, page: str, limit: int = VALUE) -> str:
    """A stranger's words, as a link to a page of the site if one is named."""
    return f"[{safe(text, limit)}](<site:{quote(page, safe='/#-_.')}>)" if page else safe(text, limit) or "–"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
