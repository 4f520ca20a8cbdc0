"""`review diff`: what changes in the review is found completely, and only what can differ is worked out."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from typer.testing import CliRunner

import review_tools
import small_book
import spoil
from review_tools.changes import bounds, compare, render, state
from review_tools.changes.compare import Changes
from review_tools.cli import app
from review_tools.data.project import Project
from spoil import git

LIMITS = {"rows_of_a_change": 5000, "candidates_of_a_run": 5, "changes_of_a_run": 5}
Rows = list[list[str]]


def edit(project: Project, table: str, change: Callable[[Rows], Rows]) -> Project:
    """The project, in memory, with the rows of a table (header first) that a function makes of its rows."""
    rows = list(csv.reader(io.StringIO(project.read(f"data/{table}.csv").decode("utf-8"), newline="")))
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(change(rows))
    return project.with_files({f"data/{table}.csv": written.getvalue().encode("utf-8")})


def corrected(project: Project) -> Project:
    """The project with a correction more."""
    return edit(project, "corrections", lambda rows: [*rows, ["c121z", *rows[1][1:]]])


def diff(*words: str, root: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["diff", "--root", str(root), *words])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


@pytest.fixture(scope="session")
def few(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that declares one comparison and one claim."""
    folder = tmp_path_factory.mktemp("few") / "project"
    small_book.make(root, folder, claims=("fistula_second_trial",))
    return Project(folder)


@pytest.fixture(scope="session")
def lean(project: Project) -> Project:
    """A project that declares no comparison and no claim, for what does not turn on them."""
    names = [f"data/{name}.csv" for name in ("comparisons", "claims", "claim_studies")]
    return project.with_files({name: project.read(name).partition(b"\n")[0] + b"\n" for name in names})


@pytest.fixture(scope="session")
def spoiled(project: Project) -> Project:
    """A project with one row removed, one changed and one added, which move a pool and a verdict."""
    after = edit(project, "studies", lambda rows: [row for row in rows if row[0] != "pan_2016_low"])
    after = spoil.cells(after, "outcomes", "jiang_2024_efficacy-1", events_arm1="38")
    return corrected(after)


def names(changes: Changes, table: str, kind: str) -> list[str]:
    return [row.name for row in changes.of(table, kind)]


def test_rows_pools_verdicts_corrections_and_pages(project: Project, spoiled: Project) -> None:
    text = "{value}`outcomes jiang_2024_efficacy-1 events_arm1` {cite:p}`jiang_2024_efficacy`"
    page = {"book/page.md": text.encode()}
    found = compare.compare(project.with_files(page), spoiled.with_files(page))
    rows = {(table.name, row.kind): row for table in found.tables for row in table.rows}
    assert rows.keys() == {("studies", "removed"), ("outcomes", "changed"), ("corrections", "added")}
    assert rows["studies", "removed"].name == "pan_2016_low"
    row = rows["outcomes", "changed"]
    assert row.key == (("outcome_id", "jiang_2024_efficacy-1"),)
    assert [(cell.column, cell.before, cell.after) for cell in row.cells] == [("events_arm1", "24", "38")]
    [pool] = found.pools
    assert pool.newest["comparison_id"] == "agvhd_response"
    assert pool.before["result"]["estimate"] < pool.after["result"]["estimate"]
    [turn] = found.verdicts
    assert (turn.before["verdict"], turn.after["verdict"]) == ("holds in part", "cannot be tested yet")
    assert turn.newest["claim_id"] == "sragvhd_benefit"
    assert names(found, "corrections", "added") == ["c121z"]
    value = "value outcomes jiang_2024_efficacy-1 events_arm1: 24 → 38"
    assert found.chapters["book/page"] == ["cites jiang_2024_efficacy", value]
    assert any("the result of agvhd_response moves" in why for why in found.chapters[pool.newest["page"]])
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["tables"][0]["name"] == "studies"


def test_a_changed_judgement_moves_the_certainty_and_is_told(few: Project) -> None:
    """The figures stay; what the certainty rests on is looked at, also where it is in another table than the rows."""
    judged = ["crohns_fistula", "indirectness", "3", "Another question.", "A. Reader", "2026-11-29", "26.2.0"]
    found = compare.compare(few, edit(few, "certainty_judgements", lambda rows: [*rows, judged]))
    [pool] = found.pools
    assert pool.before["result"] == pool.after["result"]
    assert "indirectness −3" in pool.after["certainty"] not in pool.before["certainty"]
    assert "certainty very low" in render.terminal(found)
    without = {key: value for key, value in pool.before.items() if key != "certainty"}
    assert not compare._moves(without, pool.after)  # a release that graded nothing


def test_chapters_and_counts(project: Project) -> None:
    assert not compare.compare(project, project.with_files({}))
    chapter = project.read("book/contribute.md").decode()
    found = compare.compare(project, project.with_files({"book/contribute.md": f"{chapter}\nMore.\n".encode()}))
    assert found.chapters == {"book/contribute": ["its text changes"]}
    declared = len(project.table("comparisons")), len(project.table("claims"))
    assert (found.pools_compared, found.verdicts_compared) == declared
    found = compare.compare(project, project.with_files({"book/contribute.md": None, "book/new.md": b"# New\n"}))
    assert found.chapters == {"book/new": ["this chapter is new"], "book/contribute": ["this chapter is gone"]}


