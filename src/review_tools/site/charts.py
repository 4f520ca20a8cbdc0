"""Charts on the page: a static picture at build time, made interactive by scripts served from the site.

MyST-NB hands over the Vega-Lite specification. The page gets an SVG (visible without JavaScript, in print
and offline), the chart's rows as a table, and the specification as JSON, which ``static/charts.js`` draws
again once it is loaded and from which it writes the downloads. Beside those stands the call that makes the
figure, which a reader can repeat in the chapter's notebook.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

import vl_convert as vlc
from docutils import nodes
from markupsafe import escape
from myst_nb.core.render import MimeData, MimeRenderPlugin, NbElementRenderer
from sphinx.application import Sphinx

from review_tools.data.edit import replace_bytes
from review_tools.display.theme import MIME, plural
from review_tools.site.execute import notebooks
from review_tools.site.pages import script_json, template

VEGALITE = "v6.4"
STATIC_WIDTH = 370  # pixels, for charts that otherwise take the width of the page: on a phone, letters keep 11 of 12
BUNDLE = f"vega-{VEGALITE.removeprefix('v')}-{version('vl-convert-python')}.js"
ELSEWHERE = "https://vega.github.io/vega-datasets/"  # vl-convert makes every address one of this host
SHOWN = 200  # rows of a chart on the page; the CSV file holds all
NUMBER = re.compile(r"-?\d+\.\d{2,}")
HEAVY = 200_000  # letters of a drawing whose lines are as good in whole pixels

TOOLS = '<div class="chart-tools"'
IMPORT = "import review_tools as rt\n"
CALL = '<details class="chart-call"><summary>Python</summary><code>{}</code></details>'
KEPT = Path("_build") / ".drawings"  # what vl-convert draws: a third of a build
MOST = 1000  # files kept; the oldest leave first
_kept: Path | None = None

FONTS = Path(__file__).parent / "fonts"  # what letters are measured with, on every machine
vlc.register_font_directory(str(FONTS))

_FIGURE = template("chart.html")
FORMS = [
    ("CSV", "Save the data of this chart as a CSV table"),
    ("SVG", "Save this chart as an SVG drawing"),
    ("PNG", "Save this chart as a PNG picture"),
]


class ChartRenderer(MimeRenderPlugin):  # type: ignore[misc]
    """Draws Vega-Lite output of code cells."""

    mime_priority_overrides = (("*", MIME, 1),)

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element] | None:
        if data.mime_type != MIME or inline:
            return None
        taken = renderer.renderer.md_env.setdefault("chart_ids", set())  # of this page
        name = chart_id(str(data.content.get("title", "")), taken)
        taken.add(name)
        return [nodes.raw("", figure(data.content, name), format="html", classes=["chart-output"])]


def chart_id(title: str, taken: set[str]) -> str:
    """Return the anchor of a chart, made from its title; a second chart of the same title on the page gets a number."""
    slug = f"chart-{nodes.make_id(title) or 'untitled'}"
    return next(name for name in (slug, *(f"{slug}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)


def figure(spec: dict[str, Any], name: str = "chart") -> str:
    """Return the HTML of one chart: caption, static SVG, toolbar, table, specification.

    The title leaves the drawing for the caption, where it wraps on a narrow screen.
    """
    spec = dict(spec)
    title, description = str(spec.pop("title", "")), str(spec.pop("description", ""))
    table = twin(spec)
    svg = static_svg(spec, name)
    linked = "<a " in svg
    if table:
        names = [[field.name, field.title] for field in table.fields]
        spec["usermeta"] = {"table": {"data": table.data, "fields": names}}  # so that charts.js writes the same as CSV
    return _FIGURE.render(
        id=name,
        title=title,
        description=description,
        wide=isinstance(spec.get("width"), int),
        linked=linked,
        svg=svg,
        forms=FORMS if table else FORMS[1:],
        twin=table,
        count=plural(len(table.rows), "row") if table else "",
        shown=SHOWN,
        spec=script_json(spec if linked else silent(spec)),
    )


def silent(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the chart without a label on every mark: it has one name, and its rows stand in the table."""
    return {**spec, "config": {**spec.get("config", {}), "aria": False}}


def static_svg(spec: dict[str, Any], name: str = "chart") -> str:
    """Return the chart as SVG text, drawn without a browser; links keep their names, ids are the chart's own."""
    spec = spec if isinstance(spec.get("width"), int) else {**spec, "width": STATIC_WIDTH}
    text = json.dumps(spec, sort_keys=True)  # an execution that was kept has another order than a new one
    drawn = json.loads(text) if '"href"' in text else silent(json.loads(text))
    svg: str = remember(f"{VEGALITE} {_fonts()} {text}", lambda: vlc.vegalite_to_svg(drawn, vl_version=VEGALITE))
    svg = svg.replace(f'xlink:href="{ELSEWHERE}', 'xlink:href="')
    # The number on a linked box would be a second link to the same place.
    svg = re.sub(r"<a [^>]*>(<text)(.*?</text>)</a>", r'\1 pointer-events="none"\2', svg)
    ids = {old: f"{name}-{number}" for number, old in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]*)"', svg)), 1)}
    # Vega counts its ids on from drawing to drawing; here each drawing begins anew.
    svg = re.sub(r'(\bid="|url\(#)([^")]*)', lambda found: found[1] + ids[found[2]], svg)
    svg = re.sub(
        r'\b(?:d|transform|[xy]2?|width|height|viewBox)="[^"]*"', lambda found: NUMBER.sub(_short, found[0]), svg
    )
    if len(svg) > HEAVY:
        svg = re.sub(r'\bd="[^"]*"', lambda lines: re.sub(r"-?\d+\.\d+", _whole, lines[0]), svg)
    hidden = "" if "<a " in svg else ' aria-hidden="true"'  # what is around it has the name
    return svg.replace("<svg ", f'<svg preserveAspectRatio="xMinYMin meet"{hidden} ', 1)


