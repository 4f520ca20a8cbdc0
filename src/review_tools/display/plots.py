"""Tables with a line of drawing in each row: an interval, between the words and figures that it stands for.

The table wraps, links and is read aloud by itself; only the plot is drawn, and hidden from screen readers, who hear its
figures. Places along the axis are percentages, so that a plot is as wide as its column, and letters keep their size.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from markupsafe import Markup

from review_tools.display.grid import ENVIRONMENT, Cell
from review_tools.display.theme import BLUE, GREY, ORANGE, PAGE_INK
from review_tools.synthesis.effects import rounded

COLOURS = {"study": BLUE, "pooled": PAGE_INK, "harm": ORANGE, "prediction": GREY}
DIAMONDS = {"pooled", "harm"}
INTERVAL = " (95% interval)"  # of a heading; on a phone it would stand in every row
WIDEST = 20.0  # ratios beyond 1/20 or 20 are clipped, with an arrow
TICKS = {
    2.5: (0.5, 0.7, 1, 1.4, 2),
    8.0: (0.2, 0.5, 1, 2, 5),
    WIDEST: (0.1, 0.3, 1, 3, 10),
}  # of ratios, by their reach

_PLOT = ENVIRONMENT.from_string("""\
<figure class="forest{{ ' forest-dense' if before | length > 1 }}" id="{{ id }}">
<figcaption><span class="chart-title">{{ title }}</span>
{%- if says %} <span class="chart-says">{{ says }}</span>{% endif %}</figcaption>
<table>
<thead><tr>
{% for head in before %}<th scope="col">{{ head }}</th>{% endfor %}
<td class="forest-plot"></td>
{% for head in after %}<th scope="col">{{ head }}</th>{% endfor %}
</tr></thead>
{% for panel in panels %}
<tbody>
{% if panel.name %}
<tr class="forest-panel"><th colspan="{{ wide }}" scope="rowgroup">{{ panel.name }}</th></tr>
{% endif %}
{% for line in panel.lines %}
<tr{% if line.kind in diamonds %} class="forest-pool"{% endif %}>
{%- for head, cell in line.before -%}
{%- if loop.first %}<th scope="row"{% if line.wide %} colspan="2"{% endif %}>{{ cell }}</th>
{%- elif cell is not none %}<td data-label="{{ head }}">{{ cell }}</td>{% endif %}
{%- endfor -%}
<td class="forest-plot">{{ line.drawing }}</td>
{%- for head, cell in line.after %}<td data-label="{{ head | replace(interval, "") }}">{{ cell }}</td>{% endfor -%}
</tr>
{% endfor %}
<tr class="forest-axis" aria-hidden="true"><td colspan="{{ before | length }}"></td>
<td class="forest-plot">{{ panel.axis.drawing }}<div>{% for side in panel.sides %}<span>{{ side }}</span>{% endfor %}
</div></td><td colspan="{{ after | length }}"></td></tr>
</tbody>
{% endfor %}
</table>
{% for key in keys %}<p class="forest-key">{{ key }}</p>{% endfor %}
<div class="chart-foot"><div class="chart-tools" role="group" aria-label="Figure: {{ title }}">
{% for form in ("CSV", "SVG", "PNG") %}
<button type="button" data-save="{{ form | lower }}" title="Save this figure as {{ form }}" hidden>{{ form }}</button>
{% endfor %}
<a href="#{{ id }}" title="A lasting link to this figure">Link</a>
</div></div>
</figure>
""")


@dataclass(frozen=True)
class Axis:
    """The axis of a panel: its ends, whether ratios are spaced by their logarithm, and where nothing differs."""

    low: float
    high: float
    neutral: float | None = None
    is_ratio: bool = False
    unit: str = ""

    @classmethod
    def of_ratios(cls, bounds: Sequence[float]) -> "Axis":
        """Return an axis that fits these ratios, symmetric about 1 and no wider than from 1/20 to 20."""
        reach = max([2.0, *(1 / bound if 0 < bound < 1 else bound or WIDEST for bound in bounds)]) * 1.05
        return cls(1 / min(reach, WIDEST), min(reach, WIDEST), 1.0, is_ratio=True)

    @classmethod
    def of_differences(cls, bounds: Sequence[float]) -> "Axis":
        """Return an axis that fits these differences, symmetric about 0."""
        reach = max([abs(bound) for bound in bounds if math.isfinite(bound)] or [1.0]) * 1.05 or 1.0
        return cls(-reach, reach, 0.0)

    def share(self, value: float) -> float:
        """Return the place of a value along the axis, from 0 to 1; beyond the ends it is clipped."""
        value = min(max(value, self.low), self.high)
        if self.is_ratio:
            value, low, high = math.log(value), math.log(self.low), math.log(self.high)
        else:
            low, high = self.low, self.high
        return rounded((value - low) / (high - low))

    @property
    def ticks(self) -> list[float]:
        if self.is_ratio:
            return [tick for tick in next(t for end, t in TICKS.items() if self.high <= end) if tick < self.high]
        if self.neutral is None:
            return [0.0, 0.25, 0.5, 0.75, 1.0]
        step = float(f"{self.high / 2:.1g}")
        return [-step, 0.0, step]

    @property
    def drawing(self) -> Markup:
        """The axis under the lines, with its ticks."""
        parts = [Markup('<line x1="0" x2="100%" y1="1" y2="1" stroke="{}"/>').format(GREY)]
        for tick in self.ticks:
            at = self.share(tick)
            anchor = "start" if at < 0.02 else "end" if at > 0.98 else "middle"
            name = f"{tick:.0%}" if self.neutral is None else f"{tick:g}".replace("-", "−")
            parts.append(Markup('<line x1="{0}" x2="{0}" y1="1" y2="5" stroke="{1}"/>').format(_percent(at), GREY))
            parts.append(
                Markup('<text x="{}" y="17" font-size="12" text-anchor="{}" fill="{}">{}</text>').format(
                    _percent(at), anchor, PAGE_INK, name
                )
            )
        return _svg(parts)


PERCENTAGES = Axis(0.0, 1.0)  # of proportions


class Line(NamedTuple):
    """One row: its cells, and an interval with a mark of a size (0 to 100); ``kind`` is one of ``COLOURS``.

    None in place of the second cell leaves its room to the first.
    """

    kind: str
    before: Sequence[Cell | None]
    after: Sequence[Cell]
    bounds: tuple[float, float, float]
    weight: float = 40.0


@dataclass(frozen=True)
class Panel:
    """Lines with one axis, and what its two sides mean."""

    axis: Axis
    lines: Sequence[Line]
    sides: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Plot:
    """A figure: caption, panels, and what its signs mean. ``before`` and ``after`` head the columns beside the plot."""

    id: str
    title: str
    says: str
    before: Sequence[str]
    after: Sequence[str]
    panels: Sequence[Panel]
    keys: Sequence[Cell] = field(default=())

    def _repr_html_(self) -> str:
        if not any(panel.lines for panel in self.panels):
            return Markup('<p class="forest-none" id="{}"><strong>{}.</strong> {}</p>').format(
                self.id, self.title, self.says
            )
        panels = [
            {
                "name": panel.name,
                "axis": panel.axis,
                "sides": panel.sides,
                "lines": [self._row(panel.axis, line) for line in panel.lines],
            }
            for panel in self.panels
        ]
        wide = len(self.before) + 1 + len(self.after)
        return _PLOT.render({**vars(self), "panels": panels, "wide": wide, "diamonds": DIAMONDS, "interval": INTERVAL})

    def _row(self, axis: Axis, line: Line) -> Mapping[str, object]:
        return {
            "kind": line.kind,
            "wide": None in line.before,
            "before": list(zip(self.before, line.before, strict=True)),
            "after": list(zip(self.after, line.after, strict=True)),
            "drawing": draw(axis, line),
        }

    def __repr__(self) -> str:
        return f"{self.title} ({sum(len(panel.lines) for panel in self.panels)} lines)"


def draw(axis: Axis, line: Line) -> Markup:
    """Return the drawing of one row: no difference, the interval with arrows where it is clipped, the estimate."""
    colour, (estimate, low, high) = COLOURS[line.kind], line.bounds
    ends = [axis.share(end) for end in (low, estimate, high)]
    parts = []
    if axis.neutral is not None:
        middle = Markup('<line x1="{0}" x2="{0}" y1="0" y2="100%" stroke="{1}"/>')
        parts.append(middle.format(_percent(axis.share(axis.neutral)), GREY))
    if line.kind in DIAMONDS:
        parts += [
            _shape(ends[0], "M0 0L10 -7h.3V7h-.3z", colour, ends[1] - ends[0]),
            _shape(ends[1], "M10 0L0 -7V7z", colour, ends[2] - ends[1]),
        ]
    else:
        rule = Markup('<line x1="{}" x2="{}" y1="50%" y2="50%" stroke="{}" stroke-width="2"/>')
        parts.append(rule.format(_percent(ends[0]), _percent(ends[2]), colour))
        if line.kind != "prediction":
            size = 5 + round(0.09 * line.weight)
            square = Markup(
                '<rect x="{0}" y="50%" width="{1}" height="{1}" transform="translate({2} {2})" fill="{3}"/>'
            )
            parts.append(square.format(_percent(ends[1]), size, f"{-size / 2:g}", colour))
    if low < axis.low:
        parts.append(_shape(0.0, "M0 0L7 -5V5z", colour))
    if high > axis.high:
        parts.append(_shape(1.0, "M0 0L-7 -5V5z", colour))
    return _svg(parts)


def _shape(at: float, path: str, colour: str, width: float | None = None) -> Markup:
    """Return a shape in the middle of a row; with a width it is ten units wide and stretched."""
    stretched = Markup(' width="{}" height="10" viewBox="0 0 10 10" preserveAspectRatio="none"')
    size = "" if width is None else stretched.format(_percent(width))
    shape = Markup('<svg x="{}" y="50%"{} overflow="visible"><path d="{}" fill="{}"/></svg>')
    return shape.format(_percent(at), size, path, colour)


def _svg(parts: Sequence[Markup]) -> Markup:
    return Markup('<svg aria-hidden="true" focusable="false" width="100%" height="24">{}</svg>').format(
        Markup().join(parts)
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"
