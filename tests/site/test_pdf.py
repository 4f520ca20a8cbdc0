"""The printed review: what a reader of the PDF finds, from contents to links.

A few chapters are printed by default; ``REVIEW_PDF=whole`` prints them all.
"""

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader
from typer.testing import CliRunner

from review_tools.cli import app
from review_tools.site.pdf.assemble import assemble
from review_tools.site.pdf.chapters import chapters
from review_tools.synthesis import comparisons, words

pytestmark = [pytest.mark.site, pytest.mark.browser]
FEW = {
    "format": "jb-book",
    "root": "book/index",
    "parts": [
        {
            "caption": "The evidence",
            "chapters": [
                {"file": "book/synthesis/index", "sections": [{"file": "book/synthesis/gvhd"}]},
                {"file": "book/trials"},
                {"file": "book/references"},
            ],
        }
    ],
}


def project(folder: Path, root: Path, site: Path) -> Path:
    """A project whose site is built already: its files of definition, and the pages that its contents name."""
    folder.mkdir()
    for name in ("_config.yml", "CITATION.cff"):
        shutil.copy(root / name, folder / name)
    shutil.copytree(root / "data", folder / "data")
    if os.environ.get("REVIEW_PDF") == "whole":
        shutil.copy(root / "_toc.yml", folder / "_toc.yml")
    else:
        (folder / "_toc.yml").write_text(yaml.safe_dump(FEW), encoding="utf-8")
    for chapter in chapters(folder):
        page = folder / "_build" / "html" / f"{chapter.name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(site / f"{chapter.name}.html", page)
    return folder


