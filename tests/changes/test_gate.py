"""`review gate` lets through what a watch may do, and nothing else."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from review_tools.cli import app

SEARCH = "pubmed-2026-11-02,pubmed,main,1,2026-11-02,2026-10-26,2026-11-02,1,1,0,0,complete,\n"
FOUND = "pubmed-90000001,pubmed-2026-11-02,pubmed,90000001,report,,,,Made up,2026,Named.,1,,2026-11-02\n"


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def gate(root: Path, base: str = "HEAD") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["gate", base, "--root", str(root)])
    assert "Traceback" not in done.output
    return done.exit_code, done.output


def add(root: Path, table: str, text: str) -> None:
    path = root / "data" / f"{table}.csv"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def replace(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def logged(copy: Path) -> Path:
    """A project under git whose log holds one search with one candidate."""
    add(copy, "searches", SEARCH)
    add(copy, "candidates", FOUND)
    git(copy, "init", "-q")
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "all")
    return copy


def next_week(root: Path, count: int = 1) -> None:
    counts = f"2026-11-09,2026-11-02,2026-11-09,{count},{count}"
    add(root, "searches", SEARCH.replace("2026-11-02,2026-10-26,2026-11-02,1,1", counts).replace("-02,", "-09,", 1))
    rows = FOUND.replace("2026-11-02", "2026-11-09")
    add(root, "candidates", "".join(rows.replace("90000001", str(90000002 + n)) for n in range(count)))


def registry_change(root: Path, told: bool) -> None:
    path = root / "data/trials.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("NCT00690066,"))
    assert ",completed," in lines[at]
    lines[at] = lines[at][::-1].replace(",completed,"[::-1], ",terminated,"[::-1], 1)[::-1]
    path.write_text("".join(lines), encoding="utf-8")
    if told:
        row = "NCT00690066,registered_status,completed,terminated,2026-11-09,https://example.org/\n"
        add(root, "trial_history", row)


RETRACTED = "molendijk_2015_allogeneic"


def status_change(root: Path, kind: str = "") -> None:
    """A study called retracted, with a notice of a kind, or without one."""
    path = root / "data/studies.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{RETRACTED},"))
    lines[at] = lines[at].replace(",current,", ",retracted,", 1)
    path.write_text("".join(lines), encoding="utf-8")
    if kind:
        add(root, "notices", f"{RETRACTED},{kind},crossref,10.5555/n,2026-10-01,2026-11-09,https://example.org/\n")


def test_a_status_that_a_notice_tells_passes(logged: Path) -> None:
    status_change(logged, "retraction")
    code, output = gate(logged)
    assert code == 0, output


def test_a_weeks_findings_and_told_changes_pass(logged: Path) -> None:
    next_week(logged)
    registry_change(logged, told=True)
    code, output = gate(logged)
    assert code == 0, output


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "a candidate removed": (lambda root: replace(root, "data/candidates.csv", FOUND, ""), "only ever added"),
    "a search rewritten": (
        lambda root: replace(root, "data/searches.csv", "main,1,", "main,2,"),
        "only ever added",
    ),
    "a trial lost": (
        lambda root: replace(root, "data/trials.csv", "\nNCT02587715,", "\nNCT99999999,"),
        "1 rows are missing, among them NCT02587715",
    ),
    "a change that nobody tells": (
        lambda root: registry_change(root, told=False),
        "without a row in data/trial_history",
    ),
    "a status that nobody tells": (status_change, "without a new row in data/notices.csv that says so"),
    "a status that its notice does not give": (
        lambda root: status_change(root, "correction"),
        "without a new row in data/notices.csv that says so",
    ),
    "growth beyond the bound": (
        lambda root: (
            replace(root, "data/review.yml", "candidates_of_a_run: 3000", "candidates_of_a_run: 5"),
            next_week(root, 6),
        )[-1],
        "grows by 6 rows, more than 5",
    ),
    "counts that do not add up": (
        lambda root: (next_week(root), replace(root, "data/searches.csv", "2026-11-09,1,1", "2026-11-09,7,1"))[-1],
        "column hits",
    ),
}


@pytest.mark.parametrize(("edit", "says"), BAD.values(), ids=BAD.keys())
def test_what_a_run_may_not_do_is_refused(logged: Path, edit: Callable[[Path], None], says: str) -> None:
    edit(logged)
    code, output = gate(logged)
    assert code == 1
    assert says in output
    assert "→" in output


def test_an_unknown_commit_is_named(logged: Path) -> None:
    code, output = gate(logged, "nothing")
    assert code == 1
    assert "no commit 'nothing'" in output
