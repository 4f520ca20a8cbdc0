"""Tables as a reader uses them: search, filters, sorting, columns, downloads, links to a view or a row."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page

import review_tools as rt

pytestmark = [pytest.mark.site, pytest.mark.browser]
TRIALS = len(rt.load("trials"))
ROW = "NCT01547091"  # a trial in rheumatoid arthritis


def box(page: Page, name: str = "trials") -> Locator:
    """The table with its tools, which it gets when it is on the screen."""
    found = page.locator(f".grid-box:has(table[data-table={name}])").first
    found.scroll_into_view_if_needed()
    return found


def trials(page: Page, address: str, query: str = "") -> Locator:
    page.goto(f"{address}/book/trials.html{query}")
    found = box(page)
    found.locator(".grid-count").wait_for()
    return found


def shown(table: Locator) -> list[str]:
    """Ids of the rows a reader can see, in their order."""
    ids: list[str] = table.locator("tbody tr").evaluate_all("rows => rows.filter(r => r.offsetParent).map(r => r.id)")
    return ids


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def choose(table: Locator, label: str, value: str) -> None:
    select = table.get_by_role("combobox", name=label, exact=True)
    select.wait_for()  # a fold that was just opened shows it in a moment
    words = select.locator("option").evaluate_all("options => options.map(option => option.textContent)")
    select.select_option(label=next(each for each in words if each.rsplit(" (", 1)[0] == value))


def downloaded(page: Page, table: Locator) -> list[list[str]]:
    """The rows of the table's CSV file, in which every row is as long as the header."""
    with page.expect_download() as waiting:
        table.get_by_role("button", name="CSV").click()
    assert waiting.value.suggested_filename == f"{table.locator('table').get_attribute('data-table')}.csv"
    raw = Path(waiting.value.path()).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert {len(row) for row in rows} == {len(rows[0])}
    return rows


def column(table: Locator, index: int) -> list[str]:
    return [text.strip() for text in table.locator(f"tbody tr > :nth-child({index})").all_inner_texts()]


def test_search_finds_rows_and_says_how_many(tab: Page, address: str) -> None:
    table = trials(tab, address)
    assert table.locator(".grid-count").inner_text() == f"All {TRIALS} rows"
    assert table.locator(".grid-count").get_attribute("role") == "status"
    table.get_by_role("searchbox", name="Search this table", exact=True).fill("rheumatoid umbilical")
    tab.wait_for_url(lambda url: "trials.search" in url)
    found = shown(table)
    assert 0 < len(found) < TRIALS
    assert table.locator(".grid-count").inner_text() == f"{len(found)} of {TRIALS} rows shown"
    assert all("rheumatoid" in text.lower() for text in table.locator("tbody tr:not(.grid-out)").all_inner_texts())
    table.get_by_role("button", name="Clear").click()
    assert len(shown(table)) == TRIALS
    assert not query(tab)
    tab.goto(f"{address}/book/mechanisms/contact.html?findings.search=ifn-gamma")  # Greek letters by their names
    table = box(tab, "findings")
    assert table.is_visible(), "the address opens the fold that holds the table"
    assert 0 < len(shown(table)) < table.locator("tbody tr").count()
    assert "IFN-γ" in table.locator("tbody tr:not(.grid-out)").first.inner_text()


def test_filters_narrow_each_other_and_stand_in_the_address(tab: Page, address: str) -> None:
    table = trials(tab, address)
    frame = rt.load("trials")
    choose(table, "Disease", "multiple sclerosis")
    expected = set(frame.loc[frame["disease"] == "multiple sclerosis", "trial_id"])
    assert {each.removeprefix("trial-") for each in shown(table)} == expected
    # The other list now counts within this one.
    drawn = frame[(frame["disease"] == "multiple sclerosis") & (frame["randomised"] == "yes")]
    assert f"yes ({len(drawn)})" in table.get_by_role("combobox", name="Randomised", exact=True).inner_text()
    choose(table, "Randomised", "yes")
    assert len(shown(table)) == len(drawn) > 0
    assert query(tab) == {"trials.disease": ["multiple sclerosis"], "trials.randomised": ["yes"]}


