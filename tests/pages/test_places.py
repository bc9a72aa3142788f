"""The pages for new work, voices, models, settings, health and help, in a real browser with a real daemon."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.served import Served
from tests.acceptance.site import Site
from tests.pages.browser import hearing, violations

Open = Callable[..., Page]
SETTINGS: dict[str, Any] = {"profiles": {"lessons": {"targets": ["pt"]}}}
PLACES = ("/new", "/voices", "/models", "/settings", "/health", "/docs")
AT_LEAST_11_S = re.compile(r"(1[1-9]|[2-9]\d) s")
"""Each second is shown for a second, in which a busy machine may not look."""
SPEECH = Path(__file__).parents[1] / "data" / "ljspeech"


@pytest.fixture(scope="module")
def browser(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone hears somebody read."""
    read = [soundfile.read(SPEECH / f"LJ001-000{number}.flac") for number in (1, 3)]
    heard = tmp_path_factory.mktemp("microphone") / "reading.wav"
    soundfile.write(heard, np.concatenate([samples for samples, _ in read]), read[0][1], subtype="PCM_16")
    with hearing(browser, heard) as found:
        yield found


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A root with a daemon and a web server, which all tests here use."""
    made = Served(Site(tmp_path_factory.mktemp("places") / "root", **SETTINGS))
    made.start()
    yield made
    made.close()
    made.site.close()


def overrides(one: Served) -> list[Any]:
    rows = one.site.rows("SELECT overrides, profile FROM job WHERE request IS NULL ORDER BY id")
    return [(json.loads(row["overrides"]), row["profile"]) for row in rows]


def test_options_are_chosen_seen_as_a_file_and_used_for_a_file_and_a_text(
    one: Served, opened: Open, tmp_path: Path
) -> None:
    page = opened(one, "/new", expected=("404",))
    page.select_option("#profile", "lessons")
    expect(page.locator("[name='option.targets']")).to_have_attribute("placeholder", "pt")
    page.get_by_text("Subtitles", exact=True).click()
    page.fill("[name='option.subtitles.lines']", "9")
    expect(page.locator("#problem")).to_have_text("subtitles.lines must be at most 4.")
    page.fill("[name='option.subtitles.lines']", "1")
    expect(page.locator("#sidecar")).to_have_text("subtitles: {lines: 1}\n")
    file = tmp_path / "Olá.txt"
    file.write_text("Good morning.", encoding="utf-8")
    page.set_input_files("#files", [file])
    expect(page.locator("#uploads a")).to_contain_text("Job ")
    page.fill("#text", "Good evening.")
    page.get_by_role("button", name="Make a job of the text").click()
    page.wait_for_url("**/jobs/*")
    assert overrides(one) == [({"subtitles": {"lines": 1}}, "lessons")] * 2


def test_a_text_is_heard_at_once_and_a_voice_is_recorded_to_its_end(one: Served, opened: Open) -> None:
    page = opened(one, "/new")
    page.fill("#text", "Good morning.")
    page.get_by_role("button", name="Speak it now").click()
    expect(page.locator("#sound")).to_contain_text("Spoken by job")
    page.wait_for_function("() => document.querySelector('#sound audio').duration > 0.5")
    page.goto(f"{one.address}/voices")
    page.get_by_role("button", name="Make the voice").click()
    expect(page.locator("#voice-name:invalid")).to_be_focused()
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator("#advice")).to_contain_text("at least 10 s are needed")
    expect(page.locator("#length")).to_have_text(AT_LEAST_11_S)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#heard")).to_be_visible()
    page.fill("#voice-name", "mara")
    page.fill("#by", "Mara Lima")
    page.get_by_role("button", name="Make the voice").click()
    expect(page.locator("#agreed:invalid")).to_be_focused()
    page.check("#agreed")
    page.get_by_role("button", name="Make the voice").click()
    page.wait_for_url("**/voices?made=mara")
    expect(page.locator(".card").filter(has_text="mara").first).to_contain_text("Consent of Mara Lima")
    found = one.ask("/v1/voices/mara")[2]["voice"]
    assert found["seconds"] > 6 and found["problems"] == [] and found["consent"]["by"] == "Mara Lima"


def test_a_file_becomes_a_voice_with_consent_which_is_tried_and_removed(
    one: Served, opened: Open, tmp_path: Path
) -> None:
    page = opened(one, "/voices", expected=("422",))
    short = tmp_path / "short.wav"
    soundfile.write(short, np.zeros(16_000), 16_000)
    page.fill("#voice-name", "linda")
    page.fill("#by", "Linda <b>")
    page.check("#agreed")
    page.set_input_files("#file", short)
    page.get_by_role("button", name="Make the voice").click()
    expect(page.locator("#outcome")).to_contain_text("too short")
    page.set_input_files("#file", SPEECH / "LJ001-0001.flac")
    page.get_by_role("button", name="Make the voice").click()
    page.wait_for_url("**/voices?made=linda")
    voice = page.locator(".card").filter(has_text="linda").first
    expect(voice).to_contain_text("Consent of Linda <b>")
    consent = json.loads((one.site.root / "voices" / "linda.consent.json").read_text("utf-8"))
    assert consent["by"] == "Linda <b>" and "copied from this recording" in consent["statement"]
    voice.get_by_role("link", name="Remove …").click()
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_url("**/voices?removed=linda")
    assert not (one.site.root / "voices" / "linda.wav").exists()


def test_without_a_microphone_the_page_says_why_and_takes_a_file(one: Served, opened: Open) -> None:
    page = opened(one)
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")  # as over plain http
    page.goto(f"{one.address}/voices")
    expect(page.locator("#insecure")).to_contain_text("only over https")
    expect(page.locator("#record")).not_to_be_visible()
    expect(page.locator("#file")).to_be_visible()


def test_the_examination_is_shown_when_it_is_done_and_can_be_repeated(one: Served, opened: Open) -> None:
    page = opened(one, "/health")
    expect(page.locator("#system")).to_contain_text("The daemon is running since")
    expect(page.locator("#findings li").first).to_be_visible()
    again = page.get_by_role("link", name="Examine again")
    with page.expect_response("**/health/findings"):
        again.click()


def test_every_page_is_accessible_and_fits_a_phone_in_the_dark(one: Served, opened: Open) -> None:
    page = opened(one, color_scheme="dark", viewport={"width": 320, "height": 700})
    for path in PLACES:
        page.goto(f"{one.address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert violations(page) == [], path


def test_every_page_is_read_without_scripts(one: Served, opened: Open) -> None:
    page = opened(one)
    bare = page.context.browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())  # type: ignore[union-attr]
    try:
        reader = bare.new_page()
        for path in PLACES:
            reader.goto(f"{one.address}{path}")
            expect(reader.locator("h1")).to_be_visible()
        reader.goto(f"{one.address}/new")
        reader.fill("#text", "Good evening.")
        reader.fill("[name='option.targets']", "es")
        reader.get_by_role("button", name="Show the file").click()
        expect(reader.locator("#sidecar")).to_contain_text("targets: [es]")
        assert reader.input_value("#text") == "Good evening."
    finally:
        bare.close()
