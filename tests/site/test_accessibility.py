"""axe finds nothing on any chapter, and on study and trial pages of each kind, on a light desktop and a dark phone."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

pytestmark = [pytest.mark.site, pytest.mark.browser]
# Generated pages are made from one template each; these hold all its parts, and a retracted work.
GENERATED = [
    "studies/deng_2017_randomised.html",
    "studies/chen_2020_overexpression.html",
    "studies/unnamed_nd_lactate.html",
    "trials/NCT01854957.html",
    "trials/NCT04956744.html",
]
SCREENS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.mark.parametrize(("screen", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_axe_finds_nothing(browser: Browser, address: str, site: Path, screen: str, scheme: str) -> None:
    context = browser.new_context(viewport=SCREENS[screen], color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    chapters = sorted(path.relative_to(site).as_posix() for path in (site / "book").rglob("*.html"))
    found = []
    for name in [*chapters, *GENERATED]:
        page.goto(f"{address}/{name}")
        page.wait_for_load_state("networkidle")
        for violation in Axe().run(page).response["violations"]:
            found.append(f"{name}: {violation['id']} ({violation['impact']}): {violation['nodes'][0]['html'][:120]}")
    context.close()
    assert not found, found[:10]
