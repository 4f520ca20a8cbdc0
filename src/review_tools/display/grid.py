"""A table as plain, escaped, accessible HTML: readable without JavaScript, as cards on a phone.

Addresses that start with ``site:`` name a page of this book (``site:book/references#seed-42``); the site
turns them into relative links when it writes the page.

Large tables also carry what ``site/static/tables.js`` needs to sort, search and filter them: a name for
addresses, a key for each column, and the filters with the place of each row in them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup, escape

Cell = str | Markup
Column = tuple[str, Callable[[pd.Series], Cell]]
Filters = Mapping[str, str | Callable[[pd.Series], Any]]

UNKNOWN = Markup('<span class="unknown">not shown</span>')
LARGE = 8  # rows from which a table gets tools
MOST = 1_000  # rows of one table, so that no page grows past a megabyte; pages of studies and downloads hold all

_ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
_TEMPLATE = _ENVIRONMENT.from_string("""\
<div class="grid-box">
{% if tools %}
<div class="grid-tools grid-rows-{{ (filters | length + 3) // 4 }}"></div>
{% endif %}
<div class="grid-scroll{{ ' grid-tall' if tools }}"
{%- if tools or header | length > 4 %} role="group" tabindex="0" aria-label="{{ caption }}"{% endif %}>
<table class="grid{{ ' grid-small' if header | length < 4 else ' grid-wide' if header | length > 5 }}"
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
{% for id, cells in rows %}
<tr{% if id %} id="{{ id }}"{% endif %}{% if filters %} data-is="{{ places[loop.index0] }}"{% endif %}>
{%- for label, cell in cells -%}
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


@dataclass(frozen=True)
class Filter:
    """One thing readers may filter by: its values in the order of the list, and the places of each row in it."""

    label: str
    choices: Sequence[str]
    places: Sequence[str]


@dataclass(frozen=True)
class Grid:
    """A drawn table: HTML for the page, one line of text elsewhere."""

    caption: str
    header: Sequence[str]
    rows: Sequence[tuple[str, Sequence[tuple[str, Cell]]]]
    name: str = "table"
    filters: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)  # label, row, its values
    tools: bool | None = None

    def _repr_html_(self) -> str:
        if not self.rows:  # headings over nothing would only ask what is missing
            return Markup('<p class="grid-none">{}.</p>').format(self.caption)
        if len(self.rows) > MOST:
            caption = f"{self.caption} (the first {MOST:,} of {len(self.rows):,} rows; the downloads hold all)"
            return replace(self, caption=caption, rows=self.rows[:MOST])._repr_html_()
        tools = len(self.rows) >= LARGE if self.tools is None else self.tools
        filters = list(self._filters()) if tools else []
        choices = [{"key": key(f.label), "label": f.label, "values": f.choices} for f in filters]
        return _TEMPLATE.render(
            caption=self.caption,
            header=self.header,
            rows=self.rows,
            name=self.name,
            tools=tools,
            filters=filters,
            places=[" ".join(each) for each in zip(*(f.places for f in filters), strict=True)],
            choices=json.dumps(choices, ensure_ascii=False, separators=(",", ":")),
        )

    def _filters(self) -> Iterator[Filter]:
        """The filters as the rows at hand need them (a page may show some rows only); one value divides nothing."""
        for label, known in self.filters.items():
            sets = [known[row_id or str(at)] for at, (row_id, _) in enumerate(self.rows)]
            last = _plain(UNKNOWN)
            choices = sorted(frozenset().union(*sets), key=lambda value: (value == last, value.casefold(), value))
            if len(choices) > 1:
                places = [",".join(str(choices.index(value)) for value in sorted(values)) for values in sets]
                yield Filter(label, choices, places)

    def __repr__(self) -> str:
        return f"{self.caption} ({len(self.rows)} rows)"


def grid(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    caption: str,
    row_id: Callable[[pd.Series], str] | None = None,
    *,
    name: str = "table",
    filters: Filters | None = None,
    tools: bool | None = None,
) -> Grid:
    """A frame as a grid. Each column is a heading and a function from a row to its cell.

    Strings are escaped; ``Markup`` is taken as it is, so it must come from ``link``, ``tag``, ``note`` or ``lines``.

    ``name`` stands for the table in addresses: ``?trials.phase=2&trials.search=lupus&trials.sort=-people``.
    ``filters`` maps labels to a column of the frame, or to a function from a row to its value or list of values;
    a row may be filtered by what it does not show in a column of its own. ``tools`` overrules the number of rows.
    """
    rows = []
    known: dict[str, dict[str, frozenset[str]]] = {label: {} for label in filters or {}}
    for at, (_, row) in enumerate(frame.iterrows()):
        name_of_row = row_id(row) if row_id else ""
        rows.append((name_of_row, [(heading, make(row)) for heading, make in columns]))
        for label, of in (filters or {}).items():
            known[label][name_of_row or str(at)] = _values(row[of] if isinstance(of, str) else of(row))
    return Grid(caption, [heading for heading, _ in columns], rows, name, known, tools)


def _values(found: Any) -> frozenset[str]:
    several = found if isinstance(found, list) and found else [found]
    return frozenset(_plain(show(None if isinstance(value, list) else value)) for value in several)


def key(label: str) -> str:
    """A heading or label as it stands in addresses: ``Cell source`` becomes ``cell-source``."""
    return re.sub(r"[^\w]+", "-", label.casefold()).strip("-")


def _plain(cell: Cell) -> str:
    return str(cell.striptags()) if isinstance(cell, Markup) else str(cell)


def _is_prose(cell: Cell) -> bool:
    return len(_plain(cell)) > 60


_ENVIRONMENT.filters["key"] = key
_ENVIRONMENT.tests["prose"] = _is_prose


def text(column: str) -> Callable[[pd.Series], Cell]:
    """The column as it is; missing values are shown as not shown."""
    return lambda row: show(row[column])


def show(value: Any) -> Cell:
    """One value for a reader: dates as YYYY-MM-DD, missing as “not shown”."""
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)) or value is pd.NaT:
        return UNKNOWN
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, Markup):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def link(address: Any, words: Any) -> Cell:
    """A link, or only its words when the address is missing or is not http(s) or a page of this site."""
    if not isinstance(address, str) or not address.startswith(("https://", "http://", "site:")):
        return show(words)
    return Markup('<a href="{}">{}</a>').format(address, show(words))


def tag(value: Any, look: str) -> Cell:
    """A short mark such as a status, with a class for its colour; the word itself always stands there."""
    return Markup('<span class="tag tag-{}">{}</span>').format(look, show(value))


def note(*parts: Any) -> Cell:
    """What stands small under the main line of a cell; nothing when all parts are missing or empty."""
    known = [part for part in parts if isinstance(part, Markup) or (pd.notna(part) and str(part))]
    return Markup('<span class="note">{}</span>').format(Markup(", ").join(map(escape, known))) if known else ""


def lines(parts: Iterable[Cell]) -> Cell:
    """Several short cells in one, each on its own line (also for those who read the text alone)."""
    return Markup("<br>\n").join(escape(part) for part in parts if part)
