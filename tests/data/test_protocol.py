"""The protocol holds what a living review must report, and a wrong key is named with its remedy."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.data.protocol import FILE

BAD: dict[str, tuple[tuple[str, ...], Any, str]] = {
    "no status": (("status",), "asleep", "column status"),
    "no retirement rule": (("retirement",), "", "column retirement"),
    "no schedule for a source": (
        ("strategies", "main", "sources", "pubmed", "every_days"),
        "weekly",
        "pubmed.every_days",
    ),
    "no query": (("strategies", "main", "sources", "crossref", "query.title"), None, "crossref.query.title"),
    "version of the strategy": (("strategies", "main", "version"), True, "strategies.main.version"),
    "examples on one side": (("eligibility", "examples"), [], "column eligibility.examples"),
    "author without a role": (("authors",), [{"name": "A"}], "authors, entry 1"),
    "no questions": (("questions",), [], "column questions"),
    "no first day": (("strategies", "main", "first_day"), "soon", "strategies.main.first_day"),
    "no groups": (("strategies", "main", "groups"), {"cells": []}, "strategies.main.groups"),
    "unknown group": (
        ("strategies", "main", "sources", "crossref", "required_groups"),
        ["cels"],
        "crossref.required_groups",
    ),
    "no bound": (("bounds", "hits_of_a_search"), 0, "bounds.hits_of_a_search"),
    "no strategies": (("strategies",), {}, "column strategies"),
}


@pytest.mark.parametrize(("path", "value", "says"), BAD.values(), ids=BAD.keys())
def test_a_wrong_key_is_named_with_its_remedy(root: Path, path: tuple[str, ...], value: Any, says: str) -> None:
    project = Project(root)
    read = project.settings(FILE)
    place = read
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    spoiled = project.with_files({FILE: yaml.safe_dump(read, allow_unicode=True).encode("utf-8")})
    with pytest.raises(DataError) as caught:
        _ = spoiled.protocol
    assert says in str(caught.value)
    assert "→" in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "- a\n", ""])
def test_what_is_no_protocol_is_refused(root: Path, text: str) -> None:
    project = Project(root).with_files({FILE: text.encode("utf-8")})
    with pytest.raises(DataError, match=r"data/review\.yml"):
        _ = project.protocol


def test_version_and_examples_agree_with_the_data(root: Path) -> None:
    project = Project(root)
    read = project.protocol
    assert read["version"] == project.citation.version
    assert "Living" in read["title"]
    known = set(project.table("studies")["study_id"])
    named = {example["study_id"] for example in read["eligibility"]["examples"]} | {read["seed"]["study_id"]}
    assert named <= known
