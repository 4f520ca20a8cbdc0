"""The search: what readers ask first leads to the page that answers, and it works in a copy in a folder."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.site, pytest.mark.browser]
FIRST = {
    "crohn fistula": "book/diseases/crohns",
    "is it safe": "book/safety",
    "PD-L1": "book/mechanisms/contact",
    "NCT03917797": "trials/NCT03917797",
    "umbilical cord lupus dose": "book/diseases/lupus",
    "TSG-6 macrophage": "book/mechanisms/macrophages",
    "side effects": "book/safety",
    "GVHD": "book/diseases/acute-gvhd",
    "type 1 diabetes": "book/diseases/type-1-diabetes",
    "MS": "book/diseases/multiple-sclerosis",
    "rheumatoid arthritis": "book/diseases/rheumatoid-arthritis",
    "cancer risk": "book/safety",
    "darvadstrocel": "book/diseases/crohns",
    "exosomes": "book/mechanisms/vesicles-t-cells",
    "does it work for multiple sclerosis": "book/diseases/multiple-sclerosis",
    "RA": "book/diseases/rheumatoid-arthritis",
    "t1d": "book/diseases/type-1-diabetes",
    "lu": "book/diseases/lupus",  # two letters are enough
    "Sjogren": "book/diseases/sjogren",
    "deng 2017": "studies/deng_2017_randomised",
}


def first(tab: Page, words: str) -> str:
    """Type words; the address of the first page found, from the root of the site."""
    tab.get_by_role("searchbox").fill(words)
    tab.wait_for_function(
        "words => document.querySelector('#search-results').dataset.words === words", arg=words, timeout=60_000
    )
    href: str | None = tab.evaluate("document.querySelector('#search-results a')?.getAttribute('href')")
    return (href or "nothing").removeprefix("./").removesuffix(".html")


@pytest.mark.parametrize("file", [False, True], ids=["served", "folder"])
def test_what_readers_ask_leads_to_the_page_that_answers(tab: Page, address: str, site: Path, file: bool) -> None:
    tab.goto((site / "search.html").as_uri() if file else f"{address}/search.html")
    found = {words: first(tab, words) for words in FIRST}
    print(*(f"{words}: {page}" for words, page in found.items()), sep="\n")
    assert found == FIRST


def test_results_are_told_apart_and_the_index_waits_for_a_question(tab: Page, address: str) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{address}/search.html", wait_until="networkidle")
    assert not [url for url in asked if "searchindex" in url]
    first(tab, "contact")
    shown = tab.locator("#search-results li").all_inner_texts()
    assert len(set(shown)) == len(shown) > 3
    kinds = set(tab.locator(".search-kind").all_inner_texts())
    assert any(kind.startswith("Chapter of") for kind in kinds)
    for words, page in (("Prochymal new type 1 diabetes", "trials/NCT00690066"), ("Kawada-Horitani", "studies/kawada")):
        first(tab, words)
        assert tab.locator(f'#search-results a[href*="{page}"]').count(), words
    assert first(tab, "zzzz") == "nothing"
    assert "Nothing found" in tab.locator(".search-count").inner_text()
