"""Every page: for those who cannot see, in the dark, on a phone, at 200 %, with nothing that the policy forbids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dropdub.web.pages.rendering import PLACES
from tests.acceptance.served import Served
from tests.pages.browser import Faults, logged_in, violations

PATHS = [*(place.path for place in PLACES), "/jobs/1", "/jobs/1?target=es"]
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark at 200 %": {"color_scheme": "dark", "viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
    "phone": {"viewport": {"width": 320, "height": 640}},
    "Portuguese": {"locale": "pt-BR"},
}


@pytest.fixture(scope="module")
def server(dubbed: Served) -> Served:
    """Return a server with a job that has succeeded, and one that has failed."""
    dubbed.ask("/v1/jobs", {"text": "Good morning.", "name": "Olá, mundo.txt"})
    dubbed.site.wait_for("Olá, mundo.txt")
    return dubbed


@pytest.fixture(scope="module", params=LOOKS)
def fresh_page(request: pytest.FixtureRequest, browser: Browser, server: Served) -> Iterator[Page]:
    """Yield a page in which nobody has logged in. In the end, nothing may have gone wrong in it."""
    context = browser.new_context(**{"locale": "en", **LOOKS[request.param]})
    faults = Faults(f"127.0.0.1:{server.port}")
    page = context.new_page()
    faults.watch(page)
    yield page
    context.close()
    assert faults.found == []


@pytest.fixture(scope="module")
def page(fresh_page: Page, server: Served) -> Page:
    """Return a page in which somebody has logged in; before, anybody could do so."""
    look_at(fresh_page, f"{server.address}/login")
    fresh_page.goto("about:blank")  # the same page with a code would not be loaded again
    logged_in(fresh_page, server)
    return fresh_page


def look_at(page: Page, address: str) -> None:
    """Open a page, and find nothing wrong with it."""
    answer = page.goto(address)
    assert answer is not None and answer.status == 200
    page.wait_for_load_state()
    assert violations(page) == []
    too_wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, "nobody should have to scroll sideways"


@pytest.mark.parametrize("path", PATHS)
def test_everybody_can_use_the_page(page: Page, server: Served, path: str) -> None:
    look_at(page, f"{server.address}{path}")


def test_a_job_is_found_played_and_mended_with_the_keyboard_alone(opened: Callable[..., Page], server: Served) -> None:
    page = opened(server)
    tab_to(page, "a[href='/jobs/1']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/1")
    expect(page.locator("#kept")).to_have_text("Saved")
    tab_to(page, "[data-do=line-on]")
    page.keyboard.press("Enter")
    expect(page.locator("#transcript [aria-current]")).to_have_count(1)
    tab_to(page, ".pen")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.type(" Said by keys.")
    page.keyboard.press("Escape")
    expect(page.locator("#line-1 .said")).to_contain_text("Said by keys.")
    page.keyboard.press("Control+z")
    expect(page.locator("#line-1 .said")).not_to_contain_text("Said by keys.")
    expect(page.locator("#kept")).to_have_text("Saved")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus, and can be seen to have it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"Tab does not reach {selector}")
