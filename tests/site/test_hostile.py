"""Hostile rows through a whole build: nothing they hold runs, on any page; it is shown as text or refused."""

import csv
import html
import json
import re
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page

import small_book
from browsing import Watch
from review_tools.check import check
from review_tools.data.project import Project
from review_tools.data.tables import csv_bytes
from review_tools.display.disease_tables import CHAPTERS
from review_tools.site.build import build

pytestmark = [pytest.mark.slow, pytest.mark.browser]
LONG = 5000
STUDIES = (*small_book.STUDIES, "hackel_2023_immunological", "chen_2020_overexpression")
# What each planted cell holds after its own name; all it would do is set the canary that the browser looks for.
PAYLOAD = (
    "<script>__pwned=1</script></script></style></textarea></title>-->"
    '"\'><img src=x onerror="__pwned=2"><svg onload=__pwned=3> {{7*7}} {% raise %} ${7*7} '
    '[link](javascript:__pwned=4) <a href="javascript:__pwned=5">a</a> site:book/page \u202eright to left\u202c \u200f'
    ' &lt;script&gt; \\u003cscript\\u003e href="site:nowhere" `code` $x$ @x'
)
TEX = (
    PAYLOAD.replace("{% raise %}", "")
    + r" \href{javascript:__pwned=6}{x} \textbf{<b>x</b>} \input{/etc/passwd} $\alpha$"
)
CALLS = [
    "tables.studies()", "tables.findings()", "tables.trials()", "tables.trial_differences()", "tables.outcomes()",
    "tables.corrections()", "tables.glossary()", "tables.published_pools()", "tables.decisions()",
    "tables.downloads()", "tables.cite()", "tables.notices()",
    "tables.data_dictionary()", "tables.explorer()", "charts.mechanism_map()", "charts.mechanisms()",
    "charts.directions()",
    "charts.trial_timeline()", 'charts.trials_by("disease")', "charts.gap_map()",
    "charts.products()", "charts.disease_by_model()", "tables.gap_rows()",
    "tables.summary_of_findings()", 'tables.other_comparisons("diseases/crohns")', "tables.outcome_sets()",
    "tables.judgements()", "tables.not_found()", "tables.conflicts()", "tables.extraction()",
    'tables.controlled_trials("diseases/lupus")', 'tables.open_trials("diseases/lupus")',
    'tables.approvals("diseases/crohns")', 'tables.laboratory("diseases/lupus")', "tables.tiles()",
    "tables.diseases()",
]  # fmt: skip

FIXED = {"explore", "safety", "synthesis/index", "trials", "whats-new"}  # where the figure and the tiles always lead


