"""The protocol of the review, ``data/review.yml``: its form is the JSON Schema ``protocol.schema.yml`` beside this."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from review_tools.data.problems import DataError, Problem

FILE = "data/review.yml"
SCHEMA = yaml.safe_load(Path(__file__).with_name("protocol.schema.yml").read_text(encoding="utf-8"))
STRATEGY = SCHEMA["properties"]["strategies"]["additionalProperties"]
SOURCES: tuple[str, ...] = tuple(STRATEGY["properties"]["sources"]["properties"])


def validated(read: dict[str, Any]) -> dict[str, Any]:
    """Return the protocol as it was read. Raises DataError with every key that is missing or wrong, and its remedy."""
    from jsonschema import Draft202012Validator, validators  # slow to import, and few commands need it

    types = Draft202012Validator.TYPE_CHECKER.redefine("date", lambda _, value: isinstance(value, date))
    validator = validators.extend(Draft202012Validator, type_checker=types)(SCHEMA)
    problems = [problem for error in validator.iter_errors(read) for problem in _problems(error)]
    if problems := list(dict.fromkeys(problems or _unknown_groups(read))):
        raise DataError(*problems)
    return read


def _problems(error: Any) -> Iterator[Problem]:
    """Yield what jsonschema finds wrong at one key, or each key that is missing, in the words of the schema."""
    path = list(error.absolute_path)
    if error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield _problem([*path, name], error.schema["properties"][name])
    else:
        yield _problem(path, error.schema, "" if isinstance(error.instance, (dict, list)) else str(error.instance))


def _problem(path: list[str | int], wanted: dict[str, Any], value: str = "") -> Problem:
    key = "".join(f", entry {part + 1}" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    return Problem(FILE, wanted["why"], wanted["remedy"], column=key, value=value)


def _unknown_groups(read: dict[str, Any]) -> Iterator[Problem]:
    for name, strategy in read["strategies"].items():
        for source, asked in strategy["sources"].items():
            if not set(asked.get("required_groups", ())) <= strategy["groups"].keys():
                key = f"strategies.{name}.sources.{source}.required_groups"
                why = "names a group that the strategy does not have"
                yield Problem(FILE, why, "name groups of this strategy", column=key)
