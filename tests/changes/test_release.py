"""`review release`: a version is made whole from data that pass, or not at all; its snapshot says what it said."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import small_book
import spoil
from review_tools.changes import compare, state
from review_tools.changes.compare import Changes, Turn, between
from review_tools.changes.release import fits, next_number, signed
from review_tools.check import check
from review_tools.cli import app
from review_tools.data.edit import sha256
from review_tools.data.problems import DataError
from review_tools.data.project import Project, order
from review_tools.synthesis.signatures import digest
from signing import signed_by_all
from small_pool import NAME, PROJECT, counts, review
from spoil import git

SetCell = Callable[[str, str, str, str], None]
HOSTILE = "</script><script>alert(1)</script> ' [x](javascript:alert(1)) \u2028 {{7*7}}"
NEWEST = list(PROJECT.versions)[-1]
YEAR, DATA, _ = order(NEWEST)
NEXT = f"{YEAR}.{DATA + 1}.0"
CHANGED = "## [Unreleased]\n\n### Changed\n\n- A count.\n"


def release(folder: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["release", *words, "--root", str(folder)])
    return result.exit_code, result.output


def refused(folder: Path, step: str, says: str) -> None:
    code, output = release(folder, step)
    assert code == 1, step
    assert says in output


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and not {".git", ".edit"} & set(path.parts))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def repository(copy: Path) -> Path:
    """A small review under git whose changelog has something to release."""
    changelog = copy / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(re.sub(r"## \[Unreleased\]\n.*?(?=^## )", f"{CHANGED}\n", text, flags=re.S | re.M), "utf-8")
    (copy / ".gitignore").write_text(".edit/\n_build/\n", encoding="utf-8")
    git(copy, "init", "-q", "-b", "main")
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "one")
    return copy


def test_the_first_snapshots_are_of_the_versions_they_name_and_numbers_promise_what_changes(project: Project) -> None:
    old, new = (state.snapshot(project, number) for number in ("26.0.0", "26.1.0"))
    found = between(old, new)
    assert len(found.of("studies", "added")) == 35
    assert not [row for table in found.tables for row in table.of("removed")]
    assert {pool.before for pool in found.pools} == {None}
    assert (len(new.pools), len(new.verdicts)) == (22, 60)
    assert not between(new, new)
    for side in (old, new):
        assert side.text().encode() == project.read(f"releases/{side.name}.json")
    fits("26.0.0", "26.1.0", found)
    fits("26.1.0", "26.1.1", between(new, new))
    fits("26.1.0", "27.0.0", between(new, new))  # a search that found nothing
    with pytest.raises(DataError, match="review release data"):
        fits("26.0.0", "26.0.1", found)
    with pytest.raises(DataError, match="review release fix"):
        fits("26.1.0", "26.2.0", between(new, new))


def test_a_snapshot_compares_as_its_project_does(root: Path, tmp_path: Path) -> None:
    """The same code, the same answer; a hostile text comes back as it was, on one line of the file."""
    small_book.make(root, tmp_path, claims=("fistula_second_trial",))
    project = Project(tmp_path)
    after = spoil.cells(project, "outcomes", "raffals_2024_admire-1", events_arm1="281")
    after = spoil.cells(after, "studies", "raffals_2024_admire", summary=HOSTILE)
    one, other = (state.whole(side, NEXT, "2099-12-01") for side in (project, after))
    kept = state.snapshot(after.with_files({f"releases/{NEXT}.json": other.text().encode()}), NEXT)
    assert kept.text() == other.text()
    assert HOSTILE in set(kept.tables["studies"].rows["summary"])
    by_snapshot, by_project = between(one, kept), compare.compare(project, after)
    for part in ("tables", "pools", "pools_compared", "verdicts", "verdicts_compared"):
        assert getattr(by_snapshot, part) == getattr(by_project, part)
    assert [turn.newest["comparison_id"] for turn in by_snapshot.pools] == ["crohns_fistula"]


@pytest.mark.parametrize(
    "content", ['{"format": "review-snapshot/9"}', "{", "[]", '{"format": "review-snapshot/1"}', '"x"']
)
def test_a_snapshot_of_another_form_is_refused(project: Project, content: str) -> None:
    other = project.with_files({"releases/26.1.0.json": content.encode()})
    with pytest.raises(DataError, match=r"releases/26\.1\.0\.json: .* → restore it from git"):
        state.snapshot(other, "26.1.0")


def test_no_release_leaves_with_a_moved_result_that_nobody_signed() -> None:
    """Without a signature, and with one that lapsed; one that stands, or a result that stays, does not hold it up."""
    held = review(counts(600, 1000, 400, 1000))
    pool = state.pool(held, NAME)
    moved, still = (Changes("26.1.0", "26.2.0", (), (Turn(None, pool),) * number, 1, (), 0) for number in (1, 0))
    signed(held, still)
    with pytest.raises(DataError, match=r"question: not signed\n→ .*review sign COMPARISON --by NAME"):
        signed(held, moved)
    line = f"{NAME},A. Reader,2026-11-29,{digest(held, NAME)}"
    accepted = spoil.lines(held, "signatures", line)
    signed(accepted, moved)
    with pytest.raises(DataError, match="lapsed, since something moved"):
        signed(spoil.cells(accepted, "outcomes", "a-1", events_arm1="601"), moved)


def test_a_version_is_written_everywhere_at_once(repository: Path) -> None:
    said = "99.3% vs 46.3%, difference 53% (95% CI 47 to 59)"
    counted = {"events_arm1": "281", "printed_percent_arm1": "99.3", "reported": said}
    spoil.on_disk(repository, "outcomes", "raffals_2024_admire-1", **counted)
    printed = {"effect": "53", "ci_low": "47", "ci_high": "59", "reported": said}
    spoil.on_disk(repository, "outcomes", "raffals_2024_admire-2", **printed)
    git(repository, "commit", "-qam", "better")
    refused(repository, "data", "wait for a signature:\n  crohns_fistula: ")
    assert signed_by_all(repository, NEXT) == 1
    git(repository, "commit", "-qam", "signed")
    before = files(repository)
    code, output = release(repository, "data", "--dry-run")
    assert code == 0, output
    assert f"{NEWEST} → {NEXT}: " in output
    assert files(repository) == before
    code, output = release(repository, "data")
    assert code == 0, output
    for line in re.findall(r"^  git (add .*|commit .*|tag .*)$", output, re.MULTILINE):  # what is left to do is said
        git(repository, *shlex.split(line))
    today = git(repository, "show", "-s", "--format=%cs").strip()
    made = Project(repository)
    last = [NEXT, today, sha256(made.read(f"releases/{NEXT}.json"))]
    assert made.text("releases").iloc[-1].tolist() == last
    assert (made.protocol["version"], made.protocol["preceding"]) == (NEXT, {"version": NEWEST})
    cite = yaml.safe_load(made.read("CITATION.cff"))
    assert (cite["version"], str(cite["date-released"])) == (NEXT, today)
    changelog = made.read("CHANGELOG.md").decode()
    assert f"## [Unreleased]\n\n## [{NEXT}] - {today}\n\n### Changed\n\n- A count." in changelog
    assert git(repository, "tag") == f"v{NEXT}\n"
    assert not git(repository, "status", "--porcelain")
    assert check(made) == []
    refused(repository, NEXT, "not newer")
    refused(repository, "fix", "nothing stands under")


def test_what_is_not_committed_or_does_not_pass_is_refused(repository: Path, set_cell: SetCell) -> None:
    before = files(repository)
    refused(repository, "26.0.5", f"not newer than {NEWEST}")
    refused(repository, "26.2", "no number of a version")
    refused(repository, "search", "no complete search")
    assert files(repository) == before
    (repository / "notes.txt").write_text("x", encoding="utf-8")
    refused(repository, "data", "Not everything is committed (notes.txt)")
    (repository / ".git").rename(repository.parent / "elsewhere")
    refused(repository, "data", "git says")
    set_cell("outcomes", "deng_2017_randomised-1", "events_arm1", "13")
    refused(repository, "data", "more events than people")
    refused(repository, "data", "No version was made")


def test_the_year_is_that_of_a_complete_search(project: Project) -> None:
    listed = project.with_files({"data/releases.csv": b"version,date,sha256\n26.10.3,2026-11-23,\n"})
    row = {"search_id": "pubmed-2027-01-05", "source": "pubmed", "to_date": "2027-01-04", "status": "complete"}
    line = ",".join(row.get(column, "") for column in project.schema["searches"].columns)
    searched = spoil.lines(listed, "searches", line)
    assert next_number(searched, "search") == "27.0.0"
    assert next_number(searched, "data") == "26.11.0"
    assert next_number(searched, "fix") == "26.10.4"
    with pytest.raises(DataError, match="no complete search"):
        next_number(searched, "28.0.0")
