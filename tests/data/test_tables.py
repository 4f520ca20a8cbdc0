"""Tables as typed frames, from anywhere, as their one definition says."""

import subprocess
import sys
from pathlib import Path

import frictionless
import pytest

import review_tools as rt
import spoil
from review_tools.data.problems import DataError
from review_tools.data.project import Project


def test_the_data_package_is_valid_frictionless(root: Path) -> None:
    """An independent reader of the standard agrees: the package, and every table in it."""
    report = frictionless.validate(str(root / "data" / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:5]


def test_every_table_loads_with_its_types(project: Project) -> None:
    kinds = {"integer": "Int64", "number": "float64", "boolean": "boolean", "date": "datetime64", "string": "str"}
    for name, table in project.schema.items():
        frame = rt.load(name)
        assert list(frame.columns) == table.columns
        for field in table.fields:
            assert str(frame[field.name].dtype).startswith(kinds[field.type])


def test_the_first_release_keeps_its_promises() -> None:
    """Those that the check does not hold already: enough of everything, and a null result told as it is."""
    for table, least in {"trials": 26, "findings": 110, "corrections": 35}.items():
        assert len(rt.load(table)) >= least
    assert rt.load("citations")["study_id"].notna().sum() >= 53
    assert rt.load("trials")["trial_id"].iloc[[0, 2, 16]].tolist() == ["NCT04956744", "NCT01854957", "NCT04014166"]
    deng = rt.load("outcomes").set_index("outcome_id").loc["deng_2017_randomised-1"]
    assert deng[["events_arm1", "n_arm1", "events_arm2", "n_arm2"]].tolist() == [9, 12, 5, 6]


def test_data_is_found_from_another_folder_and_importing_is_cheap(tmp_path: Path) -> None:
    code = (
        "import sys, review_tools as rt; print([name for name in ('altair', 'sphinx', 'scipy') if name in sys.modules],"
        " len(rt.load('citations')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 121"


def test_what_cannot_be_loaded_is_named(project: Project) -> None:
    with pytest.raises(KeyError, match="there are studies, citations"):
        rt.load("trails")
    with pytest.raises(DataError, match=r"data/trials\.csv"):
        spoil.cells(project, "trials", "NCT00690066", enrolment="many").table("trials")


def test_a_loaded_frame_can_be_changed_without_harm() -> None:
    frame = rt.load("studies")
    frame["kind"] = "changed"
    assert not (rt.load("studies")["kind"] == "changed").any()


def test_other_contents_leave_the_project_as_it_is(project: Project) -> None:
    """What was read of unchanged files is shared, what changes is read anew, and a file may be gone."""
    works, before = project.works, len(project.table("studies"))
    other = project.with_files({"data/studies.csv": project.read("data/studies.csv").rsplit(b"\n", 2)[0] + b"\n"})
    assert (len(other.table("studies")), len(project.table("studies"))) == (before - 1, before)
    assert other.works is works
    assert project.with_files({"references.bib": None}).readable_works[0] == {}
