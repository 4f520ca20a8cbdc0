"""The printed review: what a reader of the PDF finds, from contents to links. A few chapters stand for all."""

import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lxml.html
import pytest
import yaml
from pypdf import PdfReader
from typer.testing import CliRunner

from review_tools.cli import app
from review_tools.data.project import Project
from review_tools.site import chromium, pdf
from review_tools.synthesis import comparisons, words

pytestmark = [pytest.mark.slow, pytest.mark.browser]
FILE = f"_build/pdf/{pdf.FILE}"
CHAPTERS = [
    {"file": "book/synthesis/index", "sections": [{"file": "book/synthesis/gvhd"}]},
    {"file": "book/trials"},
    {"file": "book/references"},
]
NAMES = ("synthesis/index", "synthesis/gvhd", "trials", "references")
FEW = {"format": "jb-book", "root": "book/index", "parts": [{"caption": "The evidence", "chapters": CHAPTERS}]}


def run(folder: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["pdf", "--root", str(folder)])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def printed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pdf") / "project"
    for name in ("data", "book", "releases"):
        shutil.copytree(root / name, folder / name)
    for name in ("references.bib", "_config.yml", "CITATION.cff", "CHANGELOG.md"):
        shutil.copy(root / name, folder / name)
    (folder / "_toc.yml").write_text(yaml.safe_dump(FEW), encoding="utf-8")
    code, output = run(folder)
    assert code == 0, output
    return folder


@pytest.fixture(scope="module")
def page(printed: Path) -> lxml.html.HtmlElement:
    """The page that was printed."""
    return lxml.html.fromstring((printed / "_build/pdf/page/_build/singlehtml/book/index.html").read_bytes())


@pytest.fixture(scope="module")
def reader(printed: Path) -> PdfReader:
    return PdfReader(printed / FILE)


@pytest.fixture(scope="module")
def text(reader: PdfReader) -> str:
    """All words, without line breaks and ligatures."""
    whole = " ".join(page.extract_text() for page in reader.pages)
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", whole))


def outline(items: list[Any], depth: int = 0) -> Iterator[tuple[int, str]]:
    for item in items:
        if isinstance(item, list):
            yield from outline(item, depth + 1)
        else:
            yield depth, str(item.title)


def test_outline_and_contents_name_every_chapter_in_order(reader: PdfReader, page: lxml.html.HtmlElement) -> None:
    depths = {title: depth for depth, title in outline(reader.outline)}
    heads = [page.xpath(f"//*[@id='document-book/{name}']/following::section[1]/*[1]")[0] for name in NAMES]
    titles = [head.text_content() for head in heads]
    assert [title for title in depths if title in titles] == titles
    assert depths[titles[1]] == depths[titles[0]] + 1
    links = page.xpath("//nav[@class='contents']//a/@href")
    assert [link for link in links if link.startswith("#document-")] == [f"#document-book/{name}" for name in NAMES]


def test_every_link_leads_somewhere(reader: PdfReader, page: lxml.html.HtmlElement) -> None:
    ids = {*page.xpath("//@id"), *page.xpath("//a/@name")}
    inside = [link[1:] for link in page.xpath("//a/@href") if link.startswith("#") and link != "#"]
    assert len(inside) > 50
    assert {link for link in inside if link not in ids} == set()
    actions = [
        annotation.get_object().get("/A", {}) for page_ in reader.pages for annotation in page_.get("/Annots", [])
    ]
    outside = {str(action["/URI"]) for action in actions if "/URI" in action}
    assert all(address.startswith(("https://", "http://")) for address in outside)
    assert any("/studies/deng_2017_randomised.html" in address for address in outside)  # not printed, so on the site


def test_every_figure_is_drawn_under_its_title(page: lxml.html.HtmlElement, text: str) -> None:
    figures = page.xpath("//figure[contains(@class, 'chart')]")
    assert len(figures) > 5
    for figure in figures:
        assert figure.xpath(".//span[@class='chart-title']")[0].text_content() in text
        assert len(figure.xpath(".//svg//path | .//svg//rect")) > 3


def test_numbers_and_references_can_be_read_and_tools_cannot(text: str, root: Path) -> None:
    assert words.interval(comparisons.answer(Project(root), "agvhd_response").pooled) in text
    assert "10.3389/fimmu.2024.1525380" in text
    assert "View data (" not in text
    assert "How to cite" in text


def test_wide_tables_lie_on_their_side_and_nothing_is_beyond_the_edge(reader: PdfReader) -> None:
    sideways = 0
    for page in reader.pages:
        width = float(page.mediabox.width)
        sideways += width > float(page.mediabox.height)
        starts: list[float] = []

        def visit(words: str, ctm: list[float], matrix: list[float], *_: Any, into: list[float] = starts) -> None:
            if words.strip():
                into.append(matrix[4] * ctm[0] + ctm[4])

        page.extract_text(visitor_text=visit)
        assert all(20 < start < width - 20 for start in starts), page.page_number
    assert sideways >= 4


def test_fonts_are_embedded(reader: PdfReader) -> None:
    seen = 0
    for page in reader.pages:
        for font in page.get("/Resources", {}).get("/Font", {}).values():
            font = font.get_object()
            if font["/Subtype"] == "/Type3":
                continue  # is drawn in the file itself
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            assert any(name.startswith("/FontFile") for name in inner["/FontDescriptor"].get_object()), font
            seen += 1
    assert seen


def test_the_file_says_what_it_is_and_never_when_it_was_printed(reader: PdfReader, root: Path) -> None:
    assert reader.metadata
    assert reader.metadata.title == Project(root).citation.title
    released = Project(root).citation.released.replace("-", "")
    assert reader.metadata["/CreationDate"] == reader.metadata["/ModDate"] == f"D:{released}000000Z"


def test_the_same_page_prints_the_same(printed: Path, root: Path, tmp_path: Path) -> None:
    page = printed / "_build/pdf/page/_build/singlehtml/book/index.html"
    chromium.print_page(page, tmp_path / "again.pdf")
    chromium.finish(tmp_path / "again.pdf", Project(root).citation)
    # Not the bytes: Chromium now and then numbers its objects in another order.
    again, held = (PdfReader(file) for file in (tmp_path / "again.pdf", printed / FILE))
    assert [page.extract_text() for page in again.pages] == [page.extract_text() for page in held.pages]
    assert (again.metadata, again.trailer["/ID"]) == (held.metadata, held.trailer["/ID"])


def test_a_failed_print_says_why_and_leaves_the_last(printed: Path, tmp_path: Path, monkeypatch: Any) -> None:
    folder = tmp_path / "project"
    shutil.copytree(printed, folder, ignore=shutil.ignore_patterns("_build", "book"))
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/page\n", encoding="utf-8")
    (folder / "book").mkdir()
    head = (printed / "book" / "trials.md").read_text(encoding="utf-8").split("# ")[0]
    (folder / "book" / "page.md").write_text(
        f"{head}# Page\n\n```{{code-cell}} ipython3\n1 / 0\n```\n", encoding="utf-8"
    )
    (folder / FILE).parent.mkdir(parents=True)
    (folder / FILE).write_bytes(b"the last one")
    code, output = run(folder)
    assert code == 1
    assert "ZeroDivisionError" in output
    assert "book/page" in output
    (folder / "book" / "page.md").write_text("# Page\n", encoding="utf-8")
    monkeypatch.setenv("REVIEW_BROWSER", str(tmp_path / "none"))
    code, output = run(folder)
    assert code == 1
    assert "REVIEW_BROWSER" in output
    assert (folder / FILE).read_bytes() == b"the last one"
