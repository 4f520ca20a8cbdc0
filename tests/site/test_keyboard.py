"""The Tab key reaches whatever can be used, in a circle, and each stop can be seen."""

import pytest
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.site, pytest.mark.browser]
PAGES = [
    "book/index.html",
    "book/mechanisms/contact.html",
    "book/explore.html",
    "book/synthesis/gap-map.html",
    "book/synthesis/claims.html",
    "studies/deng_2017_randomised.html",
    "trials/NCT01854957.html",
]
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


def walked(page: Page) -> list[dict[str, object]]:
    """Every stop of the Tab key from the top of the page to its end."""
    page.add_script_tag(content=LOOKS)
    stops: list[dict[str, object]] = []
    for _ in range(2 * page.evaluate("usable.length") + 10):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None or (stops and stop["index"] == stops[0]["index"]):
            break
        stops.append(stop)
    return stops


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_every_stop_is_reached_and_seen(browser: Browser, address: str, name: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}/{name}", wait_until="networkidle")
    stops = walked(page)
    missed = set(range(page.evaluate("usable.length"))) - {stop["index"] for stop in stops}
    assert not [page.evaluate("i => usable[i].outerHTML.slice(0, 150)", index) for index in sorted(missed)]  # type: ignore[type-var]
    assert not [stop["html"] for stop in stops if stop["same"]], "the focus cannot be seen"
    assert not [stop["html"] for stop in stops if not stop["inside"]], "the focus is out of sight"
    context.close()


def test_a_stop_that_cannot_be_seen_is_found(browser: Browser, address: str) -> None:
    """The check can fail."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}/book/introduction.html", wait_until="networkidle")
    plain = "outline: none !important; box-shadow: none !important; background: none; text-decoration: inherit"
    page.add_style_tag(content=f"html body article a:focus-visible:focus {{ {plain} }}")
    assert any(stop["same"] for stop in walked(page))
    context.close()