def run(folder: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["pdf", "--root", str(folder)])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def printed(root: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = project(tmp_path_factory.mktemp("pdf") / "project", root, site)
    code, output = run(folder)
    assert code == 0, output
    return folder


@pytest.fixture(scope="module")
def pdf(printed: Path) -> PdfReader:
    return PdfReader(printed / "_build" / "pdf" / "msc-living-review.pdf")


@pytest.fixture(scope="module")
def text(pdf: PdfReader) -> list[str]:
    return [plain(page.extract_text()) for page in pdf.pages]


def plain(words: str) -> str:
    """Without line breaks and ligatures."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", words)).strip()


def page_of(folder: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((folder / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def titles(folder: Path) -> list[tuple[int, str]]:
    """Depth and first heading of each chapter, from the pages of the site."""
    found = []
    for chapter in chapters(folder):
        soup = page_of(folder, chapter.name)
        heading = soup.select_one("article h1")
        heading.select_one(".headerlink").decompose()
        found.append((chapter.depth, plain(heading.get_text())))
    return found


def outline(items: list[Any], depth: int = 0) -> Iterator[tuple[int, Any]]:
    for item in items:
        if isinstance(item, list):
            yield from outline(item, depth + 1)
        else:
            yield depth, item


def test_the_outline_names_every_chapter_in_order(pdf: PdfReader, printed: Path) -> None:
    named = [(depth, plain(item.title)) for depth, item in outline(pdf.outline)]
    wanted = titles(printed)
    assert [entry for entry in named if entry[0] == 0] == [entry for entry in wanted if entry[0] == 0]
    rest = iter(named)
    assert all(entry in rest for entry in wanted)


def test_the_contents_say_the_page_on_which_each_chapter_starts(text: list[str], printed: Path) -> None:
    listing = next(page for page in text if "Contents" in page)
    for _, title in titles(printed)[1:]:
        number = int(re.search(rf"{re.escape(title)} ?(\d+)", listing)[1])
        assert title in text[number - 1][: len(title) + 60], (title, number)


def test_every_link_leads_somewhere(pdf: PdfReader, printed: Path) -> None:
    places, inside, outside = set(pdf.named_destinations), 0, set()
    for page in pdf.pages:
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            action = link.get("/A", {})
            target = link.get("/Dest", action.get("/D"))
            if target is not None:
                assert str(target) in places or str(target).lstrip("/") in places, target
                inside += 1
            else:
                outside.add(str(action["/URI"]))
    assert inside > 100
    assert all(address.startswith(("https://", "http://")) for address in outside)
    html, _ = assemble(printed, printed / "_build" / "html")
    soup = BeautifulSoup(html, "html.parser")
    here = {element["id"] for element in soup.find_all(id=True)}
    assert {link["href"][1:] for link in soup.select("a[href^='#']")} <= here


def test_no_anchor_occurs_twice(printed: Path) -> None:
    soup = BeautifulSoup(assemble(printed, printed / "_build" / "html")[0], "html.parser")
    names = [element["id"] for element in soup.find_all(id=True)]
    assert len(names) == len(set(names))


def test_every_figure_is_drawn_under_its_title(pdf: PdfReader, text: list[str], printed: Path) -> None:
    whole, figures = " ".join(text), 0
    for chapter in chapters(printed):
        soup = page_of(printed, chapter.name)
        for title in soup.select("article figure.chart .chart-title"):
            assert plain(title.get_text()) in whole
            figures += 1
    soup = BeautifulSoup(assemble(printed, printed / "_build" / "html")[0], "html.parser")
    drawn = [svg for svg in soup.select("figure.chart svg") if svg.select("path, line, rect")]
    assert len(drawn) == figures > 5


def test_numbers_and_references_can_be_read(text: list[str]) -> None:
    whole = " ".join(text)
    assert words.interval(comparisons.answer("agvhd_response")) in whole
    assert "10.3389/fimmu.2024.1525380" in whole


def test_wide_tables_lie_on_their_side_and_nothing_is_beyond_the_edge(pdf: PdfReader) -> None:
    sideways = 0
    for page in pdf.pages:
        width = float(page.mediabox.width)
        sideways += width > float(page.mediabox.height)
        starts: list[float] = []

        def visit(words: str, ctm: list[float], matrix: list[float], *_: Any, into: list[float] = starts) -> None:
            if words.strip():
                into.append(matrix[4] * ctm[0] + ctm[4])

        page.extract_text(visitor_text=visit)
        assert all(20 < start < width - 20 for start in starts), page.page_number
    assert sideways >= 4


def test_fonts_are_embedded(pdf: PdfReader) -> None:
    seen = 0
    for page in pdf.pages:
        for font in page.get("/Resources", {}).get("/Font", {}).values():
            font = font.get_object()
            if font["/Subtype"] == "/Type3":
                continue  # is drawn in the file itself
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            assert any(name.startswith("/FontFile") for name in inner["/FontDescriptor"].get_object()), font
            seen += 1
    assert seen


def test_the_file_says_what_it_is_and_never_when_it_was_printed(pdf: PdfReader) -> None:
    assert pdf.metadata.title.startswith("MSC Living Review")
    assert pdf.metadata["/CreationDate"] == pdf.metadata["/ModDate"] == "D:20261123000000Z"


def test_the_same_site_prints_the_same_bytes(root: Path, site: Path, tmp_path: Path) -> None:
    folder = project(tmp_path / "project", root, site)
    (folder / "_toc.yml").write_text("root: book/synthesis/gvhd\n", encoding="utf-8")
    file = folder / "_build" / "pdf" / "msc-living-review.pdf"
    prints = []
    for _ in range(2):
        assert run(folder)[0] == 0
        prints.append(file.read_bytes())
    assert prints[0] == prints[1]


def test_a_missing_chapter_is_named_and_the_last_print_stays(root: Path, site: Path, tmp_path: Path) -> None:
    folder = project(tmp_path / "project", root, site)
    last = folder / "_build" / "pdf" / "msc-living-review.pdf"
    last.parent.mkdir()
    last.write_bytes(b"the last one")
    (folder / "_build" / "html" / "book" / "trials.html").unlink()
    code, output = run(folder)
    assert code == 1
    assert "book/trials" in output
    assert "review build" in output
    assert last.read_bytes() == b"the last one"


def test_without_a_browser_it_says_how_to_get_one(
    root: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_BROWSER", str(tmp_path / "none"))
    code, output = run(project(tmp_path / "project", root, site))
    assert code == 1
    assert "REVIEW_BROWSER" in output
