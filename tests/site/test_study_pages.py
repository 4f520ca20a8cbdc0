"""The page of each study and each trial, and the cards beside citations."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import bibtexparser
import lxml.html
import pytest
from playwright.sync_api import Browser, Page
from pybtex.database import parse_string

from review_tools.data.project import Project
from review_tools.site.bibliography import Listed
from review_tools.synthesis import comparisons

pytestmark = [pytest.mark.site, pytest.mark.browser]
Pages = dict[str, lxml.html.HtmlElement]
CHAPTER = "book/mechanisms/contact.html"
CITATION = 'p a[href*="#ref-"]'


@pytest.fixture(scope="module")
def study(pages: Pages) -> Callable[[str], lxml.html.HtmlElement]:
    return lambda name: pages[f"studies/{name}.html"]


def test_the_headings_of_a_page_are_its_contents(study: Callable[[str], lxml.html.HtmlElement]) -> None:
    page = study("deng_2017_randomised")
    heads = [head.text for head in page.xpath("//article//h2")]
    assert heads[0] == "What it found"
    assert heads[-3:] == ["Where it is cited", "Cite it", "Suggest a correction"]
    assert [link.text_content().strip() for link in page.xpath("(//nav[contains(@class, 'page-toc')])[1]//a")] == heads


def test_a_retracted_work_is_struck_through_and_says_so(
    study: Callable[[str], lxml.html.HtmlElement], project: Project
) -> None:
    studies = project.table("studies").set_index("study_id")["status"]
    assert "retracted" in set(studies)
    for name, status in studies.items():
        retracted, page = status == "retracted", study(str(name))
        assert bool(page.xpath("//article//h1/s")) == retracted
        assert ("Retracted" in page.xpath("//p[@class='admonition-title']/text()")) == retracted


def test_rows_of_a_study_stand_on_its_page_with_the_reason_they_are_not_pooled(
    study: Callable[[str], lxml.html.HtmlElement], project: Project
) -> None:
    for table, key, prefix in [("findings", "finding_id", "finding"), ("outcomes", "outcome_id", "outcome")]:
        for name, rows in project.table(table).dropna(subset=["study_id"]).groupby("study_id"):
            assert {f"{prefix}-{row}" for row in rows[key]} <= set(study(str(name)).xpath("//tr/@id")), name
    reasons = 0
    for comparison in project.table("comparisons")["comparison_id"]:
        for _, row in comparisons.answer(project, comparison).rows.iterrows():
            reasons += bool(row["reason"])
            says = f"no: {row['reason']}" if row["reason"] else "yes"
            assert says in study(row["study_id"]).xpath("//section[@id='comparisons']//span/text()")
    assert reasons


def test_chapters_and_sections_that_cite_a_work_are_named(study: Callable[[str], lxml.html.HtmlElement]) -> None:
    (cited,) = study("hackel_2023_immunological").xpath("//section[@id='cited']")
    assert "The 2024 review cites it as number" in cited.text_content()
    assert any(address.startswith("../book/mechanisms/contact.html#") for address in cited.xpath(".//a/@href"))


def test_the_name_of_a_group_loses_its_braces() -> None:
    text = "@article{x, author = {Invented, Ida and {Pretend and Sons Group}}, title = {T}}"
    entry = parse_string(text, "bibtex").entries["x"]
    assert str(Listed().format_entry("", entry).text).startswith("Invented, Ida; Pretend and Sons Group (n.d.)")


def test_a_reference_names_ten_authors_and_no_more() -> None:
    for number, end in ((10, "Author10, A."), (200, "Author10, A. et al.")):
        people = " and ".join(f"Author{n}, A." for n in range(1, number + 1))
        entry = parse_string(f"@article{{x, author = {{{people}}}, title = {{{'Long ' * 60}}}}}", "bibtex").entries["x"]
        assert f"{end} (n.d.)" in str(Listed().format_entry("", entry).text)


def test_a_page_leads_to_its_disease_and_is_found_in_the_contents(pages: Pages, project: Project) -> None:
    homes = project.table("disease_pages").set_index("disease")["page"]
    trials = project.table("trials").set_index("trial_id")["disease"].map(homes)
    for name, home in trials.items():
        page = pages[f"trials/{name}.html"]
        trail = page.xpath("//nav[@aria-label='Breadcrumb']//a/@href")
        assert trail == ["../book/index.html", "../book/diseases/index.html", f"../book/{home}.html"]
        current = page.xpath("//nav[contains(@class, 'bd-links')]//li[contains(@class, 'current')]/a/@href")
        assert current[-1] == f"../book/{home}.html"
    for name, page in pages.items():
        if name.startswith("studies/"):
            assert len(page.xpath("//nav[@aria-label='Breadcrumb']//a")) >= 2, name
            assert len(page.xpath("//nav[contains(@class, 'bd-links')]//a[@aria-current]")) == 1, name


def test_given_cells_are_shown(pages: Pages, project: Project) -> None:
    for _, row in project.table("trials").dropna(subset=["cell_source"]).iterrows():
        (cells,) = pages[f"trials/{row['trial_id']}.html"].xpath("//dt[text()='Cells']/following-sibling::dd[1]")
        assert cells.text_content() == row["cell_source"]


def test_where_facts_came_from_is_not_called_a_reading(pages: Pages) -> None:
    """A record of a BibTeX file is a source of facts; nobody reads a work in it."""
    for name, page in pages.items():
        if name.startswith("studies/"):
            labels = page.xpath("//article//dt/text()")
            assert "Source of these facts" in labels, name
            assert not [label for label in labels if "where" in label.casefold()], name


def test_bibtex_to_copy_reads_back_as_the_same_work(
    study: Callable[[str], lxml.html.HtmlElement], project: Project
) -> None:
    for key, work in project.works.items():
        text, bibtex = study(key).xpath("//div[contains(@class, 'record-copy')]/pre/text()")
        library = bibtexparser.parse_string(bibtex)
        assert [entry.key for entry in library.entries] == [key]
        assert {field.key.lower() for field in library.entries[0].fields} == set(work.fields)
        assert work["title"].strip("[]").split()[0] in text
        assert "of the 2024 review" not in text


def test_a_suggestion_names_its_page(pages: Pages) -> None:
    for name, page in pages.items():
        if name.startswith(("studies/", "trials/")):
            (address,) = page.xpath("//a[@class='record-suggest']/@href")
            assert address.startswith("https://github.com/")
            assert " " not in address
            asked = parse_qs(urlsplit(address).query)
            assert name.removesuffix(".html") in asked["body"][0]
            assert asked["title"][0].startswith("Correction: ")


def test_differences_of_review_and_registry_are_marked(pages: Pages, project: Project) -> None:
    both = project.table("trials").dropna(subset=["reviewed_status", "registered_status"])
    both = both[both["registered_status"] != "not shown"]
    assert len(both) > 3
    for _, row in both.iterrows():
        (line,) = pages[f"trials/{row['trial_id']}.html"].xpath("//section[@id='sides']//tr[th/div/text()='Status']")
        assert ("differ" in line.text_content()) == (row["reviewed_status"] != row["registered_status"])


# Cards


def test_masking_stands_in_the_words_of_its_vocabulary(pages: Pages) -> None:
    """“Double” beside a note that says “quadruple” would contradict it; the term means two parties or more."""
    page = pages["trials/NCT03917797.html"]
    facts = dict(zip(page.xpath("//dl/dt"), page.xpath("//dl/dd"), strict=True))
    [masking] = [words.text_content() for name, words in facts.items() if name.text_content() == "Masking"]
    assert masking == "Double or more"
    assert "Masking is quadruple" in page.text_content()


@pytest.fixture
def chapter(tab: Page, site: Path) -> Page:
    """A chapter with citations, opened from the folder, without a server."""
    tab.on("pageerror", lambda error: pytest.fail(str(error)))
    tab.goto((site / CHAPTER).as_uri())
    tab.locator("a.has-card").first.wait_for()
    return tab


def test_pointing_at_a_citation_shows_its_card_until_the_pointer_leaves(chapter: Page, project: Project) -> None:
    card, link = chapter.locator(".cite-card"), chapter.locator(CITATION).first
    link.hover()
    card.wait_for(state="visible")
    anchor = str(link.get_attribute("href")).partition("#")[2]
    work = next(work for work in project.works.values() if work.anchor == anchor)
    assert work.label in card.inner_text()
    assert work["title"] in card.inner_text()
    assert link.get_attribute("aria-describedby") == "cite-card-text"
    card.hover()  # the pointer may move into the card
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


def test_the_card_of_a_retracted_work_is_struck_through(tab: Page, site: Path) -> None:
    tab.goto((site / "book" / "discussion.html").as_uri())
    card, link = tab.locator(".cite-card"), tab.locator("a.has-card:has(s)").first
    link.hover()
    card.wait_for(state="visible")
    assert card.locator(".cite-card-label > s, .cite-card-title > s").count() == 2
    assert card.locator(".cite-card-status").inner_text().strip() == "Retracted"
    assert link.inner_text().endswith("[retracted]")


def test_cards_fit_a_phone(phone: Page, site: Path) -> None:
    phone.goto((site / CHAPTER).as_uri())
    card = phone.locator(".cite-card")
    for link in phone.locator(CITATION).all()[:6]:
        link.hover()
        card.wait_for(state="visible")
        box = card.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        phone.keyboard.press("Escape")
        phone.mouse.move(1, 1)


def test_a_reader_finds_a_study_and_a_trial_by_search(tab: Page, address: str) -> None:
    for words, page in [("Prochymal new type 1 diabetes", "trials/NCT00690066"), ("Kawada-Horitani", "studies/kawada")]:
        tab.goto(f"{address}/search.html?q={words}")
        tab.locator(f'#search-results a[href*="{page}"]').first.wait_for()


@pytest.mark.parametrize(
    ("page", "block", "starts"),
    [
        ("studies/deng_2017_randomised", ".record-copy", "@article{deng_2017_randomised"),
        ("book/index", ".cite .highlight", "@"),
    ],
)
def test_a_citation_can_be_copied(browser: Browser, address: str, page: str, block: str, starts: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{address}/{page}.html")
    tab.locator(".cite summary, #cite summary").first.click()
    text = tab.locator(block).nth(1)
    text.hover()
    text.locator("button.copybtn").click()
    tab.wait_for_function("navigator.clipboard.readText().then(text => text !== '')")
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(starts)
    assert copied.strip() == re.sub(r"\n+Copy$", "", text.locator("pre").inner_text()).strip()
    context.close()
