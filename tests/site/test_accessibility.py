"""axe finds nothing, of any impact, on a light desktop and a dark phone; with REVIEW_FULL=1 in all four modes.

Every chapter and every page at the root is looked at. Study and trial pages are made from one template each: those
that together hold all its parts are looked at here, all of them with REVIEW_FULL=1.
"""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

pytestmark = [pytest.mark.site, pytest.mark.browser]
GENERATED = [
    "studies/deng_2017_randomised.html",
    "studies/chen_2020_overexpression.html",
    "studies/unnamed_nd_lactate.html",
    "trials/NCT01854957.html",
    "trials/NCT04956744.html",
]
SCREENS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
FULL = bool(os.environ.get("REVIEW_FULL"))
MODES = [("desktop", "light"), ("phone", "dark"), *([("desktop", "dark"), ("phone", "light")] if FULL else [])]
DRAWN = "document.querySelectorAll('figure.chart:not(.is-live)').length === 0"


def pages(site: Path) -> list[str]:
    folders = ("studies", "trials") if FULL else ()
    listed = [
        *site.glob("*.html"),
        *(path for folder in ("book", "v", *folders) for path in (site / folder).rglob("*.html")),
    ]
    names = sorted(path.relative_to(site).as_posix() for path in listed)
    return [name for name in dict.fromkeys([*names, *GENERATED]) if name != "index.html"]  # index.html only leads on


@pytest.mark.parametrize(("screen", "scheme"), MODES)
def test_axe_finds_nothing(browser: Browser, address: str, site: Path, screen: str, scheme: str) -> None:
    context = browser.new_context(
        viewport=SCREENS[screen],  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",  # else a colour may be measured half-way through its change
    )
    page = context.new_page()
    found = []
    for name in pages(site):
        page.goto(f"{address}/{name}")
        page.wait_for_function(DRAWN)
        for violation in Axe().run(page).response["violations"]:
            found.append(f"{name}: {violation['id']} ({violation['impact']}): {violation['nodes'][0]['html'][:120]}")
    context.close()
    assert not found, found[:10]


def test_axe_would_find_something(browser: Browser, address: str) -> None:
    """The check can fail: a picture without a name, and grey on grey."""
    page = browser.new_page()
    page.goto(f"{address}/book/introduction.html")
    bad = '<p style="color: #999"><img src="x">grey words</p>'
    page.evaluate("bad => document.querySelector('article h1').insertAdjacentHTML('afterend', bad)", bad)
    found = {violation["id"] for violation in Axe().run(page).response["violations"]}
    page.close()
    assert {"image-alt", "color-contrast"} <= found
