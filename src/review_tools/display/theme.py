"""One look for all charts, readable in light and dark and without colour vision."""

from collections.abc import Mapping
from typing import Any

import altair as alt

# Okabe and Ito's palette, which people with any common colour vision can tell apart.
DIRECTION = {"dampens": "#0072B2", "mixed": "#CC79A7", "promotes": "#D55E00", "none": "#8a8a8a"}
ROUTE = {"contact": "#009E73", "paracrine": "#0072B2", "both": "#CC79A7", "not shown": "#8a8a8a"}
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#8a8a8a"
PAGE_INK = "#1f2d3d"  # text of this colour stands on the page itself; static/review.css gives it the page's colour
BOX_INK = "#10243a"  # text on a light box, the same in light and dark
# The first is the site's own, made by scripts/font.py; the second, as wide, stands in until it is there.
FONT = "'Review Sans', 'Review Sans Stand-in', system-ui, sans-serif"

MIME = "application/vnd.vegalite.v6+json"


def rounded(value: Any) -> Any:
    """Return a chart's data or specification with numbers of six digits, more than a drawing can show.

    The last digits of a number may differ from processor to processor, and a page must not.
    """
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, list) else value


def as_specification(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return what a notebook stores of a chart: its specification, never HTML with a random id.

    Altair's own ``mimetype`` renderer names a type that ends in ``.json``, which nbformat refuses.
    """
    return {MIME: rounded(spec), "text/plain": spec.get("title", "chart")}


def review() -> alt.theme.ThemeConfig:
    """Return sizes and fonts of every chart. Text and grid take the page's colours from its style sheet."""
    words = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 220}
    return {
        "config": {
            "background": "transparent",
            "font": FONT,
            "view": {"stroke": None},
            "axis": {**words, "domain": False},
            "legend": {**words, "orient": "top"},
            "bar": {"cornerRadiusEnd": 2},
        }
    }


# Every chart of this process looks and is stored like this; it is validated as a whole, when it is shown.
alt.renderers.register("specification", as_specification)
alt.renderers.enable("specification")
alt.theme.register("review", enable=True)(review)
# Before Altair names a set of data by a hash of its rows, which may be of any number.
alt.data_transformers.register("rounded", lambda data: rounded(alt.to_values(data)))
alt.data_transformers.enable("rounded")
alt.utils.schemapi.disable_debug_mode()


def with_caption(chart: Any, title: str, description: str, height: Any, width: Any = "container") -> Any:
    """Return the chart in its size, with its title and the one sentence that says what it shows.

    The site prints both as the caption; the sentence is also the chart's accessible name. How the chart
    takes its place is said here too, once: Vega guesses otherwise, and warns of its guess.
    """
    fit = {"type": "fit-x" if width == "container" else "pad", "contains": "padding"}
    return chart.properties(title=title, description=description, height=height, width=width, autosize=fit)


def plural(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 finding``, ``2 findings``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def palette(colours: Mapping[str, str]) -> alt.Scale:
    """Return the scale that gives each value its colour."""
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def tooltip(titles: Mapping[str, str]) -> list[alt.Tooltip]:
    """Return what pointing at a mark shows: the fields of its row, each with its title; text unless a type is named."""
    return [alt.Tooltip(field if ":" in field else f"{field}:N", title=title) for field, title in titles.items()]
