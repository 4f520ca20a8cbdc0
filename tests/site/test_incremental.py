"""After any change the built site equals a clean build, byte for byte, and only the right chapters have run.

By default a few changes; all of them with ``REVIEW_ALL=1``.
"""

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from review_tools.site.build import BuildError, build

pytestmark = pytest.mark.slow
RAN = re.compile(r"executing\.\.\. \[.*\] (\S+) ")
HEAD = (
    "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"
    "kernelspec:\n  name: python3\n---\n\n"
)
PAGES = {
    "references": "# References\n\n{count}`citations` numbers.\n\n```{bibliography}\n:all:\n:style: review\n```\n",
    "trials": "# Trials\n\n{count}`trials` trials.\n",
    "cells": "# Cells\n\nWords.\n",
    "alone": "# Alone\n\n{count}`studies` studies. {cite:p}`ALL`\n",
}
CODE = {
    "references": "import review_tools as rt",
    "trials": "import review_tools as rt\nrt.charts.trials_by('disease')",
    "cells": "import helper\nimport review_tools as rt\nhelper.word(), len(rt.load('trials')), len(rt.load('studies'))",
    "alone": "6 * 7",
}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """A built book of four chapters, three works and two trials; one chapter uses a module of its own."""
    folder = tmp_path_factory.mktemp("book") / "project"
    shutil.copytree(root / "data", folder / "data")
    for name in ("references.bib", "_config.yml", "CITATION.cff", "CHANGELOG.md"):
        shutil.copy(root / name, folder / name)
    shutil.copytree(root / "book" / "_static", folder / "book" / "_static")
    works = shrink(folder)
    write_toc(folder, list(PAGES))
    (folder / "book" / "helper.py").write_text("def word():\n    return 'first'\n", encoding="utf-8")
    for name, text in PAGES.items():
        cell = f"\n```{{code-cell}} ipython3\n{CODE[name]}\n```\n"
        said = text.replace("ALL", ",".join(works))
        (folder / "book" / f"{name}.md").write_text(HEAD + said + cell, encoding="utf-8")
    assert build(folder)
    assert ran(folder) == set(PAGES)
    return folder


def write_toc(folder: Path, names: list[str]) -> None:
    rows = "".join(f"  - file: book/{name}\n" for name in names[1:])
    (folder / "_toc.yml").write_text(f"format: jb-book\nroot: book/{names[0]}\nchapters:\n{rows}", encoding="utf-8")


def shrink(folder: Path) -> list[str]:
    """Keeps three studies and two trials, and of the other tables the rows that rest on what is kept."""
    package = json.loads((folder / "data" / "datapackage.json").read_text(encoding="utf-8"))
    schemas = {resource["name"]: resource for resource in package["resources"]}
    tables = {}
    for name, resource in schemas.items():
        with (folder / "data" / resource["path"]).open(encoding="utf-8-sig", newline="") as file:
            tables[name] = list(csv.DictReader(file))
    tables["trials"], tables["studies"] = tables["trials"][:2], tables["studies"][:3]
    tables["claims"], tables["claim_studies"] = [], []  # they name chapters that this book does not have
    sizes: list[int] = []
    while sizes != (sizes := [len(rows) for rows in tables.values()]):
        for name, resource in schemas.items():
            for key in resource["schema"].get("foreignKeys", []):
                held = {row[key["reference"]["fields"]] for row in tables[key["reference"]["resource"] or name]}
                tables[name] = [row for row in tables[name] if row[key["fields"]] in {"", *held}]
    for name, resource in schemas.items():
        fields = [field["name"] for field in resource["schema"]["fields"]]
        with (folder / "data" / resource["path"]).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fields, lineterminator="\n")
            writer.writeheader()
            writer.writerows(tables[name])
    works = [row["study_id"] for row in tables["studies"]]
    entries = re.split(r"^(?=@)", (folder / "references.bib").read_text(encoding="utf-8"), flags=re.MULTILINE)
    kept = "".join(entry for entry in entries if any(re.match(rf"@\w+\{{{work},", entry) for work in works))
    (folder / "references.bib").write_text(kept, encoding="utf-8")
    return works


def digest(folder: Path) -> dict[str, str]:
    site = folder / "_build" / "html"
    files = (path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix(): hashlib.blake2b(path.read_bytes()).hexdigest() for path in files}


def ran(folder: Path) -> set[str]:
    log = (folder / "_build" / "build.log").read_text(encoding="utf-8")
    return {name.removeprefix("book/") for name in RAN.findall(log)}


