"""`review check` tells everything that is wrong, where, and how to mend it; `--fix` brings a table back and mends form.

A meaning it does not touch.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import spoil
from review_tools.check import RULES, check, fix
from review_tools.check.repair import mended
from review_tools.cli import app
from review_tools.data.project import Project
from review_tools.data.tables import csv_bytes
from spoil import Program, saved

SetCell = Callable[[str, str, str, str], None]


@pytest.fixture
def copy(small: Path) -> Path:
    return small


@pytest.fixture(scope="module")
def uncommitted(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The real data, in memory, without git."""
    files = {file: project.read(file) for file in ("references.bib", *project.files("data"))}
    return Project.of_files(tmp_path_factory.mktemp("empty"), files)


def test_sound_data_are_left_alone(uncommitted: Project) -> None:
    assert [repair.fixes for repair in mended(uncommitted, uncommitted.schema) if repair.fixes] == []


RIGHT = {  # table, row, column, what stands there, what it is made
    "padding": ("studies", "ni_2024_mesenchymal", "summary", " A summary.\u00a0", "A summary."),
    "no-break space": ("studies", "ni_2024_mesenchymal", "summary", "A\u00a0summary.", "A summary."),
    "minus": ("outcomes", "kvistad_2025_smart-1", "effect", "\u22120.31", "-0.31"),
    "DOI": ("citation_candidates", "3", "doi", "https://doi.org/10.1000/x", "10.1000/x"),
    "NCT": ("studies", "ni_2024_mesenchymal", "trial_id", "nct 01854957", "NCT01854957"),
    "date dash": ("trials", "NCT00690066", "status_date", "2021\u201302\u201301", "2021-02-01"),
    "decimal comma": ("outcomes", "kvistad_2025_smart-1", "effect", "0,31", "0.31"),
    "thousands": ("trials", "NCT00690066", "enrolment", "1,200", "1200"),
    "noughts": ("trials", "NCT00690066", "enrolment", "60.0", "60"),
    "month in French": ("trials", "NCT00690066", "start_date", "févr-21", "2021-02"),
    "day in German": ("trials", "NCT00690066", "status_date", "01.02.2021", "2021-02-01"),
    "Boolean": ("outcomes", "kvistad_2025_smart-1", "higher_is_better", "FAUX", "false"),
    "capitals": ("studies", "ni_2024_mesenchymal", "kind", "Human Trial", "human trial"),
    "curly mark": ("trials", "NCT00690066", "disease", "crohn’s  disease", "Crohn's disease"),
    "thousands or decimals": ("outcomes", "kvistad_2025_smart-1", "effect", "1,234", ""),
    "day or month": ("trials", "NCT00690066", "status_date", "01/02/2021", ""),
    "rounded": ("trials", "NCT00690066", "enrolment", "1.2E+03", ""),
    "unknown term": ("studies", "ni_2024_mesenchymal", "kind", "telepathy", ""),
    "dash in prose": ("studies", "ni_2024_mesenchymal", "summary", "IL\u201110 \u2013 a cytokine", ""),
    "NCT too short": ("studies", "ni_2024_mesenchymal", "trial_id", "NCT 185495", ""),
}


@pytest.mark.parametrize(("table", "row", "column", "value", "right"), RIGHT.values(), ids=RIGHT.keys())
def test_what_has_one_right_form_is_mended_and_told(
    uncommitted: Project, table: str, row: str, column: str, value: str, right: str
) -> None:
    spoiled = spoil.cells(uncommitted, table, row, **{column: value})
    [repair] = mended(spoiled, [table])
    assert [(one.column, one.before, one.after) for one in repair.fixes] == [(column, value, right)] * bool(right)
    assert (repair.frame != spoiled.text(table)).to_numpy().sum() == bool(right)


@pytest.fixture(scope="module")
def committed(uncommitted: Project) -> Project:
    """Every fifth row of some tables, committed."""
    frames = {name: uncommitted.text(name).iloc[::5] for name in TABLES}
    project = uncommitted.with_files({uncommitted.file_of(name): csv_bytes(frame) for name, frame in frames.items()})
    spoil.commit(project)
    return Project(project.root)


EXCEL = {"line_end": "\r\n", "keeps_iso": False, "short": True}
WAYS = {  # how a table was opened and saved: the program, and whether it was read in English
    "Excel, double click": (Program("{}", "utf-8-sig", taken_for="cp1252", lines=True, **EXCEL), ""),
    "Excel, own language": (Program("{}", "utf-8-sig", **EXCEL), ""),
    "Excel, ANSI": (Program("{}", "cp1252", **EXCEL), "en"),
    "Excel, Unicode text": (Program("\t", "utf-16", **EXCEL), "en"),
    "Excel of a Mac": (Program("{}", "mac_roman", **EXCEL | {"line_end": "\r"}), "en"),
    "LibreOffice": (Program(), ""),
    "Google Sheets": (Program(line_end="\r\n", keeps_iso=False), "en"),
}
# Tables in which programs turn much: versions, phases, days, decimals, Booleans, Greek letters, words as keys.
TABLES = ("trials", "vocabulary", "published_pools", "outcome_sets", "finding_mediators", "releases", "trial_history")


