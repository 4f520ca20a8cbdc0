"""The rows a chart draws, as a plain table: the fields its tooltips name, under the names readers see."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SHOWN = 200  # rows on the page; the CSV file holds all


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

    def meta(self) -> dict[str, Any]:
        """What ``static/charts.js`` needs to write the same table as CSV."""
        return {"data": self.data, "fields": [[field.name, field.title] for field in self.fields]}


def twin(spec: dict[str, Any]) -> Twin | None:
    """The table of the data set that the tooltips say most about; None when a chart names no data."""
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
    """Each mark of the chart with its data and encoding; layers hand theirs down."""
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
