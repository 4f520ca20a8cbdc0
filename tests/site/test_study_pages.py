"""The page of each study and each trial, the cards beside citations, and explained abbreviations."""

import html
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import bibtexparser
import pytest
from playwright.sync_api import Browser, Page
from pybtex.database import parse_string

import review_tools as rt
from review_tools.site.bibliography import Listed
from review_tools.synthesis import comparisons

pytestmark = [pytest.mark.site, pytest.mark.browser]
CHAPTER = "book/mechanisms/contact.html"
CITATION = 'p a[href*="#ref-"]'
BLOCK = re.compile(r'<div class="highlight record-copy"><pre>(.*?)</pre>', re.DOTALL)


def made(site: Path) -> list[Path]:
    return sorted([*(site / "studies").glob("*.html"), *(site / "trials").glob("*.html")])


def study(site: Path, name: str) -> str:
    return (site / "studies" / f"{name}.html").read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    return set(re.findall(r'\bid="([^"]+)"', path.read_text(encoding="utf-8")))


def test_every_study_and_trial_has_a_page(site: Path) -> None:
    names = [f"studies/{name}" for name in rt.load("studies")["study_id"]]
    names += [f"trials/{name}" for name in rt.load("trials")["trial_id"]]
    assert {path.relative_to(site).with_suffix("").as_posix() for path in made(site)} == set(names)


def test_every_link_of_these_pages_lands(site: Path) -> None:
    known: dict[Path, set[str]] = {}
    broken = []
    for path in made(site):
        for address in map(html.unescape, re.findall(r'<a\b[^>]*?href="([^"]*)"', path.read_text(encoding="utf-8"))):
            parts = urlsplit(address)
            if parts.scheme in ("https", "http") or address == "#":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                broken.append(f"{path.name}: {address}")
            elif parts.fragment and parts.fragment not in known.setdefault(target, anchors(target)):
                broken.append(f"{path.name}: {address} (no such anchor)")
    assert not broken, broken[:10]


def test_tables_lead_to_these_pages(site: Path) -> None:
    held = (site / "book" / "trials.html").read_text(encoding="utf-8")
    for trial in rt.load("trials")["trial_id"]:
        assert f'href="../trials/{trial}.html"' in held
    assert 'href="../studies/' in (site / "book" / "references.html").read_text(encoding="utf-8")


def test_a_retracted_work_is_struck_through_and_says_so(site: Path) -> None:
    studies = rt.load("studies").set_index("study_id")["status"]
    assert "retracted" in set(studies)
    for name, status in studies.items():
        held = study(site, str(name))
        assert ("<h1><s>" in held) == (status == "retracted")
        assert ('<p class="admonition-title">Retracted</p>' in held) == (status == "retracted")


def test_rows_of_a_study_stand_on_its_page_with_the_reason_they_are_not_pooled(site: Path) -> None:
    for table, key, prefix in [("findings", "finding_id", "finding"), ("outcomes", "outcome_id", "outcome")]:
        for name, rows in rt.load(table).dropna(subset=["study_id"]).groupby("study_id"):
            held = study(site, str(name))
            assert all(f'id="{prefix}-{row}"' in held for row in rows[key]), name
    reasons = 0
    for comparison in rt.load("comparisons")["comparison_id"]:
        for _, row in comparisons.answer(comparison).rows.iterrows():
            reasons += bool(row["reason"])
            says = f"no: {row['reason']}" if row["reason"] else ">yes</span>"
            assert html.escape(says, quote=False) in html.unescape(study(site, row["study_id"])) or says in study(
                site, row["study_id"]
            )
    assert reasons


def test_chapters_and_sections_that_cite_a_work_are_named(site: Path) -> None:
    held = study(site, "hackel_2023_immunological")
    cited = held[held.index('<section id="cited">') : held.index('<section id="cite">')]
    assert "The seed review cites it as number" in cited
    assert "book/mechanisms/contact.html#" in cited


def test_the_name_of_a_group_loses_its_braces() -> None:
    text = "@article{x, author = {Invented, Ida and {Pretend and Sons Group}}, title = {T}}"
    entry = parse_string(text, "bibtex").entries["x"]
    assert str(Listed().format_entry("", entry).text).startswith("Invented, Ida; Pretend and Sons Group (n.d.)")