def a_change() -> some.SearchStrategy[tuple[str, int, int, str]]:
    """A table, a row, what to do with it: 0 removes it, 1 doubles it, else a column to write to; and the value."""
    tables = ["outcomes", "outcome_flags", "comparisons", "studies", "claims", "findings"]
    tables += ["outcome_sets", "risk_of_bias", "silent_trials", "trials"]
    cells = ["", "0", "7", "randomised", "retracted", "same patients", "holds"]
    return some.tuples(
        some.sampled_from(tables), some.integers(0, 10_000), some.integers(0, 60), some.sampled_from(cells)
    )


def whole(project: Project) -> state.State:
    """The state of a project, all of it computed."""
    side = state.read(project, "")
    side.compute(project, side.keys("comparisons"), side.keys("claims"))
    return side


@pytest.mark.long
def test_the_quick_way_finds_what_the_whole_way_finds(project: Project) -> None:
    """Whatever changes: results are those of two states that are each computed in full (one of them in each run, in
    test_release.py)."""
    before = whole(project)

    @settings(max_examples=30, deadline=None, derandomize=True, database=None)
    @given(some.lists(a_change(), min_size=1, max_size=4))
    def same(planned: list[tuple[str, int, int, str]]) -> None:
        after = project
        for table, at, what, value in planned:

            def change(rows: Rows, at: int = at, what: int = what, value: str = value) -> Rows:
                row = rows[1 + at % (len(rows) - 1)]
                column = what % len(row)
                new = [[], [row, row]][what] if what < 2 else [[*row[:column], value, *row[column + 1 :]]]
                return [one for old in rows for one in (new if old is row else [old])]

            after = edit(after, table, change)
        quick, full = compare.compare(project, after), compare.between(before, whole(after.with_files({})))
        for part in ("tables", "pools", "pools_compared", "verdicts", "verdicts_compared"):
            assert getattr(quick, part) == getattr(full, part), part
        assert {note.partition(": ")[2] for note in quick.notes} <= {note.partition(": ")[2] for note in full.notes}

    same()


def test_a_diff_of_one_cell_takes_few_calls(project: Project) -> None:
    """Calls of our own functions, not time: 200 a comparison before only what can differ was asked."""
    source = str(Path(review_tools.__file__).parent)
    before = Project(project.root)
    after = spoil.cells(Project(project.root), "outcomes", "raffals_2024_admire-1", events_arm1="281")
    calls = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code.co_filename.startswith(source)

    sys.setprofile(count)
    try:
        compare.compare(before, after)
    finally:
        sys.setprofile(None)
    assert calls <= 65 * len(before.table("comparisons"))


def test_data_that_cannot_be_read_is_said_and_the_rest_compared(few: Project) -> None:
    after = corrected(few)
    found = compare.compare(few, after.with_files({"data/outcomes.csv": b"\xff\xfe broken"}))
    assert any("outcomes.csv" in note and "not UTF-8" in note for note in found.notes)
    assert names(found, "corrections", "added") == ["c121z"]
    assert not names(found, "outcomes", "removed")
    found = compare.compare(few, few.with_files({"references.bib": b"@article{x, title = {A}"}))
    assert any("references.bib" in note for note in found.notes)


def test_keys_that_stand_twice_and_columns_that_go_are_not_lost(few: Project, lean: Project) -> None:
    found = compare.compare(few, edit(few, "studies", lambda rows: [*rows, rows[1]]))
    assert "(no. 2)" in names(found, "studies", "added")[0]
    assert "the comparison crohns_fistula cannot be computed" in " ".join(found.notes)
    found = compare.compare(lean, edit(lean, "findings", lambda rows: [row[:-1] for row in rows]))
    [table] = found.tables
    assert len(table.columns_removed) == 1
    assert table.rows == ()


# What a change may not do

SEARCH = "pubmed-2026-11-02,pubmed,main,1,2026-11-02,2026-10-26,2026-11-02,1,1,0,0,complete,"
FOUND = "pubmed-{n},pubmed-2026-11-02,pubmed,{n},report,,,,Made up,2026,Named.,1,,2026-11-02"
TRIAL, STUDY = "NCT00690066", "molendijk_2015_allogeneic"
TOLD = f"{TRIAL},registered_status,completed,terminated,2026-11-09,https://e.org/"


def test_the_past_of_a_log_and_more_than_a_person_reads_are_refused(lean: Project) -> None:
    before = spoil.lines(lean, "searches", SEARCH)
    assert not bounds.bounded(compare.compare(lean, before), LIMITS)
    after = spoil.cells(before, "searches", SEARCH.partition(",")[0], note="edited")
    after = edit(after, "studies", lambda rows: [*rows, *([f"x_{n}", *rows[1][1:]] for n in range(10_000))])
    found = compare.compare(before, after)
    assert [row.past for _, row in found.past_edited] == [True]
    refusals = " ".join(bounds.bounded(found, LIMITS))
    assert "10,001 rows change, more than 5,000 → send it in parts" in refusals
    assert "Lines of a log changed or removed: 1 → restore them" in refusals


