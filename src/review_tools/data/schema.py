"""The definition of the tables: ``data/datapackage.json`` (Frictionless Table Schema)."""

import json
from dataclasses import dataclass, fields
from typing import Any

from review_tools.data.problems import DataError, Problem

SEPARATOR = "; "


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    ``vocabulary`` names the kind of terms it accepts, if it is controlled; ``several`` allows more than one of them,
    joined by ``SEPARATOR``.
    """

    name: str
    type: str
    description: str
    required: bool = False
    unique: bool = False
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    vocabulary: str = ""
    several: bool = False
    unit: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """``column`` of this table holds values of ``target_column`` of ``target``."""

    column: str
    target: str
    target_column: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns in order, its key and its links to other tables."""

    name: str
    title: str
    description: str
    path: str
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    append_only: bool = False  # a log: its past lines stay as they are

    @property
    def columns(self) -> list[str]:
        return [field.name for field in self.fields]

    def field(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"Table {self.name} has no column {name!r}; it has {', '.join(self.columns)}.")


def parse_schema(content: bytes) -> dict[str, Table]:
    """Return all tables by name, in the order of the data package.

    Raises:
        DataError: the content is no data package.
    """
    try:
        package = json.loads(content)
        return {resource["name"]: _table(resource) for resource in package["resources"]}
    except (ValueError, KeyError, TypeError) as error:
        why = f"cannot be read as a data package ({error!r})"
        raise DataError(Problem("data/datapackage.json", why, "restore it from git")) from error


def _table(resource: dict[str, Any]) -> Table:
    schema = resource["schema"]
    key = schema["primaryKey"]
    return Table(
        name=resource["name"],
        title=resource["title"],
        description=resource["description"],
        path=resource["path"],
        fields=tuple([_field(field | field.get("constraints", {})) for field in schema["fields"]]),
        primary_key=(key,) if isinstance(key, str) else tuple(key),
        foreign_keys=tuple(
            [
                ForeignKey(key["fields"], key["reference"]["resource"], key["reference"]["fields"])
                for key in schema.get("foreignKeys", [])
            ]
        ),
        append_only=resource.get("appendOnly", False),
    )


def _field(said: dict[str, Any]) -> Field:
    return Field(**{field.name: said[field.name] for field in fields(Field) if field.name in said})