def test_headings_sort_by_keyboard_and_say_so(tab: Page, address: str) -> None:
    table = trials(tab, address)
    heading = table.get_by_role("columnheader", name="People")
    heading.get_by_role("button").focus()
    first = shown(table)
    tab.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    index = table.locator("thead th").all_inner_texts().index(heading.inner_text()) + 1
    texts = column(table, index)
    numbers = [int(text.split()[0]) for text in texts if text != "not shown"]
    assert numbers == sorted(numbers)
    assert set(texts[len(numbers) :]) == {"not shown"}, "unknown stands last"
    tab.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "descending"
    texts = column(table, index)
    assert [int(text.split()[0]) for text in texts if text != "not shown"] == sorted(numbers, reverse=True)
    assert texts[-1] == "not shown"
    assert query(tab) == {"trials.sort": ["-people"]}
    tab.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") is None
    assert shown(table) == first


def test_columns_can_be_left_out(tab: Page, address: str) -> None:
    table = trials(tab, address)
    table.locator(".grid-columns summary").focus()
    tab.keyboard.press("Enter")
    table.get_by_role("checkbox", name="People").uncheck()
    assert not table.get_by_role("columnheader", name="People").is_visible()
    assert query(tab) == {"trials.hide": ["people"]}
    tab.keyboard.press("Escape")
    assert not table.get_by_role("checkbox", name="Disease").is_visible()
    assert tab.evaluate("document.activeElement.textContent") == "Columns"


def test_an_address_opens_the_same_view(tab: Page, address: str) -> None:
    table = trials(tab, address, "?other=1&trials.disease=Multiple%20Sclerosis&trials.sort=-trial&trials.hide=people")
    found = shown(table)
    assert found == sorted(found, reverse=True)
    assert 0 < len(found) < TRIALS
    assert not table.get_by_role("columnheader", name="People").is_visible()
    table.get_by_role("button", name="Clear").click()
    assert query(tab) == {"other": ["1"]}
    table = trials(tab, address, "?trials.disease=melancholia")  # which the table does not know
    assert "melancholia" in table.locator(".grid-count").inner_text()
    assert len(shown(table)) == TRIALS


def test_a_link_to_a_row_shows_it_whatever_the_filters_are(tab: Page, address: str) -> None:
    table = trials(tab, address, f"?trials.disease=multiple%20sclerosis#trial-{ROW}")
    row = tab.locator(f"#trial-{ROW}")
    assert row.is_visible()
    in_view = "row => { const r = row.getBoundingClientRect(); return r.top >= 0 && r.top < innerHeight; }"
    assert row.evaluate(in_view)
    assert row.evaluate("row => getComputedStyle(row).outlineStyle") == "solid"
    # A later filter leaves it out; the link then brings it back, though the address does not change.
    choose(table, "Disease", "type 1 diabetes")
    assert not row.is_visible()
    tab.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend', `<a id=again href='${location.hash}'>x</a>`)"
    )
    tab.locator("#again").click()
    assert row.is_visible()
    tab.evaluate("location.hash = 'trial-NCT04956744'")
    tab.locator("#trial-NCT04956744").wait_for()
    assert not row.is_visible()


def test_the_download_holds_what_is_shown_and_no_formula(tab: Page, address: str) -> None:
    page = f"{address}/book/trials.html"
    hostile = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", ' =1+1,"two"']

    def poison(route: object) -> None:
        answer = route.fetch()  # type: ignore[attr-defined]
        text = answer.text()
        head, body = text.split('data-table="trials"', 1)
        for value in hostile:
            body = body.replace("<div>multiple sclerosis</div>", f"<div>{value}</div>", 1)
        route.fulfill(response=answer, body=f'{head}data-table="trials"{body}')  # type: ignore[attr-defined]

    tab.route(page, poison)
    tab.goto(page)
    table = box(tab)
    rows = downloaded(tab, table)
    assert len(rows) == TRIALS + 1
    diseases = [row[rows[0].index("Disease")] for row in rows[1:]]
    assert [text for text in diseases if text.startswith("'")] == [f"'{value.strip()}" for value in hostile]
    assert not any(cell[:1] in ("=", "+", "-", "@") for row in rows for cell in row)


