"""The built site: every link lands, nothing is missing, nothing comes from elsewhere."""

import html
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import review_tools as rt

pytestmark = pytest.mark.site
TAG = re.compile(r"<(a|img|script|link|iframe|source)\b[^>]*?\b(href|src)=\"([^\"]*)\"")
ID = re.compile(r"\b(?:id|name)=\"([^\"]+)\"")


@lru_cache(maxsize=64)
def page(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def anchors(path: Path) -> frozenset[str]:
    return frozenset(html.unescape(found) for found in ID.findall(page(path)))


def pages(site: Path) -> list[Path]:
    return sorted((site / "book").rglob("*.html"))


def references(path: Path) -> Iterator[tuple[str, str]]:
    for tag, _, address in TAG.findall(page(path)):
        yield tag, html.unescape(address)


def test_every_chapter_is_built(site: Path, root: Path) -> None:
    listed = re.findall(r"(?:root|file): (\S+)", (root / "_toc.yml").read_text(encoding="utf-8"))
    assert {path.relative_to(site).with_suffix("").as_posix() for path in pages(site)} == set(listed)


def test_every_section_of_the_seed_has_its_place(site: Path) -> None:
    numbers = (
        "1 2 2.1 2.1.1 2.1.2 2.2 2.2.1 2.2.2 2.2.3 2.2.3.1 2.2.3.2 2.2.3.3 "
        "2.2.4 2.2.5 3 3.1 3.1.1 3.1.2 3.2 3.2.1 3.2.2 4 4.1 4.2 4.3"
    )
    held = {anchor for path in pages(site) for anchor in anchors(path)}
    missing = [number for number in numbers.split() if f"seed-section-{number.replace('.', '-')}" not in held]
    assert not missing


def test_every_internal_link_lands_on_an_anchor_that_exists(site: Path) -> None:
    broken = []
    for path in pages(site):
        for tag, address in references(path):
            parts = urlsplit(address)
            if tag != "a" or parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            if not target.is_file():
                broken.append(f"{path.name}: {address}")
            elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in anchors(target):
                broken.append(f"{path.name}: {address} (no such anchor)")
    assert not broken, broken[:10]


def test_every_citation_in_the_text_leads_to_its_entry(site: Path, root: Path) -> None:
    """Each cited key has an entry on the references page, and each chapter links to it."""
    entries = anchors(site / "book" / "references.html")
    for chapter in sorted((root / "book").rglob("*.md")):
        text = re.sub(r"^```.*?^```", "", chapter.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        keys = {key.strip() for group in re.findall(r"\{cite:\w+\}`([^`]+)`", text) for key in group.split(",")}
        built = page(site / chapter.relative_to(root).with_suffix(".html"))
        for key in keys & set(rt.bibliography()):
            anchor = rt.bibliography()[key].anchor
            assert anchor in entries
            assert f"references.html#{anchor}" in built, f"{chapter.name} does not link to {key}"


def test_unidentified_numbers_are_marked_and_lead_to_their_row(site: Path, root: Path) -> None:
    rows = anchors(site / "book" / "references.html")
    marked = 0
    for path in pages(site):
        for link in re.findall(r"<a class=\"[^\"]*seed-unidentified[^>]*>", page(path)):
            marked += 1
            assert "not yet identified" in link
            assert re.search(r"references\.html#(seed-\d+)", link)[1] in rows
    written = sum(
        len(re.findall(r"\{seed\}`\d+`", p.read_text(encoding="utf-8"))) for p in (root / "book").rglob("*.md")
    )
    assert marked >= written * 0.9 > 50
    assert not any("[?]" in page(path) for path in pages(site))


def test_every_doi_is_a_link(site: Path) -> None:
    held = page(site / "book" / "references.html")
    for work in rt.bibliography().values():
        if work["doi"]:
            assert f'href="https://doi.org/{html.escape(work["doi"])}"' in held


def test_nothing_is_loaded_from_an_outside_host(site: Path) -> None:
    outside = [
        f"{path.name}: {address}"
        for path in [site / "index.html", *pages(site)]
        for tag, address in references(path)
        if tag in ("img", "script", "iframe", "source") and re.match(r"(https?:)?//", address)
    ]
    assert not outside
    assert not any("unpkg.com" in page(path) or "jsdelivr" in page(path) for path in pages(site))


def test_charts_carry_a_picture_a_name_and_their_specification(site: Path) -> None:
    figures = [
        figure
        for path in pages(site)
        for figure in re.findall(r"<figure class=\"chart.*?</figure>", page(path), re.DOTALL)
    ]
    assert len(figures) >= 15
    for figure in figures:
        assert "<svg" in figure
        assert re.search(r'role="(img|group)" aria-label="[^"]{20,}"', figure)
        spec = json.loads(re.search(r'class="chart-spec">(.*?)</script>', figure, re.DOTALL)[1])
        assert "title" not in spec


def test_numbers_in_the_text_are_those_of_the_data(site: Path) -> None:
    glance = page(site / "book" / "index.html")
    assert f">{len(rt.load('findings'))}<" in glance
    shown = re.findall(
        r'<abbr class="fact[^"]*" title="([^"]*)">([^<]*)</abbr>', "".join(page(path) for path in pages(site))
    )
    assert len(shown) > 40
    assert all(where.startswith(("count", "value", "percent")) and value for where, value in shown)


def test_every_chapter_is_read_through_the_package(site: Path) -> None:
    """One that reads past it runs at each build, so the last log would name it."""
    log = (site.parent / "build.log").read_text("utf-8")
    assert "executing" in log
    assert "reads past review_tools" not in log
