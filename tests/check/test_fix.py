"""`review check --fix` mends form and nothing else; `review check` shows the row; plausibility wants a flag."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review_tools.check import check
from review_tools.check.fix import fix
from review_tools.cli import app
from review_tools.data.tables import read_text

SetCell = Callable[[str, str, str, str], None]


def run(root: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", "--root", str(root), *options])
    return result.exit_code, result.output


def state(copy: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (copy / "data").iterdir()}


def test_sound_data_are_left_alone(copy: Path) -> None:
    before = state(copy)
    assert fix(copy) == []
    assert state(copy) == before


FORM = {
    "padding": ("studies", "ni_2024_mesenchymal", "summary", " A summary.\u00a0", "A summary."),
    "no-break space": ("studies", "ni_2024_mesenchymal", "summary", "A\u00a0summary.", "A summary."),
    "minus": ("outcomes", "kvistad_2025_smart-1", "effect", "\u22120.31", "-0.31"),
    "DOI": ("citation_candidates", "3", "doi", "https://doi.org/10.1000/x", "10.1000/x"),
    "NCT": ("studies", "ni_2024_mesenchymal", "trial_id", "nct 01854957", "NCT01854957"),
    "date dash": ("trials", "NCT00690066", "status_date", "2021\u201302\u201301", "2021-02-01"),
}


@pytest.mark.parametrize(("table", "row", "column", "value", "right"), FORM.values(), ids=FORM.keys())
def test_form_is_mended_and_told(
    copy: Path, set_cell: SetCell, table: str, row: str, column: str, value: str, right: str
) -> None:
    held = read_text(copy / f"data/{table}.csv")
    set_cell(table, row, column, value)
    spoiled = read_text(copy / f"data/{table}.csv")
    [one] = fix(copy)
    assert (one.file, one.column, one.before, one.after) == (f"data/{table}.csv", column, value, right)
    after = read_text(copy / f"data/{table}.csv")
    differing = (after != spoiled).to_numpy().sum()
    assert differing == 1
    assert list(after.columns) == list(held.columns)
    assert fix(copy) == []


MEANING = {
    "decimal comma": ("outcomes", "kvistad_2025_smart-1", "effect", "0,31"),
    "thousands": ("trials", "NCT00690066", "enrolment", "1,200"),
    "unknown term": ("studies", "ni_2024_mesenchymal", "kind", "telepathy"),
    "dash in prose": ("studies", "ni_2024_mesenchymal", "summary", "IL\u201110 \u2013 a cytokine"),
    "NCT too short": ("studies", "ni_2024_mesenchymal", "trial_id", "NCT 185495"),
}


@pytest.mark.parametrize(("table", "row", "column", "value"), MEANING.values(), ids=MEANING.keys())
def test_a_meaning_is_never_touched(
    copy: Path, set_cell: SetCell, table: str, row: str, column: str, value: str
) -> None:
    set_cell(table, row, column, value)
    before = state(copy)
    assert fix(copy) == []
    assert state(copy) == before


def commit_all(copy: Path) -> None:
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=T", "-c", "user.email=t@e.org", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=copy, check=True, capture_output=True)


def test_line_ends_byte_order_mark_and_order(copy: Path) -> None:
    studies = copy / "data/studies.csv"
    held = studies.read_bytes()
    commit_all(copy)
    studies.write_bytes(b"\xef\xbb\xbf" + held.replace(b"\n", b"\r\n"))
    assert {one.what for one in fix(copy)} == {"byte order mark removed", "line ends made line feeds"}
    assert studies.read_bytes() == held
    header, first, *rest = held.splitlines(keepends=True)
    studies.write_bytes(b"".join([header, *rest, first]))
    code, output = run(copy, "--fix")
    assert code == 0
    assert "sorted by its key" in output
    assert studies.read_bytes() == held


def test_the_bibliography_is_mended_where_it_is_safe(copy: Path) -> None:
    bib = copy / "references.bib"
    held = bib.read_text(encoding="utf-8")
    commit_all(copy)
    assert fix(copy) == []
    first, rest = held.split("\n\n", 1)
    spoiled = f"{rest.rstrip()}\n\n{first}\n".replace("doi = {10.", "doi = {https://doi.org/10.", 1)
    bib.write_bytes(b"\xef\xbb\xbf" + spoiled.replace("title = {", "title = {\u00a0", 1).replace("\n", "\r\n").encode())
    told = [(one.what, one.column) for one in fix(copy)]
    order = [("byte order mark removed", ""), ("line ends made line feeds", ""), ("field", "title"), ("field", "doi")]
    assert told == [*order, ("sorted by its key", "")]
    assert bib.read_text(encoding="utf-8") == held
    assert check(copy) == []


def test_a_bibliography_that_is_laid_out_freely_keeps_its_order(copy: Path) -> None:
    bib = copy / "references.bib"
    held = bib.read_text(encoding="utf-8")
    first, rest = held.split("\n\n", 1)
    free = f"{rest.rstrip()}\n\n% the first one last\n{first}\n"
    commit_all(copy)
    bib.write_text(free, encoding="utf-8")
    assert fix(copy) == []
    assert bib.read_text(encoding="utf-8") == free


def test_the_row_is_shown_with_the_bad_cell_marked_and_its_column_explained(copy: Path, set_cell: SetCell) -> None:
    set_cell("outcomes", "deng_2017_randomised-1", "n_arm1", "0")
    code, output = run(copy)
    assert code == 1
    assert "outcome_id='deng_2017_randomised-1'" in output
    assert "▸n_arm1='0'◂" in output
    assert "book/methods.html#column-outcomes-n_arm1" in output
    said = json.loads(run(copy, "--json")[1])["problems"]
    assert {one["meaning"].partition("book/")[2] for one in said if one["column"] == "n_arm1"} == {
        "methods.html#column-outcomes-n_arm1"
    }


UNLIKELY = {
    "effect against arms": (
        "raffals_2024_admire-2",
        {"effect": "8.4", "ci_low": "0.2", "ci_high": "16.6"},
        "the arms of row",
    ),
    "interval off centre": ("kvistad_2025_smart-1", {"effect": "1.0"}, "does not lie evenly"),
    "ratio below zero": ("unnamed_2022_mesenchymal-5", {"ci_low": "-0.39"}, "above zero"),
    "more people than the study": ("deng_2017_randomised-1", {"n_arm1": "120"}, "the whole study"),
    "SE as SD": ("he_2020_combination-19", {"sd_arm1": "0.1", "sd_arm2": "0.1"}, "SDs apart"),
    "no unit": ("he_2020_combination-19", {"unit": ""}, "empty, although the row holds a mean"),
}


@pytest.mark.parametrize(("row", "cells", "says"), UNLIKELY.values(), ids=UNLIKELY.keys())
def test_what_is_unlikely_wants_a_flag(
    copy: Path, set_cell: SetCell, row: str, cells: dict[str, str], says: str
) -> None:
    for column, value in cells.items():
        set_cell("outcomes", row, column, value)
    hits = [problem for problem in check(copy) if says in problem.why]
    assert hits
    assert all(problem.row and problem.column for problem in hits)
    flag = hits[0].remedy.split("“")[1].split("”")[0]
    flags = copy / "data/outcome_flags.csv"
    flags.write_text(flags.read_text(encoding="utf-8") + f"{row},{flag},so printed\n", encoding="utf-8")
    assert not [problem for problem in check(copy) if says in problem.why and problem.row == hits[0].row]


def add_outcomes(copy: Path, **values: list[str]) -> None:
    """Rows of five studies that report the same outcome in the same unit."""
    path = copy / "data/outcomes.csv"
    text = read_text(path)
    like = text[text["outcome_id"] == "he_2020_combination-19"].iloc[0].to_dict()
    lines = []
    for number, study in enumerate(text["study_id"].unique()[:5]):
        row = {**like, "outcome_id": f"{study}-{90 + number}", "study_id": study, "outcome": "a score", "n_arm1": "3",
               "n_arm2": "3"} | {column: cells[number] for column, cells in values.items()}  # fmt: skip
        lines.append(row)
    text = type(text)([*text.to_dict("records"), *lines], columns=text.columns)
    text.to_csv(path, index=False, lineterminator="\n")


def test_a_value_far_from_its_peers_and_a_spread_far_below(copy: Path) -> None:
    add_outcomes(
        copy,
        mean_arm1=["10", "11", "12", "10.5", "115"],
        mean_arm2=["10", "11.5", "12", "10", "114"],
        sd_arm1=["3", "3", "3", "3", "0.4"],
        sd_arm2=["3", "3", "3", "3", "30"],
    )
    problems = check(copy)
    assert {(p.column, p.value) for p in problems if "far outside the same outcome" in p.why} == {
        ("mean_arm1", "115"),
        ("mean_arm2", "114"),
    }
    assert [(p.column, p.value) for p in problems if "far below the spread" in p.why] == [("sd_arm1", "0.4")]


def test_a_date_in_the_future(copy: Path, set_cell: SetCell) -> None:
    set_cell("trials", "NCT00690066", "status_date", "2999-01-01")
    set_cell("decisions", "ema-2024-alofisel", "date", "2999")
    assert len([problem for problem in check(copy) if problem.why == "a date in the future"]) == 2


def test_fixes_are_in_the_json_too(copy: Path, set_cell: SetCell) -> None:
    set_cell("studies", "ni_2024_mesenchymal", "summary", " A summary.")
    code, output = run(copy, "--fix", "--json")
    told = json.loads(output)
    assert code == 0
    assert told["problems"] == []
    assert [one["column"] for one in told["fixed"]] == ["summary"]
