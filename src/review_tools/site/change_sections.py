"""What one version changes against another, as HTML for pages and the feed: losses first, everything escaped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from review_tools.changes import Changes
from review_tools.changes.model import ADDED, CHANGED, REMOVED, Row, Table
from review_tools.changes.sheets import REFERENCES
from review_tools.changes.summary import headline, one_line, side_by_side
from review_tools.display.grid import Cell, link

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
WORDS = 160  # characters of a cell
CELLS = 4  # of a row that was added or removed
PAGES = ("studies", "trials")  # tables whose rows have a page each, in a folder of that name


@dataclass(frozen=True)
class Section:
    """A heading and its lines; those that are ``folded`` stand closed until asked for."""

    anchor: str
    title: str
    lines: Sequence[Cell]
    folded: bool = False


def html(changes: Changes, *, limit: int, level: int = 2, whole: str = "") -> Markup:
    """The changes in sections of at most ``limit`` lines. Links are ``site:`` addresses.

    Args:
        level: of the headings.
        whole: address of the page that shows all, named where lines are left out.
    """
    template = TEMPLATES.get_template("changes.html")
    made = template.render(
        sections=list(sections(changes)), says=headline(changes), limit=limit, level=level, whole=whole
    )
    return Markup(made)  # noqa: S704 (rendered with autoescape)


def sections(changes: Changes) -> Iterator[Section]:
    """Those with lines only, in the order in which a reader should see them."""
    trials = changes.table("trials")
    registry = [_changed(trials, row) for row in trials.of(CHANGED)] if trials else []
    for anchor, title, lines in (
        ("removed", "Removed", [*_columns_lost(changes), *(_whole(t, row, named=True) for t, row in _lost(changes))]),
        ("unknown", "Could not be read or computed", [words(note) for note in changes.notes]),
        ("pools", "Pooled results", list(_pools(changes))),
        ("verdicts", "Verdicts on claims", list(_verdicts(changes))),
        ("corrections", "Corrections", list(_corrections(changes))),
        ("registry", "Registry records", registry),
    ):
        if lines:
            yield Section(anchor, title, lines)
    names = {"studies": _titles(changes)}
    for table in changes.tables:
        if table.name not in ("corrections", REFERENCES) and (rows := table.of(ADDED)):
            known = names.get(table.name, {})
            made = [_named(table, row, known[row.name]) if row.name in known else _whole(table, row) for row in rows]
            yield Section(f"added-{table.name}", f"{table.title}: added", made, folded=table.name not in PAGES)
    for table in changes.tables:
        if table.name != "trials" and (rows := table.of(CHANGED)):
            title = f"{table.title}: changed"
            yield Section(f"changed-{table.name}", title, [_changed(table, row) for row in rows], folded=True)


def words(text: str, limit: int = WORDS) -> Markup:
    """A stranger's words on one line."""
    return escape(one_line(text, limit))


def _lost(changes: Changes) -> Iterator[tuple[Table, Row]]:
    return ((table, row) for table, row in changes.rows(REMOVED) if table.name != "corrections")


def _columns_lost(changes: Changes) -> Iterator[Cell]:
    for table in changes.tables:
        for column in table.columns_removed:
            yield Markup("{}: the whole column <b>{}</b>").format(words(table.title), words(column))


def _name(table: Table, row: Row) -> Cell:
    page = f"site:{table.name}/{row.name}" if table.name in PAGES and row.kind != REMOVED else None
    return link(page, one_line(row.name, WORDS))


def _named(table: Table, row: Row, title: str) -> Cell:
    return Markup("{}: {}").format(_name(table, row), words(title))


def _whole(table: Table, row: Row, *, named: bool = False) -> Cell:
    """A row that was added or removed: its key and its first cells."""
    key = {column for column, _ in row.key}
    cells = [cell for cell in row.cells if cell.column not in key][:CELLS]
    told = Markup("; ").join(
        Markup("{}: {}").format(words(cell.column), words(cell.after or cell.before)) for cell in cells
    )
    before = Markup("{} ").format(words(table.title)) if named else ""
    return Markup("{}<b>{}</b>{}{}").format(before, _name(table, row), ": " if cells else "", told)


def _changed(table: Table, row: Row) -> Cell:
    cells = (
        Markup("{}: {} → {}").format(
            words(cell.column), *(part or "–" for part in side_by_side(cell.before, cell.after, WORDS))
        )
        for cell in row.cells
    )
    return Markup("<b>{}</b>: {}").format(_name(table, row), Markup("; ").join(cells))


def _titles(changes: Changes) -> dict[str, str]:
    """Key → title of the works that came in."""
    table = changes.table(REFERENCES)
    rows = table.of(ADDED) if table else ()
    return {row.name: next((cell.after for cell in row.cells if cell.column == "title"), "") for row in rows}


def _pools(changes: Changes) -> Iterator[Cell]:
    for pool in changes.pools:
        sides = (f"k {side.k}: {side.text}" if side else "not declared" for side in (pool.before, pool.after))
        title = link(f"site:{pool.page}" if pool.after else None, one_line(pool.title, WORDS))
        moved = [
            f"{what}: {', '.join(names)}" for what, names in (("enters", pool.entered), ("leaves", pool.left)) if names
        ]
        yield Markup("{} ({}): {} → <b>{}</b>{}").format(
            title, words(pool.measure), *map(words, sides), words(f"; {'; '.join(moved)}" if moved else "", 300)
        )


def _verdicts(changes: Changes) -> Iterator[Cell]:
    """Those that turned before those that are new."""
    for one in sorted(changes.verdicts, key=lambda verdict: not verdict.before):
        page = f"site:book/synthesis/claims#claim-{one.claim_id}" if one.after else None
        then, now = (words(word) or "no verdict" for word in (one.before, one.after))
        claim = link(page, one_line(one.statement, 300))
        yield Markup("“{}”: {} → <b>{}</b> ({})").format(claim, then, now, words(one.because, 300))


def _corrections(changes: Changes) -> Iterator[Cell]:
    for what, rows in (("closed", changes.corrections_closed), ("opened", changes.corrections_opened)):
        for row in rows:
            said = {cell.column: cell.after or cell.before for cell in row.cells}
            name = link("site:book/audit", row.name)
            yield Markup("{} {}: {}").format(name, what, words(said.get("meaning", ""), 300))
