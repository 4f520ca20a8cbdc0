"""`review release`: a version is made whole from data that pass, or not at all, and cannot be forged afterwards."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from review_tools import check
from review_tools.changes import changes
from review_tools.changes.snapshot import Snapshot
from review_tools.changes.version_numbers import fits, next_number
from review_tools.cli import app
from review_tools.data.problems import DataError
from review_tools.data.versions import order, sha256, versions

SetCell = Callable[[str, str, str, str], None]
HOSTILE = "</script><script>alert(1)</script> \"' [x](javascript:alert(1)) \u2028 {{7*7}}"
NEWEST = versions(Path(__file__).parents[2])[-1]
YEAR, DATA, _ = order(NEWEST.number)
NEXT = f"{YEAR}.{DATA + 1}.0"
CHANGED = "## [Unreleased]\n\n### Changed\n\n- A count.\n"


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def release(folder: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["release", *words, "--root", str(folder)])
    return result.exit_code, result.output


def state(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and not {".git", ".edit"} & set(path.parts))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def told(folder: Path) -> list[str]:
    """What the check says of the versions (`review check` runs all the rules; `release` runs that)."""
    evidence = check.Evidence.read(folder)
    return [str(problem) for rules in (check.versions, check.history) for problem in rules.check(evidence)]


@pytest.fixture
def repository(copy: Path) -> Path:
    """A copy under git whose changelog has something to release."""
    changelog = copy / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(re.sub(r"## \[Unreleased\]\n.*?(?=^## )", f"{CHANGED}\n", text, flags=re.S | re.M), "utf-8")
    (copy / ".gitignore").write_text(".edit/\n_build/\n", encoding="utf-8")
    git(copy, "init", "-q", "-b", "main")
    git(copy, "config", "user.name", "T")
    git(copy, "config", "user.email", "t@example.org")
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "one")
    return copy


def test_the_first_snapshots_are_of_the_versions_they_name(root: Path) -> None:
    old, new = (Snapshot.read(root, number) for number in ("26.0.0", "26.1.0"))
    found = old.changed_to(new)
    assert len(found.table("studies").of("added")) == 35
    assert not list(found.rows("removed"))
    assert {pool.before for pool in found.pools} == {None}
    assert len(new.pools) == 22
    assert len(new.verdicts) == 60
    assert not new.changed_to(new)


def test_a_snapshot_compares_as_its_folder_does(root: Path, copy: Path, set_cell: SetCell) -> None:
    """The same code, the same answer; a hostile title comes back as it was, on one line of the file."""
    set_cell("outcomes", "raffals_2024_admire-1", "events_arm1", "281")
    set_cell("studies", "ni_2024_mesenchymal", "summary", HOSTILE)
    one, other = (Snapshot.taken(folder, NEXT, "2099-12-01", "") for folder in (root, copy))
    kept = json.loads(other.text())
    (copy / "releases" / f"{NEXT}.json").write_text(other.text(), encoding="utf-8")
    assert Snapshot.read(copy, NEXT) == other
    assert any(HOSTILE in row for table in kept["tables"] for row in table["rows"])
    by_snapshot, by_folder = one.changed_to(other), changes(root, copy)
    for part in ("tables", "pools", "verdicts"):
        assert getattr(by_snapshot, part) == getattr(by_folder, part)
    assert [verdict.claim_id for verdict in by_snapshot.verdicts] == ["fistula_benefit"]


def test_a_version_is_written_everywhere_at_once(repository: Path, set_cell: SetCell) -> None:
    set_cell("studies", "ni_2024_mesenchymal", "summary", "Said better.")
    git(repository, "commit", "-qam", "better")
    before = state(repository)
    code, output = release(repository, "--data", "--dry-run")
    assert code == 0, output
    assert f"+version: {NEXT}" in output
    assert state(repository) == before
    code, output = release(repository, "--data", "--tag")
    assert code == 0, output
    today = git(repository, "show", "-s", "--format=%cs").strip()
    version = versions(repository)[-1]
    assert (version.number, version.date) == (NEXT, today)
    assert version.sha256 == sha256((repository / f"releases/{NEXT}.json").read_bytes())
    plan = yaml.safe_load((repository / "data/review.yml").read_text(encoding="utf-8"))
    assert (plan["version"], plan["preceding"]) == (NEXT, {"version": NEWEST.number})
    cite = yaml.safe_load((repository / "CITATION.cff").read_text(encoding="utf-8"))
    assert (cite["version"], str(cite["date-released"])) == (NEXT, today)
    record = json.loads((repository / ".zenodo.json").read_text(encoding="utf-8"))
    assert (record["version"], record["title"]) == (NEXT, cite["title"])
    assert record["related_identifiers"][0]["identifier"] == plan["seed"]["doi"]
    changelog = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [Unreleased]\n\n## [{NEXT}] - {today}\n\n### Changed\n\n- A count." in changelog
    assert git(repository, "tag") == f"v{NEXT}\n"
    assert not git(repository, "status", "--porcelain")
    assert told(repository) == []
    for again, says in ((NEXT, "not newer"), ("--fix", "nothing stands under")):
        code, output = release(repository, again)
        assert code == 1
        assert says in output


def test_what_is_not_committed_or_does_not_pass_is_refused(repository: Path, set_cell: SetCell) -> None:
    before = state(repository)
    (repository / "notes.txt").write_text("x", encoding="utf-8")
    code, output = release(repository, "--data")
    assert code == 1
    assert "Not everything is committed (notes.txt)" in output
    (repository / "notes.txt").unlink()
    for words, says in (
        (["26.0.5"], f"not newer than {NEWEST.number}"),
        (["26.2"], "no number of a version"),
        (["--search"], "no complete search"),
        ([f"{YEAR + 2}.0.0"], "no complete search"),
        ([], "Say which version"),
        (["--fix", "--data"], "Say which version"),
    ):
        code, output = release(repository, *words)
        assert code == 1, words
        assert says in output
    assert state(repository) == before
    set_cell("outcomes", "deng_2017_randomised-1", "events_arm1", "13")
    git(repository, "commit", "-qam", "wrong")
    code, output = release(repository, "--data")
    assert code == 1
    assert "more events than people" in output
    assert "No version was made" in output


def test_a_folder_without_git_is_refused(copy: Path) -> None:
    code, output = release(copy, "--data")
    assert code == 1
    assert "git says" in output


def test_the_year_is_that_of_a_complete_search(copy: Path) -> None:
    with (copy / "data" / "searches.csv").open("a", encoding="utf-8") as file:
        header = (copy / "data" / "searches.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        row = {"search_id": "pubmed-2027-01-05", "source": "pubmed", "to_date": "2027-01-04", "status": "complete"}
        file.write(",".join(row.get(column, "") for column in header) + "\n")
    assert next_number("26.10.3", "search", copy) == "27.0.0"
    assert next_number("26.10.3", "data", copy) == "26.11.0"
    assert next_number("26.10.3", "fix", copy) == "26.10.4"
    with pytest.raises(DataError, match="no complete search"):
        next_number("26.10.3", "28.0.0", copy)


def test_a_number_promises_what_changes(root: Path) -> None:
    old, new = (Snapshot.read(root, number) for number in ("26.0.0", "26.1.0"))
    fits("26.0.0", "26.1.0", old.changed_to(new))
    fits("26.1.0", "26.1.1", new.changed_to(new))
    fits("26.1.0", "27.0.0", new.changed_to(new))  # a search that found nothing
    with pytest.raises(DataError, match="use --data"):
        fits("26.0.0", "26.0.1", old.changed_to(new))
    with pytest.raises(DataError, match="use --fix"):
        fits("26.1.0", "26.2.0", new.changed_to(new))


def spoil_snapshot(folder: Path) -> None:
    path = folder / "releases" / f"{NEWEST.number}.json"
    path.write_text(path.read_text(encoding="utf-8").replace("raffals", "raffels", 1), encoding="utf-8")


def add_line(folder: Path, line: str) -> None:
    with (folder / "data" / "releases.csv").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_snapshot, f"releases/{NEWEST.number}.json: not the snapshot that was released"),
        (lambda folder: (folder / "releases/26.0.0.json").unlink(), "the snapshot of 26.0.0 is missing"),
        (lambda folder: (folder / "releases/99.0.0.json").write_text("{}", "utf-8"), "of no version"),
        (lambda folder: add_line(folder, f"26.0.9,{NEWEST.date},{'0' * 64}"), f"not newer than {NEWEST.number}"),
        (lambda folder: add_line(folder, f"{NEXT},2026-01-01,{'0' * 64}"), f"before {NEWEST.date}, the date of"),
        (lambda folder: add_line(folder, f"{NEXT},2099-01-01,{'0' * 64}"), "the newest version in data/releases.csv"),
    ],
    ids=["edited", "lost", "unknown", "back", "earlier", "not the newest"],
)
def test_what_was_released_cannot_be_forged(copy: Path, spoil: Callable[[Path], None], says: str) -> None:
    assert told(copy) == []
    spoil(copy)
    assert any(says in problem for problem in told(copy))


def test_a_past_version_stays_in_the_list(repository: Path) -> None:
    """Whoever edits a snapshot and its SHA-256 alike is told by the history."""
    spoil_snapshot(repository)
    path = repository / "data" / "releases.csv"
    new = sha256((repository / f"releases/{NEWEST.number}.json").read_bytes())
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(versions(repository)[-1].sha256, new), encoding="utf-8")
    assert [problem for problem in told(repository) if "a past line was changed" in problem]


def test_a_snapshot_of_another_form_is_refused(copy: Path) -> None:
    (copy / "releases" / "26.1.0.json").write_text('{"format": "review-snapshot/9"}', encoding="utf-8")
    with pytest.raises(DataError, match=r"releases/26\.1\.0\.json: a snapshot of the form"):
        Snapshot.read(copy, "26.1.0")
