"""What search engines, feed readers, reference managers and lost readers find on the built site."""

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from markupsafe import escape
from playwright.sync_api import Browser, Page, sync_playwright

import review_tools as rt
from review_tools.data import schema
from review_tools.data.bibliography import Reference
from review_tools.data.citation import citation, site_address
from review_tools.site import feed, linked_data, metadata
from review_tools.site.charts import script_json
from review_tools.site.feed import Release, releases

onsite = pytest.mark.site
ATOM = f"{{{feed.ATOM}}}"
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{ 7*7 }} & \u202e\x07]]>"


# What the parts make, without a site


def test_the_first_paragraph_is_plain_and_short() -> None:
    body = (
        '<p class="admonition-title">Note</p>\n<p>A <em>first</em>\n paragraph &lt;b&gt; &amp; more.</p><p>Second</p>'
    )
    assert metadata.first_paragraph(body) == "A first paragraph <b> & more."
    assert metadata.first_paragraph("<h1>No text</h1>") == ""


@pytest.mark.parametrize("text", ["word " * 60, "x" * 400, "short", "", "a" * 160, "b" * 161])
def test_descriptions_are_cut_at_a_word(text: str) -> None:
    cut = metadata.shorten(text.strip())
    assert len(cut) <= 160
    assert cut == text.strip() or (cut.endswith("…") and len(cut) > 80)
    assert not cut.endswith(" …")


def test_a_hostile_title_stays_text_in_the_linked_data() -> None:
    work = Reference("k", 1, {"title": HOSTILE, "author": HOSTILE, "url": "javascript:alert(1)", "doi": ""})
    text = script_json(linked_data.study(work, "https://example.org/studies/k.html", "retracted"))
    assert not set("<>&") & set(text)
    held = json.loads(text)
    assert held["headline"] == HOSTILE
    assert held["creativeWorkStatus"] == "Retracted"
    assert "javascript" not in json.dumps({name: held.get(name) for name in ("@id", "url", "sameAs")})


def test_a_hostile_page_stays_text_in_the_head(copy: Path, set_cell: Callable[[str, str, str, str], None]) -> None:
    """Title, summary and works full of markup: the head holds the same tags as any other page."""
    set_cell("studies", "hackel_2023_immunological", "summary", HOSTILE)
    works = copy / "references.bib"
    text = works.read_text(encoding="utf-8")
    hostile = re.sub(r"[{}@\x07\u202e]", "", HOSTILE)
    at = text.index("title = {", text.index("@article{hackel_2023_immunological")) + len("title = {")
    works.write_text(text[:at] + hostile + text[at:], encoding="utf-8")
    app: Any = SimpleNamespace(srcdir=copy, config=SimpleNamespace(root_doc="book/index", html_title='A <b> & "c"'))
    context = {"title": HOSTILE, "body": f"<p>{escape(HOSTILE)}</p>", "pathto": lambda name, _: f"../{name}"}
    for name in ("studies/hackel_2023_immunological", "book/other"):
        page = dict(context)
        metadata.describe(app, name, "page.html", page, None)
        made = BeautifulSoup(str(page["metatags"]), "html.parser")
        assert {tag.name for tag in made.find_all()} <= {"meta", "link", "script"}
        assert all(tag["type"] == "application/ld+json" for tag in made.find_all("script"))
        assert all(set(tag.attrs) <= {"name", "property", "content"} for tag in made.find_all("meta"))
        assert "<img" in made.find("meta", attrs={"name": "description"})["content"]
    metadata.describe(app, "studies/hackel_2023_immunological", "page.html", page := dict(context), None)
    (thing,) = BeautifulSoup(str(page["metatags"]), "html.parser").find_all("script")
    assert "</script>" in json.loads(thing.string)["headline"]


def test_a_hostile_changelog_stays_text_in_the_feed(root: Path) -> None:
    text = f"- {HOSTILE}\n- [go](javascript:alert(1))\n- <b onclick=alert(1)>bold</b>\n"
    made = feed.atom(citation(root), [Release("1.0.0", "2026-01-02", text)])
    content = ElementTree.fromstring(made).find(f"{ATOM}entry/{ATOM}content").text  # noqa: S314 (our own)
    inside = BeautifulSoup(content, "html.parser")
    assert {tag.name for tag in inside.find_all()} <= {"ul", "li", "p"}
    assert "<img" in inside.get_text()


def test_feed_ids_rest_on_the_version_alone(root: Path) -> None:
    cite = citation(root)
    old, new = Release("1.0.0", "2026-01-02", "- a"), Release("1.1.0", "2026-02-02", "- b")
    first, second = (ElementTree.fromstring(feed.atom(cite, group)) for group in ([old], [new, old]))  # noqa: S314
    assert first.findtext(f"{ATOM}entry/{ATOM}id") == second.findall(f"{ATOM}entry/{ATOM}id")[1].text
    assert first.findtext(f"{ATOM}id") == second.findtext(f"{ATOM}id")
    assert second.findtext(f"{ATOM}updated") == "2026-02-02T00:00:00Z"


