"""The protocol holds what a living review must report, and a wrong key is named with its remedy."""

from typing import Any

import pytest
import yaml

from review_tools.data.problems import DataError
from review_tools.data.project import Project
from review_tools.data.protocol import FILE

MAIN = "strategies/main"
BAD: dict[str, tuple[Any, str]] = {  # the place of a key: a wrong value, and what the message names
    "status": ("asleep", "column status"),
    "retirement": ("", "column retirement"),
    f"{MAIN}/sources/pubmed/every_days": ("weekly", "pubmed.every_days"),
    f"{MAIN}/sources/crossref/query.title": (None, "crossref.query.title"),
    f"{MAIN}/version": (True, "strategies.main.version"),
    "eligibility/examples": ([], "column eligibility.examples"),
    "authors": ([{"name": "A"}], "authors, entry 1"),
    "questions": ([], "column questions"),
    f"{MAIN}/first_day": ("soon", "strategies.main.first_day"),
    f"{MAIN}/groups": ({"cells": []}, "strategies.main.groups"),
    f"{MAIN}/sources/crossref/required_groups": (["cels"], "crossref.required_groups"),
    "bounds/hits_of_a_search": (0, "bounds.hits_of_a_search"),
    "strategies": ({}, "column strategies"),
}


@pytest.mark.parametrize("place", BAD)
def test_a_wrong_key_is_named_with_its_remedy(project: Project, place: str) -> None:
    value, says = BAD[place]
    read = within = project.settings(FILE)
    *path, key = place.split("/")
    for part in path:
        within = within[part]
    within[key] = value
    spoiled = project.with_files({FILE: yaml.safe_dump(read, allow_unicode=True).encode("utf-8")})
    with pytest.raises(DataError) as caught:
        _ = spoiled.protocol
    assert says in str(caught.value)
    assert "→" in str(caught.value)


@pytest.mark.parametrize("text", ["a: [", "- a\n", ""])
def test_what_is_no_protocol_is_refused(project: Project, text: str) -> None:
    with pytest.raises(DataError, match=r"data/review\.yml"):
        _ = project.with_files({FILE: text.encode("utf-8")}).protocol


def test_examples_agree_with_the_data(project: Project) -> None:
    read = project.protocol
    assert "Living" in read["title"]
    known = set(project.table("studies")["study_id"])
    named = {example["study_id"] for example in read["eligibility"]["examples"]} | {read["seed"]["study_id"]}
    assert named <= known
