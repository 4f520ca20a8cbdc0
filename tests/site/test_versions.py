"""Two versions made from one repository: compared on pages and in the feed; sites of past versions beside them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import feedparser
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

import small_book
import spoil
from atom import wrong_with
from review_tools.cli import app
from review_tools.data.project import Project, order
from review_tools.data.tables import csv_bytes
from review_tools.site.version_pages import KEPT, pairs
from signing import signed_by_all
from spoil import git

ROOT = Path(__file__).parents[2]
TITLE = 'A trial & "quotes" \'7*7 < script> __pwned=1 < /script> onerror=__pwned=2'
WORK = "@article{{new_2026_trial,\n  title = {{{}}},\n  shorttitle = {{A new trial}},\n  year = {{2026}},\n}}\n"
YEAR, DATA, _ = order(list(Project(ROOT).versions)[-1])
OLD, NEW = f"{YEAR}.{DATA + 1}.0", f"{YEAR}.{DATA + 2}.0"


def run(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--root", str(folder)])
    assert result.exit_code == 0, result.output
    return result.output


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")


def unreleased(folder: Path, line: str) -> None:
    small_book.edit("CHANGELOG.md", "## [Unreleased]\n", f"## [Unreleased]\n\n- {line}\n")(folder)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, few_numbers: None) -> Path:
    """A small book, released; a study added and a count changed, so that a verdict turns and is accepted; released
    and built, with the site of the older version at hand."""
    folder = tmp_path_factory.mktemp("story") / "project"
    small_book.make(ROOT, folder, claims=("fistula_second_trial",))
    (folder / ".gitignore").write_text("_build/\n.edit/\n", encoding="utf-8")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/page\n", encoding="utf-8")
    page = folder / "book" / "page.md"
    page.write_text(
        "# Page\n\n{value}`outcomes raffals_2024_admire-1 events_arm1` responded.\n\n```{version-changes}\n```\n\n"
        f"All works: {small_book.CITED}\n\n```{{bibliography}}\n```\n",
        encoding="utf-8",
    )
    spoil.on_disk(folder, "claims", "fistula_second_trial", chapter="book/page.md")
    unreleased(folder, "The first.")
    git(folder, "init", "-q", "-b", "main")
    signed_by_all(folder, OLD)
    commit(folder)
    run(folder, "release", OLD)
    commit(folder)
    small_book.append("references.bib", "\n" + WORK.format(TITLE))(folder)
    study = {"study_id": "new_2026_trial", "kind": "human trial", "species": "human", "n": "20", "status": "current"}
    study |= {"read": "abstract", "source_url": "https://example.org/", "source_where": "abstract", "added_in": NEW}
    studies = pd.concat([Project(folder).text("studies"), pd.DataFrame([study])]).fillna("")
    (folder / "data" / "studies.csv").write_bytes(csv_bytes(studies))
    small_book.append("book/page.md", "\n{cite:p}`new_2026_trial`\n")(folder)
    said = "99.3% vs 46.3%, difference 53% (95% CI 47 to 59)"
    spoil.on_disk(
        folder, "outcomes", "raffals_2024_admire-1", events_arm1="281", printed_percent_arm1="99.3", reported=said
    )
    spoil.on_disk(folder, "outcomes", "raffals_2024_admire-2", effect="53", ci_low="47", ci_high="59", reported=said)
    run(folder, "accept", "fistula_second_trial", "--by", "A. Reader")
    unreleased(folder, "The second.")
    signed_by_all(folder, NEW)
    commit(folder)
    run(folder, "release", "data")
    (folder / KEPT / OLD).mkdir(parents=True)
    run(folder, "build")
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
    assert "holds → does not hold" in part(page, "verdicts")
    assert "events_arm1: 138 → 281" in part(page, "changed-outcomes")
    assert page.find("a", href="../studies/new_2026_trial.html")
    assert not page.select("article img[src=x], article script:not([type])")
    assert page.find("a", href="index.html")


@pytest.mark.slow
def test_every_pair_has_its_page_in_the_list_the_search_and_the_map(site: Path, story: Path) -> None:
    made = {path.stem for path in (site / "v").glob("*-*.html")}
    numbers = list(Project(story).versions)
    assert made == {f"{old}-{new}" for old, new in pairs(numbers)}
    chapter = read(site / "book" / "page.html")
    assert f"What changed from {OLD} to {NEW}" in chapter.find(id="newest-changes").get_text()
    assert chapter.find(class_="review-state").find("a", string="All versions")["href"] == "../v/index.html"
    index = read(site / "v" / "index.html")
    assert made <= {Path(link["href"]).stem for link in index.select("td a")}
    assert f"From version {OLD} to {NEW}" in (site / "searchindex.js").read_text(encoding="utf-8")
    assert f"/v/{OLD}-{NEW}.html" in (site / "sitemap.xml").read_text(encoding="utf-8")
    assert index.find(id=f"version-{OLD}").find("a", string="open")["href"] == f"{OLD}/index.html"
    assert "not kept here" in index.find(id=f"version-{NEW}").get_text()
    assert (site / "v" / f"{OLD}.json").read_bytes() == (story / "releases" / f"{OLD}.json").read_bytes()


@pytest.mark.slow
def test_the_feed_is_valid_and_tells_both(site: Path) -> None:
    content = (site / "feed.xml").read_bytes()
    assert wrong_with(content) == []
    entries = {entry.title: entry for entry in feedparser.parse(content).entries}
    newest = entries[f"Version {NEW}"]
    assert newest.link.endswith(f"v/{OLD}-{NEW}.html")
    assert "&lt; script&gt; __pwned=1 &lt; /script&gt;" in content.decode().replace("&amp;", "&")
    assert "<script" not in newest.content[0].value
    assert "holds → <strong>does not hold</strong>" in newest.content[0].value
    assert "The second." in newest.content[0].value
    assert f"Version {OLD}" in entries


def test_each_version_is_compared_with_the_one_after_it_and_with_the_newest() -> None:
    made = [f"{old}-{new}" for old, new in pairs(["26.0.0", "26.1.0", "26.2.0", "27.0.0"])]
    assert made == ["26.0.0-26.1.0", "26.1.0-26.2.0", "26.0.0-27.0.0", "26.1.0-27.0.0", "26.2.0-27.0.0"]
    assert pairs(["26.0.0"]) == []


# The scripts of the workflows, with a stand-in for GitHub

HTML = "<html>\n<head>\n</head>\n<body><a>Skip</a>\n<header>x</header><main>{}</main></body>\n</html>\n"
GH = '#!/bin/sh\nif [ "$2" = list ]; then cat "$GH/tags"; else for dir; do :; done; cp "$GH"/site-* "$dir"; fi\n'
REVIEW = "#!/bin/sh\necho changes of $2 to $3\n"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with the scripts, a built site of two pages, and its newest version packed as a release."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    shutil.copytree(ROOT / "releases", folder / "releases")
    (folder / "data").mkdir()
    (folder / "data/releases.csv").write_text(
        "version,date,sha256\n26.0.0,2026-01-01,a\n26.1.0,2026-02-01,b\n", "utf-8"
    )
    for name in ("index.html", "book/gone.html", "book/page.html"):
        (folder / "_build/html" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "_build/html" / name).write_text(HTML.format(name), encoding="utf-8")
    for name, text in ((folder / ".venv/bin/review", REVIEW), (tmp_path / "bin/gh", GH)):
        name.parent.mkdir(parents=True)
        name.write_text(text, encoding="utf-8")
        name.chmod(0o755)
    script(folder, "pack-site", "26.1.0", str(tmp_path))
    (tmp_path / "tags").write_text("v26.1.0\n", encoding="utf-8")
    (folder / "_build/html/book/gone.html").unlink()
    (folder / "_build/html/v").mkdir()
    return folder


def script(folder: Path, *words: str) -> tuple[int, str]:
    around = {**os.environ, "PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}", "GH": str(folder.parent)}
    command = [folder / ".ci" / words[0], *words[1:]]
    done = subprocess.run(command, env=around, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_version_is_packed_the_same_each_time_with_what_it_changes(published: Path, tmp_path: Path) -> None:
    assert (tmp_path / "notes.md").read_text(encoding="utf-8") == "changes of 26.0.0 to 26.1.0\n"
    assert (tmp_path / "26.1.0.json").read_bytes() == (ROOT / "releases/26.1.0.json").read_bytes()
    for again in ("one", "two"):
        script(published, "pack-site", "26.1.0", str(tmp_path / again))
    assert (tmp_path / "one/site-26.1.0.tar.gz").read_bytes() == (tmp_path / "two/site-26.1.0.tar.gz").read_bytes()
    code, output = script(published, "pack-site", "26.0.0", str(tmp_path))
    assert (code, "26.0.0 is not the newest version" in output) == (1, True)


def test_the_site_of_a_past_version_is_unpacked_and_says_which_it_is(published: Path) -> None:
    code, output = script(published, "kept-sites", "fetch")
    assert code == 0, output
    assert "26.0.0: has no release on GitHub" in output
    for _ in range(2):  # twice is as once
        code, output = script(published, "kept-sites", "publish")
        assert code == 0, output
    for name, link, words in (
        ("index.html", "../../index.html", "The same page as it is now"),
        ("book/page.html", "../../../book/page.html", "The same page as it is now"),
        ("book/gone.html", "../../../index.html", "The front page as it is now"),
    ):
        text = (published / "_build/html/v/26.1.0" / name).read_text(encoding="utf-8")
        banner = BeautifulSoup(text, "html.parser").find("aside", attrs={"aria-label": "Version"})
        says = "This is version 26.1.0 of 2026-02-01, kept as it was. It is the newest version."
        assert banner.get_text() == f"{says} {words}"
        assert banner.a["href"] == link
        assert text.count("<aside") == text.count('name="robots" content="noindex"') == 1
        assert re.sub(r"<aside.*</aside>\n|<meta.*>\n", "", text) == HTML.format(name)


def test_an_archive_that_is_another_or_reaches_elsewhere_is_not_unpacked(published: Path, tmp_path: Path) -> None:
    archive, sums = tmp_path / "site-26.1.0.tar.gz", tmp_path / "site-26.1.0.sha256"

    def refused(says: str) -> None:
        code, output = script(published, "kept-sites", "fetch")
        assert code
        assert says in output
        assert not list((published / "_build/kept").rglob("*"))

    fine = archive.read_bytes()
    archive.write_bytes(fine + b"x")
    refused("site-26.1.0.tar.gz: FAILED")
    (tmp_path / "evil").symlink_to("/etc/passwd")
    (tmp_path / "evil.html").write_text("evil", encoding="utf-8")
    for words in (
        ["evil.html"],
        ["--transform", "s,^,26.1.0/,", "evil"],
        ["--transform", "s,^,26.1.0/../../,", "evil.html"],
    ):
        subprocess.run(["tar", "-czPf", archive, "-C", tmp_path, *words], check=True)
        summed = subprocess.run(["sha256sum", archive.name], cwd=tmp_path, check=True, capture_output=True).stdout
        sums.write_bytes(summed)
        refused("holds more than plain files in 26.1.0/")
    sums.unlink()
    refused("No such file")
