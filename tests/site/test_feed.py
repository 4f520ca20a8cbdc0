"""The feed against the schema of RFC 4287 and a feed reader's own parser; both are seen to refuse what is wrong."""

from pathlib import Path

import feedparser
import pytest
from lxml import etree

from atom import wrong_with
from review_tools.changes.compare import Cell, Changes, Row, Table
from review_tools.changes.render import digest
from review_tools.data.citation import Citation
from review_tools.data.project import Project
from review_tools.site.pages import absolute
from review_tools.site.site_files import ATOM as NAMESPACE
from review_tools.site.site_files import FEED, Release, atom, releases

ATOM = {"a": NAMESPACE}
HOSTILE = (
    "</li><script>alert(1)</script>\"'><img src=x onerror=alert(1)>[x](javascript:alert(1)) ]]> {{7*7}} \x07\u202e"
)


@pytest.fixture(scope="module")
def cite(root: Path) -> Citation:
    return Project(root).citation


@pytest.mark.site
def test_the_feed_of_the_site_is_valid_and_tells_what_changed(site: Path, root: Path) -> None:
    content = (site / FEED).read_bytes()
    assert wrong_with(content) == []
    parsed = feedparser.parse(content)
    assert [entry.title for entry in parsed.entries] == [f"Version {one.version}" for one in releases(Project(root))]
    newest = next(entry for entry in parsed.entries if entry.title == "Version 26.1.0").content[0].value
    assert "jiang_2024_efficacy" in newest
    assert "site:" not in newest
    assert f'href="{Project(root).citation.url}v/26.0.0-26.1.0.html#' in newest


def test_hostile_changes_are_text_in_a_valid_feed(cite: Citation) -> None:
    lost = Row("removed", (("study_id", "a_1"),), (Cell("summary", HOSTILE, ""),))
    new = Row("added", (("outcome_id", HOSTILE),), (Cell("outcome", "", HOSTILE),))
    tables = (Table("studies", HOSTILE, (HOSTILE,), (lost,)), Table("outcomes", "x", (), (new,)))
    said = absolute(digest(Changes("1", "2", tables, (), 0, (), 0), 12, "site:v/x"), "https://example.org/")
    made = atom(cite, [Release("26.2.0", "2026-12-01", f"- {HOSTILE}", said)])
    assert wrong_with(made) == []
    content = etree.fromstring(made).findtext("a:entry/a:content", namespaces=ATOM)
    assert content.count("&lt;script&gt;") >= 5
    page = etree.HTML(content)
    ours = {"html", "body", "p", "h3", "ul", "li", "a", "strong", "details", "summary"}
    assert {element.tag for element in page.iter()} <= ours
    assert all(set(element.attrib) <= {"href", "class"} for element in page.iter())
    assert all(address.startswith("https://example.org/") for address in page.xpath("//@href"))


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
def test_a_bad_feed_is_refused(cite: Citation, right: str, wrong: str) -> None:
    made = atom(cite, [Release("1.0.0", "2026-01-02", "- x")]).decode()
    assert wrong_with(made.encode()) == []
    assert right in made
    assert wrong_with(made.replace(right, wrong).encode())


def test_an_entry_without_an_author_is_refused(cite: Citation) -> None:
    made = etree.fromstring(atom(cite, [Release("1.0.0", "2026-01-02", "- x")]))
    for author in made.findall("a:author", ATOM):
        made.remove(author)
    assert wrong_with(etree.tostring(made)) == ["an entry without author"]
