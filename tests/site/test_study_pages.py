"""The page of each study and each trial, and the cards beside citations."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import bibtexparser
import lxml.html
import pytest
from playwright.sync_api import Locator, Page
from pybtex.database import parse_string

from review_tools.data.project import Project
from review_tools.site.references import Listed
from review_tools.synthesis import comparisons

pytestmark = [pytest.mark.site, pytest.mark.browser]
Pages = dict[str, lxml.html.HtmlElement]
CITATION = 'p a[href*="#ref-"]'


@pytest.fixture(scope="module")
def studies(pages: Pages) -> Pages:
    return {name[8:-5]: page for name, page in pages.items() if name.startswith("studies/")}


def test_every_page_has_its_parts_and_leads_on(pages: Pages, studies: Pages) -> None:
    for name, page in studies.items():
        assert len(page.xpath("//nav[@aria-label='Breadcrumb']//a")) >= 2, name
        assert len(page.xpath("//nav[contains(@class, 'bd-links')]//a[@aria-current]")) == 1, name
        labels = page.xpath("//article//dt/text()")
        assert "Source of these facts" in labels, name  # which need not be a reading of the work
        assert not [label for label in labels if "where" in label.casefold()], name
    for name, page in pages.items():
        if name.startswith(("studies/", "trials/")):
            (address,) = page.xpath("//a[@class='record-suggest']/@href")
            assert re.match(r"https://github.com/\S+$", address)
            asked = parse_qs(urlsplit(address).query)
            assert name.removesuffix(".html") in asked["body"][0]
            assert asked["title"][0].startswith("Correction: ")
    page = studies["deng_2017_randomised"]
    heads = [head.text for head in page.xpath("//article//h2")]
    assert heads[0] == "What it found"
    assert heads[-3:] == ["Where it is cited", "Cite it", "Suggest a correction"]
    assert [link.text_content().strip() for link in page.xpath("(//nav[contains(@class, 'page-toc')])[1]//a")] == heads


def test_a_retracted_work_is_struck_through_and_says_so(studies: Pages, project: Project) -> None:
    status = project.table("studies").set_index("study_id")["status"]
    assert "retracted" in set(status)
    for name, page in studies.items():
        retracted = status[name] == "retracted"
        assert bool(page.xpath("//article//h1/s")) == retracted
        assert ("Retracted" in page.xpath("//p[@class='admonition-title']/text()")) == retracted


def test_rows_of_a_study_stand_on_its_page_with_the_reason_they_are_not_pooled(
    studies: Pages, project: Project
) -> None:
    for table, key, prefix in [("findings", "finding_id", "finding"), ("outcomes", "outcome_id", "outcome")]:
        for name, rows in project.table(table).dropna(subset=["study_id"]).groupby("study_id"):
            assert {f"{prefix}-{row}" for row in rows[key]} <= set(studies[str(name)].xpath("//tr/@id")), name
    reasons = 0
    for comparison in project.table("comparisons")["comparison_id"]:
        for _, row in comparisons.answer(project, comparison).rows.iterrows():
            reasons += bool(row["reason"])
            says = f"no: {row['reason']}" if row["reason"] else "yes"
            assert says in studies[row["study_id"]].xpath("//section[@id='comparisons']//span/text()")
    assert reasons


def test_chapters_and_sections_that_cite_a_work_are_named(studies: Pages) -> None:
    (cited,) = studies["hackel_2023_immunological"].xpath("//section[@id='cited']")
    assert "The 2024 review cites it as number" in cited.text_content()
    assert any(address.startswith("../book/mechanisms/contact.html#") for address in cited.xpath(".//a/@href"))


def test_a_reference_names_ten_authors_and_no_more_and_groups_without_braces() -> None:
    for number, end in ((10, "Author10, A."), (200, "Author10, A. et al.")):
        people = " and ".join(f"Author{n}, A." for n in range(1, number + 1))
        entry = parse_string(f"@article{{x, author = {{{people}}}, title = {{{'Long ' * 60}}}}}", "bibtex").entries["x"]
        assert f"{end} (n.d.)" in str(Listed().format_entry("", entry).text)
    text = "@article{x, author = {Invented, Ida and {Pretend and Sons Group}}, title = {T}}"
    entry = parse_string(text, "bibtex").entries["x"]
    assert str(Listed().format_entry("", entry).text).startswith("Invented, Ida; Pretend and Sons Group (n.d.)")


def test_bibtex_to_copy_reads_back_as_the_same_work(studies: Pages, project: Project) -> None:
    for key, work in project.works.items():
        text, bibtex = studies[key].xpath("//div[contains(@class, 'record-copy')]/pre/text()")
        (entry,) = bibtexparser.parse_string(bibtex).entries
        assert entry.key == key
        assert {field.key.lower() for field in entry.fields} == set(work.fields)
        assert work["title"].strip("[]").split()[0] in text
        assert "of the 2024 review" not in text


def test_a_trial_leads_to_its_disease_and_shows_its_facts(pages: Pages, project: Project) -> None:
    homes = project.table("disease_pages").set_index("disease")["page"]
    compared = 0
    for row in project.table("trials").itertuples():
        page = pages[f"trials/{row.trial_id}.html"]
        facts = dict(zip(page.xpath("//dl/dt"), page.xpath("//dl/dd"), strict=True))
        facts = {name.text_content(): words.text_content() for name, words in facts.items()}
        if row.disease in homes:
            home = f"../book/{homes[row.disease]}.html"
            trail = page.xpath("//nav[@aria-label='Breadcrumb']//a/@href")
            assert trail == ["../book/index.html", "../book/diseases/index.html", home]
            current = page.xpath("//nav[contains(@class, 'bd-links')]//li[contains(@class, 'current')]/a/@href")
            assert current[-1] == home
        if isinstance(row.cell_source, str):
            assert facts["Cells"] == row.cell_source
        if {type(row.reviewed_status), type(row.registered_status)} == {str} and row.registered_status != "not shown":
            compared += 1
            (line,) = page.xpath("//section[@id='sides']//tr[th/div/text()='Status']")
            assert ("differ" in line.text_content()) == (row.reviewed_status != row.registered_status), row.trial_id
        if row.trial_id == "NCT03917797":  # “Double” beside a note that says “quadruple” would contradict it
            assert facts["Masking"] == "Double or more"
            assert "Masking is quadruple" in page.text_content()
    assert compared > 3


# Cards


@pytest.fixture
def chapter(tab: Page, site: Path) -> Page:
    """A chapter with citations, opened from the folder, without a server."""
    tab.on("pageerror", lambda error: pytest.fail(str(error)))
    tab.goto((site / "book/mechanisms/contact.html").as_uri())
    tab.locator("a.has-card").first.wait_for()
    return tab


def card_of(link: Locator) -> Locator:
    link.hover()
    card = link.page.locator(".cite-card")
    card.wait_for(state="visible")
    return card


def test_pointing_at_a_citation_shows_its_card_until_the_pointer_leaves(chapter: Page, project: Project) -> None:
    link = chapter.locator(CITATION).first
    card = card_of(link)
    anchor = str(link.get_attribute("href")).partition("#")[2]
    work = next(work for work in project.works.values() if work.anchor == anchor)
    assert work.label in card.inner_text()
    assert work["title"] in card.inner_text()
    assert link.get_attribute("aria-describedby") == "cite-card-text"
    assert card.locator(".cite-card-label").evaluate("label => getComputedStyle(label).fontWeight") == "600"
    card.hover()  # the pointer may move into the card
    assert card.is_visible()
    chapter.mouse.move(2, 2)
    card.wait_for(state="hidden")
    assert link.get_attribute("aria-describedby") is None
    unidentified = chapter.locator("a.seed-unidentified").first
    assert "Not yet identified" in card_of(unidentified).inner_text()
    assert unidentified.get_attribute("title") is None  # or the browser would show a second one


def test_the_keyboard_opens_a_card_enters_it_and_escape_closes_it(chapter: Page) -> None:
    card, link = chapter.locator(".cite-card"), chapter.locator(CITATION).nth(1)
    chapter.keyboard.press("Tab")
    link.focus()
    card.wait_for(state="visible")
    chapter.keyboard.press("Tab")
    assert chapter.evaluate("document.activeElement.className") == "cite-card-more"
    assert Path(unquote(urlsplit(chapter.evaluate("document.activeElement.href")).path)).is_file()
    chapter.keyboard.press("Escape")
    assert not card.is_visible()
    assert link.evaluate("link => link === document.activeElement")


def test_the_card_of_a_retracted_work_is_struck_through(tab: Page, site: Path) -> None:
    tab.goto((site / "book" / "discussion.html").as_uri())
    link = tab.locator("a.has-card:has(s)").first
    card = card_of(link)
    assert card.locator(".cite-card-label > s, .cite-card-title > s").count() == 2
    assert card.locator(".cite-card-status").inner_text().strip() == "Retracted"
    assert link.inner_text().endswith("[retracted]")


def test_cards_fit_a_phone(phone: Page, site: Path) -> None:
    phone.goto((site / "book/mechanisms/contact.html").as_uri())
    for link in phone.locator(CITATION).all()[:6]:
        box = card_of(link).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        phone.keyboard.press("Escape")
        phone.mouse.move(1, 1)


@pytest.mark.parametrize(
    ("page", "block", "starts"),
    [
        ("studies/deng_2017_randomised", ".record-copy", "@article{deng_2017_randomised"),
        ("book/index", ".cite .highlight", "@"),
    ],
)
def test_a_citation_can_be_copied(
    window: Callable[..., Page], address: str, page: str, block: str, starts: str
) -> None:
    tab = window(permissions=["clipboard-read", "clipboard-write"])
    tab.goto(f"{address}/{page}.html")
    tab.locator(".cite summary, #cite summary").first.click()
    text = tab.locator(block).nth(1)
    text.hover()
    text.locator("button.copybtn").click()
    tab.wait_for_function("navigator.clipboard.readText().then(text => text !== '')")
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(starts)
    assert copied.strip() == re.sub(r"\n+Copy$", "", text.locator("pre").inner_text()).strip()