def test_bibtex_to_copy_reads_back_as_the_same_work(site: Path) -> None:
    for key, work in rt.bibliography().items():
        text, bibtex = (html.unescape(found) for found in BLOCK.findall(study(site, key)))
        library = bibtexparser.parse_string(bibtex)
        assert [entry.key for entry in library.entries] == [key]
        assert {field.key.lower() for field in library.entries[0].fields} == set(work.fields)
        assert work["title"].strip("[]").split()[0] in text
        assert "of the seed review" not in text


def test_a_suggestion_names_its_page(site: Path) -> None:
    for path in made(site):
        address = html.unescape(re.search(r'record-suggest" href="([^"]+)"', path.read_text(encoding="utf-8"))[1])
        assert address.startswith("https://github.com/")
        assert " " not in address
        asked = parse_qs(urlsplit(address).query)
        assert path.relative_to(site).with_suffix("").as_posix() in asked["body"][0]
        assert asked["title"][0].startswith("Correction: ")


def test_differences_of_review_and_registry_are_marked(site: Path) -> None:
    trials = rt.load("trials")
    both = trials.dropna(subset=["reviewed_status", "registered_status"])
    both = both[both["registered_status"] != "not shown"]
    assert len(both) > 3
    for _, row in both.iterrows():
        held = (site / "trials" / f"{row['trial_id']}.html").read_text(encoding="utf-8")
        line = re.search(r"<tr>(?:(?!</tr>).)*<div>Status</div>.*?</tr>", held, re.DOTALL)[0]
        assert (">differ<" in line) == (row["reviewed_status"] != row["registered_status"]), row["trial_id"]


def test_an_abbreviation_is_explained_once_on_a_page(site: Path) -> None:
    found = 0
    for path in (site / "book").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        terms = re.findall(r'<abbr class="term" title="([^"]+)">([^<]+)</abbr>', text)
        found += len(terms)
        assert max(Counter(term for _, term in terms).values(), default=0) <= 1, path.name
        assert not re.search(r"<(a|code|h[1-6])\b[^>]*>(?:(?!</\1>).)*<abbr class=\"term\"", text, re.DOTALL), path.name
    assert found > 50


@pytest.fixture
def chapter(tab: Page, site: Path) -> Page:
    """A chapter with citations, opened from the folder, without a server."""
    tab.on("pageerror", lambda error: pytest.fail(str(error)))
    tab.goto((site / CHAPTER).as_uri())
    tab.locator("a.has-card").first.wait_for()
    return tab


def test_pointing_at_a_citation_shows_its_card_until_the_pointer_leaves(chapter: Page) -> None:
    card, link = chapter.locator(".cite-card"), chapter.locator(CITATION).first
    link.hover()
    card.wait_for(state="visible")
    key = link.get_attribute("href").split("#ref-")[1]
    work = next(work for work in rt.bibliography().values() if work.anchor == f"ref-{key}")
    assert work.label in card.inner_text()
    assert work["title"] in card.inner_text()
    assert link.get_attribute("aria-describedby") == "cite-card-text"
    card.hover()  # the pointer may move into the card
    chapter.wait_for_timeout(600)
    assert card.is_visible()
    chapter.mouse.move(2, 2)
    card.wait_for(state="hidden")
    assert link.get_attribute("aria-describedby") is None


def test_the_keyboard_opens_a_card_enters_it_and_escape_closes_it(chapter: Page) -> None:
    card, link = chapter.locator(".cite-card"), chapter.locator(CITATION).nth(1)
    chapter.keyboard.press("Tab")
    link.focus()
    card.wait_for(state="visible")
    chapter.keyboard.press("Tab")
    assert chapter.evaluate("document.activeElement.className") == "cite-card-more"
    target = chapter.evaluate("document.activeElement.href")
    assert Path(unquote(urlsplit(target).path)).is_file()
    chapter.keyboard.press("Escape")
    assert not card.is_visible()
    assert link.evaluate("link => link === document.activeElement")


def test_an_unidentified_number_has_a_card_too(chapter: Page) -> None:
    link = chapter.locator("a.seed-unidentified").first
    link.hover()
    chapter.locator(".cite-card").wait_for(state="visible")
    assert "Not yet identified" in chapter.locator(".cite-card").inner_text()
    assert link.get_attribute("title") is None  # or the browser would show a second one