def clean(folder: Path) -> dict[str, str]:
    """The same sources built from nothing, in the same place."""
    aside = folder.parent / "kept"
    (folder / "_build").rename(aside)
    try:
        build(folder)
        return digest(folder)
    finally:
        shutil.rmtree(folder / "_build")
        aside.rename(folder / "_build")


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / path).read_text(encoding="utf-8")
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def one_row_less(folder: Path) -> None:
    lines = (folder / "data" / "trials.csv").read_text(encoding="utf-8").splitlines()
    (folder / "data" / "trials.csv").write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")


def one_table_less(folder: Path) -> None:
    path = folder / "data" / "datapackage.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    package["resources"] = [one for one in package["resources"] if one["name"] != "assessments_not_read"]
    path.write_text(json.dumps(package, indent=2, ensure_ascii=False), encoding="utf-8")
    (folder / "data" / "assessments_not_read.csv").unlink()


def one_chapter_less(folder: Path) -> None:
    (folder / "book" / "cells.md").unlink()
    write_toc(folder, ["references", "trials", "alone"])


def one_chapter_more(folder: Path) -> None:
    text = HEAD + "# More\n\n```{code-cell} ipython3\n1 + 1\n```\n"
    (folder / "book" / "more.md").write_text(text, encoding="utf-8")
    write_toc(folder, [*PAGES, "more"])


def another_branch(folder: Path) -> None:
    """Several changes at once, as a switch of branches brings them; each a state that was not there before."""
    edit("data/trials.csv", "multiple sclerosis", "uveitis")(folder)
    one_chapter_more(folder)
    edit("book/more.md", "1 + 1", "2 + 2")(folder)
    edit("book/helper.py", "first", "third")(folder)
    edit("book/alone.md", "# Alone", "# Lonely")(folder)


def rename_chapter(folder: Path) -> None:
    (folder / "book" / "alone.md").rename(folder / "book" / "apart.md")
    write_toc(folder, ["references", "trials", "cells", "apart"])


def lock(folder: Path) -> None:
    (folder / "requirements.txt").write_text("x==1\n", encoding="utf-8")


CHANGES: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "a row goes": (one_row_less, {"trials", "cells"}),
    "a cell": (edit("data/trials.csv", "multiple sclerosis", "psoriasis"), {"trials", "cells"}),
    "a table goes": (one_table_less, {"trials", "cells"}),  # both read the definition of the tables
    "a chapter is renamed": (rename_chapter, set()),
    "a chapter goes": (one_chapter_less, set()),
    "a chapter is new": (one_chapter_more, {"more"}),
    "another branch": (another_branch, {"trials", "cells", "more"}),
    "the vocabulary": (edit("data/vocabulary.csv", "Multiple sclerosis", "Sclerosis"), {"trials"}),
    "a word in prose": (edit("book/cells.md", "Words.", "Other words."), set()),
    "a module": (edit("book/helper.py", "first", "second"), {"cells"}),
    "code": (edit("book/alone.md", "6 * 7", "6 * 8"), {"alone"}),
    "the bibliography": (edit("references.bib", "year = {20", "year = {19"), set()),
}
LONG = pytest.mark.skipif(not os.environ.get("REVIEW_ALL"), reason="long: run with REVIEW_ALL=1")
FEW = ["a row goes", "a chapter is renamed"]


