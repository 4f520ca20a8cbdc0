"""`review check --fix` mends form and nothing else."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from review_tools.check import check
from review_tools.check.fix import Fix, fix
from review_tools.data.project import Project

SetCell = Callable[[str, str, str, str], None]


def mend(copy: Path) -> list[Fix]:
    return fix(Project(copy))


def state(copy: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (copy / "data").iterdir()}


def test_sound_data_are_left_alone(copy: Path) -> None:
    before = state(copy)
    assert mend(copy) == []
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
    held = Project(copy).text(table)
    set_cell(table, row, column, value)
    spoiled = Project(copy).text(table)
    [one] = mend(copy)
    assert (one.file, one.column, one.before, one.after) == (f"data/{table}.csv", column, value, right)
    after = Project(copy).text(table)
    differing = (after != spoiled).to_numpy().sum()
    assert differing == 1
    assert list(after.columns) == list(held.columns)
    assert mend(copy) == []


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
    assert mend(copy) == []
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
    assert {one.what for one in mend(copy)} == {"byte order mark removed", "line ends made line feeds"}
    assert studies.read_bytes() == held
    header, first, *rest = held.splitlines(keepends=True)
    studies.write_bytes(b"".join([header, *rest, first]))
    assert [one.what for one in mend(copy)] == ["sorted by its key"]
    assert studies.read_bytes() == held


def test_the_bibliography_is_mended_where_it_is_safe(copy: Path) -> None:
    bib = copy / "references.bib"
    held = bib.read_text(encoding="utf-8")
    commit_all(copy)
    assert mend(copy) == []
    first, rest = held.split("\n\n", 1)
    spoiled = f"{rest.rstrip()}\n\n{first}\n".replace("doi = {10.", "doi = {https://doi.org/10.", 1)
    bib.write_bytes(b"\xef\xbb\xbf" + spoiled.replace("title = {", "title = {\u00a0", 1).replace("\n", "\r\n").encode())
    told = [(one.what, one.column) for one in mend(copy)]
    order = [("byte order mark removed", ""), ("line ends made line feeds", ""), ("field", "title"), ("field", "doi")]
    assert told == [*order, ("sorted by its key", "")]
    assert bib.read_text(encoding="utf-8") == held
    assert check(Project(copy)) == []


def test_a_bibliography_that_is_laid_out_freely_keeps_its_order(copy: Path) -> None:
    bib = copy / "references.bib"
    held = bib.read_text(encoding="utf-8")
    first, rest = held.split("\n\n", 1)
    free = f"{rest.rstrip()}\n\n% the first one last\n{first}\n"
    commit_all(copy)
    bib.write_text(free, encoding="utf-8")
    assert mend(copy) == []
    assert bib.read_text(encoding="utf-8") == free
