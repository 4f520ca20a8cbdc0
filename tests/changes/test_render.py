"""Changes as Markdown, HTML and text: losses first, within bounds, and with nothing in it that acts."""

import re
from html import unescape

import pytest
from markdown_it import MarkdownIt

from review_tools.changes.compare import Cell, Changes, Row, Table, Turn
from review_tools.changes.render import (
    LIMIT,
    digest,
    markdown,
    on_site,
    side_by_side,
    terminal,
    value,
)
from review_tools.changes.state import Record
from review_tools.data.markdown import one_line, safe

HOSTILE = (
    "@octocat GH-7 #12 octo/repo#3 `x` ``` </details><script>alert(1)</script> ${{ secrets.A }} | a | "
    "[a](javascript:alert(1)) ![i](http://evil.example/i.png) www.evil.example x@evil.example "
    "https://evil.example/x <https://evil.example> **b** _c_ ~~d~~ &lt;b&gt; \u202egnp.exe \x1b[31m {{7*7}} ]]>"
)
KEY = "`@all`](http://evil.example)-1"
LONG = "A donor of cells is named, and what follows is a long note about how each of them was prepared. " * 3


def row(kind: str, key: str, *, past: bool = False, **cells: str | tuple[str, str]) -> Row:
    sides = {"added": lambda v: ("", v), "removed": lambda v: (v, ""), "changed": lambda v: v}[kind]
    return Row(kind, (("id", key),), tuple(Cell(name, *sides(words)) for name, words in cells.items()), past)


def table(name: str, *rows: Row, title: str = "", lost: tuple[str, ...] = ()) -> Table:
    return Table(name, title or name.capitalize(), lost, rows)


def changes(*tables: Table, **parts: object) -> Changes:
    return Changes(
        "26.1.0",
        "26.2.0",
        tables,
        **{"pools": (), "pools_compared": 0, "verdicts": (), "verdicts_compared": 0, **parts},
    )  # type: ignore[arg-type]


def pool(k: int, name: str, page: str, text: str, *outcomes: str) -> Record:
    figures = {"k": k, "people": 9, "estimate": float(k), "ci_low": 0.1, "ci_high": 9.0, "text": text}
    return {"comparison_id": "c", "title": name, "measure": name, "page": page, "result": figures, "outcomes": outcomes}


@pytest.fixture
def hostile() -> Changes:
    """Changes whose every word is hostile."""
    pools = [pool(k, HOSTILE, f"book/{HOSTILE}", HOSTILE, KEY) for k in (1, 2)]
    verdict = dict.fromkeys(("claim_id", "statement", "chapter", "verdict", "because"), HOSTILE)
    return changes(
        table("studies", row("removed", KEY, summary=HOSTILE), row("added", KEY), title=HOSTILE, lost=(HOSTILE,)),
        table("references", row("added", KEY, title=HOSTILE)),
        table("outcomes", row("changed", KEY, reported=(HOSTILE, "x")), *[row("added", KEY, outcome=HOSTILE)] * 11),
        table("corrections", row("added", KEY, meaning=HOSTILE)),
        table("log", row("removed", KEY, past=True, note=HOSTILE)),
        pools=(Turn(*pools),),
        pools_compared=1,
        verdicts=(Turn(None, verdict), Turn(verdict, None)),
        verdicts_compared=2,
        notes=(HOSTILE,),
        chapters={f"book/{HOSTILE}": [HOSTILE]},
    )


def test_strangers_words_are_text_and_nothing_else(hostile: Changes) -> None:
    text = markdown(hostile)
    for sign in ("@octocat", "#12", "${{", "`", "<script", "](javascript", "\u202e", "\x1b", "https://evil"):
        assert sign not in re.sub(r"&#\d+;", "", text), sign
    shown = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    for element in ("<script", "<img", "<code", 'javascript:alert(1)"', '<a href="http://evil'):
        assert element not in shown, element
    for sign in ("@octocat", "#12", "GH-7", "://e", "www."):  # GitHub looks for these in what it shows
        assert sign not in unescape(shown), sign
    assert shown.count("<details>") == shown.count("</details>") == 1


def test_pages_and_feed_hold_only_our_elements(hostile: Changes) -> None:
    for page in (digest(hostile, 12, "site:v/x"), "".join(section.html(300) for section in on_site(hostile))):
        assert page.count("&lt;script&gt;") >= 7
        assert set(re.findall(r"<(\w+)", page)) <= {"p", "h3", "ul", "li", "a", "strong", "details", "summary"}
        assert all(address.startswith(("site:", "https:")) for address in re.findall(r'href="([^"]*)', page))
        assert "\u200b" not in page


