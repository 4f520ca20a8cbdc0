"""`review check`: silent on the real data, plain about every known-bad input."""

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review_tools.check import arm_labels, check
from review_tools.cli import app
from review_tools.data.problems import Problem

BAD = Path(__file__).parents[1] / "bad"
SetCell = Callable[[str, str, str, str], None]


def bad_cells() -> list[dict[str, str]]:
    with (BAD / "cells.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(root: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", "--root", str(root), *options])
    return result.exit_code, result.output


def that_say(problems: list[Problem], text: str) -> list[Problem]:
    return [problem for problem in problems if text in f"{problem.why} {problem.remedy}"]


def test_the_real_data_is_sound(root: Path) -> None:
    assert check(root) == []


@pytest.mark.parametrize("bad", bad_cells(), ids=lambda bad: bad["rule"])
def test_a_bad_cell_is_named_with_its_place_and_remedy(bad: dict[str, str], copy: Path, set_cell: SetCell) -> None:
    """One spoiled cell: exit 1, and a problem with file, row, column and remedy that says what is wrong."""
    set_cell(bad["table"], bad["row"], bad["column"], bad["value"])
    hits = that_say(check(copy), bad["says"])
    assert hits, f"nothing says {bad['says']!r}"
    hit = next((problem for problem in hits if problem.file == f"data/{bad['table']}.csv"), hits[0])
    assert hit.remedy
    assert hit.row or bad["rule"] == "table 1 complete"
    code, output = run(copy)
    assert code == 1
    assert hit.remedy in output
    assert "Traceback" not in output


def test_all_problems_are_reported_at_once(copy: Path, set_cell: SetCell) -> None:
    for bad in bad_cells()[:5]:
        set_cell(bad["table"], bad["row"], bad["column"], bad["value"])
    code, output = run(copy, "--json")
    problems = json.loads(output)["problems"]
    assert code == 1
    for bad in bad_cells()[:5]:
        assert any(bad["says"] in f"{p['why']} {p['remedy']}" for p in problems), bad["rule"]


