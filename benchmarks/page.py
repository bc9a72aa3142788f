"""The page, measured in a real browser: a list of 120,000 jobs, a recording of three hours, and interpreted talks.

    python benchmarks/page.py [--only PART,PART...] [--models DIR] [--folder DIR]

Parts: queue, film, talk. Each starts a daemon with its web server in a fresh root (`--folder`: where). `talk` uses
pocketsphinx, apertium and espeak-ng, from English to Spanish; with `--models DIR`, whisper-base, bergamot and espeak-ng
as well, from English to Portuguese and back. Needs Chromium.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import wave
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parents[1]))

import job_lists
from api.figures import HEAD, in_ms, show_row
from side import show
from tests.acceptance.served import Served, served_at
from tests.acceptance.site import Site
from tests.pages.browser import chromium, hearing, opened
from tests.pages.test_job import SAMPLE, a_long_job
from tests.spoken import RATE, spoken
from tests.web.running import running

from dropdub.media.ffmpeg import run_ffmpeg
from dropdub.operations.place import find_place
from dropdub.store.database import Store

TIMES = 20
UTTERANCES = 6
COMPACT = {"transcriber": "faster-whisper", "translator": "bergamot", "synthesizer": "espeak-ng"}
SENTENCES = {
    "en": ("en-us", "Good morning. The dog is near our big house."),
    "pt": ("pt-br", "Bom dia. A casa é azul."),
}
PATIENCE_MS = 120_000
CLICK = """
const timer = setInterval(() => {
  document.querySelector("#line-3 .word:nth-of-type(2)")?.click();
  if (document.querySelector("#line-3[aria-current=true]")) {
    document.documentElement.dataset.used = performance.now();
    clearInterval(timer);
  }
}, 5);
"""
"""Clicks on a word until that has an effect, and notes when."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="queue,film,talk")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    show(HEAD)
    with tempfile.TemporaryDirectory(dir=given.folder) as name, chromium() as browser:
        folder, parts = Path(name), given.only.split(",")
        if "queue" in parts:
            queue(browser, folder / "queue")
        if "film" in parts:
            film(browser, folder / "film")
        if "talk" in parts:
            talk(browser, folder / "light", "pocketsphinx, apertium, espeak-ng", ("en", "es"))
            if given.models:
                models = {"dir": str(given.models.resolve()), "use": {"faster-whisper": "whisper-base"}}
                settings = {"job": COMPACT, "models": models}
                talk(browser, folder / "compact", "whisper-base, bergamot, espeak-ng", ("en", "pt"), **settings)


def queue(browser: Browser, root: Path) -> None:
    """Show how long the list of jobs takes: the server's answer, and until the browser shows it."""
    one = Served(Site(root))
    place = find_place(root)
    with closing(Store.open(place.url)):
        job_lists.fill(place.root.database_file)
    with closing(one.site), one.alone(), opened(browser, one) as page:
        answers = [timed(page, one.address) for _ in range(TIMES)]
        show_row("the list of jobs: answered", "≤ 200 ms", in_ms([one for one, _ in answers], 0.5, 1), "120,000 jobs")
        show_row("the same: shown", "", in_ms([two for _, two in answers], 0.5, 1), "120,000 jobs")


def film(browser: Browser, root: Path) -> None:
    """Show how long the page of a recording of three hours takes until one can use it, and its memory."""
    root.mkdir()
    sound = root / "sound.m4a"
    run_ffmpeg(["-i", str(SAMPLE), "-c:a", "aac", "-f", "ipod", str(sound)], deadline_s=60)
    with running(root) as web:
        path = f"/jobs/{a_long_job(web, sound.read_bytes())}"
    one = Served(Site(root))
    with closing(one.site), one.alone(), opened(browser, one) as page:
        page.add_init_script(CLICK)
        found = [used(page, f"{one.address}{path}") for _ in range(TIMES)]
        show_row("the page of a job: a click on a word seeks", "≤ 1 s", in_ms(found, 0.5, 1), "3 h, 30,000 words")
        heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
        show_row("the same: memory of its scripts", "≤ 150 MB", f"{heap:.0f} MB", "3 h, 30,000 words")


def used(page: Page, address: str) -> float:
    """Return the seconds from the start of the navigation until a click on a word has sought its place."""
    page.goto(address)
    page.wait_for_selector("html[data-used]")
    return float(page.get_attribute("html", "data-used") or 0) / 1000


def timed(page: Page, address: str) -> tuple[float, float]:
    """Return the seconds until a page was answered, and until it could be used."""
    page.goto(address)
    entry: dict[str, float] = json.loads(
        page.evaluate("JSON.stringify(performance.getEntriesByType('navigation')[0].toJSON())")
    )
    return (entry["responseEnd"] - entry["requestStart"]) / 1000, entry["domContentLoadedEventEnd"] / 1000


def talk(browser: Browser, root: Path, engines: str, languages: tuple[str, str], **settings: Any) -> None:
    """Let two browsers talk, and show how long it takes from the end of speech to the first sound."""
    root.mkdir()
    sounds = [microphone(root / f"{language}.wav", language) for language in languages if language in SENTENCES]
    with (
        served_at(root / "root", forks=False, **settings) as one,
        hearing(browser, sounds[0]) as first,
        hearing(browser, sounds[-1]) as second,
        opened(first, one, "/rooms") as host,
        second.new_context() as context,
    ):
        host.click("text=Open a room")
        host.wait_for_url("**/room/*")
        host.click("#room-link-make")
        host.wait_for_selector("#room-link:not([hidden])")
        guest = context.new_page()
        guest.goto(host.input_value("#room-link"))
        guest.wait_for_url("**/room/*")
        began = time.monotonic()
        for page, language in zip((host, guest), languages, strict=True):
            page.fill("#room-name", language)
            page.select_option("#room-language", language)
            page.press("#room-name", "Enter")
        speakers = (host, guest) if len(sounds) > 1 else (host,)
        for page in speakers:
            page.wait_for_selector("#room-hold:not([disabled])", timeout=PATIENCE_MS)
        show_row("a talk is ready after both have entered", "", f"{time.monotonic() - began:.1f} s", engines)
        found = [said(speakers[n % len(speakers)], guest, n) for n in range(UTTERANCES)]
    whole, over = zip(*found, strict=True)
    show_row("from the end of speech to its first sound", "", in_ms(whole, 0.5, 1), engines)
    show_row("the same, more than the engines", "≤ 1,500 ms", in_ms(over, 0.5, 1), engines)


def said(speaker: Page, reader: Page, n: int) -> tuple[float, float]:
    """Let somebody speak; return the seconds until the other hears it, and how many are more than the engines'."""
    speaker.focus("#room-hold")
    speaker.keyboard.down("Space")
    speaker.wait_for_timeout(4_000)
    speaker.keyboard.up("Space")
    how = reader.locator("#room-said li").nth(n).locator(".how[data-latency]")
    how.wait_for(timeout=PATIENCE_MS)
    reader.wait_for_timeout(3_000)
    return float(how.get_attribute("data-latency") or 0), float(how.get_attribute("data-over") or 0)


def microphone(path: Path, language: str) -> Path:
    """Write what a microphone plays: a sentence, and a pause."""
    voice, sentence = SENTENCES[language]
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        for part in (spoken(sentence, voice=voice), np.zeros(RATE)):
            sound.writeframes((part * 32767).astype("<i2").tobytes())
    return path


if __name__ == "__main__":
    main()