Change = Callable[[Project], Project]


def grown(project: Project, number: int) -> Project:
    return spoil.lines(project, "candidates", *[FOUND.format(n=n) for n in range(number)])


def notice(project: Project, kind: str) -> Project:
    return spoil.lines(project, "notices", f"{STUDY},{kind},crossref,10.5555/n,2026-10-01,2026-11-09,https://e.org/")


def terminated(project: Project) -> Project:
    return spoil.cells(project, "trials", TRIAL, registered_status="terminated")


def retracted(project: Project) -> Project:
    return spoil.cells(project, "studies", STUDY, status="retracted")


UNSEEN: dict[str, tuple[Change, str]] = {
    "a week's findings": (lambda p: grown(spoil.lines(p, "searches", SEARCH), 5), ""),
    "a change of the registry with its log": (lambda p: spoil.lines(terminated(p), "trial_history", TOLD), ""),
    "a status with its notice": (lambda p: notice(retracted(p), "retraction"), ""),
    "a trial lost": (
        lambda p: spoil.cells(p, "trials", "NCT02587715", trial_id="NCT99999999"),
        "1 rows are missing, among them NCT02587715",
    ),
    "a change without its log": (terminated, "without a row in data/trial_history.csv"),
    "a status without its notice": (retracted, "without a new row in data/notices.csv"),
    "a status that its notice does not give": (
        lambda p: notice(retracted(p), "correction"),
        "without a new row in data/notices.csv",
    ),
    "growth beyond the bound": (lambda p: grown(p, 6), "grows by 6 rows, more than 5"),
    "what cannot be read": (lambda p: p.with_files({"data/trials.csv": b"\xff"}), "not UTF-8"),
}


@pytest.mark.parametrize(("change", "says"), UNSEEN.values(), ids=UNSEEN.keys())
def test_a_change_that_nobody_has_looked_at(lean: Project, change: Change, says: str) -> None:
    problems = [str(one) for one in bounds.unattended(compare.compare(lean, change(lean)), LIMITS)]
    assert all("→" in problem for problem in problems)
    assert len(problems) == bool(says)
    assert says in "".join(problems)


# The command, with git


def test_revisions_are_compared_from_where_they_parted(copy: Path, set_cell: Callable[..., None]) -> None:
    """What main gained since is not taken for a removal; a folder and an unknown revision are told apart."""
    git(copy, "init", "-q", "-b", "main")
    (copy / "link.csv").symlink_to("/etc/passwd")
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "one")
    git(copy, "switch", "-qc", "branch")
    set_cell("studies", STUDY, "summary", "Another summary.")
    git(copy, "commit", "-qam", "branch")
    git(copy, "switch", "-q", "main")
    corrections = copy / "data" / "corrections.csv"
    lines = corrections.read_text(encoding="utf-8").splitlines(keepends=True)
    corrections.write_text("".join([*lines, "c121z," + lines[1].partition(",")[2]]), encoding="utf-8")
    git(copy, "commit", "-qam", "main grew")
    unchanged = git(copy, "status", "--porcelain"), git(copy, "worktree", "list")
    code, output = diff("main", "branch", "--json", root=copy)
    assert code == 0
    rows = [(table["name"], row["kind"]) for table in json.loads(output)["tables"] for row in table["rows"]]
    assert rows == [("studies", "changed")]
    [table] = json.loads(diff("HEAD~1", "main", "--json", root=copy)[1])["tables"]
    assert (table["name"], table["rows"][0]["kind"]) == ("corrections", "added")
    set_cell("studies", STUDY, "summary", "In the working tree.")
    code, output = diff("main", "--bounded", root=copy)
    assert (code, "In the working tree." in output) == (0, True)
    code, output = diff("main", "--unattended", root=copy)
    assert code == 0, output
    for wrong in (["no-such"], ["--", "--output=/tmp/x"]):
        code, output = diff(*wrong, root=copy)
        assert code == 1
        assert "neither a folder nor a revision" in output
    git(copy, "checkout", "-q", ".")
    assert (git(copy, "status", "--porcelain"), git(copy, "worktree", "list")) == unchanged


def test_folders_versions_and_what_is_neither(copy: Path, few: Project, tmp_path: Path) -> None:
    (copy / "data" / "trials.csv").unlink()
    root = few.root
    code, output = diff(str(root), str(copy), "--unattended", root=root)
    assert code == 1
    assert "data/trials.csv: the file is missing" in output
    code, output = diff("26.0.0", "26.1.0", "--markdown", root=root)
    assert code == 0
    assert "860 rows added" in output
    (tmp_path / "empty").mkdir()
    code, output = diff(str(tmp_path / "empty"), root=root)
    assert code == 1
    assert "holds no data" in output
