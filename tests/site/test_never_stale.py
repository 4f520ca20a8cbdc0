"""After any change the built site equals a clean build, byte for byte. A few changes by default, all with ``long``."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import small_book
from review_tools.site import build as building
from review_tools.site.build import build, digest, inputs, inputs_of_code
from small_book import append, edit, ran, site_of

Change = Callable[[Path], object]


def clean(folder: Path, again: Callable[[Path], object] = build) -> dict[str, bytes]:
    """The site that the same sources give from nothing, in the same place."""
    aside = folder.parent / "aside"
    (folder / "_build").rename(aside)
    try:
        again(folder)
        return site_of(folder)
    finally:
        shutil.rmtree(folder / "_build")
        aside.rename(folder / "_build")


def cut(path: str, lines: int) -> Change:
    """Take the last lines off a file."""
    return lambda folder: (folder / path).write_text(
        "".join((folder / path).read_text("utf-8").splitlines(keepends=True)[:-lines]), "utf-8"
    )


def write(path: str, text: str) -> Change:
    def change(folder: Path) -> None:
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")

    return change


def toc(*names: str) -> Change:
    return lambda folder: small_book.write_toc(folder, list(names))


def rename(old: str, new: str) -> Change:
    return lambda folder: (folder / old).rename(folder / new)


OF_THE_MODE = re.compile(
    rb'"id": "[^"]*"|\n?<details class="chart-call">.*?</details>\n?|(?<=">)\n(?=<button)', re.DOTALL
)
MORE = f"{small_book.HEAD}# More\n\n```{{code-cell}} ipython3\n1 + 1\n```\n"
CELL = edit("data/trials.csv", ",,lupus nephritis,", ",,psoriasis,")
ALL = set(small_book.PAGES)
CHANGES: dict[str, tuple[list[Change], set[str]]] = {
    "a cell": ([CELL], ALL),
    "a row goes": ([cut("data/outcome_flags.csv", 1)], ALL),
    "the vocabulary": ([edit("data/vocabulary.csv", "Lupus nephritis", "Nephritis of lupus")], ALL),
    "a reference": ([edit("references.bib", "year = {20", "year = {19")], ALL),
    "the lock file": ([append("requirements.txt", "# changed\n")], ALL),
    "settings": ([edit("_config.yml", "html_title: MSC", "html_title: Another")], ALL),
    "the citation": ([edit("CITATION.cff", 'title: "', 'title: "New ')], ALL),
    "the changelog": ([append("CHANGELOG.md", "\nMore.\n")], ALL),
    "a snapshot": ([edit("releases/26.1.0.json", "MSC", "msc")], ALL),
    "a module": ([edit("book/helper.py", "first", "second")], ALL),
    "a word": ([edit("book/alone.md", "Words.", "Other words.")], set()),
    "code": ([edit("book/alone.md", "6 * 7", "6 * 8")], {"alone"}),
    "a chapter is renamed": (
        [rename("book/alone.md", "book/apart.md"), toc("references", "trials", "crohns", "outcomes", "apart")],
        ALL - {"alone"} | {"apart"},
    ),
    "a chapter goes": ([toc("references", "trials", "crohns", "outcomes")], ALL - {"alone"}),
    "a chapter is new": ([write("book/more.md", MORE), toc(*ALL, "more")], ALL | {"more"}),
}


def test_every_input_counts(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file that is changed, new or gone, the day, what is installed; by-products and tests do not."""
    small_book.make(root, tmp_path / "book")
    folder = tmp_path / "book"

    def states() -> tuple[str, str]:
        return digest(inputs(folder)), digest(inputs_of_code(folder))

    seen = [states()]
    for name, (changes, _) in CHANGES.items():
        for change in changes:
            change(folder)
        seen.append(states())
        assert seen[-1][0] not in [state for state, _ in seen[:-1]], name
        assert (seen[-1][1] == seen[-2][1]) == (name in ("a word", "code")), name  # prose
    for by_product in (
        "_build/html/index.html",
        "tests/test_a.py",
        "docs/x.md",
        ".cache/x",
        "book/__pycache__/helper.pyc",
    ):
        (folder / by_product).parent.mkdir(parents=True, exist_ok=True)
        (folder / by_product).write_text("x", encoding="utf-8")
    assert states() == seen[-1]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert building.day() == "1970-01-01"
    assert states()[0] != seen[-1][0]
    seen.append(states())
    monkeypatch.setattr(building, "installed", lambda: ["altair-0.dist-info"])
    assert states()[1] != seen[-1][1]


