"""The feed against the schema of RFC 4287 and a feed reader's own parser; both are seen to refuse what is wrong."""

from pathlib import Path

import feedparser
import pytest
from lxml import etree
from markupsafe import Markup

from atom import wrong_with
from review_tools.changes import Changes
from review_tools.changes.model import Cell, Row, Table, Verdict
from review_tools.data.citation import citation
from review_tools.site import change_sections, feed
from review_tools.site.changelog import Release, releases
from review_tools.site.links import absolute

ATOM = {"a": feed.ATOM}
HOSTILE = (
    "</li><script>alert(1)</script>\"'><img src=x onerror=alert(1)>[x](javascript:alert(1)) ]]> {{7*7}} \x07\u202e"
)


def row(kind: str, key: str, **cells: str) -> Row:
    sides = (lambda value: ("", value)) if kind == "added" else (lambda value: (value, ""))
    return Row(kind, (("study_id", key),), tuple(Cell(name, *sides(value)) for name, value in cells.items()))


@pytest.fixture
def hostile() -> Changes:
    """Changes whose every word is hostile."""
    tables = (
        Table("studies", HOSTILE, 1, 1, (), (HOSTILE,), (row("removed", "a_1", summary=HOSTILE), row("added", "b_2"))),
        Table("references", "Bibliography", 1, 2, (), (), (row("added", "b_2", title=HOSTILE),)),
        Table("outcomes", "Outcomes", 0, 1, (), (), (row("added", HOSTILE, outcome=HOSTILE),)),
        Table("corrections", "Corrections", 0, 1, (), (), (row("added", "c1", meaning=HOSTILE),)),
    )
    verdict = Verdict("x", HOSTILE, "book/page", "holds", "fails", HOSTILE)
    return Changes("26.1.0", "26.2.0", tables, (), 0, (verdict,), 1, (), (HOSTILE,))


@pytest.mark.site
def test_the_feed_of_the_site_is_valid_and_tells_what_changed(site: Path, root: Path) -> None:
    content = (site / feed.FILE).read_bytes()
    assert wrong_with(content) == []
    parsed = feedparser.parse(content)
    assert [entry.title for entry in parsed.entries] == [f"Version {one.version}" for one in releases(root)]
    newest = next(entry for entry in parsed.entries if entry.title == "Version 26.1.0").content[0].value
    assert "jiang_2024_efficacy" in newest
    assert "site:" not in newest
    assert f'href="{citation(root).url}v/26.0.0-26.1.0.html#' in newest


def test_hostile_changes_are_text_in_a_valid_feed(root: Path, hostile: Changes) -> None:
    said = change_sections.html(hostile, limit=12, level=3, whole="https://example.org/v.html")
    made = feed.atom(
        citation(root),
        [Release("26.2.0", "2026-12-01", "- x")],
        data={"26.2.0": absolute(said, "https://example.org/", set())},
    )
    assert wrong_with(made) == []
    content = etree.fromstring(made).findtext("a:entry/a:content", namespaces=ATOM)
    assert content.count("&lt;script&gt;") >= 7
    page = etree.HTML(content)
    known = {"html", "body", "p", "h3", "ul", "li", "b", "a", "details", "summary"}
    assert {element.tag for element in page.iter()} <= known
    assert all(set(element.attrib) <= {"href", "class"} for element in page.iter())
    assert all(address.startswith("https://example.org/") for address in page.xpath("//@href"))


def test_losses_come_first_and_lines_are_bounded(hostile: Changes) -> None:
    titles = [section.anchor for section in change_sections.sections(hostile)]
    assert titles[0] == "removed"
    assert titles.index("verdicts") < titles.index("corrections") < titles.index("added-studies")
    assert change_sections.html(hostile, limit=1, whole="site:v/x").count("and 1 more") == 1
    assert change_sections.words(HOSTILE) == Markup.escape(change_sections.one_line(HOSTILE, 160))


def test_a_late_change_in_a_long_cell_is_shown() -> None:
    start = "A long note about a trial, <of> which only the end changes. " * 5
    changed = Row("changed", (("trial_id", "NCT1"),), (Cell("note", f"{start}It waits.", f"{start}It goes on."),))
    tables = (Table("trials", "Trials", 1, 1, (), (), (changed,)),)
    page = change_sections.html(Changes("26.1.0", "26.2.0", tables, (), 0, (), 0, (), ()), limit=9)
    assert "It waits. → …" in page
    assert "It goes on." in page
    assert "<of>" not in page


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<updated>2026-01-02T00:00:00Z</updated>", ""),
        ("2026-01-02T00:00:00Z", "2 January 2026"),
        ("</feed>", "<title>second</title></feed>"),
        ("</feed>", ""),
        ('type="html"', 'type="banana"'),
        ("<author>", "<author><email>nobody</email>"),
        (' rel="alternate"', ' hreflang="not a language"'),
        ("<entry>", "<entry surprise='1'>"),
    ],
)
def test_a_bad_feed_is_refused(root: Path, right: str, wrong: str) -> None:
    made = feed.atom(citation(root), [Release("1.0.0", "2026-01-02", "- x")]).decode()
    assert wrong_with(made.encode()) == []
    assert right in made
    assert wrong_with(made.replace(right, wrong).encode())


def test_an_entry_without_an_author_is_refused(root: Path) -> None:
    made = etree.fromstring(feed.atom(citation(root), [Release("1.0.0", "2026-01-02", "- x")]))
    for author in made.findall("a:author", ATOM):
        made.remove(author)
    assert wrong_with(etree.tostring(made)) == ["an entry without author"]