def sources(folder: Path) -> dict[Path, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    ours = (path for path in found if not {"_build", "__pycache__"} & set(path.relative_to(folder).parts))
    return {path: path.read_bytes() for path in ours}


@pytest.mark.parametrize("what", CHANGES if os.environ.get("REVIEW_ALL") else FEW)
def test_a_change_gives_what_a_clean_build_gives(book: Path, what: str) -> None:
    """The change; then going back from it: nothing runs, and the first site is there again."""
    change, should = CHANGES[what]
    first, before = digest(book), sources(book)
    change(book)
    assert build(book)
    assert ran(book) == should
    changed = digest(book)
    assert changed != first
    assert changed == clean(book)
    for path in set(sources(book)) - set(before):
        path.unlink()
    for path, content in before.items():
        path.write_bytes(content)
    assert build(book)
    assert ran(book) == set()
    assert digest(book) == first


@LONG
def test_a_chart_function_runs_the_chapters_that_use_it(book: Path, root: Path) -> None:
    """The package itself changes: a copy of it builds the book, before and after."""
    shutil.copytree(root / "src", book.parent / "src", ignore=shutil.ignore_patterns("__pycache__"))
    first = digest(book)
    command = [sys.executable, "-c", f"from review_tools.site.build import *; build(Path({str(book)!r}))"]
    environment = {**os.environ, "PYTHONPATH": str(book.parent / "src")}
    log = (book / "_build" / "build.log").stat().st_mtime_ns
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert (book / "_build" / "build.log").stat().st_mtime_ns == log  # the same package in another place: nothing to do
    path = book.parent / "src" / "review_tools" / "display" / "bars.py"
    edit(str(path), "dx=4", "dx=5")(book)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert ran(book) == {"trials"}
    changed = digest(book)
    assert {name for name in changed if changed[name] != first[name]} >= {"book/trials.html"}
    shutil.rmtree(book / "_build")
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert digest(book) == changed


@LONG
def test_plain_jupyter_book_is_right_too(book: Path) -> None:
    """``jupyter-book build`` by itself, again and again in one folder, gives what `review build` gives."""
    shutil.rmtree(book / "_build")
    plain = [str(Path(sys.executable).parent / "jupyter-book"), "build", str(book)]
    subprocess.run(plain, check=True, capture_output=True)
    for change in (lambda folder: None, one_row_less, edit("book/cells.md", "Words.", "Other words.")):
        before = sources(book)
        change(book)
        subprocess.run(plain, check=True, capture_output=True)
        found = digest(book)
        assert found == clean(book)
        for path, content in before.items():
            path.write_bytes(content)
    build(book)  # for the tests to come


@LONG
def test_other_locked_versions_run_everything(book: Path) -> None:
    lock(book)
    assert build(book)
    assert ran(book) == set(PAGES)
    (book / "requirements.txt").unlink()
    assert build(book)
    assert ran(book) == set()


@LONG
def test_nothing_changed_is_noticed_and_so_is_a_spoilt_page(book: Path) -> None:
    assert not build(book)
    first = digest(book)
    (book / "_build" / "html" / "book" / "cells.html").write_text("spoilt", encoding="utf-8")
    assert build(book)
    assert ran(book) == set()
    assert digest(book) == first


@LONG
def test_a_killed_build_leaves_the_site_and_the_next_one_is_right(book: Path) -> None:
    """SIGKILL and SIGINT while a chapter runs."""
    first, page, mark = digest(book), book / "book" / "alone.md", book / "book" / "ran"
    before = page.read_text(encoding="utf-8")
    # A test run that was put into the background passes on that SIGINT is ignored.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from pathlib import Path; "
        f"from review_tools.site.build import build; build(Path({str(book)!r}))"
    )
    for how in (signal.SIGKILL, signal.SIGINT):
        page.write_text(before.replace("6 * 7", "open('ran', 'w'); import time; time.sleep(100)"), encoding="utf-8")
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as run:
            end = time.monotonic() + 300
            while not mark.exists():
                assert time.monotonic() < end
                time.sleep(0.05)
            os.kill(run.pid, how)
            run.wait(30)
        mark.unlink()
        assert digest(book) == first
    page.write_text(before, encoding="utf-8")
    build(book)  # the lock is free
    assert digest(book) == first


def test_where_nothing_is_forked_the_site_is_the_same(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain kernels, and the pages of studies by the process that writes the chapters."""
    first = digest(book)
    monkeypatch.setenv("REVIEW_KERNELS", "plain")
    assert clean(book) == first


FAILING = """
from review_tools.site import pages

pages.write = lambda builder, names: [{"words": "x" * 10**7}] * 6  # more than waits in a pipe


def fail(app, name, *_):
    if name == "book/alone":
        raise OSError(28, "No space left on device")


def setup(app):
    app.connect("html-page-context", fail)
"""


def test_a_build_that_fails_while_pages_are_written_ends(book: Path) -> None:
    """The process that writes the pages of studies waits for somebody to take what it found: nobody will."""
    first, config = digest(book), book / "_config.yml"
    before = config.read_text(encoding="utf-8")
    (book / "failing.py").write_text(FAILING, encoding="utf-8")
    config.write_text(before.replace("sphinx:\n", "sphinx:\n  local_extensions:\n    failing: .\n"), encoding="utf-8")
    code = f"from review_tools.site.build import build; from pathlib import Path; build(Path({str(book)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    config.write_text(before, encoding="utf-8")
    (book / "failing.py").unlink()
    assert "No space left on device" in done.stderr
    assert digest(book) == first


@LONG
def test_a_failing_chapter_is_told_and_the_site_stays(book: Path) -> None:
    first, page = digest(book), book / "book" / "alone.md"
    before = page.read_text(encoding="utf-8")
    page.write_text(before.replace("6 * 7", "int('many')"), encoding="utf-8")
    with pytest.raises(BuildError, match=r"book/alone.md: a code cell fails: ValueError[\s\S]*int\('many'\)"):
        build(book)
    assert digest(book) == first
    page.write_text(before, encoding="utf-8")
