"""A table as plain, escaped, accessible HTML: readable without JavaScript, as cards on a phone.

A table is columns and a caption. Columns are made whole: ``links``, ``tags``, ``notes`` and ``stacks`` take
columns and return a column of cells; a plain column of a frame is shown as it is.

Addresses that start with ``site:`` name a page of this book (``site:book/references#seed-42``); the site
turns them into relative links when it writes the page.

Large tables also carry what ``site/static/tables.js`` needs to sort, search and filter them: a name for
addresses, a key for each column, and the filters with the place of each row in them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup, escape

Cell = str | Markup
Column = Iterable[Any]

UNKNOWN = Markup('<span class="unknown">not shown</span>')
LARGE = 8  # rows from which a table gets tools
MOST = 1_000  # rows of one table, so that no page grows past a megabyte; pages of studies and downloads hold all

ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
_TEMPLATE = ENVIRONMENT.from_string("""\
<div class="grid-box">
{% for label, cell in same.items() if cell %}
<p class="grid-same"><strong>{{ label }}:</strong> {{ cell }}</p>
{% endfor %}
{% if tools %}
<div class="grid-tools grid-rows-{{ (filters | length + 3) // 4 }}"></div>
{% endif %}
<div class="grid-scroll{{ ' grid-tall' if tools }}"
{%- if tools or header | length > 4 %} role="group" tabindex="0" aria-label="{{ caption }}"{% endif %}>
<table class="grid {{ 'grid-small' if header | length < 4 else 'cards' }}{{ ' grid-wide' if header | length > 5 }}"
{%- if tools %} data-table="{{ name }}" data-filters="{{ choices }}"{% endif %}>
<caption>{{ caption }}</caption>
<thead><tr>
{%- for column in header %}
{% if column %}
<th scope="col"{% if tools %} data-key="{{ column | key }}"{% endif %}>{{ column }}</th>
{% else %}
<td></td>
{% endif %}
{% endfor %}
</tr></thead>
<tbody>
{% for row, places in rows %}
<tr{% if row.id %} id="{{ row.id }}"{% endif %}{% if filters %} data-is="{{ places }}"{% endif %}>
{%- for label, cell in row.cells.items() if label not in same -%}
{% set kind = "th" if loop.first else "td" %}
<{{ kind }}{% if loop.first %} scope="row"{% endif %} data-label="{{ label }}"
{%- if cell is prose %} class="prose"{% endif %}><div>{{ cell }}</div></{{ kind }}>
{% endfor -%}
</tr>
{% endfor %}
</tbody>
</table>
</div>
</div>
""")


class Row(NamedTuple):
    """One row: its anchor on the page, its cells by heading, its values in each filter."""

    id: str
    cells: Mapping[str, Cell]
    groups: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Grid:
    """A table: HTML on the page, one line of text elsewhere."""

    caption: str
    rows: Sequence[Row]
    name: str = "table"
    tools: bool | None = None

    def _repr_html_(self) -> str:
        if not self.rows:  # headings over nothing would only ask what is missing
            return Markup('<p class="grid-none">{}.</p>').format(self.caption)
        caption, rows = self.caption, self.rows[:MOST]
        if len(self.rows) > MOST:
            caption += f" (the first {MOST:,} of {len(self.rows):,} rows; the downloads hold all)"
        tools = len(rows) >= LARGE if self.tools is None else self.tools
        filters = {label: values for label in rows[0].groups if tools and len(values := _values(rows, label)) > 1}
        choices = [{"key": key(label), "label": label, "values": values} for label, values in filters.items()]
        first, *others = rows
        same = {
            label: cell
            for label, cell in list(first.cells.items())[1:]
            if others and all(row.cells[label] == cell for row in others)
        }  # these are said once, above the table
        return _TEMPLATE.render(
            caption=caption,
            name=self.name,
            tools=tools,
            same=same,
            header=[label for label in first.cells if label not in same],
            rows=[(row, _places(row, filters)) for row in rows],
            filters=filters,
            choices=json.dumps(choices, ensure_ascii=False, separators=(",", ":")),
        )

    def __repr__(self) -> str:
        return f"{self.caption} ({len(self.rows)} rows)"


def _values(rows: Sequence[Row], label: str) -> list[str]:
    """Return what readers may choose in a filter, in the order of the alphabet; “not shown” stands last."""
    last = _plain(UNKNOWN)
    choices = frozenset[str]().union(*(row.groups[label] for row in rows))
    return sorted(choices, key=lambda value: (value == last, value.casefold(), value))


def _places(row: Row, filters: Mapping[str, list[str]]) -> str:
    """Return where the values of a row stand among those of each filter: ``0,3 1``."""
    places = ([str(values.index(value)) for value in sorted(row.groups[label])] for label, values in filters.items())
    return " ".join(map(",".join, places))


def grid(
    columns: Mapping[str, Column],
    caption: str,
    *,
    ids: Column | None = None,
    name: str = "table",
    filters: Mapping[str, Column] | None = None,
    tools: bool | None = None,
) -> Grid:
    """Return a table of these columns, by heading.

    Strings are escaped; ``Markup`` is taken as it is, so it must come from ``link``, ``tag``, ``note`` or ``lines``.

    Args:
        ids: the anchor of each row.
        name: the table in addresses: ``?trials.phase=2&trials.search=lupus&trials.sort=-people``.
        filters: what readers may filter by, with the value or the list of values of each row; this may be
            something that no column shows.
        tools: whether readers may sort and search; if left out, the number of rows decides.
    """
    anchors = repeat("") if ids is None else ids
    groups = _rows(filters, _group) if filters else repeat({})
    rows = [Row(*row) for row in zip(anchors, _rows(columns, show), groups, strict=False)]
    return Grid(caption, rows, name, tools)


def _rows(columns: Mapping[str, Column], make: Callable[[Any], Any]) -> Iterator[dict[str, Any]]:
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, map(make, row), strict=True))


def _group(value: Any) -> frozenset[str]:
    several = value if isinstance(value, list | tuple) else [value]
    return frozenset(_plain(show(each)) for each in several or [None])


def key(label: str) -> str:
    """Return a heading or label as it stands in addresses: ``Cell source`` becomes ``cell-source``."""
    return re.sub(r"[^\w]+", "-", label.casefold()).strip("-")


def _plain(cell: Cell) -> str:
    return str(cell.striptags()) if isinstance(cell, Markup) else str(cell)


ENVIRONMENT.filters["key"] = key
ENVIRONMENT.tests["prose"] = lambda cell: len(_plain(cell)) > 60


def show(value: Any) -> Cell:
    """Return one value for a reader: dates as YYYY-MM-DD, missing as “not shown”."""
    if isinstance(value, str):  # Markup is one too
        return value
    if value is None or pd.isna(value):
        return UNKNOWN
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def link(address: Any, words: Any) -> Cell:
    """Return a link, or only its words when the address is missing or is not http(s) or a page of this site."""
    if not isinstance(address, str) or not address.startswith(("https://", "http://", "site:")):
        return show(words)
    return Markup('<a href="{}">{}</a>').format(address, show(words))


def tag(value: Any, look: str) -> Cell:
    """Return a short mark such as a status, with a class for its colour; the word itself always stands there."""
    return Markup('<span class="tag tag-{}">{}</span>').format(look, show(value))


def note(*parts: Any) -> Cell:
    """Return what stands small under the main line of a cell; nothing when all parts are missing or empty."""
    parts = tuple(part for part in parts if pd.notna(part) and str(part))
    return Markup('<span class="note">{}</span>').format(Markup(", ").join(map(escape, parts))) if parts else ""


def lines(*parts: Any) -> Cell:
    """Return several short cells as one, each on its own line (also for those who read the text alone)."""
    return Markup("<br>\n").join(escape(cell) for cell in map(show, parts) if cell)


def each(make: Callable[..., Cell], *columns: Column) -> list[Cell]:
    """Return the cell that ``make`` makes of each row's values; a single text stands in every row."""
    return [make(*row) for row in zip(*(repeat(c) if isinstance(c, str) else c for c in columns), strict=False)]


links, tags, notes, stacks = (partial(each, make) for make in (link, tag, note, lines))


@dataclass(frozen=True, repr=False)
class Drawn:
    """A piece of a page: its HTML, and the words that stand for it elsewhere."""

    html: str
    words: str = ""

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.words


_SHOWN = ENVIRONMENT.from_string("""\
{% for part in parts %}{{ part._repr_html_() | safe }}{% endfor %}
{% if says %}<p class="comparison-says">{{ says }}</p>{% endif %}
{% for name, part in behind %}
<details class="behind"><summary>{{ name }}</summary>{{ part._repr_html_() | safe }}</details>
{% endfor %}
""")


@dataclass(frozen=True)
class Shown:
    """Figures and tables one after the other, a line of words under them, and others behind, each under its summary."""

    parts: tuple[Any, ...] = ()
    says: Cell = ""
    behind: tuple[tuple[str, Any], ...] = ()

    def _repr_html_(self) -> str:
        return _SHOWN.render(vars(self))

    def __repr__(self) -> str:
        return "; ".join(filter(None, [*map(repr, self.parts), *(name for name, _ in self.behind)]))
