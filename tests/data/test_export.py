"""Downloads: what a spreadsheet would run is text, numbers stay numbers, nothing is lost, nothing changes by itself."""

import csv
import io
import json
import zipfile
from pathlib import Path

import frictionless
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_tools.data import export
from review_tools.data.bibliography import Reference
from review_tools.data.citation import ris_record, tex, work_ris
from review_tools.data.problems import DataError
from review_tools.data.project import Project

FORMULAS = ("=cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "-12.6% vs 1.2%", "-inf")
HIDDEN_FORMULAS = ("\t=1", "\r=1", " =1", "＝1+1", "\u200b=1", "\n=1")


def test_what_a_spreadsheet_would_run_gets_an_apostrophe_and_the_rest_stays() -> None:
    for text in (*FORMULAS, *HIDDEN_FORMULAS):
        assert export.safe_cell(text) == f"'{text}"
    for text in ("-2.1", "+3", "-0.5e-3", "-.5", "1,5", "", "text", "a=b", "10.1000/x", "NCT1", "'x"):
        assert export.safe_cell(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_cell_starts_a_formula(text: str) -> None:
    safe = export.safe_cell(text)
    assert safe.removeprefix("'") == text.removeprefix("'")
    assert safe.lstrip()[:1] not in ("=", "@")
    if safe.lstrip()[:1] in ("+", "-"):
        float(safe)


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.fixture(scope="module")
def files(root: Path) -> dict[str, bytes]:
    return export.files(Project(root))


def test_the_copies_hold_every_cell(root: Path, files: dict[str, bytes]) -> None:
    assert sorted(file.path for file in export.downloads(Project(root))) == sorted(files)
    for path in (root / "data").glob("*.csv"):
        original = [row for row in rows(path.read_bytes()) if row]
        made = rows(files[f"data/{path.name}"])
        assert len(made) == len(original)
        for row, was in zip(made, original, strict=True):
            assert all(cell in (value, f"'{value}") for cell, value in zip(row, was, strict=True))
    assert files["data/studies.csv"].startswith(b"\xef\xbb\xbf")


def test_the_archive_is_complete_valid_and_always_the_same(root: Path, files: dict[str, bytes], tmp_path: Path) -> None:
    packed = files["data/msc-living-review.zip"]
    assert packed == export.files(Project(root))["data/msc-living-review.zip"]
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        assert file.testzip() is None
        assert {entry.date_time for entry in file.infolist()} == {export.OLDEST}
        file.extractall(tmp_path)
    folder = tmp_path / "msc-living-review"
    assert {"README.txt", "LICENSE.txt", "references.bib", "references.ris"} <= {path.name for path in folder.iterdir()}
    assert "apostrophe" in (folder / "README.txt").read_text(encoding="utf-8")
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    named = {resource["path"] for resource in json.loads((folder / "datapackage.json").read_text())["resources"]}
    assert named == {path.name for path in folder.glob("*.csv")}


def test_every_work_is_one_ris_record(root: Path, files: dict[str, bytes]) -> None:
    text = files["data/references.ris"].decode()
    works = Project(root).works
    records = text.split("ER  - \r\n")[:-1]
    assert len(records) == len(works)
    for record, work in zip(records, works.values(), strict=True):
        lines = record.strip().split("\r\n")
        assert lines[0].startswith("TY  - ")
        assert f"ID  - {work.key}" in lines
        assert all(line[2:6] == "  - " and line[:2].isalnum() for line in lines)
        if work["doi"]:
            assert f"DO  - {work['doi']}" in lines


def test_a_hostile_title_neither_ends_a_record_nor_adds_a_field() -> None:
    title = 'A"\r\nER  - \r\nTY  - JOUR\nTI  - </script>\x00'
    record = work_ris(Reference("k", 1, {"title": title, "url": "javascript:alert(1)"}))
    assert record.count("\r\n") == 4  # TY, ID, TI, ER
    assert "UR  - " not in record
    assert ris_record("GEN", [("TI", "\n")]) == "TY  - GEN\r\nER  - \r\n"


def test_the_citation_is_that_of_the_file(root: Path) -> None:
    cite = Project(root).citation
    for text in (cite.text(), cite.bibtex(), cite.ris()):
        for part in (cite.version, cite.year, cite.url):
            assert part in text
        assert "MSC Living Review" in text
    assert cite.based_on[0].doi == "10.3389/fimmu.2024.1525380"
    assert tex("50% & {x}_1 \\ ~") == r"50\% \& \{x\}\_1 \textbackslash{} \textasciitilde{}"


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("CITATION.cff", None, "missing"),
        ("CITATION.cff", "title: x\n", "authors"),
        ("CITATION.cff", "text", "no settings"),
        ("_config.yml", "title: x\n", "baseurl"),
        ("_config.yml", "html: {baseurl: 'javascript:x'}\n", "baseurl"),
    ],
)
def test_a_bad_record_says_what_to_mend(root: Path, file: str, text: str | None, says: str) -> None:
    project = Project(root).with_files({file: text.encode("utf-8") if text is not None else None})
    with pytest.raises(DataError, match=says) as caught:
        _ = project.citation
    assert file in str(caught.value)