def assert_same(frame: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(frame.reset_index(drop=True), other.reset_index(drop=True))


def spoilt(project: Project, way: str, setting: str, tables: dict[str, pd.DataFrame]) -> Project:
    program, read_in = WAYS[way]
    return project.with_files(
        {project.file_of(name): saved(frame, program, setting, read_in) for name, frame in tables.items()}
    )


@pytest.mark.parametrize("setting", ["en", "de", "fr"])
@pytest.mark.parametrize("way", WAYS)
def test_a_table_comes_back_from_a_spreadsheet(committed: Project, way: str, setting: str) -> None:
    tables = {name: committed.text(name) for name in TABLES}
    project = spoilt(committed, way, setting, tables)
    for repair in mended(project, TABLES):
        assert repair.problems == []
        assert_same(repair.frame, tables[repair.table.name])


@pytest.mark.parametrize("setting", ["en", "de", "fr"])
def test_what_was_changed_in_a_spreadsheet_stays_changed(committed: Project, setting: str) -> None:
    """New cells are read as the program wrote them, though a committed cell would look the same turned round."""
    frame = committed.text("trials")
    changed = {"status_date": "2026-03-05", "enrolment": "271", "registered_phase": "2/3"}
    frame.loc[frame.index[0], list(changed)] = list(changed.values())
    [repair] = mended(spoilt(committed, "Excel, own language", setting, {"trials": frame}), ["trials"])
    assert_same(repair.frame, frame)


@pytest.mark.parametrize(("answer", "day"), [(True, "2021-01-02"), (False, "2021-02-01"), (None, "01/02/2021")])
def test_of_a_column_that_tells_no_order_it_is_asked_once(uncommitted: Project, answer: bool | None, day: str) -> None:
    frame = uncommitted.text("studies")
    frame["extracted_on"] = ["01/02/2021" if text == "2026-11-29" else "" for text in frame["extracted_on"]]
    asked: list[tuple[object, ...]] = []
    project = spoilt(uncommitted, "LibreOffice", "en", {"studies": frame})
    [repair] = mended(project, ["studies"], lambda *about: asked.append(about) or answer)
    assert asked == [("data/studies.csv", "extracted_on", ["01/02/2021"])]
    assert set(repair.frame["extracted_on"]) == {"", day}


SHAPES = {
    "rows and columns of commas": lambda lines: [f"{line},," for line in lines] + ["," * 8] * 3,
    "no commas at the end": lambda lines: [line.rstrip(",") for line in lines],
    "separator named": lambda lines: ["sep=,", *lines],
    "columns in another order": lambda lines: [",".join(line.split(",")[::-1]) for line in lines],
    "capitals in the header": lambda lines: [lines[0].upper(), *lines[1:]],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shape_is_put_right(uncommitted: Project, shape: str) -> None:
    lines = ["pool_id,study_id,inclusion,note", "cochrane2022-1,molendijk_2015_allogeneic,review only,"]
    file = uncommitted.file_of("published_pool_studies")
    [repair] = mended(
        uncommitted.with_files({file: "\n".join(SHAPES[shape](lines)).encode()}), ["published_pool_studies"]
    )
    assert list(repair.frame.columns) == lines[0].split(",")
    assert repair.frame.to_numpy().tolist() == [lines[1].split(",")]


def test_one_cause_is_told_once(project: Project) -> None:
    """A table saved by a spreadsheet, and a misspelt term in it: two problems, and none of what follows from them."""
    frame = project.text("outcome_sets")
    frame.loc[frame["outcome_set"] == "fistula_remission", "disease"] = "crohn"
    problems = check(spoilt(project, "Excel, own language", "de", {"outcome_sets": frame}))
    assert [(problem.file, problem.rule) for problem in problems] == [
        ("data/outcome_sets.csv", "saved_by_spreadsheet"),
        ("data/outcome_sets.csv", "unknown_term"),
    ]
    assert "semicolons made commas; 143 cells of higher_is_better, 'FALSCH' made 'false'" in problems[0].remedy


def test_a_changed_key_is_told_once_and_not_each_row_that_leads_to_it(project: Project) -> None:
    changed = spoil.cells(project, "studies", "deng_2017_randomised", study_id="deng_2017_randomized")
    [problem] = check(changed)
    assert (problem.file, problem.value) == ("data/studies.csv", "deng_2017_randomized")
    assert problem.remedy.startswith("write deng_2017_randomised again")


def test_line_ends_byte_order_mark_and_order(copy: Path) -> None:
    studies = copy / "data/studies.csv"
    held = studies.read_bytes()
    spoil.commit(Project(copy))
    studies.write_bytes(b"\xef\xbb\xbf" + held.replace(b"\n", b"\r\n"))
    assert {one.what for one in fix(Project(copy))} == {"byte order mark removed", "line endings made line feeds"}
    assert studies.read_bytes() == held
    header, first, *rest = held.splitlines(keepends=True)
    studies.write_bytes(b"".join([header, *rest, first]))
    assert [one.what for one in fix(Project(copy))] == ["sorted by its key"]
    assert studies.read_bytes() == held


def test_the_bibliography_is_mended_where_it_is_safe(copy: Path) -> None:
    bib = copy / "references.bib"
    entries = bib.read_text(encoding="utf-8").strip().split("\n\n")
    held = "\n\n".join(sorted(entries, key=lambda entry: entry.partition("{")[2])) + "\n"
    bib.write_text(held, encoding="utf-8")
    spoil.commit(Project(copy))
    assert fix(Project(copy)) == []
    first, rest = held.split("\n\n", 1)
    spoiled = f"{rest.rstrip()}\n\n{first}\n".replace("doi = {10.", "doi = {https://doi.org/10.", 1)
    bib.write_bytes(b"\xef\xbb\xbf" + spoiled.replace("title = {", "title = {\u00a0", 1).replace("\n", "\r\n").encode())
    told = [(one.what, one.column) for one in fix(Project(copy))]
    order = [
        ("byte order mark removed", ""),
        ("line endings made line feeds", ""),
        ("field", "title"),
        ("field", "doi"),
    ]
    assert told == [*order, ("sorted by its key", "")]
    assert bib.read_text(encoding="utf-8") == held
    assert check(Project(copy)) == []


def test_a_bibliography_that_is_laid_out_freely_keeps_its_order(copy: Path) -> None:
    bib = copy / "references.bib"
    held = bib.read_text(encoding="utf-8")
    first, rest = held.split("\n\n", 1)
    free = f"{rest.rstrip()}\n\n% the first one last\n{first}\n"
    spoil.commit(Project(copy))
    bib.write_text(free, encoding="utf-8")
    assert fix(Project(copy)) == []
    assert bib.read_text(encoding="utf-8") == free


def review(root: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", "--root", str(root), *options])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_all_problems_are_told_at_once_with_the_row_and_what_its_column_means(copy: Path, set_cell: SetCell) -> None:
    set_cell("outcomes", "deng_2017_randomised-1", "n_arm1", "0")
    set_cell("trials", "NCT01144962", "enrolment", "63 people")
    (copy / "references.bib").write_text("@article{x,\n", encoding="utf-8")
    (copy / "data" / "withdrawn.csv").unlink()
    code, output = review(copy)
    assert code == 1
    assert "outcome_id='deng_2017_randomised-1'" in output
    assert "▸n_arm1='0'◂" in output
    assert "book/methods.html#column-outcomes-n_arm1" in output
    for file in ("data/outcomes.csv", "data/trials.csv", "data/withdrawn.csv", "references.bib"):
        assert f"\n{file}\n" in f"\n{output}"
    code, output = review(copy, "--json")
    told = json.loads(output)["problems"]
    assert code == 1
    assert {"outcomes.csv", "trials.csv", "withdrawn.csv"} <= {one["file"].rpartition("/")[2] for one in told}
    assert all(one["why"] and one["remedy"] and one["rule"] in RULES for one in told)
    meanings = {one["meaning"].partition("book/")[2] for one in told if one["column"] == "n_arm1"}
    assert meanings == {"methods.html#column-outcomes-n_arm1"}


def test_fixes_are_told_in_both_forms(copy: Path, set_cell: SetCell) -> None:
    for options in ((), ("--json",)):
        set_cell("studies", "deng_2017_randomised", "summary", " A summary.")
        code, output = review(copy, "--fix", *options)
        assert code == 0
        assert "summary" in output
    told = json.loads(output)
    assert told["problems"] == []
    assert [one["column"] for one in told["fixed"]] == ["summary"]


@pytest.mark.parametrize("file", ["data/review.yml", "CITATION.cff"])
def test_a_protocol_or_citation_that_cannot_be_read_is_a_problem(copy: Path, file: str) -> None:
    (copy / file).write_text("a: [", encoding="utf-8")
    code, output = review(copy)
    assert code == 1
    assert f"{file}\n  file: not YAML" in output


def test_the_same_problem_of_several_rows_is_one_line(copy: Path, set_cell: SetCell) -> None:
    for row in ("deng_2017_randomised-1", "panes_2016_expanded-1"):
        set_cell("outcomes", row, "arm2", "#NAME?")
    code, output = review(copy)
    assert code == 1
    assert output.count("#NAME?") == 2  # in the problem, and in the first of its rows
    assert output.count("is what a spreadsheet makes of") == 1
    assert "1 problem in 1 file, 2 places." in output


@pytest.mark.parametrize(("dates", "day"), [("day", "2021-02-01"), ("month", "2021-01-02"), ("", "")])
def test_dates_that_have_two_readings_are_told_or_read_as_said(
    copy: Path, set_cell: SetCell, dates: str, day: str
) -> None:
    set_cell("trials", "NCT01144962", "status_date", "01/02/2021")
    code, output = review(copy, "--fix", *(["--dates", dates] if dates else []))
    assert code == (not day)
    said = f"'01/02/2021' → '{day}'" if day else "column status_date: in 01/02/2021 day or month may come first"
    assert said in output
