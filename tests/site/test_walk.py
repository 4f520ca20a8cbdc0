"""One walk over the site in a real browser, which asks every page everything at once.

By default one page of each kind is walked, and of long lists their first rows; the long tests walk all. Each page is
opened twice: served, on a light desktop, and from its folder, on a dark phone.
"""

import gzip
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import lxml.html
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from browsing import Watch
from review_tools.site.charts import BUNDLE

pytestmark = [pytest.mark.site, pytest.mark.browser]
SAMPLE = [
    "book/index.html",  # at a glance, how to cite
    "book/mechanisms/index.html",  # the figure of mechanisms
    "book/mechanisms/contact.html",  # prose with citations
    "book/discussion.html",  # cites a retracted work
    "book/explore.html",
    "book/diseases/acute-gvhd.html",  # forest plots
    "book/synthesis/gap-map.html",
    "book/synthesis/claims.html",
    "book/trials.html",
    "book/methods.html",  # downloads
    "book/references.html",
    "book/whats-new.html",
    "search.html?q=mitochondria",
    "genindex.html",
    "v/index.html",
    "studies/deng_2017_randomised.html",  # rows of nearly all tables
    "studies/chen_2020_overexpression.html",  # retracted
    "studies/unnamed_nd_lactate.html",  # next to nothing is known
    "trials/NCT01854957.html",
    "trials/IRCT20200127046282N36.html",  # a title of one long word
    "book/synthesis/published.html",  # links of notes one under the other
]
FOCUS = ["book/index.html", "book/explore.html", "book/synthesis/gap-map.html", "studies/deng_2017_randomised.html"]
WITHOUT_CARD = 'article p a[href*="#ref-"]:not(.has-card), a.seed-unidentified:not(.has-card)'
DESKTOP = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
# What a phone changes.
APPEARANCE = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
STILL = {"reduced_motion": "reduce"}  # else a colour may be measured half-way through its change


# Rows like those before them, most of what a long page holds.
ALIKE = "tbody tr:nth-child(n+12), article li:nth-child(n+12), article dl > :nth-child(n+25)"


def shorten(page: Page) -> None:
    """Leave of long tables and lists what comes first."""
    page.evaluate("alike => document.querySelectorAll(alike).forEach(row => row.remove())", ALIKE)


def violations(page: Page, rules: list[str] | None = None) -> list[dict[str, Any]]:
    # Without the styles, which a page in a folder may not fetch, and with what axe leaves out unless it is asked.
    asked = {"target-size": {"enabled": True}, "label-content-name-mismatch": {"enabled": True}}
    options: dict[str, Any] = {"preload": False, "rules": asked}
    options |= {"resultTypes": ["violations"], "selectors": False}  # details of nothing else
    if rules:
        del options["rules"]
        options["runOnly"] = {"type": "rule", "values": rules}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return found


def walk(
    browser: Browser, address: str, site: Path, names: list[str], *, axe: bool = True, whole: bool = False
) -> list[str]:
    """What is wrong with some pages."""
    wrong: list[str] = []
    for start, options, rules in ((address, DESKTOP, None), (site.as_uri(), PHONE, APPEARANCE)):
        context = browser.new_context(**options, **STILL)  # type: ignore[arg-type]
        watch = Watch(context.new_page())
        for name in names:
            page = watch.open(f"{start}/{name}")
            if name.startswith("search.html?"):
                page.locator("#search-results li a").first.wait_for()
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                watch.note("wider than the screen")
            if name.startswith("book/") and "references" not in name and page.locator(WITHOUT_CARD).count():
                watch.note("a citation without its card")
            if not whole:
                shorten(page)
            if axe:
                for found in violations(page, rules):
                    watch.note(f"{found['id']} ({found['impact']}): {found['nodes'][0]['html'][:120]}")
        wrong += watch.wrong
        context.close()
    return wrong


@pytest.mark.parametrize("name", SAMPLE)
def test_a_page_of_each_kind_has_nothing_wrong(browser: Browser, address: str, site: Path, name: str) -> None:
    wrong = walk(browser, address, site, [name])
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.long
def test_no_page_has_anything_wrong(
    browser: Browser, address: str, site: Path, pages: dict[str, lxml.html.HtmlElement]
) -> None:
    rows = [name for name in pages if name.startswith(("studies/", "trials/"))]
    rest = [name for name in pages if name not in rows]
    assert len(rows) > 100 < len(pages)
    wrong = walk(browser, address, site, rest, whole=True) + walk(browser, address, site, rows, axe=False)
    assert not wrong, "\n".join(wrong[:20])


def test_what_is_wrong_is_found(browser: Browser, address: str, site: Path) -> None:
    """The walk can fail: planted are a script, a handler, an outside picture, grey on grey, and too wide a box."""
    text = (site / "book" / "glossary.html").read_text(encoding="utf-8")
    planted = """<script>__pwned = 'script'</script><img src=x onerror="__pwned = 'handler'"><img src=http://127.0.0.2:9/x>
        <p style="color: #999; width: 2000px">grey words</p>"""
    spoilt = text.replace("</article>", f"{planted}</article>", 1)
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", spoilt)
    found = {}
    for name, body in (("guarded", spoilt), ("bare", bare)):
        watch = Watch(browser.new_page(viewport={"width": 1280, "height": 900}))
        answer = partial(Route.fulfill, body=body, content_type="text/html; charset=utf-8")
        watch.page.route("**/glossary.html", lambda route, _, answer=answer: answer(route))
        page = watch.open(f"{address}/book/glossary.html")
        if name == "guarded":
            assert {"image-alt", "color-contrast"} <= {each["id"] for each in violations(page)}
        assert page.evaluate("document.documentElement.scrollWidth > innerWidth")
        found[name] = "\n".join(watch.wrong)
        page.close()
    assert "planted script ran" not in found["guarded"]
    assert found["guarded"].count("Content Security Policy") >= 3
    assert "planted script ran" in found["bare"]
    assert "asks http://127.0.0.2:9/x" in found["bare"]


