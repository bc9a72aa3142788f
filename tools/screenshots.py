"""Take the pictures of the page that README.md and docs/page.md show: a real server, real jobs, a real browser.

    python3 tasks.py screenshots                    with the engines of the tests
    python3 tasks.py screenshots --models FOLDER    with the models whisper-base and bergamot-en-pt of a folder

Everything is made in a temporary folder, from recordings and texts of this repository. Needs Chromium.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from playwright.sync_api import Browser, Page, expect
from tests.acceptance.served import Served, served_at
from tests.pages.browser import chromium, hearing, opened

from dropdub.media.ffmpeg import run_ffmpeg

HERE = Path(__file__).resolve().parents[1]
PICTURES = HERE / "docs" / "pictures"
SPEECH = HERE / "src" / "dropdub" / "samples" / "jfk.flac"
READING = tuple(sorted((HERE / "tests" / "data" / "ljspeech").glob("*.flac")))
RIGHTS = HERE / "tests" / "data" / "udhr" / "en.txt"
COMPACT = {"transcriber": "faster-whisper", "translator": "bergamot", "synthesizer": "espeak-ng", "targets": ["pt"]}
LIGHT = {"targets": ["es"]}
"""What differs from the settings of tests: of the engines of tests, only the translator into Spanish is there."""
TABLE = {"width": 1280, "height": 660}
PHONE = {"width": 400, "height": 560}
UNDERSTOOD = re.compile("exhibition", re.IGNORECASE)
"""The last word of what is read first."""
MOST_BYTES = 80_000
COLOURS = 128
"""Enough for text and icons; a picture has a quarter of the size then."""
MAKING_S = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, help="a folder with whisper-base and bergamot-en-pt")
    models = parser.parse_args().models
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        with served_at(folder / "root", forks=False, **settings(models)) as one:
            printing = joined(READING, folder / "A history of printing.flac")
            done_jobs(one, printing)
            with opened(browser, one, viewport=TABLE) as page:
                take_a_job(page, one, printing.name)
                take_the_list(page, one)
            with hearing(browser, joined(READING, folder / "microphone.wav")) as listening:
                take_a_dictation(listening, one)


def settings(models: Path | None) -> dict[str, Any]:
    """Return the settings of the root."""
    if models is None:
        return {"job": LIGHT}
    return {"job": COMPACT, "models": {"dir": str(models.resolve()), "use": {"faster-whisper": "whisper-base"}}}


def joined(recordings: Iterable[Path], path: Path) -> Path:
    """Write recordings of one sample rate one after the other, in the format that the path names."""
    parts, rate = [], 0
    for recording in recordings:
        part, rate = soundfile.read(recording, dtype="int16")
        parts.append(part)
    soundfile.write(path, np.concatenate(parts), rate, subtype="PCM_16")
    return path


def done_jobs(one: Served, printing: Path) -> None:
    """Make the jobs that have ended: two dubs, a spoken text, and a file that is no recording."""
    one.site.drop(SPEECH, "Inaugural address, 1961.flac")
    one.site.drop_text("Good morning. The meeting begins at nine.\n", "Good morning.txt")
    broken = printing.with_name("Interview.m4a")
    broken.write_bytes(bytes(range(256)) * 200)
    for file in (broken, printing):
        one.site.drop(file)
        one.site.wait_for(file.name, timeout_s=MAKING_S)
    for name in ("Inaugural address, 1961.flac", "Good morning.txt"):
        one.site.wait_for(name, timeout_s=MAKING_S)


def take_a_job(page: Page, one: Served, name: str) -> None:
    """Show a recording while it plays beside its text."""
    page.goto(f"{one.address}/jobs/{number(one, name)}")
    expect(page.locator("#wave-state")).to_be_empty()
    page.locator("#transcript .word").nth(12).click()
    expect(page.locator(".now-word")).not_to_have_count(0)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.wait_for_timeout(500)
    take(page, "page-job")


def take_the_list(page: Page, one: Served) -> None:
    """Show the jobs while one runs and another is paused."""
    sent(one, "Human rights.txt", (RIGHTS.read_text(encoding="utf-8") + "\n\n") * 4)
    paused = sent(one, "Notes of the meeting.txt", "We meet again on Monday.")
    one.site.wait_for("Notes of the meeting.txt", "queued", "running")
    one.ask(f"/v1/jobs/{paused}/pause", method="POST")
    page.goto(one.address)
    expect(page.locator("#list [data-share]").first).to_have_text(re.compile(r"[3-9]\d %"), timeout=MAKING_S * 1000)
    take(page, "page-jobs", full_page=True)


def sent(one: Served, name: str, text: str) -> int:
    """Send a text, and return the number of its job."""
    return int(one.ask("/v1/jobs", {"text": text, "name": name})[2]["id"])


def take_a_dictation(browser: Browser, one: Served) -> None:
    """Show on a phone, in the dark, what is understood while somebody speaks."""
    with opened(browser, one, viewport=PHONE, color_scheme="dark") as page:
        page.goto(f"{one.address}/live")
        page.select_option("#dictation-language", "en")
        page.click("#dictation-start")
        expect(page.locator("#dictation-settled")).to_contain_text(
            re.compile("exhibition", re.IGNORECASE), timeout=60_000
        )
        take(page, "page-live")


def number(one: Served, name: str) -> int:
    """Return the number of the newest job of a name."""
    return int(one.site.rows("SELECT max(id) AS id FROM job WHERE name = ?", name)[0]["id"])


def take(page: Page, name: str, *, full_page: bool = False) -> None:
    """Write what is seen of a page, or all of it. Raises SystemExit if the picture is too large for a document."""
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "taken.png"
        page.screenshot(path=taken, animations="disabled", full_page=full_page)
        picture = PICTURES / f"{name}.png"
        palette = f"split[one][other];[one]palettegen=max_colors={COLOURS}[found];[other][found]paletteuse=dither=none"
        run_ffmpeg(["-i", str(taken), "-vf", palette, "-compression_level", "100", str(picture)], deadline_s=60)
    size = picture.stat().st_size
    print(f"{picture.name}: {size} bytes", flush=True)
    if size > MOST_BYTES:
        sys.exit(f"{picture.name} has more than {MOST_BYTES} bytes.")


if __name__ == "__main__":
    main()