def test_every_citation_of_every_chapter_has_a_card(tab: Page, site: Path) -> None:
    for path in sorted((site / "book").rglob("*.html")):
        if path.name == "references.html":
            continue
        tab.goto(path.as_uri())
        without = tab.locator(f"{CITATION}:not(.has-card), a.seed-unidentified:not(.has-card)")
        assert without.count() == 0, path.name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_these_pages_and_cards_fit_a_phone(browser: Browser, site: Path, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    names = ["studies/deng_2017_randomised", "studies/chen_2020_overexpression", "trials/NCT00690066"]
    for name in names:
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    page.goto((site / CHAPTER).as_uri())
    for link in page.locator(CITATION).all()[:6]:
        link.hover()
        page.locator(".cite-card").wait_for(state="visible")
        box = page.locator(".cite-card").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        page.keyboard.press("Escape")
        page.mouse.move(1, 1)
    context.close()


def test_a_reader_finds_a_study_and_a_trial_by_search(tab: Page, address: str) -> None:
    for words, page in [("Prochymal new type 1 diabetes", "trials/NCT00690066"), ("Kawada-Horitani", "studies/kawada")]:
        tab.goto(f"{address}/search.html?q={words}")
        tab.locator(f'#search-results a[href*="{page}"]').first.wait_for()


def test_the_reference_can_be_copied(tab: Page, address: str) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    tab.goto(f"{address}/studies/deng_2017_randomised.html")
    block = tab.locator(".record-copy").nth(1)
    block.hover()
    block.locator("button.copybtn").click()
    tab.wait_for_function(
        "navigator.clipboard.readText().then(text => text.startsWith('@article{deng_2017_randomised'))"
    )


@pytest.mark.slow
def test_hostile_words_stay_words(copy: Path, set_cell: Callable[[str, str, str, str], None], tab: Page) -> None:
    """Planted in a copy: nothing of it becomes an element, on the pages, in the cards, in the search."""
    from review_tools.site.build import build

    evil = '"><img src=x onerror=window.hit=1></script><script>window.hit=1</script>{{7*7}}'
    set_cell("studies", "hackel_2023_immunological", "summary", evil)
    set_cell("trials", "NCT00690066", "label", evil)
    works = (copy / "references.bib").read_text(encoding="utf-8")
    start = works.index("title", works.index("{hackel_2023_immunological,"))
    end = works.index("\n", start)
    (copy / "references.bib").write_text(f"{works[:start]}title = {{{evil.replace('{{7*7}}', '')}}},{works[end:]}")
    for path in [path for path in (copy / "book").rglob("*.md") if path.name != "references.md"]:
        path.unlink()
    (copy / "_toc.yml").write_text(
        "format: jb-book\nroot: book/references\nchapters:\n  - file: book/page\n", encoding="utf-8"
    )
    kept = (copy / "book" / "references.md").read_text(encoding="utf-8")
    (copy / "book" / "references.md").write_text(kept.replace("[Identifying one](contribute.md)", "This"))
    cited = ",".join(rt.bibliography(copy))
    (copy / "book" / "page.md").write_text(f"# Page\n\nHe {{cite:p}}`hackel_2023_immunological`. {{cite:p}}`{cited}`\n")
    shutil.rmtree(copy / "_build", ignore_errors=True)
    build(copy)
    site = copy / "_build" / "html"
    for name in ["studies/hackel_2023_immunological", "trials/NCT00690066", "search"]:
        tab.goto((site / f"{name}.html").as_uri() + ("?q=hackel+onerror" if name == "search" else ""))
        tab.wait_for_timeout(500)
        assert tab.evaluate("window.hit") is None, name
        assert tab.locator("img[onerror]").count() == 0, name
        assert name == "search" or "onerror=window.hit=1" in tab.locator("main").inner_text(), name
    tab.goto((site / "book" / "page.html").as_uri())
    tab.locator("p a[href*='#ref-hackel']").first.hover()
    tab.locator(".cite-card").wait_for(state="visible")
    assert "{{7*7}}" in tab.locator(".cite-card").inner_text()
    assert tab.locator(".cite-card img, .cite-card script").count() == 0
    assert tab.evaluate("window.hit") is None


def test_the_card_of_a_retracted_work_is_struck_through(tab: Page, site: Path) -> None:
    tab.goto((site / "book" / "discussion.html").as_uri())
    card, link = tab.locator(".cite-card"), tab.locator("a.has-card:has(s)").first
    link.hover()
    card.wait_for(state="visible")
    assert card.locator(".cite-card-label > s, .cite-card-title > s").count() == 2
    assert card.locator(".cite-card-status").inner_text().strip() == "Retracted"
    assert link.inner_text().endswith("[retracted]")
