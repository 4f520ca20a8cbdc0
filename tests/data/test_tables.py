"""Tables as typed frames, from anywhere, as their one definition says."""

import subprocess
import sys
from pathlib import Path

import frictionless
import pandas as pd
import pytest

import review_tools as rt
from review_tools.data import schema
from review_tools.data.problems import DataError
from review_tools.data.tables import load


def test_the_data_package_is_valid_frictionless(root: Path) -> None:
    """An independent reader of the standard agrees: the package, and every table in it."""
    report = frictionless.validate(str(root / "data" / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:5]


def test_every_table_loads_with_its_types(root: Path) -> None:
    for name, table in schema.tables(root).items():
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
        load("trails")


def test_a_value_of_the_wrong_type_names_the_file(copy: Path, set_cell) -> None:
    set_cell("trials", "NCT00690066", "enrolment", "many")
    with pytest.raises(DataError, match=r"data/trials\.csv"):
        load("trials", copy)


def test_a_loaded_frame_can_be_changed_without_harm() -> None:
    frame = load("studies")
    frame["kind"] = "changed"
    assert not (load("studies")["kind"] == "changed").any()
