"""The badge beside the last search turns by itself when the schedule is missed, in words and not in colour alone."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page

from review_tools.display.front_page import GLANCE, Due
from review_tools.site import assets

DUE = Due("2026-12-02", 7)  # searched on 25 November
DAYS = {
    "the day of the search": ("2026-11-25T08:00:00Z", "kept", "on schedule"),
    "the day it is due": ("2026-12-02T23:59:00Z", "kept", "on schedule"),
    "the last day of grace": ("2026-12-05T12:00:00Z", "kept", "on schedule"),
    "late": ("2026-12-06T00:00:01Z", "late", "late: the next search was due on 2026-12-02, 4 days ago"),
    "late by two turns": ("2026-12-16T12:00:00Z", "late", "late: the next search was due on 2026-12-02, 14 days ago"),
    "missed": ("2026-12-17T12:00:00Z", "missed", "out of date: the next search was due on 2026-12-02, 15 days ago"),
}


def front_page(folder: Path, due: Due | None) -> str:
    """The front page's dates in a folder, with the site's own script and styles."""
    for name in ("schedule.js", "review.css"):
        (folder / name).write_text((assets.STATIC / name).read_text(encoding="utf-8"), encoding="utf-8")
    glance = GLANCE.render(searched="2026-11-25" if due else None, due=due)
    head = '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="review.css">'
    page = folder / "index.html"
    page.write_text(f'{head}{glance}<script src="schedule.js"></script>', encoding="utf-8")
    return page.as_uri()


@pytest.mark.browser
@pytest.mark.parametrize(("now", "state", "says"), DAYS.values(), ids=DAYS.keys())
def test_the_badge_follows_the_readers_clock(tab: Page, tmp_path: Path, now: str, state: str, says: str) -> None:
    tab.clock.set_fixed_time(now)
    tab.goto(front_page(tmp_path, DUE))
    badge = tab.locator(".search-badge")
    assert badge.is_visible()
    assert badge.inner_text() == says
    assert badge.get_attribute("class") == f"tag search-badge search-{state}"


@pytest.mark.browser
def test_without_scripts_the_date_stands_alone_and_a_due_date_that_is_none_says_nothing(
    window: Callable[..., Page], tmp_path: Path
) -> None:
    page, live = window(java_script_enabled=False), window()
    for due, says in ((DUE, "2026-11-25"), (None, "no systematic search yet")):
        page.goto(front_page(tmp_path, due))
        assert page.locator("dd").first.inner_text().strip() == says
    live.goto(front_page(tmp_path, Due("soon", 7)))
    assert live.locator(".search-badge").is_hidden()


@pytest.mark.parametrize(("due", "scripts"), [(DUE, ["schedule.js"]), (None, [])], ids=["due", "never searched"])
def test_only_a_page_with_a_schedule_gets_the_script(due: Due | None, scripts: list[str]) -> None:
    added: list[str] = []
    app = SimpleNamespace(add_js_file=lambda name, **_: added.append(name))
    body = GLANCE.render(searched="2026-11-25" if due else None, due=due)
    assets.add_scripts(app, "book/index", {"body": body})
    assert added == scripts
