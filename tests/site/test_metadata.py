"""What the parts of a page's head and the feed are made of, without a site; test_html.py looks at the built pages."""

import json
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import lxml.html
import pytest
from markupsafe import escape

from review_tools.data.bibliography import Reference
from review_tools.data.project import Project
from review_tools.site import metadata
from review_tools.site.pages import script_json
from review_tools.site.site_files import ATOM, Release, atom, releases

ENTRY = f"{{{ATOM}}}"
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{ 7*7 }} & \u202e\x07]]>"


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


def test_a_hostile_page_stays_text_in_the_head(project: Project) -> None:
    """Title, summary and works full of markup: the head holds the same tags as any other page."""
    study = "hackel_2023_immunological"
    table = project.text("studies")
    table.loc[table["study_id"] == study, "summary"] = HOSTILE.replace("\x07", "")
    at = project.read("references.bib").index(b"title = {", project.read("references.bib").index(study.encode()))
    works = (
        project.read("references.bib")[: at + 9] + HOSTILE.translate(str.maketrans("", "", "{}@\x07\u202e")).encode()
    )
    spoilt = project.with_files(
        {
            "data/studies.csv": table.to_csv(index=False).encode(),
            "references.bib": works + project.read("references.bib")[at + 9 :],
        }
    )
    config = SimpleNamespace(root_doc="book/index", html_title='A <b> & "c"')
    app: Any = SimpleNamespace(review_project=spoilt, config=config)
    context = {"title": HOSTILE, "body": f"<p>{escape(HOSTILE)}</p>", "pathto": lambda name, _: f"../{name}"}
    for name in (f"studies/{study}", "book/other"):
        page: dict[str, Any] = dict(context)
        metadata.describe(app, name, page)
        made = lxml.html.fragment_fromstring(str(page["metatags"]), create_parent=True)
        assert {tag.tag for tag in made} <= {"meta", "link", "script"}
        assert all(set(tag.attrib) <= {"name", "property", "content"} for tag in made.findall("meta"))
        assert "<img" in made.xpath("meta[@name='description']/@content")[0]
        things = made.findall("script")
        assert len(things) == name.startswith("studies/")
        assert all(thing.get("type") == "application/ld+json" for thing in things)
        assert all("</script>" in json.loads(thing.text)["headline"] for thing in things)


def test_a_hostile_changelog_stays_text_in_the_feed(project: Project) -> None:
    text = f"- {HOSTILE}\n- [go](javascript:alert(1))\n- <b onclick=alert(1)>bold</b>\n"
    made = atom(project.citation, [Release("1.0.0", "2026-01-02", text)])
    content = ElementTree.fromstring(made).find(f"{ENTRY}entry/{ENTRY}content").text  # noqa: S314 (our own)
    inside = lxml.html.fragment_fromstring(content, create_parent=True)
    assert {tag.tag for tag in inside.iterdescendants()} <= {"ul", "li", "p"}
    assert "<img" in inside.text_content()


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
