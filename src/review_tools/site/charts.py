"""Charts on the page: a static picture at build time, made interactive by scripts served from the site.

MyST-NB hands over the Vega-Lite specification. The page gets an SVG (visible without JavaScript, in print
and offline) and the specification as JSON, which ``static/charts.js`` draws again once it is loaded.
"""

import json
from pathlib import Path
from typing import Any

import vl_convert as vlc
from docutils import nodes
from jinja2 import Environment
from myst_nb.core.render import MimeData, MimeRenderPlugin, NbElementRenderer

from review_tools.display.theme import MIME

VEGALITE = "v6.4"
STATIC_WIDTH = 680  # pixels, for charts that otherwise take the width of the page
BUNDLE = "vega-bundle.js"

_ENVIRONMENT = Environment(autoescape=True)
_FIGURE = _ENVIRONMENT.from_string("""\
<figure class="chart{{ ' chart-wide' if wide }}">
<figcaption><span class="chart-title">{{ title }}</span> {{ description }}</figcaption>
<div class="chart-scroll"{% if wide %} tabindex="0" role="region" aria-label="{{ title }}"{% endif %}>
<div class="chart-view" role="img" aria-label="{{ title }}. {{ description }}">{{ svg | safe }}</div>
</div>
<script type="application/json" class="chart-spec">{{ spec | safe }}</script>
</figure>
""")


class ChartRenderer(MimeRenderPlugin):  # type: ignore[misc]
    """Draws Vega-Lite output of code cells."""

    mime_priority_overrides = (("*", MIME, 1),)

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element] | None:
        if data.mime_type != MIME or inline:
            return None
        return [nodes.raw("", figure(data.content), format="html", classes=["chart-output"])]


def figure(spec: dict[str, Any]) -> str:
    """The HTML of one chart: caption, static SVG, specification.

    The title leaves the drawing for the caption, where it wraps on a narrow screen.
    """
    spec = dict(spec)
    title, description = str(spec.pop("title", "")), str(spec.pop("description", ""))
    wide = isinstance(spec.get("width"), int)
    return _FIGURE.render(title=title, description=description, wide=wide, svg=static_svg(spec), spec=script_json(spec))


def static_svg(spec: dict[str, Any]) -> str:
    """The chart as SVG text, drawn without a browser."""
    spec = spec if isinstance(spec.get("width"), int) else {**spec, "width": STATIC_WIDTH - 160}
    svg: str = vlc.vegalite_to_svg(spec, vl_version=VEGALITE)
    return svg


def script_json(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def write_bundle(folder: Path) -> None:
    """Vega, Vega-Lite and Vega-Embed as one file, from the package that also draws the static pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    bundle = vlc.javascript_bundle(vl_version=VEGALITE)  # type: ignore[call-arg]  # the stub asks for a snippet
    # In a function of its own: the bundle's short names clash with other scripts of the page.
    (folder / BUNDLE).write_text(f"(()=>{{{bundle}\n}})();\n", encoding="utf-8")
