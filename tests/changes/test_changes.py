"""`review diff`: what changes in the review, told completely, within bounds, and with nothing that acts."""

import csv
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from review_tools.changes import Changes, changes
from review_tools.changes.markdown import LIMIT, markdown, safe, value
from review_tools.changes.summary import one_line, side_by_side
from review_tools.cli import app
from review_tools.data.problems import DataError

SetCell = Callable[[str, str, str, str], None]
HOSTILE = (
    "@octocat GH-7 #12 octo/repo#3 `x` ``` </details><script>alert(1)</script> ${{ secrets.A }} | a | "
    "[a](javascript:alert(1)) ![i](http://evil.example/i.png) www.evil.example x@evil.example "
    "https://evil.example/x <https://evil.example> **b** _c_ ~~d~~ &lt;b&gt; \u202egnp.exe \x1b[31m"
)


def edit(path: Path, change: Callable[[list[list[str]]], list[list[str]]]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = change(list(csv.reader(file)))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def without(key: str) -> Callable[[list[list[str]]], list[list[str]]]:
    return lambda rows: [row for row in rows if row[0] != key]


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def diff(*words: str, root: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["diff", *words, "--root", str(root)])
    return result.exit_code, result.output


@pytest.fixture
def spoiled(copy: Path, set_cell: SetCell) -> Path:
    """A copy with one row removed, one changed and one added, which move a pool and a verdict."""
    edit(copy / "data/studies.csv", without("pan_2016_low"))
    set_cell("outcomes", "raffals_2024_admire-1", "events_arm1", "281")
    edit(copy / "data/corrections.csv", lambda rows: [*rows, ["c121z", *rows[1][1:]]])
    return copy


def test_nothing_changes_between_a_review_and_itself(root: Path) -> None:
    same = changes(root, root)
    assert not same
    assert "Nothing" in markdown(same)


def test_rows_pools_verdicts_corrections_and_pages(root: Path, spoiled: Path) -> None:
    found = changes(root, spoiled)
    assert [(table.name, row.name) for table, row in found.rows("removed")] == [("studies", "pan_2016_low")]
    [(table, row)] = found.rows("changed")
    assert (table.name, row.key) == ("outcomes", (("outcome_id", "raffals_2024_admire-1"),))
    assert [(cell.column, cell.before, cell.after) for cell in row.cells] == [("events_arm1", "138", "281")]
    [pool] = found.pools
    assert pool.comparison_id == "crohns_fistula"
    assert pool.before.estimate < pool.after.estimate
    [verdict] = found.verdicts
    assert (verdict.claim_id, verdict.before, verdict.after) == ("fistula_benefit", "does not hold", "holds in part")
    assert [row.name for row in found.corrections_opened] == ["c121z"]
    reasons = {page.page: page.reasons for page in found.pages}
    assert "value outcomes raffals_2024_admire-1 events_arm1: 138 → 281" in reasons["book/diseases/index"]
    assert "the result of crohns_fistula moves" in reasons["book/synthesis/crohns"]
    assert {"studies/pan_2016_low", "studies/raffals_2024_admire"} <= set(reasons)
    back = changes(spoiled, root)
    assert [row.name for row in back.corrections_closed] == ["c121z"]


def test_json_comes_back_the_same_and_other_forms_are_refused(root: Path, spoiled: Path) -> None:
    found = changes(root, spoiled)
    data = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert Changes.from_dict(data) == found
    for wrong in ({**data, "format": "review-changes/99"}, {**data, "extra": 1}, {**data, "pools": "x"}, [], None):
        with pytest.raises(DataError, match="change list"):
            Changes.from_dict(wrong)


def test_losses_come_first_in_every_form(root: Path, spoiled: Path) -> None:
    for option in ([], ["--markdown"]):
        code, output = diff(str(root), str(spoiled), *option, root=root)
        assert code == 0
        assert output.replace("&#95;", "_").index("pan_2016_low") < output.index("138")


LONG = "A donor of cells is named, and what follows is a long note about how each of them was prepared. " * 3


@pytest.mark.parametrize("limit", [60, 80, 160])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{LONG}It follows the press text.", f"{LONG}It follows a guess."),
        (f"{LONG}It follows the press text. {LONG}", f"{LONG}It follows a guess. {LONG}"),
        (f"early {LONG}", f"late {LONG}"),
        (f"{LONG}end", LONG),
        ("x" * 500 + "y", "x" * 500 + "z"),
    ],
)
def test_a_change_shows_wherever_it_stands_in_a_long_cell(before: str, after: str, limit: int) -> None:
    for sides in ((before, after), (after, before)):
        was, now = side_by_side(*sides, limit)
        assert was != now
        assert max(len(was), len(now)) <= limit