def test_unreleased_changes_stay_out_of_the_feed(tmp_path: Path) -> None:
    text = "# Changelog\n\n## [Unreleased]\n\n- x\n\n## [1.1.0] - 2026-02-02\n\n- b\n\n## [1.0.0] - 2026-01-02\n\n- a\n"
    (tmp_path / "CHANGELOG.md").write_text(text, encoding="utf-8")
    assert releases(tmp_path) == [Release("1.1.0", "2026-02-02", "- b"), Release("1.0.0", "2026-01-02", "- a")]


# The built site


@pytest.fixture(scope="module")
def base(root: Path) -> str:
    return site_address(root)


@lru_cache(maxsize=512)
def head(path: Path) -> BeautifulSoup:
    """The head alone: pages are large."""
    return BeautifulSoup(path.read_text(encoding="utf-8").split("</head>")[0], "html.parser")


def pages(site: Path) -> list[Path]:
    return sorted(path for folder in ("book", "studies", "trials", "v") for path in (site / folder).rglob("*.html"))


def content(path: Path, name: str) -> list[str]:
    return [tag["content"] for tag in head(path).find_all("meta", attrs={"name": name})] + [
        tag["content"] for tag in head(path).find_all("meta", attrs={"property": name})
    ]


def things(path: Path) -> list[dict[str, Any]]:
    return [json.loads(tag.string) for tag in head(path).find_all("script", type="application/ld+json")]


@onsite
def test_each_page_has_one_title_description_address_and_preview(site: Path, base: str) -> None:
    assert len(pages(site)) > 30
    titles, wrong = {}, []
    for path in pages(site):
        name, top = path.relative_to(site).as_posix(), head(path)
        titles.setdefault(top.title.get_text(), []).append(name)
        description = content(path, "description")
        canonical = [tag["href"] for tag in top.find_all("link", rel="canonical")]
        fine = (
            len(description) == 1
            and 30 <= len(description[0]) <= 160
            and canonical == [base + name]
            and content(path, "og:url") == [base + name]
            and content(path, "og:title")
            and content(path, "og:description") == description
            and content(path, "og:type")
            and content(path, "twitter:card") == ["summary_large_image"]
            and top.html["lang"] == "en"
        )
        if not fine:
            wrong.append((name, description, canonical))
    assert not wrong, wrong[:5]
    assert "</script" not in json.dumps(list(titles))


@onsite
def test_what_the_head_names_is_there(site: Path, base: str) -> None:
    for path in pages(site)[:5]:
        for link in head(path).find_all("link", rel=["icon", "alternate"]):
            assert (path.parent / urlsplit(link["href"]).path).is_file(), link
        (picture,) = content(path, "og:image")
        data = (site / picture.removeprefix(base)).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (1200, 630)


@onsite
def test_the_front_page_is_a_work_that_scholars_can_cite(site: Path, root: Path) -> None:
    front, cite = site / "book" / "index.html", citation(root)
    assert content(front, "citation_title") == [cite.title]
    assert content(front, "citation_author") == list(cite.authors)
    assert re.fullmatch(r"\d{4}/\d\d/\d\d", content(front, "citation_publication_date")[0])
    (review,) = things(front)
    assert review["@type"] == "ScholarlyArticle"
    assert review["version"] == cite.version
    assert review["isBasedOn"][0]["@id"] == "https://doi.org/10.3389/fimmu.2024.1525380"
    others = [path for path in pages(site) if path != front and content(path, "citation_title")]
    assert not others  # a page about a study is not the study


@onsite
def test_the_data_are_described_for_machines(site: Path, root: Path, base: str) -> None:
    (data,) = things(site / "book" / "methods.html")
    assert data["@type"] == "Dataset"
    assert data["license"].startswith("https://creativecommons.org/licenses/by/4.0")
    assert 50 <= len(data["description"]) <= 5000
    offered = {entry["contentUrl"] for entry in data["distribution"]}
    assert {base + path.relative_to(site).as_posix() for path in (site / "data").iterdir()} == offered
    columns = {f"{table.name}.{field.name}" for table in schema.tables(root).values() for field in table.fields}
    assert {entry["propertyID"] for entry in data["variableMeasured"]} == columns


@onsite
def test_each_study_page_names_its_work(site: Path) -> None:
    found = sorted((site / "studies").glob("*.html"))
    assert len(found) == len(rt.load("studies"))
    for path in found:
        (thing,) = things(path)
        work = rt.bibliography()[path.stem]
        assert thing["@type"] == "ScholarlyArticle"
        assert thing["headline"] == work["title"].strip("[]")
        if work["doi"]:
            assert thing["@id"] == f"https://doi.org/{work['doi']}"
    retracted = rt.load("studies").query("status == 'retracted'")["study_id"]
    for name in retracted:
        (thing,) = things(site / "studies" / f"{name}.html")
        assert thing["creativeWorkStatus"] == "Retracted"
        assert content(site / "studies" / f"{name}.html", "description")[0].startswith("Retracted")