def append(text: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")

    return edit


def replace(old: str, new: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def cut_in_half(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) // 2].rsplit("}", 1)[0], encoding="utf-8")


def in_latin_1(path: Path) -> None:
    path.write_bytes(
        path.read_text(encoding="utf-8").replace("é", "e").encode("latin-1", "replace") + "é\n".encode("latin-1")
    )


def twice(path: Path) -> None:
    """The last entry once more: bibtexparser keeps it apart, so it must be reported."""
    text = path.read_text(encoding="utf-8")
    append("\n@" + text.rsplit("\n@", 1)[1])(path)


BAD_FILES = {
    "not UTF-8": ("data/findings.csv", in_latin_1, "not UTF-8"),
    "open quotation mark": ("data/trials.csv", append('NCT99999999,"never closed\n'), "not CSV"),
    "a comma too many": ("data/withdrawn.csv", append("a,2026-01-01,b,c,d\n"), "5 cells where the header has 4"),
    "missing column": ("data/studies.csv", replace("species", "spezies"), "this column is missing"),
    "unknown column": ("data/studies.csv", replace("species", "spezies"), "this column is not defined"),
    "empty file": ("data/withdrawn.csv", lambda path: path.write_text(""), "the file is empty"),
    "missing file": ("data/withdrawn.csv", Path.unlink, "the file is missing"),
    "bibliography cut in half": ("references.bib", cut_in_half, "announces|cannot be read"),
    "duplicate key": ("references.bib", twice, "this key stands twice"),
    "entry never used": (
        "references.bib",
        append("\n@misc{x_2024_y,\n  title = {Y},\n  year = {2024}\n}\n"),
        "never cited",
    ),
    "malformed DOI": ("references.bib", replace("doi = {10.", "doi = {doi:10."), "doi is not of the right form"),
    "citation of nothing": ("book/discussion.md", append("\n{cite:p}`nobody_2024_nothing`\n"), "does not have"),
    "misspelt column": ("data/studies.csv", replace("species", "spezies"), "did you mean “species”"),
    "misspelt citation": (
        "book/discussion.md",
        append("\n{cite:p}`gao_2023_mutli`\n"),
        "did you mean “gao_2023_multi”",
    ),
    "misspelt column of a role": (
        "book/discussion.md",
        append("\n{value}`outcomes deng_2017_randomised-1 event_arm2`\n"),
        "did you mean “events_arm2”",
    ),
    "number the seed lacks": ("book/discussion.md", append("\n{seed}`122`\n"), "not a number of the seed"),
    "fact about nothing": ("book/discussion.md", append("\n{count}`findings cell=x`\n"), "not column=value"),
}


@pytest.mark.parametrize(("file", "edit", "says"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_is_named(copy: Path, file: str, edit: Callable[[Path], None], says: str) -> None:
    edit(copy / file)
    problems = check(copy)
    told = [f"{problem.why} {problem.remedy}" for problem in problems if problem.file == file]
    assert any(part in words for words in told for part in says.split("|"))
    code, output = run(copy)
    assert code == 1
    assert file in output
    assert "Traceback" not in output


def duplicate(copy: Path, **changes: str) -> list[Problem]:
    """A second entry for a known work, with some fields changed."""
    fields = {"doi": "10.1038/s41467-023-39958-5", "title": "Something else", "year": "2023", "pmid": "", **changes}
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    append(f"\n@article{{gao_2023_twice,\n{body}\n}}\n")(copy / "references.bib")
    return check(copy)


def test_one_work_under_two_keys_is_found_by_doi(copy: Path) -> None:
    assert that_say(duplicate(copy), "the same DOI as gao_2023_multi")


def test_one_work_under_two_keys_is_found_by_title_and_year(copy: Path) -> None:
    title = (
        "Multi-Omics analysis of human MESENCHYMAL stem cells shows cell aging that alters immunomodulatory activity"
    )
    full = (
        (copy / "references.bib").read_text(encoding="utf-8").split("@article{gao_2023_multi")[1].split("title = {")[1]
    )
    full = full.split("}")[0]
    assert full.casefold().startswith(title.casefold())
    assert that_say(
        duplicate(copy, doi="10.1000/other", title=full.upper()), "the same title and year as gao_2023_multi"
    )


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_a_study_that_disappears_is_missed(copy: Path) -> None:
    """Removing a study fails the check before and after it is committed, until it is recorded as withdrawn."""
    git(copy, "init", "-q")
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "all")
    studies = copy / "data" / "studies.csv"
    lines = studies.read_text(encoding="utf-8").splitlines(keepends=True)
    studies.write_text("".join(line for line in lines if not line.startswith("pan_2016_low,")), encoding="utf-8")
    assert [p.value for p in that_say(check(copy), "in the history but not in the table")] == ["pan_2016_low"]
    git(copy, "commit", "-qam", "remove")
    assert [p.value for p in that_say(check(copy), "in the history but not in the table")] == ["pan_2016_low"]
    append("pan_2016_low,2026-11-23,Entered by mistake,A. Reader\n")(copy / "data" / "withdrawn.csv")
    assert not that_say(check(copy), "in the history but not in the table")


def test_the_past_lines_of_a_log_stay_as_they_were(copy: Path, set_cell: SetCell) -> None:
    """Changing or removing a committed line of a table that only grows is refused; adding one is not."""
    package = copy / "data" / "datapackage.json"
    data = json.loads(package.read_text(encoding="utf-8"))
    next(r for r in data["resources"] if r["name"] == "decisions")["appendOnly"] = True
    package.write_text(json.dumps(data), encoding="utf-8")
    git(copy, "init", "-q")
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "all")
    decisions = copy / "data" / "decisions.csv"
    held = decisions.read_text(encoding="utf-8")
    last = held.splitlines()[-1]
    append("\n".join([last.replace("nmpa-2025-amimestrocel", "nmpa-2026-other"), ""]))(decisions)
    assert not that_say(check(copy), "only added to")
    git(copy, "commit", "-qam", "a line more")
    set_cell("decisions", "nmpa-2026-other", "date", "2025-01-03")
    [problem] = that_say(check(copy), "only added to")
    assert (problem.column, problem.value) == ("date", "2025-01-03")
    git(copy, "commit", "-qam", "a past line changed")
    assert that_say(check(copy), "it said '2025-01-02'")
    decisions.write_text(held, encoding="utf-8")
    [problem] = that_say(check(copy), "only added to")
    assert problem.value == "nmpa-2026-other"
    assert run(copy)[0] == 1


@pytest.mark.parametrize("table", ["outcomes", "studies", "citations", "outcome_flags", "vocabulary"])
def test_what_cannot_be_read_is_the_only_problem(copy: Path, table: str) -> None:
    """A row with a cell too many, then a heading misspelt: nothing is said of rows that look for those of the table."""
    path = copy / "data" / f"{table}.csv"
    whole = path.read_text(encoding="utf-8")
    lines = whole.splitlines()
    path.write_text("\n".join([*lines[:2], f"{lines[2]},4", *lines[3:], ""]), encoding="utf-8")
    code, output = run(copy)
    assert code == 1
    assert "Traceback" not in output
    assert f"data/{table}.csv\n  row 3: " in output
    assert "put a cell that holds a comma in quotation marks" in output
    assert "1 problem in 1 file." in output
    path.write_text(f"x{whole}", encoding="utf-8")
    assert {problem.why for problem in check(copy)} == {"this column is missing", "this column is not defined"}


def test_a_broken_bibliography_is_the_only_problem(copy: Path) -> None:
    cut_in_half(copy / "references.bib")
    assert {problem.file for problem in check(copy)} == {"references.bib"}


def again(copy: Path, table: str, row: str, **changes: str) -> None:
    """A row of a table (named by the start of its line) once more, with some cells changed."""
    path = copy / "data" / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    held = next(one for one in rows if row in list(one.values())[:2])
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, list(held), lineterminator="\n").writerow(held | changes)


def test_one_result_under_two_names_is_not_pooled_twice(copy: Path) -> None:
    again(copy, "outcomes", "deng_2017_randomised-1", outcome_id="deng_2017_randomised-99", outcome="it went away")
    again(copy, "comparison_outcomes", "deng_2017_randomised-1", outcome_id="deng_2017_randomised-99")
    (problem,) = that_say(check(copy), "the same figures of the same study as deng_2017_randomised-1")
    assert (problem.file, problem.value) == ("data/comparison_outcomes.csv", "deng_2017_randomised-99")
    again(copy, "outcome_flags", "deng_2017_randomised-1", outcome_id="deng_2017_randomised-99", flag="same patients")
    assert not that_say(check(copy), "the same figures")


@pytest.mark.parametrize(
    ("arm", "is_msc"),
    [
        ("UC-MSC + standard induction", True),
        ("darvadstrocel (Cx601)", True),
        ("adipose-derived stem cells", True),
        ("no MSC", False),
        ("without MSCs", False),
        ("autologous stem cell transplantation", False),
        ("placebo + second-line therapy", False),
    ],
)
def test_an_arm_is_known_by_its_product(arm: str, is_msc: bool) -> None:
    assert arm_labels.names_msc(arm) == is_msc


def test_a_row_that_does_not_fit_is_blamed_and_not_the_one_that_does(copy: Path) -> None:
    for comparison in ("kidney_function", "lupus_death"):
        again(copy, "comparison_outcomes", comparison, outcome_id="deng_2017_randomised-1")
    found = that_say(check(copy), " asks for ")
    assert {problem.value for problem in found} == {"deng_2017_randomised-1"}
    assert [problem.why.split(" ")[0] for problem in found] == [
        *("disease", "domain", "higher_is_better"),
        *("domain", "higher_is_better"),
    ]
