"""A reader who asked the system for less motion gets none."""

import pytest
from playwright.sync_api import Browser

pytestmark = [pytest.mark.site, pytest.mark.browser]
MOVING = """[...document.querySelectorAll("*")].filter((element) => {
  const style = getComputedStyle(element);
  return style.scrollBehavior === "smooth" || style.animationName !== "none"
    || (style.transitionProperty !== "none" && style.transitionDuration.split(",").some((t) => parseFloat(t) > 0));
}).length"""


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
def test_less_motion_is_respected(browser: Browser, address: str, wish: str) -> None:
    context = browser.new_context(reduced_motion=wish)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/book/trials.html")
    moving = page.evaluate(MOVING)
    context.close()
    # The theme does move things for everybody else, so the measure itself can fail.
    assert (moving == 0) == (wish == "reduce")