def test_short_cells_and_empty_ones_are_shown_from_their_start() -> None:
    assert side_by_side("a\n b", "c", 80) == ("a b", "c")
    assert side_by_side("", LONG, 40) == ("", one_line(LONG, 40))


def test_a_late_change_shows_in_every_form(root: Path, copy: Path, set_cell: SetCell) -> None:
    note = "No registry record for this number was seen"
    with (copy / "data/trials.csv").open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["note"].startswith(note))
    set_cell("trials", row["trial_id"], "note", row["note"][:-12] + "another end.")
    for words in ([], ["--markdown"]):
        code, output = diff(str(root), str(copy), *words, root=root)
        assert code == 0
        assert "another end." in output


def test_the_prose_to_read_again_is_named(root: Path, spoiled: Path) -> None:
    for words in ([], ["--markdown"]):
        output = diff(str(root), str(spoiled), *words, root=root)[1].replace("&#95;", "_")
        assert "Prose to read again" in output
        assert "book/synthesis/crohns.md, and question and what_would_change_it of crohns_fistula in " in output


def test_the_past_of_a_log_is_marked(root: Path, copy: Path) -> None:
    package = copy / "data/datapackage.json"
    data = json.loads(package.read_text(encoding="utf-8"))
    next(r for r in data["resources"] if r["name"] == "decisions")["appendOnly"] = True
    package.write_text(json.dumps(data), encoding="utf-8")
    edit(copy / "data/decisions.csv", lambda rows: rows[:-1])
    found = changes(root, copy)
    assert [row.past for _, row in found.past_edited] == [True]
    assert "Past lines of a log changed" in markdown(found)


def test_strangers_words_are_text_and_nothing_else(root: Path, copy: Path, set_cell: SetCell) -> None:
    set_cell("outcomes", "deng_2017_randomised-1", "reported", HOSTILE)
    set_cell("outcomes", "deng_2017_randomised-1", "outcome_id", "`@all`](http://evil.example)-1")
    text = markdown(changes(root, copy))
    for sign in ("@octocat", "#12", "${{", "`", "<script", "](javascript", "\u202e", "\x1b", "https://evil"):
        assert sign not in re.sub(r"&#\d+;", "", text), sign
    shown = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    for element in ("<script", "<img", "<code", 'javascript:alert(1)"', "@octocat", "#12", '<a href="http://evil'):
        assert element not in shown, element
    rows = [line for line in text.splitlines() if line.startswith("| ") and "reported" in line]
    assert all(line.count("|") == 5 for line in rows)


@pytest.mark.parametrize("text", ["javascript:alert(1)", "https://", "http://a b", "data:text/html,x", "ftp://x.y/z"])
def test_only_web_addresses_become_links(text: str) -> None:
    assert "](" not in value(text)


def test_a_web_address_is_a_link_to_itself_whatever_it_holds() -> None:
    assert value("https://doi.org/10.1/a").endswith("](<https://doi.org/10.1/a>)")
    assert value("https://e.org/)@x](b)").endswith("](<https://e.org/%29%40x%5D%28b%29>)")
    assert "@" not in safe("@x").replace("&#64;", "")