def test_the_package_counts() -> None:
    assert "review_tools/display/forest.py" in inputs_of_code(Path(__file__).parents[2])
    assert "review_tools/site/static/review.css" in inputs(Path(__file__).parents[2])


def test_many_changes_give_what_a_clean_build_gives(book: Path) -> None:
    """As a switch of branches brings them; and back again: nothing runs, and the first site is there."""
    first = site_of(book)
    assert not build(book)
    before = {path: path.read_bytes() for path in book.rglob("*") if path.is_file() and "_build" not in path.parts}
    for name in ("a cell", "a reference", "a module", "a chapter is renamed"):
        for change in CHANGES[name][0]:
            change(book)
    assert build(book)
    changed = site_of(book)
    assert b"Psoriasis" in changed["book/trials.html"]
    assert not {"book/alone.html"} & changed.keys()
    assert changed == clean(book)
    for path in book.rglob("*"):
        if path.is_file() and "_build" not in path.parts and path not in before:
            path.unlink()
    for path, content in before.items():
        path.write_bytes(content)
    (book / "_build" / "html" / "book" / "trials.html").write_text("spoilt by hand", encoding="utf-8")
    assert build(book)
    assert ran(book) == set()
    assert site_of(book) == first


@pytest.mark.long
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_gives_what_a_clean_build_gives(book: Path, name: str) -> None:
    first = site_of(book)
    changes, should = CHANGES[name]
    for change in changes:
        change(book)
    assert build(book)
    assert ran(book) == should
    changed = site_of(book)
    assert changed == clean(book)
    assert (changed == first) == (name == "the lock file")  # which no page of the small book shows


@pytest.fixture
def package(root: Path, tmp_path: Path) -> Iterator[Callable[[Path], object]]:
    """Builds with a copy of the package; the copy lies beside the book."""
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    code = "import sys; from pathlib import Path; from review_tools.site.build import build; build(Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    return lambda folder: subprocess.run([sys.executable, "-c", code, folder], env=environment, check=True)


@pytest.mark.long
def test_a_chart_function_changes_its_charts(book: Path, package: Callable[[Path], object]) -> None:
    first, log = site_of(book), (book / "_build" / "build.log").stat().st_mtime_ns
    package(book)
    assert (book / "_build" / "build.log").stat().st_mtime_ns == log  # the same package in another place
    edit("src/review_tools/display/counts.py", "dx=4", "dx=5")(book.parent)
    package(book)
    changed = site_of(book)
    assert changed["book/trials.html"] != first["book/trials.html"]
    assert changed == clean(book, package)


@pytest.mark.long
def test_plain_jupyter_book_is_never_stale(book: Path) -> None:
    """``jupyter-book build`` by itself, again and again in one folder, gives what a clean `review build` gives."""
    command = [str(Path(sys.executable).parent / "jupyter-book"), "build", str(book)]
    for name in ("nothing", "a cell", "a row goes", "a word", "a reference", "a chapter goes"):
        for change in CHANGES.get(name, ([], set()))[0]:
            change(book)
        subprocess.run(command, check=True, capture_output=True)
        assert site_of(book) == clean(book), name


@pytest.mark.long
def test_myst_nb_gives_the_same_site(book: Path) -> None:
    """With execution handed back to it. It draws the ids of cells by lot, and figures then lack the call they show."""

    def comparable() -> dict[str, bytes]:
        site = {name: OF_THE_MODE.sub(b"", file) for name, file in site_of(book).items()}
        return {name: file for name, file in site.items() if name not in ("searchindex.js", "_static/site.css")}

    ours = comparable()
    edit("_config.yml", "  config:\n", "  config:\n    review_execution: mystnb\n")(book)
    assert build(book)
    assert ran(book) == set()
    assert comparable() == ours
