"""`review check` tells a person, and a machine, everything that is wrong, where, and how to mend it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review_tools.check import RULES
from review_tools.cli import app
from review_tools.data.problems import DataError, Problem

SetCell = Callable[[str, str, str, str], None]


@pytest.fixture
def copy(small: Path) -> Path:
    return small


def run(root: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", "--root", str(root), *options])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_all_problems_are_told_at_once_with_the_row_and_what_its_column_means(copy: Path, set_cell: SetCell) -> None:
    set_cell("outcomes", "deng_2017_randomised-1", "n_arm1", "0")
    set_cell("trials", "NCT01144962", "enrolment", "63 people")
    (copy / "references.bib").write_text("@article{x,\n", encoding="utf-8")
    (copy / "data" / "withdrawn.csv").unlink()
    code, output = run(copy)
    assert code == 1
    assert "outcome_id='deng_2017_randomised-1'" in output
    assert "▸n_arm1='0'◂" in output
    assert "book/methods.html#column-outcomes-n_arm1" in output
    for file in ("data/outcomes.csv", "data/trials.csv", "data/withdrawn.csv", "references.bib"):
        assert f"\n{file}\n" in f"\n{output}"
    code, output = run(copy, "--json")
    told = json.loads(output)["problems"]
    assert code == 1
    assert {"outcomes.csv", "trials.csv", "withdrawn.csv"} <= {one["file"].rpartition("/")[2] for one in told}
    assert all(one["why"] and one["remedy"] and one["rule"] in RULES for one in told)
    meanings = {one["meaning"].partition("book/")[2] for one in told if one["column"] == "n_arm1"}
    assert meanings == {"methods.html#column-outcomes-n_arm1"}


def test_fixes_are_told_in_both_forms(copy: Path, set_cell: SetCell) -> None:
    for options in ((), ("--json",)):
        set_cell("studies", "deng_2017_randomised", "summary", " A summary.")
        code, output = run(copy, "--fix", *options)
        assert code == 0
        assert "summary" in output
    told = json.loads(output)
    assert told["problems"] == []
    assert [one["column"] for one in told["fixed"]] == ["summary"]


@pytest.mark.parametrize("file", ["data/review.yml", "CITATION.cff"])
def test_a_protocol_or_citation_that_cannot_be_read_is_a_problem(copy: Path, file: str) -> None:
    (copy / file).write_text("a: [", encoding="utf-8")
    code, output = run(copy)
    assert code == 1
    assert f"{file}\n  file: not YAML" in output


def test_an_error_holds_its_problems() -> None:
    problem = Problem("data/x.csv", "the file is empty", "write at least the header")
    assert DataError(problem, problem).problems == [problem, problem]
    assert str(DataError(problem)) == "data/x.csv: the file is empty → write at least the header"


def test_the_same_problem_of_several_rows_is_one_line(copy: Path, set_cell: SetCell) -> None:
    for row in ("deng_2017_randomised-1", "panes_2016_expanded-1"):
        set_cell("outcomes", row, "arm2", "#NAME?")
    code, output = run(copy)
    assert code == 1
    assert output.count("#NAME?") == 2  # in the problem, and in the first of its rows
    assert output.count("is what a spreadsheet makes of") == 1
    assert "1 problem in 1 file, 2 places." in output


@pytest.mark.parametrize(("dates", "day"), [("day", "2021-02-01"), ("month", "2021-01-02"), ("", "")])
def test_dates_that_have_two_readings_are_told_or_read_as_said(
    copy: Path, set_cell: SetCell, dates: str, day: str
) -> None:
    set_cell("trials", "NCT01144962", "status_date", "01/02/2021")
    code, output = run(copy, "--fix", *(["--dates", dates] if dates else []))
    assert code == (not day)
    said = f"'01/02/2021' → '{day}'" if day else "column status_date: in 01/02/2021 day or month may come first"
    assert said in output
