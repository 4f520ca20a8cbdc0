"""The parts of a page's head, and the feed against the schema of RFC 4287 and a feed reader's own parser."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
from lxml import etree

from atom import wrong_with
from review_tools.changes.compare import Cell, Changes, Row, Table
from review_tools.changes.render import digest
from review_tools.data.bibliography import Reference
from review_tools.data.project import Project
from review_tools.site import metadata
from review_tools.site.pages import absolute, script_json
from review_tools.site.site_files import ATOM, FEED, Release, atom, releases

ENTRY = f"{{{ATOM}}}"
SCRIPT = "</li></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
HOSTILE = f"{SCRIPT}[x](javascript:alert(1)) ]]> {{{{7*7}}}} & \x07\u202e"


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
    text = script_json(metadata.study(work, "https://example.org/studies/k.html", "retracted"))
    assert not set("<>&") & set(text)
    held = json.loads(text)
    assert held["headline"] == work["title"]
    assert "</script><script>" in work["title"]
    assert held["creativeWorkStatus"] == "Retracted"
    assert "javascript" not in json.dumps({name: held.get(name) for name in ("@id", "url", "sameAs")})


# The feed


@pytest.mark.site
def test_the_feed_of_the_site_is_valid_and_tells_what_changed(site: Path, project: Project) -> None:
    content = (site / FEED).read_bytes()
    assert wrong_with(content) == []
    parsed = feedparser.parse(content)
    assert [entry.title for entry in parsed.entries] == [f"Version {one.version}" for one in releases(project)]
    newest = next(entry for entry in parsed.entries if entry.title == "Version 26.1.0").content[0].value
    assert "jiang_2024_efficacy" in newest
    assert "site:" not in newest
    assert f'href="{project.citation.url}v/26.0.0-26.1.0.html#' in newest


def test_hostile_changes_are_text_in_a_valid_feed(project: Project) -> None:
    lost = Row("removed", (("study_id", "a_1"),), (Cell("summary", HOSTILE, ""),))
    new = Row("added", (("outcome_id", HOSTILE),), (Cell("outcome", "", HOSTILE),))
    tables = (Table("studies", HOSTILE, (HOSTILE,), (lost,)), Table("outcomes", "x", (), (new,)))
    said = absolute(digest(Changes("1", "2", tables, (), 0, (), 0), 12, "site:v/x"), "https://example.org/")
    made = atom(
        project.citation, [Release("26.2.0", "2026-12-01", f"- {HOSTILE}\n- <b onclick=alert(1)>bold</b>\n", said)]
    )
    assert wrong_with(made) == []
    content = etree.fromstring(made).findtext("a:entry/a:content", namespaces={"a": ATOM})
    assert content.count("&lt;script&gt;") >= 5
    page = etree.HTML(content)
    ours = {"html", "body", "p", "h3", "ul", "li", "a", "strong", "details", "summary"}
    assert {element.tag for element in page.iter()} <= ours
    assert all(set(element.attrib) <= {"href", "class"} for element in page.iter())
    assert all(address.startswith("https://example.org/") for address in page.xpath("//@href"))


def test_a_bad_feed_is_refused(project: Project) -> None:
    made = atom(project.citation, [Release("1.0.0", "2026-01-02", "- x")]).decode()
    assert wrong_with(made.encode()) == []
    for right, wrong in (
        ("<updated>2026-01-02T00:00:00Z</updated>", ""),
        ("2026-01-02T00:00:00Z", "2 January 2026"),
        ("</feed>", ""),
        ('type="html"', 'type="banana"'),
        ("<entry>", "<entry surprise='1'>"),
    ):
        assert right in made
        assert wrong_with(made.replace(right, wrong).encode()), wrong
    assert wrong_with(re.sub("<author>.*?</author>", "", made, flags=re.DOTALL).encode()) == ["an entry without author"]


def test_feed_ids_come_from_the_version_alone(project: Project) -> None:
    cite = project.citation
    old, new = Release("1.0.0", "2026-01-02", "- a"), Release("1.1.0", "2026-02-02", "- b")
    first, second = (ElementTree.fromstring(atom(cite, group)) for group in ([old], [new, old]))  # noqa: S314
    assert first.findtext(f"{ENTRY}entry/{ENTRY}id") == second.findall(f"{ENTRY}entry/{ENTRY}id")[1].text
    assert first.findtext(f"{ENTRY}id") == second.findtext(f"{ENTRY}id")
    assert second.findtext(f"{ENTRY}updated") == "2026-02-02T00:00:00Z"


def test_unreleased_changes_stay_out_of_the_feed(project: Project) -> None:
    text = "# Changelog\n\n## [Unreleased]\n\n- x\n\n## [1.1.0] - 2026-02-02\n\n- b\n\n## [1.0.0] - 2026-01-02\n\n- a\n"
    changed = project.with_files({"CHANGELOG.md": text.encode()})
    assert releases(changed) == [Release("1.1.0", "2026-02-02", "- b"), Release("1.0.0", "2026-01-02", "- a")]