def test_no_page_is_endless_on_a_phone(phone: Page, address: str, pages: dict[str, lxml.html.HtmlElement]) -> None:
    """Before a reader unfolds something."""
    names = [name for name in pages if name.startswith(("book/", "v/")) or name in SAMPLE]
    heights = {}
    for name in names:
        phone.goto(f"{address}/{name}")
        heights[name] = phone.evaluate("document.documentElement.scrollHeight")
    assert len(heights) > 40
    assert not {name: height for name, height in heights.items() if height > 15_000}


# Weight: what a page asks for before a reader does anything

MOST, REQUESTS = 300_000, 20  # bytes, compressed as servers do
KINDS = (
    "index", "diseases/index", "diseases/crohns", "safety", "trials", "mechanisms/index", "methods", "explore",
    "synthesis/gap-map", "references", "discussion", "contribute",
)  # fmt: skip
LATER = re.compile(rf"{BUNDLE}|searchindex|searchtools|language_data|fontawesome|/webfonts/")


def weight(file: Path) -> int:
    content = file.read_bytes()
    return len(content if file.suffix in (".woff2", ".png") else gzip.compress(content, 6))


def test_no_page_is_heavy_before_a_reader_does_anything(browser: Browser, address: str, site: Path) -> None:
    heaviest = (max(site.glob(f"{folder}/*.html"), key=weight) for folder in ("studies", "trials", "v"))
    names = [*(f"book/{name}.html" for name in KINDS), *(path.relative_to(site).as_posix() for path in heaviest)]
    for name in names:
        asked: list[str] = []
        page = browser.new_page()
        page.on("request", lambda request, asked=asked: asked.append(urlsplit(request.url).path))
        page.goto(f"{address}/{name}", wait_until="networkidle")
        page.close()
        assert sum(weight(site / path.lstrip("/")) for path in asked) <= MOST, (name, asked)
        assert len(asked) <= REQUESTS, (name, asked)
        assert not [path for path in asked if LATER.search(path)], name


# Motion

MOVING = """[...document.querySelectorAll("*")].filter((element) => {
  const style = getComputedStyle(element);
  return style.scrollBehavior === "smooth" || style.animationName !== "none"
    || (style.transitionProperty !== "none" && style.transitionDuration.split(",").some((t) => parseFloat(t) > 0));
}).length"""


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
def test_less_motion_is_respected(window: Callable[..., Page], address: str, wish: str) -> None:
    page = window(reduced_motion=wish)
    page.goto(f"{address}/book/trials.html")
    # The theme does move things for everybody else, so the measure itself can fail.
    assert (page.evaluate(MOVING) == 0) == (wish == "reduce")


# Keyboard

# How an element looks that may change when it has the focus: its own line, shadow and colours, or those of a parent.
LOOKS = """window.looks = element => {
  const seen = [];
  for (let e = element, up = 0; e && up < 3; e = e.parentElement, up += 1) {
    const s = getComputedStyle(e);
    seen.push(s.outlineStyle === 'none' ? 'none' : s.outline, s.boxShadow, s.backgroundColor, s.borderColor,
              s.textDecorationLine, s.textDecorationThickness);
  }
  return seen.join('|');
};
window.usable = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')].filter(e =>
  e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && e.tabIndex >= 0 && !e.disabled && !e.inert
  && e.getClientRects().length);
window.before = new Map(usable.map(e => [e, looks(e)]));"""
STOP = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const box = e.getBoundingClientRect();
  const index = usable.indexOf(e);
  return {index, html: e.outerHTML.slice(0, 120), same: index >= 0 && before.get(e) === looks(e),
          inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth};
}"""


def stops(page: Page) -> list[dict[str, object]]:
    """Every stop of the Tab key from the top of the page to its end."""
    page.add_script_tag(content=LOOKS)
    found: list[dict[str, object]] = []
    for _ in range(2 * page.evaluate("usable.length") + 10):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None or (found and stop["index"] == found[0]["index"]):
            break
        found.append(stop)
    return found


@pytest.mark.parametrize("name", FOCUS)
@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.long)])
def test_every_stop_of_the_tab_key_is_reached_and_seen(
    window: Callable[..., Page], address: str, name: str, width: int
) -> None:
    page = Watch(window(width, reduced_motion="reduce", bypass_csp=True)).open(f"{address}/{name}")
    if width == 1280:
        shorten(page)
    found = stops(page)
    missed = set(range(page.evaluate("usable.length"))) - {stop["index"] for stop in found}
    assert not [page.evaluate("i => usable[i].outerHTML.slice(0, 150)", index) for index in sorted(missed)]  # type: ignore[type-var]
    assert not [stop["html"] for stop in found if stop["same"]], "the focus cannot be seen"
    assert not [stop["html"] for stop in found if not stop["inside"]], "the focus is out of sight"


def test_a_stop_that_cannot_be_seen_is_found(window: Callable[..., Page], address: str) -> None:
    """The check can fail."""
    page = Watch(window(bypass_csp=True)).open(f"{address}/book/introduction.html")
    plain = "outline: none !important; box-shadow: none !important; background: none; text-decoration: inherit"
    page.add_style_tag(content=f"html body article a:focus-visible:focus {{ {plain} }}")
    assert any(stop["same"] for stop in stops(page))
