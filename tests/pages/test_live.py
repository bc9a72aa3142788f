"""The page on which somebody speaks, in a real browser whose microphone plays Kennedy's speech."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.served import Served
from tests.integration.test_dictate import RATE, silence, spoken
from tests.integration.test_engines import usable
from tests.pages.browser import hearing, violations
from tests.waiting import wait_until

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone plays a file again and again."""
    usable("pocketsphinx")
    file = tmp_path_factory.mktemp("microphone") / "spoken.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        for part in (spoken(0.0, 2.4), silence(1.5)):
            sound.writeframes((part * 32767).astype("<i2").tobytes())
    with hearing(browser, file) as found:
        yield found


def dictating(page: Page) -> None:
    """Start to record, and wait for the first word."""
    page.select_option("#dictation-language", "en")
    page.click("#dictation-start")
    expect(page.locator("#dictation-settled")).to_contain_text("fellow")


def uploads(one: Served) -> list[Path]:
    return list((one.site.root / "work" / "uploads").glob("*/part/*.wav"))


def grows_by(page: Page, file: Path) -> int:
    """Return by how many bytes a recording grows in a while."""
    before = file.stat().st_size
    page.wait_for_timeout(600)
    return file.stat().st_size - before


def test_words_appear_while_somebody_speaks_and_in_the_end_there_is_a_job(
    served: Callable[..., Served], opened: Open
) -> None:
    one = served()
    page = opened(one, "/live")
    assert violations(page) == []
    assert page.input_value("#dictation-language") == "auto", "the language of the page is not what is spoken"
    page.fill("#dictation-name", "Speech <b>")
    dictating(page)
    assert violations(page) == []
    page.keyboard.press("Shift+Tab")  # "End" has the focus; the button before it is "Pause"
    page.keyboard.press("Enter")
    [file] = uploads(one)
    wait_until(lambda: grows_by(page, file) == 0, "what was recorded before the pause to be sent")
    assert grows_by(page, file) == 0, "a pause is not recorded"
    page.click("#dictation-pause")
    page.click("#dictation-end")
    link = page.locator("#dictation-job")
    expect(link).to_be_visible()
    job = int((link.get_attribute("href") or "").rpartition("/")[2])
    rows = "SELECT state, name FROM job WHERE id = ?"
    wait_until(lambda: one.site.rows(rows, job)[0]["state"] == "succeeded", "the job to succeed")
    said = one.ask(f"/v1/jobs/{job}/transcript")[2]
    assert "fellow" in str(said)


def test_a_killed_server_and_a_reload_lose_nothing(served: Callable[..., Served], opened: Open) -> None:
    one = served()
    page = opened(one, "/live", expected=("Failed to load resource", "net::ERR", "Failed to fetch"))
    dictating(page)
    [file] = uploads(one)
    one.process().kill()
    expect(page.locator("#dictation-state")).to_contain_text("kept in this browser")
    wait_until(one.answers, "the next web server answers")
    expect(page.locator("#dictation-state")).to_be_hidden()
    size = file.stat().st_size
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.click("button[data-continue]")
    expect(page.locator("#dictation-settled")).to_contain_text("fellow")
    wait_until(lambda: file.stat().st_size > size + RATE, "the recording to continue")
    page.click("#dictation-end")
    expect(page.locator("#dictation-job")).to_be_visible()
    assert uploads(one) == []
