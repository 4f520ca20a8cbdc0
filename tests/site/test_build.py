"""Building: a change in the data changes the page; what fails is named; the last good site stays whatever happens."""

import json
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from review_tools.cli import app
from review_tools.site import build as publishing
from review_tools.site.build import BuildError, build
from small_book import HEAD, append, edit, ran, site_of, write_toc

SetCell = Callable[[str, str, str, str], None]
RETRACTED = (
    "molendijk_2015_allogeneic,retraction,crossref,10.5555/n.1,2026-10-01,2026-11-09,https://example.org/record\n"
)


def test_a_cell_changes_its_page_and_a_retraction_is_struck_wherever_the_work_stands(book: Path) -> None:
    """Citation, references, card, study page, table and the rows left out of a comparison; the row leaves the pool."""
    study, label = "molendijk_2015_allogeneic", "Molendijk et al. 2015"
    html, anchor = book / "_build" / "html", "#ref-molendijk-2015-allogeneic"

    def read(page: str) -> str:
        return (html / f"{page}.html").read_text(encoding="utf-8")

    assert f"<s>{label}" not in read("book/crohns")
    assert "3 studies pooled" in read("book/crohns")
    assert "9 of 12" in read("book/outcomes")
    row = f"{study},human trial,human,21,adults,bone marrow,,NCT01144962,"
    edit("data/studies.csv", f"{row}current", f"{row}retracted")(book)
    append("data/notices.csv", RETRACTED)(book)
    edit("data/outcomes.csv", ",binary,9,12,", ",binary,8,12,")(book)
    assert build(book)
    assert "8 of 12" in read("book/outcomes")
    assert re.search(r'<abbr class="fact[^>]*>8</abbr> responded', read("book/outcomes"))
    shown = read("book/crohns")
    assert re.search(rf'href="[^"]*{anchor}"[^>]*><s>Molendijk <em>et al.</em>, 2015</s> \[retracted\]', shown)
    card = json.loads(re.search(r'id="review-cards">(.*?)</script>', shown, re.DOTALL)[1])[anchor[1:]]
    assert (card["struck"], card["status"]) == ("yes", "Retracted")
    assert f'<s>{label}</s></a> <span class="tag tag-retracted">Retracted</span>' in shown  # tables
    assert "the study is marked: retracted" in shown
    assert "3 studies pooled" not in shown
    assert "2 studies pooled" in shown
    entry = read("book/references").partition(f'id="{anchor[1:]}"')[2][:1500]
    assert "<s>Molendijk" in entry
    assert '<span class="tag tag-retracted">retracted</span>' in entry
    own = read(f"studies/{study}")
    assert f"<h1><s>{label}</s>" in own
    assert '<a href="https://doi.org/10.5555/n.1">Retraction of 2026-10-01</a>; seen at ' in own


