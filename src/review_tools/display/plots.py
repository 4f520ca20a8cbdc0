"""Tables with a line of drawing in each row: an interval, between the words and figures that it stands for.

The table wraps, links and is read aloud by itself; only the plot is drawn, and hidden from screen readers, who hear its
figures. Places along the axis are percentages, so that a plot is as wide as its column, and letters keep their size.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from review_tools.display.grid import ENVIRONMENT, Cell
from review_tools.display.theme import BLUE, GREY, ORANGE, PAGE_INK
from review_tools.synthesis.comparisons import EXTREME
from review_tools.synthesis.effects import rounded

INTERVAL = " (95% interval)"  # of a heading; on a phone it would stand in every row
SIGNS = {  # how an interval is drawn, by its kind; a diamond is what several studies say
    "colours": {"study": BLUE, "pooled": PAGE_INK, "harm": ORANGE, "prediction": GREY},
    "diamonds": ("pooled", "harm"),
    "grey": GREY,
    "ink": PAGE_INK,
    "interval": INTERVAL,
}
TICKS = {  # of ratios, by how far the axis reaches
    2.5: (0.5, 0.7, 1, 1.4, 2),
    8.0: (0.2, 0.5, 1, 2, 5),
    EXTREME: (0.1, 0.3, 1, 3, 10),  # ratios beyond are clipped, with an arrow
}

ENVIRONMENT.filters["percent"] = lambda share: f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"
_PLOT = ENVIRONMENT.from_string("""\
{% macro shape(at, path, colour, width) -%}
<svg x="{{ at | percent }}" y="50%"
{%- if width is defined %} width="{{ width | percent }}" height="10" viewBox="0 0 10 10" preserveAspectRatio="none"
{%- endif %} overflow="visible"><path d="{{ path }}" fill="{{ colour }}"/></svg>
{%- endmacro %}
{% macro drawing() -%}
<svg aria-hidden="true" focusable="false" width="100%" height="24">{{ caller() }}</svg>
{%- endmacro %}
{% set before, after = panels[0].lines[0].before, panels[0].lines[0].after %}
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
{% set axis = panel.axis %}
<tbody>
{% if panel.name %}
<tr class="forest-panel"><th colspan="{{ before | length + 1 + after | length }}" scope="rowgroup">
{{- panel.name }}</th></tr>
{% endif %}
{% for line in panel.lines %}
{% set colour, size = colours[line.kind], 5 + (0.09 * line.weight) | round | int %}
{% set estimate, low, high = axis.share(line.bounds[0]), axis.share(line.bounds[1]), axis.share(line.bounds[2]) %}
<tr{% if line.kind in diamonds %} class="forest-pool"{% endif %}>
{%- for head, cell in line.before.items() -%}
{%- if loop.first %}<th scope="row"{% if loop.length < before | length %} colspan="2"{% endif %}>{{ cell }}</th>
{%- else %}<td data-label="{{ head }}">{{ cell }}</td>{% endif %}
{%- endfor -%}
<td class="forest-plot">
{%- call drawing() -%}
{% if axis.neutral is not none %}{% set middle = axis.share(axis.neutral) | percent -%}
<line x1="{{ middle }}" x2="{{ middle }}" y1="0" y2="100%" stroke="{{ grey }}"/>
{%- endif %}
{%- if line.kind in diamonds -%}
{{ shape(low, "M0 0L10 -7h.3V7h-.3z", colour, estimate - low) }}
{{- shape(estimate, "M10 0L0 -7V7z", colour, high - estimate) }}
{%- else -%}
<line x1="{{ low | percent }}" x2="{{ high | percent }}" y1="50%" y2="50%" stroke="{{ colour }}" stroke-width="2"/>
{%- if line.kind != "prediction" -%}
<rect x="{{ estimate | percent }}" y="50%" width="{{ size }}" height="{{ size }}" transform="translate(
{{- "%g %g" | format(-size / 2, -size / 2) }})" fill="{{ colour }}"/>
{%- endif %}
{%- endif %}
{%- if line.bounds[1] < axis.low %}{{ shape(0, "M0 0L7 -5V5z", colour) }}{% endif %}
{%- if line.bounds[2] > axis.high %}{{ shape(1, "M0 0L-7 -5V5z", colour) }}{% endif %}
{%- endcall -%}
</td>
{%- for head, cell in line.after.items() %}<td data-label="{{ head | replace(interval, "") }}">{{ cell }}</td>
{%- endfor -%}
</tr>
{% endfor %}
<tr class="forest-axis" aria-hidden="true"><td colspan="{{ before | length }}"></td>
<td class="forest-plot">
{%- call drawing() -%}
<line x1="0" x2="100%" y1="1" y2="1" stroke="{{ grey }}"/>
{%- for tick, name in axis.ticks.items() %}{% set at = axis.share(tick) -%}
<line x1="{{ at | percent }}" x2="{{ at | percent }}" y1="1" y2="5" stroke="{{ grey }}"/>
{#- -#}
<text x="{{ at | percent }}" y="17" font-size="12" text-anchor="
{{- "start" if at < 0.02 else "end" if at > 0.98 else "middle" }}" fill="{{ ink }}">{{ name }}</text>
{%- endfor %}
{%- endcall -%}
<div>{% for side in panel.sides %}<span>{{ side }}</span>{% endfor %}
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

    @classmethod
    def of_ratios(cls, bounds: Sequence[float]) -> "Axis":
        """Return an axis that fits these ratios, symmetric about 1 and no wider than from 1/20 to 20."""
        reach = max([2.0, *(1 / bound if 0 < bound < 1 else bound or EXTREME for bound in bounds)]) * 1.05
        return cls(1 / min(reach, EXTREME), min(reach, EXTREME), 1.0, is_ratio=True)

    @classmethod
    def of_differences(cls, bounds: Sequence[float]) -> "Axis":
        """Return an axis that fits these differences, symmetric about 0."""
        reach = max([abs(bound) for bound in bounds if math.isfinite(bound)] or [1.0]) * 1.05 or 1.0
        return cls(-reach, reach, 0.0)

    def share(self, value: float) -> float:
        """Return the place of a value along the axis, from 0 to 1; beyond the ends it is clipped."""
        value, low, high = min(max(value, self.low), self.high), self.low, self.high
        if self.is_ratio:
            value, low, high = math.log(value), math.log(low), math.log(high)
        return rounded((value - low) / (high - low))

    @property
    def ticks(self) -> dict[float, str]:
        """Return the values that are marked, with their names."""
        if self.neutral is None:
            return {0.0: "0%", 0.25: "25%", 0.5: "50%", 0.75: "75%", 1.0: "100%"}
        step = float(f"{self.high / 2:.1g}")
        ticks: Sequence[float] = (-step, 0.0, step)
        if self.is_ratio:
            ticks = next(held for end, held in TICKS.items() if self.high <= end)
        return {tick: f"{tick:g}".replace("-", "−") for tick in ticks if tick < self.high}


PERCENTAGES = Axis(0.0, 1.0)  # of proportions


class Line(NamedTuple):
    """One row: its cells by heading, and an interval with a mark of a size (0 to 100).

    Cells stand before and after the plot; where the second is missing, the first takes its room.
    """

    kind: str  # one of ``SIGNS["colours"]``
    before: Mapping[str, Cell]
    after: Mapping[str, Cell]
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
    """A figure: caption, panels, and what its signs mean."""

    id: str
    title: str
    says: str
    panels: Sequence[Panel] = ()
    keys: Sequence[str] = ()

    def _repr_html_(self) -> str:
        if self.panels:
            return _PLOT.render(vars(self), **SIGNS)
        return Markup('<p class="forest-none" id="{}"><strong>{}.</strong> {}</p>').format(
            self.id, self.title, self.says
        )

    def __repr__(self) -> str:
        return f"{self.title} ({sum(len(panel.lines) for panel in self.panels)} lines)"