@onsite
def test_the_sitemap_names_every_page_and_no_other(site: Path, base: str) -> None:
    tree = ElementTree.parse(site / "sitemap.xml")  # noqa: S314 (our own)
    named = [loc.text for loc in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert sorted(named) == [base + path.relative_to(site).as_posix() for path in pages(site)]
    robots = (site / "robots.txt").read_text(encoding="utf-8")
    assert f"Sitemap: {base}sitemap.xml" in robots
    assert "Disallow: /" not in robots


@onsite
def test_the_feed_has_what_rfc_4287_asks_for(site: Path, root: Path, base: str) -> None:
    tree = ElementTree.parse(site / "feed.xml").getroot()  # noqa: S314 (our own)
    assert tree.tag == f"{ATOM}feed"
    assert len(tree.findall(f"{ATOM}author")) >= 1
    entries = tree.findall(f"{ATOM}entry")
    assert len(entries) == len(releases(root))
    ids = []
    for part in (tree, *entries):
        for name in ("id", "title", "updated"):
            assert len(part.findall(ATOM + name)) == 1
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", part.findtext(f"{ATOM}updated"))
        ids.append(part.findtext(f"{ATOM}id"))
        assert urlsplit(ids[-1]).scheme == "tag"
    assert len(set(ids)) == len(ids)
    links = {link.get("rel"): link.get("href") for link in tree.findall(f"{ATOM}link")}
    assert links["self"] == f"{base}feed.xml"
    for entry in entries:
        target = urlsplit(entry.find(f"{ATOM}link").get("href").removeprefix(base))
        page = (site / target.path).read_text(encoding="utf-8")
        assert target.fragment
        assert f'id="{target.fragment}"' in page
        assert entry.find(f"{ATOM}content").get("type") == "html"


@onsite
def test_every_download_is_listed_linked_and_whole(site: Path) -> None:
    page = (site / "book" / "methods.html").read_text(encoding="utf-8")
    there = {path.name for path in (site / "data").iterdir()}
    assert set(re.findall(r'href="\.\./data/([^"]+)"', page)) == there
    assert {f"{name}.csv" for name in schema.tables()} <= there
    with zipfile.ZipFile(site / "data" / "msc-living-review.zip") as file:
        for name in there - {"msc-living-review.zip"}:
            assert file.read(f"msc-living-review/{name}") == (site / "data" / name).read_bytes()


@onsite
def test_the_lost_page_rests_on_nothing_beside_it(site: Path, base: str) -> None:
    lost = BeautifulSoup((site / "404.html").read_text(encoding="utf-8"), "html.parser")
    assert lost.html["lang"] == "en"
    assert not lost.find_all(["script", "img", "iframe"])
    targets = [tag["href"] for tag in lost.find_all(["a", "link"])]
    for target in targets:
        assert target.startswith(("data:", base))
        if target.startswith(base):
            assert (site / target.removeprefix(base)).is_file(), target


# In a browser


@pytest.fixture(scope="module")
def browser(browser_path: str | None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


@onsite
@pytest.mark.browser
def test_a_browser_reads_the_whole_head(tab: Page, site: Path) -> None:
    """One wrong tag would end the head early and leave the rest in the body."""
    for name in ("book/index.html", "book/methods.html", next((site / "studies").glob("*.html")).relative_to(site)):
        tab.goto((site / name).as_uri())
        for selector in ("meta[name=description]", "meta[property='og:title']", "link[rel=canonical]", "title"):
            assert tab.locator(f"head {selector}").count() == 1, (name, selector)
        assert tab.locator("body meta, body > title").count() == 0


@onsite
@pytest.mark.browser
def test_a_reader_copies_the_citation(tab: Page, site: Path, root: Path) -> None:
    tab.goto((site / "book" / "index.html").as_uri())
    box = tab.locator(".cite")
    cite = citation(root)
    for place, text in enumerate((cite.text(), cite.bibtex(), cite.ris().replace("\r\n", "\n"))):
        block = box.locator(".highlight").nth(place)
        if place:
            box.locator("summary").nth(place - 1).click()
        block.hover()
        block.locator("button.copybtn").click()
        assert tab.evaluate("navigator.clipboard.readText()").strip() == text.strip()


@onsite
@pytest.mark.browser
def test_a_reader_takes_a_table_along(tab: Page, site: Path) -> None:
    tab.goto((site / "book" / "methods.html").as_uri())
    tab.on("dialog", lambda dialog: pytest.fail(dialog.message))
    link = tab.get_by_role("link", name="msc-living-review.zip")
    with tab.expect_download() as download:
        link.click()
    assert zipfile.is_zipfile(download.value.path())


@onsite
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_lost_page_asks_for_nothing(browser: Browser, site: Path, scheme: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page, asked, said = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    address = (site / "404.html").as_uri()
    page.goto(address)
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert not said
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_role("link").count() >= 4
    context.close()
