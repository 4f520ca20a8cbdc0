"""Two versions made from one repository: compared, told in the feed, and both readable as they were."""

import csv
import http.client
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Page
from typer.testing import CliRunner

from atom import wrong_with
from review_tools.cli import app
from review_tools.data import export
from review_tools.data.citation import site_address
from review_tools.data.versions import order, sha256, versions
from review_tools.site.versions import pairs

Visit = Callable[..., list[str]]
SetCell = Callable[[str, str, str, str], None]
TITLE = 'A trial & "quotes" \'7*7 < script> __pwned=1 < /script> onerror=__pwned=2'
WORK = "@article{{new_2026_trial,\n  title = {{{}}},\n  year = {{2026}},\n}}\n"
YEAR, DATA, _ = order(versions(Path(__file__).parents[2])[-1].number)
OLD, NEW = f"{YEAR}.{DATA + 1}.0", f"{YEAR}.{DATA + 2}.0"


def run(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--root", str(folder)])
    assert result.exit_code == 0, result.output
    return result.output


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")


def change(folder: Path, table: str, row: str, **cells: str) -> None:
    path = folder / "data" / f"{table}.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    for one in rows:
        if row in ("*", next(iter(one.values()))):
            one.update(cells)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def unreleased(folder: Path, line: str) -> None:
    path = folder / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8").replace("## [Unreleased]\n", f"## [Unreleased]\n\n- {line}\n", 1)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def story(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book, released; a study added and a count changed, so that a verdict turns and is accepted; released."""
    folder = tmp_path_factory.mktemp("story") / "project"
    for name in ("data", "releases", "book/_static"):
        shutil.copytree(root / name, folder / name)
    for name in ("references.bib", "_config.yml", "CITATION.cff", "CHANGELOG.md", ".gitignore"):
        shutil.copy(root / name, folder / name)
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/page\n", encoding="utf-8")
    works = re.findall(r"^@\w+\{(\w+),", (folder / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    page = folder / "book" / "page.md"
    page.write_text(
        "# Page\n\n{value}`outcomes raffals_2024_admire-1 events_arm1` responded.\n\n```{version-changes}\n```\n\n"
        f"All works: {{cite:p}}`{','.join(works)}`\n\n```{{bibliography}}\n```\n",
        encoding="utf-8",
    )
    change(folder, "claims", "*", chapter="book/page.md")
    unreleased(folder, "The first.")
    git(folder, "init", "-q", "-b", "main")
    for name, value in (("user.name", "T"), ("user.email", "t@example.org"), ("commit.gpgsign", "false")):
        git(folder, "config", name, value)
    commit(folder)
    archives = folder.parent / "archives"
    run(folder, "release", OLD, "--tag")
    run(folder, "build")
    run(folder, "versions", "--pack", str(folder.parent / "old"))
    with (folder / "references.bib").open("a", encoding="utf-8") as file:
        file.write("\n" + WORK.format(TITLE.replace("{", "").replace("}", "")))
    with (folder / "data" / "studies.csv").open("a", encoding="utf-8") as file:
        file.write(f"new_2026_trial,human trial,human,20,,current,abstract,,https://example.org/,abstract,{NEW}\n")
    page.write_text(page.read_text(encoding="utf-8") + "\n{cite:p}`new_2026_trial`\n", encoding="utf-8")
    said = "99.3% vs 46.3%, difference 53% (95% CI 47 to 59)"
    change(folder, "outcomes", "raffals_2024_admire-1", events_arm1="281", printed_percent_arm1="99.3", reported=said)
    change(folder, "outcomes", "raffals_2024_admire-2", effect="53", ci_low="47", ci_high="59", reported=said)
    for claim in ("fistula_benefit", "fistula_second_trial"):
        run(folder, "accept", claim, "--by", "A. Reader")
    unreleased(folder, "The second.")
    commit(folder)
    run(folder, "release", "--data", "--tag")
    run(folder, "build")
    run(folder, "versions", "--pack", str(folder.parent / "new"))
    archives.mkdir()
    for name, number in (("old", OLD), ("new", NEW)):
        shutil.copy(folder.parent / name / f"site-{number}.zip", archives)
    run(folder, "versions", "--from", str(archives))
    return folder


@pytest.fixture(scope="module")
def site(story: Path) -> Path:
    return story / "_build" / "html"


def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def part(page: BeautifulSoup, anchor: str) -> str:
    return page.find("section", id=anchor).get_text(" ", strip=True)


@pytest.mark.slow
def test_the_comparison_tells_what_changed(site: Path) -> None:
    page = read(site / "v" / f"{OLD}-{NEW}.html")
    assert "< script> __pwned=1 < /script> onerror" in part(page, "added-studies")
    pools = part(page, "pools")
    assert "Pooled results (1)" in pools
    assert re.search(r"k \d+: \S+ \(.*\) → k \d+: \S+ \(", pools)
    assert "does not hold → holds in part" in part(page, "verdicts")
    assert "events_arm1: 138 → 281" in part(page, "changed-outcomes")
    assert page.find("a", href="../studies/new_2026_trial.html")
    assert not page.select("article img[src=x], article script:not([type])")
    chosen = [link["href"] for link in page.select(".chooser a")]
    assert f"{OLD}-{NEW}.html" not in chosen
    assert {f"26.0.0-{NEW}.html", f"26.1.0-{NEW}.html", "index.html"} <= set(chosen)
    for name in chosen:
        assert (site / "v" / name).is_file(), name


@pytest.mark.slow
def test_every_pair_has_its_page_and_each_page_names_the_others(site: Path, story: Path) -> None:
    made = {path.stem for path in (site / "v").glob("*-*.html")}
    numbers = [version.number for version in versions(story)]
    assert made == {f"{old}-{new}" for old, new in pairs(numbers)}
    chapter = read(site / "book" / "page.html")
    assert f"What changed from {OLD} to {NEW}" in chapter.find(id="newest-changes").get_text()
    foot = {link.get_text(): link["href"] for link in chapter.select(".review-state a")}
    assert foot[OLD] == f"../v/index.html#version-{OLD}"
    index = read(site / "v" / "index.html")
    assert index.find(id=f"version-{OLD}").find("a", string="open")["href"] == f"{OLD}/index.html"
    assert (site / "v" / f"{OLD}.json").read_bytes() == (story / "releases" / f"{OLD}.json").read_bytes()


def test_pages_stay_bounded() -> None:
    many = [f"26.{number}.0" for number in range(100)]
    chosen = pairs(many)
    assert len(chosen) == 197  # each with the newest and with the one after it
    assert {("26.0.0", "26.99.0"), ("26.41.0", "26.42.0")} <= set(chosen)
    assert len(pairs(many[:20])) == 60
    assert len(pairs(many[:5])) == 10
    assert pairs(many[:1]) == []


@pytest.mark.slow
def test_the_feed_is_valid_and_tells_both(site: Path) -> None:
    content = (site / "feed.xml").read_bytes()
    assert wrong_with(content) == []
    entries = {entry.title: entry for entry in feedparser.parse(content).entries}
    newest = entries[f"Version {NEW}"]
    assert newest.link.endswith(f"v/{OLD}-{NEW}.html")
    assert "&lt; script&gt; __pwned=1 &lt; /script&gt;" in content.decode().replace("&amp;", "&")
    assert "<script" not in newest.content[0].value
    assert "does not hold → <b>holds in part</b>" in newest.content[0].value
    assert "The second." in newest.content[0].value
    assert f"Version {OLD}" in entries


@pytest.mark.slow
def test_both_copies_are_served_as_they_were(site: Path, story: Path, address: str) -> None:
    for number, responded in ((OLD, ">138</abbr> responded"), (NEW, ">281</abbr> responded")):
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        connection.request("GET", f"/v/{number}/book/page.html")
        answer = connection.getresponse()
        text = answer.read().decode()
        assert (answer.status, responded in text) == (200, True)
        page = BeautifulSoup(text, "html.parser")
        date = versions(story)[-1].date
        banner = page.find("aside", attrs={"aria-label": "Version"}).get_text(" ", strip=True)
        assert banner.startswith(f"This is version {number} of {date}, kept as it was.")
        assert (f"The newest is {NEW}." in banner) == (number == OLD)
        assert [link["href"] for link in page.find_all("link", rel="canonical")] == [
            f"{site_address(story)}book/page.html"
        ]
        assert page.find("meta", attrs={"name": "robots"})["content"] == "noindex"
        meta = re.search(r"<head>\s*<meta charset.*?Content-Security-Policy", text, re.DOTALL)
        assert "<script" not in meta[0]
        with zipfile.ZipFile(story.parent / "archives" / f"site-{number}.zip") as file:
            for name in file.namelist():
                if not name.endswith(".html"):
                    assert (site / "v" / name).read_bytes() == file.read(name), name
    gone = read(site / "v" / NEW / "studies" / "new_2026_trial.html")
    assert gone.find("aside", attrs={"aria-label": "Version"}).a["href"] == "../../../studies/new_2026_trial.html"


@pytest.mark.slow
@pytest.mark.browser
def test_nothing_runs_or_is_asked_for_from_elsewhere(site: Path, address: str, visit: Visit) -> None:
    new = [f"v/{OLD}-{NEW}.html", "v/index.html", "book/page.html", f"v/{OLD}/book/page.html", f"v/{NEW}/v/index.html"]
    for start in (address, site.as_uri()):
        found = visit([f"{start}/{name}" for name in [*new, f"v/{OLD}/index.html", f"v/{OLD}/search.html?q=trial"]])
        assert not found, "\n".join(found)
    assert not visit([f"{address}/{name}" for name in new], bypass_csp=True)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("window", ["tab", "phone"])
@pytest.mark.parametrize("way", ["served", "from a folder"])
def test_a_reader_of_an_old_page_sees_it_and_gets_to_the_newest(
    site: Path, address: str, way: str, window: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(window)
    start = address if way == "served" else site.as_uri()
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    page.goto(f"{start}/v/{OLD}/book/page.html")
    if way == "served":
        assert not Axe().run(page).response["violations"]
    banner = page.get_by_label("Version", exact=True)
    box, width = banner.bounding_box(), page.viewport_size["width"]
    assert 0 <= box["y"] < 60
    assert box["x"] >= 0
    assert width * 0.9 < box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert f"The newest is {NEW}" in banner.inner_text()
    banner.get_by_role("link").click()
    assert page.url == f"{start}/book/page.html"
    assert page.get_by_label("Version", exact=True).count() == 0
    assert not [url for url in asked if not url.startswith((start, "data:"))]


@pytest.mark.slow
def test_a_copy_stays_as_it_is(site: Path, story: Path) -> None:
    archives = str(story.parent / "archives")
    assert "2 copies" in run(story, "versions", "--from", archives)
    page = site / "v" / OLD / "book" / "page.html"
    before = page.read_bytes()
    page.write_bytes(before.replace(b"138", b"139"))
    result = CliRunner().invoke(app, ["versions", "--from", archives, "--root", str(story)])
    page.write_bytes(before)
    assert result.exit_code == 1
    assert f"v/{OLD}: another copy lies there" in result.output


# Archives that must not be published


def packed(*names: str, mode: int = 0o644) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            file.writestr(entry, "<html><head></head><body><main>x</main></body></html>")
    return held.getvalue()


FINE = "26.1.0/index.html"


@pytest.fixture
def published(copy: Path) -> Path:
    """A project with a built site, as far as the copies need one."""
    (copy / "_build" / "html").mkdir(parents=True)
    (copy / "_build" / "html" / "index.html").write_text("newest", encoding="utf-8")
    (copy / "archives").mkdir()
    return copy


def unpack(folder: Path, content: bytes | None, hashed: str = "", name: str = "site-26.1.0.zip") -> tuple[int, str]:
    with (folder / "data" / "release_copies.csv").open("a", encoding="utf-8") as file:
        file.write(f"26.1.0,{hashed or sha256(content or b'')}\n")
    if content is not None:
        (folder / "archives" / name).write_bytes(content)
    result = CliRunner().invoke(app, ["versions", "--from", str(folder / "archives"), "--root", str(folder)])
    return result.exit_code, result.output


def test_a_fine_archive_is_laid_out(published: Path) -> None:
    code, output = unpack(published, packed(FINE, "26.1.0/book/gone.html"))
    assert code == 0, output
    text = (published / "_build/html/v/26.1.0/book/gone.html").read_text(encoding="utf-8")
    assert 'href="../../../index.html">The front page as it is now<' in text  # the newest has no such page
    assert "noindex" in text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (packed(FINE, "26.1.0/../../../evil.html"), "leads out of 26.1.0/"),
        (packed(FINE, "../evil.html"), "leads out of 26.1.0/"),
        (packed(FINE, "/etc/evil.html"), "leads out of 26.1.0/"),
        (packed(FINE, "26.1.0\\..\\evil.html"), "leads out of 26.1.0/"),
        (packed(FINE, "26.0.0/index.html"), "leads out of 26.1.0/"),
        (packed(FINE, "26.1.0/link", mode=0o120777), "is no plain file"),
        (packed(FINE, FINE.upper()), "a name stands twice"),
        (packed("26.1.0/page.html"), "holds no index.html"),
        (b"no archive", "not a readable archive"),
        (None, "the archive is missing"),
    ],
    ids=["dots", "up", "absolute", "backslash", "other", "link", "twice", "empty", "broken", "missing"],
)
def test_a_bad_archive_is_refused_and_nothing_is_written(published: Path, content: bytes | None, says: str) -> None:
    before = sorted(published.rglob("*"))
    code, output = unpack(published, content)
    assert code == 1
    assert says in output
    (published / "archives" / "site-26.1.0.zip").unlink(missing_ok=True)
    assert [path for path in published.rglob("*") if path not in before and ".edit" not in path.parts] == []


def test_another_or_an_unknown_archive_is_refused(published: Path) -> None:
    code, output = unpack(published, packed(FINE), hashed="0" * 64)
    assert code == 1
    assert "its SHA-256 is another one" in output
    (published / "archives" / "site-27.0.0.zip").write_bytes(packed(FINE))
    result = CliRunner().invoke(app, ["versions", "--from", str(published / "archives"), "--root", str(published)])
    assert result.exit_code == 1
    assert "site-27.0.0.zip: no version of that name is kept" in result.output
    assert "its SHA-256 is another one" in result.output  # all problems at once


def test_only_the_built_site_of_the_version_is_packed(published: Path, set_cell: SetCell) -> None:
    set_cell("studies", "ni_2024_mesenchymal", "summary", "Said otherwise.")
    result = CliRunner().invoke(app, ["versions", "--pack", str(published / "out"), "--root", str(published)])
    assert result.exit_code == 1
    assert "The data have changed since" in result.output
    assert not (published / "out").exists()


def test_the_same_site_packs_to_the_same_bytes() -> None:
    files = {"b.html": b"2", "a.html": b"1"}
    assert export.archive(files, "26.1.0") == export.archive(dict(reversed(files.items())), "26.1.0")
