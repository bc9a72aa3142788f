"""Mending what is said, in a real browser: typed, kept, heard, and made by a real job."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.served import Served
from tests.pages.browser import violations
from tests.pages.dubbing import LINES
from tests.waiting import wait_until

Open = Callable[..., Page]


@pytest.fixture
def fresh(dubbed: Served) -> Served:
    """Return the server, with no changes kept of its first job."""
    version = draft(dubbed)["version"]
    status, _, _ = dubbed.ask("/v1/jobs/1/draft", {"version": version, "lines": [], "speakers": {}}, method="PUT")
    assert status == 200
    return dubbed


def draft(one: Served) -> dict[str, Any]:
    found: dict[str, Any] = one.ask("/v1/jobs/1/draft")[2]
    return found


def mend(page: Page, n: int) -> Any:
    """Open a line by its pen; return the field with its text."""
    page.get_by_role("button", name=f"Mend line {n}").click()
    field = page.get_by_role("textbox", name=f"Text of line {n}")
    expect(field).to_be_focused()
    return field


def said(page: Page, n: int) -> Any:
    return page.locator(f"#line-{n} .said")


def made(page: Page) -> None:
    """Make what was changed, and open the new version."""
    page.locator("#make").click()
    expect(page.locator("#made")).to_contain_text("The new version is there.")
    page.get_by_role("link", name="Open it").click()


def test_only_the_line_that_was_changed_by_keys_alone_is_spoken_again(fresh: Served, opened: Open) -> None:
    page = opened(fresh, "/jobs/1")
    pen = page.get_by_role("button", name="Mend line 1")
    pen.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Mend line 2")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("My dear friends, ask not.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="Text of line 3")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Mend line 3")).to_be_focused()
    expect(page.locator("#kept")).to_have_text("Saved")
    page.reload()
    expect(said(page, 2)).to_have_text("My dear friends, ask not.")
    expect(page.locator("#make")).to_have_text("Make 1 changed line")
    made(page)
    expect(page).not_to_have_url(f"{fresh.address}/jobs/1")
    expect(said(page, 2)).to_have_text("My dear friends, ask not.")
    number = page.url.rpartition("/")[2]
    [row] = fresh.site.rows("SELECT result FROM step WHERE job_id = ? AND key = 'synthesize/es'", number)
    assert json.loads(row["result"])["pieces"] == {"spoken": 1, "cached": len(LINES) - 1}


def test_a_click_on_a_word_plays_it_and_the_line_is_marked(fresh: Served, opened: Open) -> None:
    page = opened(fresh, "/jobs/1")
    expect(page.locator("#kept")).to_have_text("Saved")
    said(page, 3).click()
    expect(page.locator("#line-3")).to_have_attribute("aria-current", "true")
    mend(page, 1)
    page.get_by_role("button", name="Hear it").click()
    expect(page.locator(".editor [role=status]")).to_contain_text("In the default voice")
    page.set_viewport_size({"width": 320, "height": 700})
    assert violations(page) == []
    assert page.evaluate("document.querySelector('#mending').scrollWidth") <= 320


def test_replacing_all_is_seen_before_and_can_be_undone_and_redone(fresh: Served, opened: Open) -> None:
    page = opened(fresh, "/jobs/1")
    expect(page.locator("#kept")).to_have_text("Saved")
    page.get_by_text("Find and replace").click()
    page.get_by_label("Find", exact=True).fill("COUNTRY")
    page.get_by_label("Replace by").fill("land")
    expect(page.locator("#found")).to_have_text("2 in 2 lines")
    expect(page.locator("#found-lines ins")).to_have_text(["land", "land"])
    page.get_by_role("button", name="Replace all").click()
    expect(page.locator("#make")).to_have_text("Make 2 changed lines")
    expect(page.locator("#found")).to_have_text("Not found")
    page.get_by_role("button", name="Undo").click()
    expect(said(page, 3)).to_have_text(LINES[2][0])
    expect(page.locator("#make")).to_be_disabled()
    page.get_by_role("button", name="Redo").click()
    page.get_by_role("button", name="Revert line 4").click()
    expect(said(page, 4)).to_have_text(LINES[3][0])
    expect(said(page, 3)).to_have_text("Your land can do it for you.")
    wait_until(lambda: [one["n"] for one in draft(fresh)["lines"]] == [3], "the server has the changes")
    page.reload()
    page.get_by_role("button", name="Undo").click()
    expect(said(page, 4)).to_have_text(LINES[3][0].replace("country", "land"))


def test_what_is_undone_and_redone_between_two_saves_stays_over_a_reload(fresh: Served, opened: Open) -> None:
    page = opened(fresh, "/jobs/1")
    mend(page, 1).fill("One large step.")
    expect(page.locator("#kept")).to_have_text("Saved")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("#kept")).to_have_text("Saved")
    page.reload()
    expect(page.locator("#make")).to_have_text("Make 1 changed line")
    expect(said(page, 1)).to_have_text("One large step.")


def test_a_speaker_is_renamed_everywhere(fresh: Served, opened: Open) -> None:
    page = opened(fresh, "/jobs/1")
    expect(page.locator("#kept")).to_have_text("Saved")
    page.get_by_text("Names of speakers").click()
    page.get_by_label("Name of S1").fill("Ana <b>")
    page.keyboard.press("Tab")
    expect(page.locator(".speaker")).to_have_text(["Ana <b>", "S2"])
    expect(page.locator("#make")).to_have_text("Make 1 new name")
    made(page)
    expect(page.locator(".speaker")).to_have_text(["Ana <b>", "S2"])
    number = page.url.rpartition("/")[2]
    _, _, listed = fresh.ask(f"/v1/jobs/{number}/outputs")
    [text] = [one["number"] for one in listed["outputs"] if one["name"] == "clip.txt"]
    assert fresh.ask(f"/v1/jobs/{number}/outputs/{text}")[2].decode().startswith("Ana <b>: One small step")
    [row] = fresh.site.rows("SELECT result FROM step WHERE job_id = ? AND key = 'synthesize/es'", number)
    assert json.loads(row["result"])["pieces"]["spoken"] == 0


def test_what_two_tabs_have_typed_is_joined_and_undo_shows_what_the_other_had(fresh: Served, opened: Open) -> None:
    first, second = opened(fresh, "/jobs/1"), opened(fresh, "/jobs/1", expected=("409",))
    expect(second.locator("#kept")).to_have_text("Saved")
    mend(first, 1).fill("The first tab.")
    mend(first, 2).fill("Only in the first.")
    expect(first.locator("#kept")).to_have_text("Saved")
    mend(second, 1).fill("The second tab.")
    expect(second.locator("#trouble")).to_contain_text("Changed in another tab, too: line 1.")
    expect(second.locator("#kept")).to_have_text("Saved")
    expect(said(second, 2)).to_have_text("Only in the first.")
    kept = {one["n"]: one["text"] for one in draft(fresh)["lines"]}
    assert kept == {1: "The second tab.", 2: "Only in the first."}
    second.keyboard.press("Escape")
    second.get_by_role("button", name="Undo").click()
    expect(said(second, 1)).to_have_text("The first tab.")


def test_nothing_is_lost_by_a_dead_server_a_reload_or_a_closed_tab(fresh: Served, opened: Open) -> None:
    page = opened(fresh, "/jobs/1", expected=("ERR_", "Failed to load"))
    expect(page.locator("#kept")).to_have_text("Saved")
    field = mend(page, 1)
    page.route("**/draft", lambda route: route.abort())
    field.fill("While the server is gone.")
    expect(page.locator("#kept")).to_contain_text("Not saved, trying again")
    page.mouse.click(5, 5)
    page.unroute("**/draft")
    expect(page.locator("#kept")).to_have_text("Saved")
    page.route("**/draft", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    field.fill("In a tab that is closed.")
    expect(page.locator("#kept")).to_contain_text("Not saved, trying again")
    page.goto("about:blank")
    page.unroute("**/draft")
    again = page.context.new_page()
    again.goto(f"{fresh.address}/jobs/1")
    expect(said(again, 1)).to_have_text("In a tab that is closed.")
    expect(again.locator("#kept")).to_have_text("Saved")
    assert [one["text"] for one in draft(fresh)["lines"]] == ["In a tab that is closed."]