@cache
def _fonts() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(FONTS.iterdir()))).hexdigest()


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _whole(number: re.Match[str]) -> str:
    return f"{float(number[0]):.0f}"


def write_bundle(folder: Path) -> None:
    """Write Vega, Vega-Lite and Vega-Embed as one file, from the package that also draws the static pictures."""
    # In a function of its own: the bundle's short names clash with other scripts of the page.
    (folder / BUNDLE).write_text(f"(()=>{{{_bundle()}\n}})();\n", encoding="utf-8")


def _bundle() -> str:
    # The stub asks for a snippet.
    return remember(f"{VEGALITE} bundle", lambda: vlc.javascript_bundle(vl_version=VEGALITE))  # type: ignore[call-arg]


def keep_drawings(root: Path) -> None:
    """Keep drawings in this project from now on, by what they were drawn from; before this is called, none are."""
    global _kept
    _kept = root / KEPT
    if _kept.is_dir():
        for path in sorted(_kept.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)[MOST:]:
            path.unlink(missing_ok=True)
    Thread(target=_bundle).start()  # is needed last, and takes a second: while the chapters run a core is free


def remember(key: str, make: Callable[[], str]) -> str:
    """Return the text that ``make`` makes of ``key``; a full disk only costs time."""
    if _kept is None:
        return make()
    path = _kept / hashlib.blake2b(f"{version('vl-convert-python')}\n{key}".encode(), digest_size=16).hexdigest()
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8")
    text = make()
    with contextlib.suppress(OSError):
        replace_bytes(path, text.encode())
    return text


def show_calls(app: Sphinx, doctree: nodes.document) -> None:
    """Put the source of each code cell into the tools of the figure that it draws."""
    if not (chapter := notebooks.get(str(app.env.doc2path(app.env.docname)))):
        return  # MyST-NB executes, or there is no code
    for cell in doctree.findall(lambda node: isinstance(node, nodes.Element) and node.get("nb_element") == "cell_code"):
        call = CALL.format(escape(IMPORT + chapter.cells[cell["cell_index"]].source.strip().removeprefix(IMPORT)))
        for drawn in cell.findall(nodes.raw):
            before, tools, after = drawn.astext().partition(TOOLS)
            if tools:
                start, end, rest = after.partition(">")
                drawn.children = [nodes.Text(before + tools + start + end + call + rest)]


# The rows a chart draws, as a plain table: the fields its tooltips name, under the names readers see.


@dataclass(frozen=True)
class Field:
    """A column: where its values stand in the data, its title, and how tooltips write it."""

    name: str
    title: str
    format: str = ""


@dataclass(frozen=True)
class Twin:
    """The table beside a chart."""

    data: str
    fields: list[Field]
    rows: list[tuple[str, list[str]]]  # the page address a row leads to, if any, and its cells


def twin(spec: dict[str, Any]) -> Twin | None:
    """Return the table of the data that the tooltips say most about; None when a chart names no data."""
    told: dict[str, dict[str, Field]] = {}
    links: dict[str, str] = {}
    for data, encoding in _units(spec, "", {}):
        fields = list(_fields(encoding))
        told.setdefault(data, {}).update({field.name: field for field in fields})
        if "field" in encoding.get("href", {}):
            links[data] = encoding["href"]["field"]
    held = {name: rows for name, rows in spec.get("datasets", {}).items() if told.get(name) and rows}
    if not held:
        return None
    name = max(held, key=lambda data: len(told[data]))
    fields = [field for field in told[name].values() if any(field.name in row for row in held[name])]
    rows: dict[tuple[str, ...], tuple[str, list[str]]] = {}
    for row in held[name]:
        address = str(row.get(links.get(name, ""), ""))
        cells = [_text(row.get(field.name), field.format) for field in fields]
        rows.setdefault((address, *cells), (address if address.startswith(("#", "?")) else "", cells))
    return Twin(name, fields, list(rows.values()))


def _units(
    spec: dict[str, Any], data: str, encoding: dict[str, Any]
) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Yield each mark of the chart with its data and encoding; layers hand theirs down."""
    data = spec.get("data", {}).get("name", data)
    encoding = {**encoding, **spec.get("encoding", {})}
    for part in spec.get("layer", []):
        yield from _units(part, data, encoding)
    if "mark" in spec:
        yield data, encoding


def _fields(encoding: dict[str, Any]) -> Iterator[Field]:
    tooltip = encoding.get("tooltip", [])
    for channel in tooltip if isinstance(tooltip, list) else [tooltip]:
        if "field" in channel:
            name = channel["field"]
            yield Field(name, channel.get("title") or name.replace("_", " ").capitalize(), channel.get("format", ""))


def _text(value: Any, form: str) -> str:
    if value is None:
        return "not shown"
    if isinstance(value, float):
        return f"{100 * value:.0f}%" if form.endswith("%") else f"{value:.4g}"
    return str(value)