def test_addresses_outside_the_site_have_columns_of_their_own_in_the_download(tab: Page, address: str) -> None:
    tab.goto(f"{address}/book/audit.html")
    rows = downloaded(tab, box(tab, "corrections"))
    links = [name for name in rows[0] if name.endswith("(link)")]
    assert links
    assert all(row[rows[0].index(links[0])].startswith("http") for row in rows[1:4])


def test_the_download_and_the_copy_follow_the_filters(window: Callable[..., Page], address: str) -> None:
    page = window(permissions=["clipboard-read", "clipboard-write"])
    table = trials(page, address, "?trials.disease=multiple%20sclerosis&trials.hide=people")
    expected = len(shown(table))
    rows = downloaded(page, table)
    assert len(rows) == expected + 1
    assert "People" not in rows[0]
    table.get_by_role("button", name="Copy").click()
    page.locator(".grid-count", has_text="Copied").first.wait_for()
    lines = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert [len(line.split("\t")) for line in lines] == [len(rows[0])] * len(rows)


def test_a_reader_at_a_desk_sees_all_columns_and_the_heading_while_rows_scroll(tab: Page, address: str) -> None:
    for chapter, name in (
        ("audit", "corrections"),
        ("mechanisms/contact", "findings"),
        ("references", "studies"),
        ("trials", "trials"),
    ):
        tab.goto(f"{address}/book/{chapter}.html?{name}.search=")
        scroll = box(tab, name).locator(".grid-scroll")
        assert scroll.evaluate("region => region.scrollWidth - region.clientWidth") < 5, chapter
    scroll.evaluate("region => { region.scrollTop = 900; }")
    heading, region = scroll.locator("thead th").first.bounding_box(), scroll.bounding_box()
    assert heading
    assert region
    assert abs(heading["y"] - region["y"]) < 3


def test_a_phone_gets_cards_by_eights_with_sorting_and_filters(phone: Page, address: str) -> None:
    table = trials(phone, address)
    assert len(shown(table)) == 8
    assert not table.locator("thead").is_visible()
    more = table.get_by_role("button", name=re.compile(r"^Show \d+ more"))
    while more.count():  # a button that is hidden has no role
        more.click()
    assert len(shown(table)) == TRIALS
    assert phone.evaluate("document.activeElement.tagName") == "TR"
    table.get_by_text("Filter and sort").click()
    choose(table, "Disease", "multiple sclerosis")
    table.get_by_role("combobox", name="Sort by").select_option(label="Trial, downwards")
    found = shown(table)
    assert found == sorted(found, reverse=True)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.goto(f"{address}/book/trials.html#trial-{rt.load('trials')['trial_id'].iloc[-1]}")
    phone.reload()
    assert phone.locator(f"#trial-{rt.load('trials')['trial_id'].iloc[-1]}").is_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_print_has_all_rows_and_no_tools(window: Callable[..., Page], address: str, width: int) -> None:
    page = window(width)
    table = trials(page, address, "?trials.search=nothing-like-it&trials.hide=people")
    assert not shown(table)
    page.emulate_media(media="print")
    assert len(shown(table)) == TRIALS
    assert not table.locator(".grid-tools").is_visible()
    assert table.locator(".grid-scroll").evaluate("region => region.scrollHeight - region.clientHeight") <= 1


def test_a_table_gets_its_tools_when_it_is_on_the_screen_and_its_fold_open(tab: Page, address: str) -> None:
    tab.goto(f"{address}/book/mechanisms/contact.html")
    tools = tab.locator(".grid-box:has(table[data-table=findings]) .grid-tools")
    assert tools.evaluate("tools => tools.childElementCount") == 0
    fold = tab.locator("details:has(table[data-table=findings])").last.locator("> summary")
    fold.scroll_into_view_if_needed()
    assert tools.evaluate("tools => tools.childElementCount") == 0
    fold.click()
    tools.get_by_role("searchbox").wait_for()


def test_without_javascript_the_whole_table_is_there(window: Callable[..., Page], address: str) -> None:
    page = window(java_script_enabled=False)
    page.goto(f"{address}/book/trials.html?trials.disease=multiple%20sclerosis")
    assert box(page).locator("tbody tr:visible").count() == TRIALS
    room = box(page).locator(".grid-tools").bounding_box()
    assert room is None or room["height"] == 0, "no room is kept for tools that never come"
