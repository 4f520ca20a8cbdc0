"""A table as plain, escaped, accessible HTML: readable without JavaScript, as cards on a phone.

Addresses that start with ``site:`` name a page of this book (``site:book/references#seed-42``); the site
turns them into relative links when it writes the page.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup, escape

Cell = str | Markup
Column = tuple[str, Callable[[pd.Series], Cell]]

UNKNOWN = Markup('<span class="unknown">not shown</span>')

_ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
_TEMPLATE = _ENVIRONMENT.from_string("""\
<div class="grid-scroll" role="region" tabindex="0" aria-label="{{ caption }}">
<table class="grid{{ ' grid-small' if header | length < 4 }}">
<caption>{{ caption }}</caption>
<thead><tr>{% for name in header %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for id, cells in rows %}
<tr{% if id %} id="{{ id }}"{% endif %}>
{%- for name, cell in cells -%}
{% set kind = "th" if loop.first else "td" %}
<{{ kind }}{% if loop.first %} scope="row"{% endif %} data-label="{{ name }}"
{%- if cell | length > 70 and "<a " not in cell %} class="prose"{% endif %}><div>{{ cell }}</div></{{ kind }}>
{%- endfor -%}
</tr>
{% endfor %}
</tbody>
</table>
</div>
""")


@dataclass(frozen=True)
class Grid:
    """A drawn table: HTML for the page, one line of text elsewhere."""

    caption: str
    header: Sequence[str]
    rows: Sequence[tuple[str, Sequence[tuple[str, Cell]]]]

    def _repr_html_(self) -> str:
        return _TEMPLATE.render(caption=self.caption, header=self.header, rows=self.rows)

    def __repr__(self) -> str:
        return f"{self.caption} ({len(self.rows)} rows)"


def grid(
    frame: pd.DataFrame, columns: Sequence[Column], caption: str, row_id: Callable[[pd.Series], str] | None = None
) -> Grid:
    """A frame as a grid. Each column is a heading and a function from a row to its cell.

    Strings are escaped; ``Markup`` is taken as it is, so it must come from ``link`` or ``tag``.
    """
    rows = []
    for _, row in frame.iterrows():
        cells = [(name, make(row)) for name, make in columns]
        rows.append((row_id(row) if row_id else "", cells))
    return Grid(caption, [name for name, _ in columns], rows)


def text(column: str) -> Callable[[pd.Series], Cell]:
    """The column as it is; missing values are shown as not shown."""
    return lambda row: show(row[column])


def show(value: Any) -> Cell:
    """One value for a reader: dates as YYYY-MM-DD, missing as “not shown”."""
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)) or value is pd.NaT:
        return UNKNOWN
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
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


def lines(parts: Iterable[Cell]) -> Cell:
    """Several short cells in one, each on its own line."""
    return Markup("<br>").join(escape(part) for part in parts if part)