def test_text_for_a_terminal_obeys_no_control_character(hostile: Changes) -> None:
    text = terminal(hostile)
    assert not {"\x1b", "\u202e", "\u200b"} & set(text)
    assert "<details>" not in text.replace(HOSTILE.split("\u202e")[0], "")
    assert "@octocat GH-7 #12" in text  # as it is, to be searched


def test_losses_come_first_in_every_form(hostile: Changes) -> None:
    for text in (unescape(markdown(hostile)), terminal(hostile)):
        heads = ["Past lines of a log", "Removed", "Could not be read", "Pooled results", "Prose to read again"]
        heads += ["Verdicts on claims", "Corrections", "Outcomes: changed", "Outcomes: added"]
        places = [text.index(head) for head in heads]
        assert places == sorted(places)
    page = digest(hostile, 1, "site:v/x")
    places = [page.index(head) for head in ("Past lines", "Removed", "Pooled", "Verdicts", "Corrections")]
    assert places == sorted(places)
    assert "Prose to read again" not in page  # for authors
    assert page.count("and 1 more") == 2


def test_results_before_and_after_and_the_prose_to_read() -> None:
    was, now = [pool(k, "A", "book/a", f"{k}.00", "x", *"y" * (k - 1)) for k in (1, 2)]
    text = markdown(changes(pools=(Turn(was, now), Turn(None, now)), pools_compared=2, chapters={"book/a": ["b", "c"]}))
    assert "1 of 1 pooled results move, 1 new; 0 of 0 verdicts change; 1 chapter to read again." in text
    assert "- A (A): k 1: 1.00 → **k 2: 2.00**; enters: y" in unescape(text)
    assert "not declared → **k 2: 2.00**; enters: x, y" in text
    assert "- book/a: b; c" in text


@pytest.mark.parametrize("limit", [60, 80, 160])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{LONG}It follows the press text.", f"{LONG}It follows a guess."),
        (f"{LONG}It follows the press text. {LONG}", f"{LONG}It follows a guess. {LONG}"),
        (f"early {LONG}", f"late {LONG}"),
        (f"{LONG}end", LONG),
        ("x" * 500 + "y", "x" * 500 + "z"),
    ],
)
def test_a_change_shows_wherever_it_stands_in_a_long_cell(before: str, after: str, limit: int) -> None:
    for sides in ((before, after), (after, before)):
        was, now = side_by_side(*sides, limit)
        assert was != now
        assert max(len(was), len(now)) <= limit


def test_short_cells_and_empty_ones_are_shown_from_their_start() -> None:
    assert side_by_side("a\n b", "c", 80) == ("a b", "c")
    assert side_by_side("", LONG, 40) == ("", one_line(LONG, 40))


def test_a_late_change_shows_in_every_form() -> None:
    found = changes(table("trials", row("changed", "NCT1", note=(f"{LONG}It waits.", f"{LONG}It goes on <of>."))))
    for text in (markdown(found), terminal(found), digest(found, 9, "")):
        assert "It waits. → …" in text
        assert "It goes on" in text
    assert "<of>" not in digest(found, 9, "")


@pytest.mark.parametrize("text", ["javascript:alert(1)", "https://", "http://a b", "data:text/html,x", "ftp://x.y/z"])
def test_only_web_addresses_become_links(text: str) -> None:
    assert "](" not in value(text)


def test_a_web_address_is_a_link_to_itself_whatever_it_holds() -> None:
    assert value("https://doi.org/10.1/a").endswith("](<https://doi.org/10.1/a>)")
    assert value("https://e.org/)@x](b)").endswith("](<https://e.org/%29%40x%5D%28b%29>)")
    assert "@" not in safe("@x").replace("&#64;", "")


def test_ten_thousand_rows_stay_within_bounds_and_the_rest_is_counted() -> None:
    many = [row("added", f"x_{number}", title=LONG) for number in range(10_000)]
    lost = [row("removed", f"seed_{number}") for number in range(120)]
    found = changes(table("studies", *many), table("citations", *lost))
    text = markdown(found)
    assert len(text) <= LIMIT
    assert "10000 rows added" in text
    assert re.search(r"and more than fits here: [\d,]+ of 10,000 left out", text)
    assert text.count("**seed&#95;") == 120
    assert text.count("<details>") == text.count("</details>")
    assert len(terminal(found)) <= LIMIT