def test_every_chapter_that_fails_is_told_at_once_and_the_site_stays(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its cell and its traceback; the others run to their end, and what they gave is kept."""
    first = site_of(book)
    edit("_config.yml", "timeout: 120", "timeout: 10")(book)
    for name, code in {
        "value": "import review_tools as rt\nrt.load('no such table')",
        "slow": "import time\ntime.sleep(100)",
        "file": "print(open('../_toc.yml').read()[:11])\nopen('../secret.txt').read()",
    }.items():
        text = f"{HEAD}# {name}\n\n```{{code-cell}} ipython3\n{code}\n```\n"
        (book / "book" / f"{name}.md").write_text(text, encoding="utf-8")
    (book / "tests").mkdir()
    (book / "tests" / "secret.txt").write_text("x", encoding="utf-8")
    edit("book/file.md", "../secret.txt", "../tests/secret.txt")(book)
    write_toc(book, ["references", "slow", "value", "file", "alone"])
    with pytest.raises(BuildError, match="3 of 5 chapters failed: book/file, book/slow, book/value"):
        build(book)
    said = capsys.readouterr().out
    assert "book/value.md: a code cell fails: KeyError: \"No table 'no such table'" in said
    assert "  | rt.load('no such table')\n" in said
    assert re.search(r"\| Cell In\[1\], line 2", said)  # the traceback
    assert "book/slow.md: a code cell fails: it took longer than 10 s\n  | import time\n  | time.sleep(100)\n" in said
    assert "tests/secret.txt is not an input of the build, which would miss a change of it" in said
    assert ran(book) == {"references", "alone"}
    assert site_of(book) == first


def test_every_warning_fails_the_build(book: Path) -> None:
    """The check before a build is not the only guard."""
    first = site_of(book)
    roles = "{count}`findings route=telepathy` {result}`gvhd_r` {certainty}`gvhd_c` {plainly}`gvhd_p`"
    append("book/alone.md", f"\n[lost](nowhere.md) {{cite:p}}`nobody_2024_nothing` {roles}\n")(book)
    with pytest.raises(BuildError, match="nobody_2024_nothing") as caught:
        build(book)
    assert "nowhere.md" in str(caught.value)
    assert "telepathy" in str(caught.value)
    assert all(f"No comparison '{name}'; there are" in str(caught.value) for name in ("gvhd_r", "gvhd_c", "gvhd_p"))
    assert site_of(book) == first


def test_bad_data_are_refused_before_anything_runs(copy: Path, set_cell: SetCell) -> None:
    set_cell("outcomes", "deng_2017_randomised-1", "events_arm1", "13")
    append("book/glossary.md", "\n{cite:p}`nobody_2024_nothing` {count}`findings route=telepathy`\n")(copy)
    result = CliRunner().invoke(app, ["build", "--root", str(copy)])
    assert result.exit_code == 1
    for words in ("more events than people (12)", "nobody_2024_nothing", "telepathy", "Nothing was built"):
        assert words in result.output
    assert not (copy / "_build" / "html").exists()


BUILD = (
    "import resource, signal, sys; from pathlib import Path; from review_tools.site.build import build; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); "  # a run in the background passes on that it is ignored
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2); "
    "build(Path(sys.argv[1]))"
)


def started(book: Path, largest: int = resource.RLIM_INFINITY) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BUILD, str(book), str(largest)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize(
    "how",
    [signal.SIGKILL, *(pytest.param(how, marks=pytest.mark.long) for how in (signal.SIGINT, signal.SIGTERM))],
)
def test_a_killed_build_leaves_the_site_and_no_process(book: Path, how: signal.Signals) -> None:
    first, page = site_of(book), book / "book" / "alone.md"
    before = page.read_text(encoding="utf-8")
    edit("book/alone.md", "6 * 7", "open('ran', 'w').close()\nimport time; time.sleep(100)")(book)
    with started(book) as run:
        wait_for((book / "book" / "ran").exists)
        family = psutil.Process(run.pid).children(recursive=True)
        assert len(family) >= 3  # Jupyter Book, the process that chapters are forked from, the chapter
        run.send_signal(how)
        run.wait(30)
    wait_for(lambda: not any(one.is_running() and one.status() != "zombie" for one in family))
    assert site_of(book) == first
    page.write_text(before, encoding="utf-8")
    (book / "book" / "ran").unlink()
    assert not build(book)  # the lock is free, and the site is the one that belongs to these sources


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_a_full_disk_is_told_and_leaves_the_site(book: Path) -> None:
    """Here no file may grow past 100 kB, which the system says with another number."""
    first = site_of(book)
    append("book/alone.md", "\nMore.\n")(book)
    with started(book, 100_000) as run:
        said = run.communicate(timeout=120)[0]
    assert "File too large" in said.splitlines()[-2]
    assert "The site was left as it was" in said
    assert site_of(book) == first


def test_only_one_build_at_a_time(book: Path) -> None:
    append("book/alone.md", "\nMore.\n")(book)
    with FileLock(book / "_build" / ".build.lock"), pytest.raises(BuildError, match="Another build"):
        build(book)


def test_a_build_killed_between_two_renames_is_put_right(tmp_path: Path) -> None:
    folder, made = tmp_path / "_build", tmp_path / "made"
    for name in ("html", "jupyter_execute"):
        (folder / name).mkdir(parents=True)
        (folder / name).rename(folder / f".before-{name}")
        (made / name).mkdir(parents=True)
    publishing.recover(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["html", "jupyter_execute"]
    (made / publishing.STATE).write_text("x", encoding="utf-8")
    (folder / ".before-html" / "book").mkdir(parents=True)  # killed after both
    publishing.recover(folder)
    publishing.publish(made, folder)
    assert sorted(path.name for path in folder.iterdir()) == [publishing.STATE, "html", "jupyter_execute"]
