"""Tables as typed frames, from anywhere, as their one definition says."""

import subprocess
import sys
from pathlib import Path

import frictionless
import pandas as pd
import pytest

import review_tools as rt
import spoil
from review_tools.data.problems import DataError
from review_tools.data.project import Project


def test_the_data_package_is_valid_frictionless(root: Path) -> None:
    """An independent reader of the standard agrees: the package, and every table in it."""
    report = frictionless.validate(str(root / "data" / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:5]


def test_every_table_loads_with_its_types(root: Path) -> None:
    for name, table in Project(root).schema.items():
        frame = rt.load(name)
        assert list(frame.columns) == table.columns
        for field in table.fields:
            kinds = {"integer": "Int64", "number": "float64", "boolean": "boolean"}
            if field.type in kinds:
                assert str(frame[field.name].dtype) == kinds[field.type]
            if field.type == "date":
                assert pd.api.types.is_datetime64_any_dtype(frame[field.name])


def test_data_is_found_from_another_folder(root: Path, tmp_path: Path) -> None:
    code = "import review_tools as rt; print(len(rt.load('citations')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "121"


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, review_tools; print([name for name in ('altair', 'sphinx', 'scipy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_table_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="there are studies, citations"):
        rt.load("trails")


def test_a_value_of_the_wrong_type_names_the_file(root: Path) -> None:
    with pytest.raises(DataError, match=r"data/trials\.csv"):
        spoil.cells(Project(root), "trials", "NCT00690066", enrolment="many").table("trials")


def test_a_loaded_frame_can_be_changed_without_harm() -> None:
    frame = rt.load("studies")
    frame["kind"] = "changed"
    assert not (rt.load("studies")["kind"] == "changed").any()


def test_other_contents_leave_the_project_as_it_is(root: Path) -> None:
    """What was read of unchanged files is shared, what changes is read anew, and a file may be gone."""
    project = Project(root)
    works, before = project.works, len(project.table("studies"))
    other = project.with_files({"data/studies.csv": project.read("data/studies.csv").rsplit(b"\n", 2)[0] + b"\n"})
    assert (len(other.table("studies")), len(project.table("studies"))) == (before - 1, before)
    assert other.works is works
    assert project.with_files({"references.bib": None}).readable_works[0] == {}
