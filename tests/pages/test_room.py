"""An interpreted talk in two real browsers, whose microphones play an English and a Portuguese sentence."""

from __future__ import annotations

import re
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.served import Served
from tests.acceptance.site import Site
from tests.acceptance.test_quality import put_model, settings
from tests.pages.browser import CHROMIUM, Faults, hearing, violations
from tests.spoken import NLLB, RATE, WHISPER, spoken
from tests.waiting import wait_until

pytest.importorskip("faster_whisper", reason="the extra 'quality' is not installed")
Open = Callable[..., Page]
HOUSE, CASA = "The dog is near our big house.", "A minha casa grande é azul."
ANY_NUMBER = re.compile(r"\d")
TALK_MS = 4_000
"""Longer than a sentence and the pause after it: the microphones play them again and again."""


def microphone(path: Path, sentence: str, *, voice: str) -> Path:
    """Write a sentence and a pause as what a microphone plays."""
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        for part in (spoken(sentence, voice=voice), np.zeros(round(1.6 * RATE))):
            sound.writeframes((part * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def browser(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The host's browser, whose microphone plays an English sentence."""
    with hearing(browser, microphone(tmp_path_factory.mktemp("host") / "en.wav", HOUSE, voice="en-us")) as found:
        yield found


@pytest.fixture(scope="module")
def other(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The guest's browser, whose microphone plays a Portuguese sentence."""
    with hearing(browser, microphone(tmp_path_factory.mktemp("guest") / "pt.wav", CASA, voice="pt-br")) as found:
        yield found


def put_models(site: Site) -> None:
    for model in (WHISPER, NLLB):
        put_model(site, model)


@pytest.fixture
def talk(served: Callable[..., Served], opened: Open, other: Browser) -> Iterator[tuple[Served, Page, Page]]:
    """Yield a server, and the pages of the host and of the guest, who have entered by the link and can talk."""
    assert CHROMIUM is not None
    one = served(**settings(), prepare=put_models)
    host = opened(one, "/rooms")
    assert violations(host) == []
    host.click("text=Open a room")
    host.wait_for_url("**/room/*")
    host.context.grant_permissions(["clipboard-read", "clipboard-write"])
    host.click("#room-link-make")
    expect(host.locator("#room-link")).to_be_visible()
    host.click("[data-copy=room-link]")
    expect(host.locator("[data-copy=room-link]")).to_have_text("Copied")
    assert host.evaluate("navigator.clipboard.readText()") == host.input_value("#room-link")
    context, faults = other.new_context(locale="pt-BR"), Faults(f"127.0.0.1:{one.port}", expected=("404",))
    guest = context.new_page()
    faults.watch(guest)
    guest.goto(host.input_value("#room-link"))
    guest.wait_for_url("**/room/*")
    assert violations(guest) == []
    assert guest.locator("#room-end, a[href='/']").count() == 0, "a guest is offered only the room"
    for page, name, language in ((host, "Ana", "en"), (guest, "João", "pt")):
        page.fill("#room-name", name)
        page.select_option("#room-language", language)
        page.press("#room-name", "Enter")
    for page in (host, guest):
        expect(page.locator("#room-hold")).to_be_enabled()
    yield one, host, guest
    context.close()
    assert faults.found == []


def says(speaker: Page, listener: Page, n: int) -> str:
    """Let somebody speak with the space bar, and return what the other reads once they hear it."""
    speaker.focus("#room-hold")
    speaker.keyboard.down("Space")
    expect(speaker.locator("#room-hold")).to_have_attribute("aria-pressed", "true")
    speaker.wait_for_timeout(TALK_MS)
    speaker.keyboard.up("Space")
    line = listener.locator("#room-said li").nth(n)
    expect(line.locator(".how")).to_have_attribute("data-latency", ANY_NUMBER)
    return line.locator(".translation").inner_text()


A_SHORT_WORD = """async () => {
  const room = document.querySelector("script[src$='/room.js']").src;
  const { Utterances } = await import(room.replace("room.js", "utterances.js"));
  const found = [];
  const one = new Utterances({ onUtterance: (blob, at) => found.push(blob.size, Date.now() - at), onChange: () => {} });
  Object.assign(one, { microphone: { flush: async () => {} }, isFree: true });
  Object.defineProperty(performance, "timeOrigin", { value: 0 }); // as if this machine had slept
  one.begin();
  one.add(new ArrayBuffer(6000));
  await one.end(one.began + 150);
  return found;
}"""


def test_two_people_talk_each_in_their_own_language(talk: tuple[Served, Page, Page]) -> None:
    one, host, guest = talk
    assert "casa" in says(host, guest, 0)
    assert "house" in says(guest, host, 1)
    assert violations(host) == [] and violations(guest) == []
    expect(guest.locator("#room-members")).to_contain_text("Ana")
    for page in (host, guest):
        page.check("#room-keep")
    expect(host.locator("#room-keeps")).to_contain_text("Both of you agree")
    host.on("dialog", lambda dialog: dialog.accept())
    host.click("#room-end")
    expect(guest.locator("#room-ended")).to_be_visible()
    job = int((host.locator("#room-ended a").get_attribute("href") or "").rpartition("/")[2])
    rows = "SELECT state FROM job WHERE id = ?"
    wait_until(lambda: one.site.rows(rows, job)[0]["state"] == "succeeded", "the job of the record to succeed")
    guest.reload()
    expect(guest.locator("h1")).to_have_text("A conversa terminou")


def test_without_a_button_pauses_end_what_somebody_says(talk: tuple[Served, Page, Page]) -> None:
    _, host, guest = talk
    host.check("#room-free")
    # The first utterance may begin in the middle of the sentence that the microphone repeats: nobody understands that.
    expect(guest.locator("#room-said .how[data-latency]").nth(1)).to_be_visible()
    assert "casa" in guest.locator("#room-said").inner_text()
    host.uncheck("#room-free")
    size, ago_ms = host.evaluate(A_SHORT_WORD)
    assert size == 6000 and abs(ago_ms) < 60_000
