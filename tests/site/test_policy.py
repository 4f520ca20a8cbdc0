"""Every page, studies and trials included: nothing from outside, no error, no script but the site's own files."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from review_tools.site.policy import policy

pytestmark = [pytest.mark.site, pytest.mark.browser]
Visit = Callable[..., list[str]]
META = '<meta http-equiv="Content-Security-Policy" content="'
LOADS = re.compile(r'<(?:script|img|iframe|link rel="(?:stylesheet|preload|icon)")[^>]*?(?:src|href)="(https?:[^"]*)"')


def pages(site: Path) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html") if "_static" not in path.parts)


@pytest.mark.parametrize("way", ["served", "from a folder"])
def test_every_page_works_alone_and_without_an_error(site: Path, address: str, visit: Visit, way: str) -> None:
    start = address if way == "served" else site.as_uri()
    named = pages(site)
    assert len(named) > 100
    # The page for lost readers names the published site; it is tested with its links in test_metadata.
    found = visit([f"{start}/{name}" for name in [*named, "search.html?q=mitochondria"]])
    assert not found, "\n".join(found[:20])


def test_every_page_has_its_policy_before_anything_loads(site: Path) -> None:
    for name in pages(site):
        text = (site / name).read_text(encoding="utf-8")
        head = text.split("<title>")[0]
        assert META in head, name
        assert not re.search(r"<(script|link|style)\b", head.split(META)[0]), name
        assert not LOADS.findall(text), name


def test_the_policy_allows_no_inline_script_no_eval_and_no_other_host() -> None:
    rules = dict(rule.split(" ", 1) for rule in policy("auto").split("; "))
    assert rules["default-src"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert re.fullmatch(r"'self' 'unsafe-hashes'( 'sha256-[\w+/=]+')+", rules["script-src"])
    assert "http" not in policy("auto")


def test_what_the_policy_refuses_is_seen(site: Path, visit: Visit) -> None:
    """The tests above can fail: a planted script, handler and outside picture, with the policy and without it."""
    text = (site / "book" / "glossary.html").read_text(encoding="utf-8")
    planted = (
        "<script>__pwned = 'script'</script><img src=x onerror=\"__pwned = 'handler'\"><img src=http://127.0.0.2:9/x>"
    )
    spoilt = site / "book" / "planted.html"
    try:
        spoilt.write_text(text.replace("</h1>", f"</h1>{planted}", 1), encoding="utf-8")
        guarded = "\n".join(visit([spoilt.as_uri()]))
        spoilt.write_text(re.sub(f"{META}[^>]*>", "", spoilt.read_text(encoding="utf-8")), encoding="utf-8")
        bare = "\n".join(visit([spoilt.as_uri()]))
    finally:
        spoilt.unlink()
    assert "planted script ran" not in guarded
    assert guarded.count("Content Security Policy") >= 3
    assert "planted script ran" in bare
    assert "asks http://127.0.0.2:9/x" in bare