@pytest.fixture(scope="module")
def hostile(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of two pages that show every table and chart, over data whose every free text is hostile."""
    folder = tmp_path_factory.mktemp("hostile") / "project"
    small_book.make(root, folder, STUDIES)
    references = (root / "book" / "references.md").read_text(encoding="utf-8")
    references = references.replace("[Identifying one](contribute.md)", "Identifying one")
    (folder / "book" / "references.md").write_text(references, encoding="utf-8")
    cells = "\n".join(f"```{{code-cell}} ipython3\nrt.{call}\n```\n" for call in CALLS)
    number = Project(folder).table("citations")["seed_number"].iloc[0]
    text = f"# Page\n\n{{cite:p}}`{','.join(STUDIES)}` and {{seed}}`{number}`.\n\n"
    first = "```{code-cell} ipython3\nimport review_tools as rt\n```\n"
    (folder / "book" / "page.md").write_text(small_book.HEAD + text + first + cells, encoding="utf-8")
    pages = (Project(folder).table(table)["page"] for table in ("comparisons", "disease_pages"))
    linked = sorted({str(name) for names in pages for name in names} | {*CHAPTERS.values(), *FIXED})
    for name in linked:  # where tables and the figure of mechanisms lead
        (folder / "book" / name).parent.mkdir(exist_ok=True)
        (folder / "book" / f"{name}.md").write_text(f"# {name}\n", encoding="utf-8")
    small_book.write_toc(folder, ["references", "page", *linked])
    plant(folder)
    return folder


def plant(folder: Path) -> None:
    """Makes every text without a prescribed form hostile; each names its table and column."""
    for table in Project(folder).schema.values():
        linked = {key.column for key in table.foreign_keys} | set(table.primary_key)
        free = [
            field.name
            for field in table.fields
            if field.type == "string" and not (field.pattern or field.vocabulary or field.name in linked)
        ]
        frame = Project(folder).text(table.name)
        for name in free:
            filled = frame[name] != ""
            # The old words stay at the end: outcomes that are peers only by name would look implausible.
            start = f"=cmd|' /C calc'!A0 planted {table.name} {name} {PAYLOAD} "
            frame.loc[filled, name] = start + frame.loc[filled, name]
            if filled.any():
                frame.loc[filled.idxmax(), name] = frame.loc[filled.idxmax(), name].ljust(LONG, "W")
        (folder / "data" / table.path).write_bytes(csv_bytes(frame))
    path = folder / "references.bib"
    text = re.sub(
        r"^(  (title|journal|author|note)\s*=\s*\{)([^\n]*?)(\},?)$", planted_work, path.read_text("utf-8"), flags=re.M
    )
    path.write_text(text, encoding="utf-8")


def planted_work(found: re.Match[str]) -> str:
    kept = found[3] if found[2] == "title" else ""  # two works of one title are refused
    return f"{found[1]}{kept} planted bib {found[2]} {TEX}{found[4]}"


# Elements and attributes that only a planted cell can have made.
MADE = """() => [...document.querySelectorAll(
  'img[src="x"], [onerror], [onload], a[href^="javascript:" i], a[*|href^="javascript:" i]')].map((e) => e.outerHTML)"""
POINT = """() => {  // what shows itself only when pointed at: cards of citations, tooltips of charts
  for (const link of document.querySelectorAll('.has-card')) {
    link.dispatchEvent(new PointerEvent('pointerenter', { pointerType: 'mouse' }));
  }
  const marks = [...document.querySelectorAll('.chart-live [class^=mark-] path, .chart-live [class^=mark-] text')];
  const step = Math.ceil(marks.length / 20);  // each move redraws a large map; twenty of its marks are enough
  for (const mark of marks.filter((_, place) => place % step === 0)) {
    for (const type of ['pointerover', 'mouseover', 'pointermove', 'mousemove']) {
      const { x, y } = mark.getBoundingClientRect();
      mark.dispatchEvent(new MouseEvent(type, { bubbles: true, clientX: x + 1, clientY: y + 1 }));
    }
  }
}"""


@pytest.fixture(scope="module")
def site(hostile: Path) -> Path:
    """The check refuses what was planted; a build past it shows that the pages do not rely on that."""
    refused = " ".join({problem.why for problem in check(Project(hostile))})
    for why in (
        "takes for HTML",
        "cannot be seen",
        "begins like a spreadsheet formula",
        "longer than 2,000 characters",
    ):
        assert why in refused
    assert build(hostile)
    return hostile / "_build" / "html"


def texts(site: Path) -> str:
    """All that readers can read on the pages."""
    pages = [path.read_text(encoding="utf-8") for path in site.rglob("*.html") if "_static" not in path.parts]
    return html.unescape(re.sub(r"<[^>]*>", "", "\n".join(pages)))


def test_nothing_planted_runs_even_without_the_policy(site: Path, address: str, window: Callable[..., Page]) -> None:
    studies, trials = (sorted((site / name).glob("*.html")) for name in ("studies", "trials"))
    some = [path.relative_to(site).as_posix() for path in [*studies, *trials]]
    watch = Watch(window(bypass_csp=True))
    for name in ("book/page.html", "book/references.html", "search.html?q=planted", "genindex.html", *some):
        page = watch.open(f"{address}/{name}")
        page.evaluate(POINT)
        if page.locator(".has-card").count():
            page.locator(".cite-card").wait_for(state="visible")
        if name.startswith("search"):
            page.locator("#search-results li a").first.wait_for()
        for made in page.evaluate(MADE):
            watch.note(made)
        if ran := page.evaluate("window.__pwned ?? null"):
            watch.note(f"a planted script ran: {ran}")
    assert not [what[:300] for what in watch.wrong if "content moves" not in what]


def test_what_was_planted_is_shown_as_text(site: Path, hostile: Path) -> None:
    shown = texts(site)
    assert "W" * (LONG - len(PAYLOAD) - 200) in shown
    for what in ("studies summary", "findings statement", "trials label", "outcomes outcome", "vocabulary definition"):
        assert f"planted {what} <script>__pwned=1</script>" in shown, what
    for field in ("title", "journal", "author", "note"):
        assert f"planted bib {field} <script>" in shown, field
    assert "{{7*7}}" in shown
    assert "/root:" not in shown  # nothing was read in for TeX's sake


def test_machines_read_it_as_text_too(site: Path) -> None:
    for page in (site / "studies").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        for thing in re.findall(r'<script type="application/(?:ld\+)?json"[^>]*>(.*?)</script>', text, re.DOTALL):
            json.loads(thing)
    ElementTree.parse(site / "feed.xml")  # noqa: S314 (our own file)
    ElementTree.parse(site / "sitemap.xml")  # noqa: S314
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    found = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))
    assert not [title for title in found["titles"] if "<" in title]  # the search takes titles for HTML


def test_no_download_holds_a_formula_or_a_forged_record(site: Path) -> None:
    for path in (site / "data").glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))], path.name
    ris = (site / "data" / "references.ris").read_bytes().decode("utf-8")
    assert all(re.match(r"[A-Z][A-Z0-9]  - |$", line) for line in ris.split("\r\n"))
    assert "UR  - javascript:" not in ris


@pytest.mark.long
def test_a_second_build_in_another_folder_is_the_same(
    site: Path, hostile: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole site, byte by byte, with other hash seeds; ``scripts/same_build.py`` does it for the whole book."""
    elsewhere = tmp_path / "other place" / "project"
    shutil.copytree(hostile, elsewhere, ignore=shutil.ignore_patterns("_build"))
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    assert build(elsewhere)
    compare = runpy.run_path(str(root / "scripts" / "same_build.py"))["differences"]
    other = elsewhere / "_build" / "html"
    assert compare(site, other) == []
    (other / "robots.txt").write_text("changed", encoding="utf-8")
    (other / "feed.xml").unlink()
    assert compare(site, other) == ["feed.xml: on one side only", "robots.txt: differs"]