def test_ten_thousand_rows_stay_within_bounds_and_the_rest_is_counted(root: Path, copy: Path) -> None:
    def many(rows: list[list[str]]) -> list[list[str]]:
        return [*rows, *([f"x_{number}", *rows[1][1:]] for number in range(10_000))]

    edit(copy / "data/studies.csv", many)
    edit(copy / "data/citations.csv", lambda rows: rows[:2])
    text = markdown(changes(root, copy))
    assert len(text) <= LIMIT
    assert "10000 rows added" in text
    assert "Too long to show whole" in text
    assert text.count("citations seed&#95;number") == 120
    assert text.count("<details>") == text.count("</details>")
    code, output = diff(str(root), str(copy), root=root)
    assert code == 0
    assert "9960 more" in output


def test_a_pull_request_of_ten_thousand_rows_and_an_edit_of_the_past_are_refused(root: Path, copy: Path) -> None:
    assert diff(str(root), str(copy), "--bounded", root=root)[0] == 0
    line = "a-1,pubmed,main,1,2026-11-23,2026-11-18,2026-11-23,0,0,0,0,complete,\n"
    before = copy.parent / "before"
    with (copy / "data/searches.csv").open("a", encoding="utf-8") as file:
        file.write(line)
    shutil.copytree(copy, before)
    edit(copy / "data/searches.csv", lambda rows: [rows[0], [*rows[1][:-1], "edited"]])
    edit(copy / "data/studies.csv", lambda rows: [*rows, *([f"x_{number}", *rows[1][1:]] for number in range(10_000))])
    code, output = diff(str(before), str(copy), "--bounded", root=root)
    assert code == 1
    assert "10,001 rows change, more than 5,000 → send it in parts" in output
    assert "Lines of a log changed or removed: 1" in output


def test_data_that_cannot_be_read_is_said_and_the_rest_compared(root: Path, spoiled: Path) -> None:
    (spoiled / "data/outcomes.csv").write_bytes(b"\xff\xfe broken")
    found = changes(root, spoiled)
    assert any("outcomes.csv" in note and "not UTF-8" in note for note in found.notes)
    assert [row.name for row in found.corrections_opened] == ["c121z"]
    assert "Could not be read or computed" in markdown(found)


def test_revisions_are_compared_from_where_they_parted(copy: Path, set_cell: SetCell) -> None:
    """What main gained since is not taken for a removal; a folder and an unknown revision are told apart."""
    git(copy, "init", "-q", "-b", "main")
    (copy / "link.csv").symlink_to("/etc/passwd")
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "one")
    git(copy, "switch", "-qc", "branch")
    set_cell("studies", "ni_2024_mesenchymal", "summary", "Another summary.")
    git(copy, "commit", "-qam", "branch")
    git(copy, "switch", "-q", "main")
    edit(copy / "data/corrections.csv", lambda rows: [*rows, ["c121z", *rows[1][1:]]])
    git(copy, "commit", "-qam", "main grew")
    state = git(copy, "status", "--porcelain"), git(copy, "worktree", "list")
    code, output = diff("main", "branch", "--json", root=copy)
    assert code == 0
    found = Changes.from_dict(json.loads(output))
    assert [(t.name, r.kind, r.name) for t in found.tables for r in t.rows] == [
        ("studies", "changed", "ni_2024_mesenchymal")
    ]
    _, output = diff("HEAD~1", "main", "--json", root=copy)
    assert [row.name for row in Changes.from_dict(json.loads(output)).corrections_opened] == ["c121z"]
    set_cell("studies", "ni_2024_mesenchymal", "summary", "In the working tree.")
    assert "In the working tree." in diff("main", root=copy)[1]
    code, output = diff("no-such", root=copy)
    assert code == 1
    assert "neither a folder nor a revision" in output
    option = CliRunner().invoke(app, ["diff", "--root", str(copy), "--", "--output=/tmp/x"])
    assert option.exit_code == 1
    assert "neither a folder nor a revision" in option.output
    git(copy, "checkout", "-q", ".")
    assert (git(copy, "status", "--porcelain"), git(copy, "worktree", "list")) == state


def test_a_folder_without_a_review_is_refused(root: Path, tmp_path: Path) -> None:
    code, output = diff(str(tmp_path), root=root)
    assert code == 1
    assert "holds no data" in output
    shutil.rmtree(tmp_path)
