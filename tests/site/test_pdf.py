"""The printed review: what a reader of the PDF finds, from contents to links; chapters of the review with ``long``."""

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

import small_book
from review_tools.cli import app
from review_tools.data.project import Project
from review_tools.site import pdf
from review_tools.synthesis import comparisons, words

pytestmark = [pytest.mark.slow, pytest.mark.browser]
FILE = f"_build/pdf/{pdf.FILE}"
CALLS = ("tables.outcomes()", "charts.products()", "charts.trial_timeline()")
CELLS = "\n".join(f"```{{code-cell}} ipython3\nimport review_tools as rt\nrt.{call}\n```\n" for call in CALLS)


def toc(root: str, first: str, second: str) -> str:
    """A table of contents of a part with a chapter below another."""
    chapters = [{"file": f"book/{first}", "sections": [{"file": f"book/{second}"}]}]
    chapters += [{"file": f"book/{name}"} for name in ("trials", "references")]
    parts = [{"caption": "The evidence", "chapters": chapters}]
    return yaml.safe_dump({"format": "jb-book", "root": f"book/{root}", "parts": parts})


def run(folder: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["pdf", "--root", str(folder)])
    return result.exit_code, result.output


@pytest.fixture(scope="module", params=["small book", pytest.param("chapters of the review", marks=pytest.mark.long)])
def printed(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pdf") / "project"
    if request.param != "small book":
        shutil.copytree(root, folder, ignore=shutil.ignore_patterns(".*", "_build", "src", "tests"))
        contents = toc("index", "diseases/index", "diseases/crohns")
    else:
        small_book.make(root, folder)
        small_book.append("book/trials.md", f"\n{CELLS}")(folder)
        contents = toc("alone", "outcomes", "crohns")
    (folder / "_toc.yml").write_text(contents, encoding="utf-8")
    code, output = run(folder)
    assert code == 0, output
    return folder


def page_of(folder: Path) -> Path:
    (page,) = (folder / "_build/pdf/page/_build/singlehtml/book").glob("*.html")
    return page


def chapters(folder: Path) -> Iterator[tuple[int, str]]:
    """Depth and name of every chapter after the first, in order."""
    contents = yaml.safe_load((folder / "_toc.yml").read_text(encoding="utf-8"))
    for part in contents["parts"]:
        for chapter in part["chapters"]:
            yield 0, chapter["file"]
            yield from ((1, section["file"]) for section in chapter.get("sections", ()))


@pytest.fixture(scope="module")
def page(printed: Path) -> lxml.html.HtmlElement:
    """The page that was printed."""
    return lxml.html.fromstring(page_of(printed).read_bytes())


@pytest.fixture(scope="module")
def reader(printed: Path) -> PdfReader:
    return PdfReader(printed / FILE)


def outline(items: list[Any], depth: int = 0) -> Iterator[tuple[int, str]]:
    for item in items:
        if isinstance(item, list):
            yield from outline(item, depth + 1)
        else:
            yield depth, str(item.title)


def test_outline_and_contents_name_every_chapter_in_order(
    reader: PdfReader, page: lxml.html.HtmlElement, printed: Path
) -> None:
    named = {title: depth for depth, title in outline(reader.outline)}
    levels, names = zip(*chapters(printed), strict=True)
    heads = [page.xpath(f"//*[@id='document-{name}']/following::section[1]/*[1]")[0] for name in names]
    titles = [head.text_content() for head in heads]
    assert [title for title in named if title in titles] == titles
    assert [named[title] - named[titles[0]] for title in titles] == list(levels)
    links = page.xpath("//nav[@class='contents']//a/@href")
    assert [link for link in links if link.startswith("#document-")] == [f"#document-{name}" for name in names]


def test_every_link_leads_somewhere(reader: PdfReader, page: lxml.html.HtmlElement) -> None:
    ids = {*page.xpath("//@id"), *page.xpath("//a/@name")}
    inside = [link[1:] for link in page.xpath("//a/@href") if link.startswith("#") and link != "#"]
    assert len(inside) > 10
    assert {link for link in inside if link not in ids} == set()
    actions = [
        annotation.get_object().get("/A", {}) for page_ in reader.pages for annotation in page_.get("/Annots", [])
    ]
    outside = {str(action["/URI"]) for action in actions if "/URI" in action}
    assert all(address.startswith(("https://", "http://")) for address in outside)
    assert any("/studies/deng_2017_randomised.html" in address for address in outside)  # not printed, so on the site


def test_figures_numbers_and_references_are_there_and_tools_are_not(
    page: lxml.html.HtmlElement, reader: PdfReader, printed: Path
) -> None:
    whole = unicodedata.normalize("NFKC", " ".join(page.extract_text() for page in reader.pages))
    text = re.sub(r"\s+", " ", whole)
    figures = page.xpath("//figure[contains(@class, 'chart')]")
    assert len(figures) >= 3
    for figure in figures:
        assert figure.xpath(".//span[@class='chart-title']")[0].text_content() in text
        assert len(figure.xpath(".//svg//path | .//svg//rect")) > 3
    assert words.interval(comparisons.answer(Project(printed), "crohns_fistula").pooled) in text
    assert "10.1053/j.gastro.2015.06.014" in text  # molendijk_2015_allogeneic
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
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"].get("/Font", {}).values()]
    fonts = [font for font in fonts if font["/Subtype"] != "/Type3"]  # is drawn in the file itself
    assert fonts
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        assert any(name.startswith("/FontFile") for name in inner["/FontDescriptor"].get_object()), font


def test_the_same_page_prints_the_same_with_its_title_and_no_time_of_print(
    printed: Path, project: Project, tmp_path: Path
) -> None:
    pdf.print_page(page_of(printed), tmp_path / "again.pdf")
    pdf.finish(tmp_path / "again.pdf", project.citation)
    # Not the bytes: Chromium now and then numbers its objects in another order.
    again, held = (PdfReader(file) for file in (tmp_path / "again.pdf", printed / FILE))
    assert [page.extract_text() for page in again.pages] == [page.extract_text() for page in held.pages]
    assert (again.metadata, again.trailer["/ID"]) == (held.metadata, held.trailer["/ID"])
    assert held.metadata
    assert held.metadata.title == project.citation.title
    day = f"D:{project.citation.released.replace('-', '')}000000Z"
    assert held.metadata["/CreationDate"] == held.metadata["/ModDate"] == day


def test_a_failed_print_says_why_and_leaves_the_last(root: Path, tmp_path: Path, monkeypatch: Any) -> None:
    small_book.make(root, tmp_path)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/alone\n", encoding="utf-8")
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_bytes(b"the last one")
    small_book.edit("book/alone.md", "6 * 7", "1 / 0")(tmp_path)
    code, output = run(tmp_path)
    assert code == 1
    assert "ZeroDivisionError" in output
    assert "book/alone" in output
    (tmp_path / "book" / "alone.md").write_text("# Page\n", encoding="utf-8")
    monkeypatch.setenv("REVIEW_BROWSER", str(tmp_path / "none"))
    code, output = run(tmp_path)
    assert code == 1
    assert "REVIEW_BROWSER" in output
    assert (tmp_path / FILE).read_bytes() == b"the last one"
