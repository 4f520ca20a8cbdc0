"""JSON Schema (draft 2020-12) of the rows of a table, for editors and other programs: made from the data package."""

from pathlib import Path
from typing import Any

from review_tools.check.structure import TYPE_FORM
from review_tools.data import schema
from review_tools.data.tables import load

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def row_schema(name: str, root: Path | None = None) -> dict[str, Any]:
    """The schema of an array of rows, each an object of typed values; an empty cell is null or left out.

    Keys across rows and links to other tables are beyond JSON Schema; ``review check`` looks at those.

    Raises:
        KeyError: no such table; the message lists them.
        DataError: the vocabulary cannot be read.
    """
    known = schema.tables(root)
    if name not in known:
        raise KeyError(f"No table {name!r}; there are {', '.join(known)}.")
    table = known[name]
    terms = load("vocabulary", root).groupby("kind")["term"].agg(list)
    return {
        "$schema": DRAFT,
        "title": table.title,
        "description": table.description,
        "type": "array",
        "items": {
            "type": "object",
            "properties": {field.name: _value(field, terms.get(field.vocabulary, [])) for field in table.fields},
            "required": [field.name for field in table.fields if field.required],
            "additionalProperties": False,
        },
    }


def _value(field: schema.Field, terms: list[str]) -> dict[str, Any]:
    kind = "string" if field.type == "date" else field.type
    told: dict[str, Any] = {"description": field.description, "type": kind if field.required else [kind, "null"]}
    if kind == "string":
        pattern = TYPE_FORM["date"][0] if field.type == "date" else field.pattern
        # A pattern of a data package holds for the whole cell, one of JSON Schema for any part of it.
        told["pattern"] = f"^(?:{pattern})$" if pattern else r"^\S(?:[\s\S]*\S)?$"
    if field.type == "date":
        told["format"] = "date"
    if field.minimum is not None:
        told["minimum"] = field.minimum
    if field.maximum is not None:
        told["maximum"] = field.maximum
    if field.vocabulary:
        told["enum"] = terms if field.required else [*terms, None]
    if field.example:
        told["examples"] = [field.example]
    return told
