"""The page of a job, in a real browser: a real job of a real film, and jobs made in the database for their states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dropdub.media.ffmpeg import run_ffmpeg
from dropdub.pipeline.artifacts import Segment, TimedWord, Transcript
from dropdub.store.states import JobState
from tests.acceptance.served import Served
from tests.factories import a_queued_job, a_running_job, an_ended_job
from tests.pages.browser import violations
from tests.waiting import wait_until
from tests.web.running import Running, a_published_job, running

Open = Callable[..., Page]
SAMPLE = Path(__file__).parents[2] / "src" / "dropdub" / "samples" / "jfk.flac"
UTTERANCE = {"speaker": None, "length": 1.0, "stretch": 1.0, "shift": 0.0, "shortened": False}
TOTALS = dict.fromkeys(("utterances", "clean", "sped_up", "borrowed", "shortened", "failed"), 0) | {
    "worst_drift_s": 0.0,
    "start_error_p95_s": 0.0,
}


@dataclass(frozen=True)
class Made:
    """A server in this process, with jobs that were made in its database; as the fixture `opened` takes one."""

    web: Running

    @property
    def address(self) -> str:
        return self.web.url

    @property
    def port(self) -> int:
        return int(self.web.url.rpartition(":")[2])

    def ask(self, path: str, *, method: str) -> tuple[int, Any, Any]:
        answer = self.web.client.request(method, path)
        return answer.status_code, answer.headers, answer.json()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    with running(tmp_path) as web:
        yield Made(web)


@pytest.fixture
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("sound") / "sound.m4a"
    arguments = ["-i", str(SAMPLE), "-c:a", "aac", "-b:a", "40k", "-movflags", "+faststart", "-f", "ipod", str(file)]
    run_ffmpeg(arguments, deadline_s=60)
    return file.read_bytes()


def a_film(folder: Path) -> Path:
    """Make a film in which somebody speaks, long enough for what tests do while it plays."""
    film = folder / "Olá.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=6:duration=11"]
    encoded = ["-map", "1:v", "-map", "0:a", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    run_ffmpeg(["-i", str(SAMPLE), *picture, *encoded, "-c:a", "aac", "-shortest", str(film)], deadline_s=60)
    return film


def said_in(lines: int, *, words: int = 10, each_s: float = 3.6) -> Transcript:
    """Return a transcript with made-up lines, whose words have times."""
    step = each_s / (words + 1)
    return Transcript(
        "en",
        lines * each_s,
        tuple(
            Segment(
                n,
                n * each_s,
                n * each_s + words * step,
                " ".join(f"word{n}-{one}" for one in range(words)) + ".",
                words=tuple(
                    TimedWord(n * each_s + one * step, n * each_s + one * step + step, f"word{n}-{one}", 1.0)
                    for one in range(words)
                ),
                speaker=f"Speaker {n // 7 % 2 + 1}",
            )
            for n in range(lines)
        ),
        {"name": "engine"},
    )


def a_long_job(web: Running, sound: bytes) -> int:
    """Make the job of a recording of three hours with 30,000 words and a dub; `sound` stands in for both."""
    transcript = said_in(3_000)
    utterances = [
        {
            **UTTERANCE,
            "segments": [n],
            "slot": [line.start, line.end],
            "start": line.start,
            "end": line.end,
            "stretch": 1.2 if n % 5 == 0 else 1.0,
        }
        for n, line in enumerate(transcript.segments)
    ]
    return a_published_job(
        web,
        {"clip.json": transcript.to_json().encode(), "clip.original.m4a": sound, "clip.pt.m4a": sound},
        results={"probe": {"kind": "media"}, "merge": {"language": "en", "segments": 3_000}, "translate/pt": {}},
        targets=("pt",),
        fit={"pt": {"utterances": utterances, "totals": TOTALS}},
    )


def media(page: Page, what: str) -> Any:
    return page.evaluate(f"document.getElementById('media').{what}")


def test_a_film_is_seen_to_its_end_then_played_read_and_dubbed(
    served: Callable[..., Served], opened: Open, tmp_path: Path
) -> None:
    one = served(job={"targets": ["es"]})
    one.site.drop(a_film(tmp_path))
    one.site.wait_for("Olá.mp4", "queued", "running")
    page = opened(one, "/jobs/1")
    expect(page.locator("h1")).to_have_text("Olá.mp4")
    expect(page.locator("#state")).to_contain_text("succeeded")
    page.get_by_role("link", name="Show it").click()
    expect(page.locator("#transcript .line")).not_to_have_count(0)
    wait_until(lambda: media(page, "readyState") > 0, "the film is loaded")
    assert media(page, "currentSrc").endswith("/v1/jobs/1/original")
    words = page.locator("#transcript .word")
    words.nth(2).click()
    start = float(str(words.nth(2).get_attribute("data-s")))
    assert abs(media(page, "currentTime") - start) < 0.2
    expect(words.nth(2)).to_have_class("word now-word")
    page.keyboard.press("k")
    wait_until(lambda: media(page, "currentTime") > start + 0.3, "the film plays")
    page.get_by_label("Spanish").check()
    wait_until(lambda: "/outputs/" in media(page, "currentSrc"), "the dub is chosen")
    wait_until(lambda: media(page, "currentTime") > start, "the dub continues where the original was")
    assert not media(page, "paused")
    page.keyboard.press(" ")
    assert media(page, "paused")
    before = media(page, "currentTime")
    page.get_by_role("link", name="Spanish").click()
    expect(page.locator("#transcript")).to_have_attribute("data-target", "es")
    wait_until(lambda: media(page, "readyState") > 0, "the film is loaded")
    wait_until(lambda: abs(media(page, "currentTime") - before) < 0.5, "the film to be where it was left")
    expect(page.get_by_label("Spanish")).to_be_checked()
    expect(page.locator("#files-title + p a")).to_have_attribute("href", "/v1/jobs/1/archive.zip")
    page.locator("#log summary").click()
    expect(page.locator("#log pre")).to_contain_text("probe")
    looked_at = opened(one, "/jobs/1")
    expect(looked_at.locator("#wave-state")).to_have_text("")
    assert violations(looked_at) == []


def test_the_sound_of_a_dub_accompanies_the_picture_of_the_original(
    made: Made, opened: Open, sound: bytes, tmp_path: Path
) -> None:
    film = made.web.root / "archive" / "Olá.mp4"
    a_film(tmp_path).rename(film)
    files = {"Olá.json": said_in(3, each_s=1.5).to_json().encode(), "Olá.pt.m4a": sound}
    results = {"probe": {"kind": "media"}, "merge": {"language": "en", "segments": 3}, "translate/pt": {}}
    job = a_published_job(made.web, files, name="Olá.mp4", source=str(film), targets=("pt",), results=results)
    page = opened(made, f"/jobs/{job}")
    wait_until(lambda: media(page, "readyState") > 0, "the film is loaded")
    page.get_by_label("Portuguese").check()
    wait_until(lambda: media(page, "muted"), "the dub to be chosen")
    assert media(page, "currentSrc").endswith("/original")
    page.keyboard.press("]")
    page.keyboard.press("]")
    expect(page.locator("#line-3")).to_have_attribute("aria-current", "true")
    page.keyboard.press("[")
    expect(page.locator("#line-2")).to_have_attribute("aria-current", "true")
    page.get_by_role("radio", name="Original").check()
    wait_until(lambda: not media(page, "muted"), "the original to be chosen")
    wait_until(lambda: abs(media(page, "currentTime") - 1.5) < 0.2, "the line to be sought")


def test_a_recording_of_three_hours_can_be_used_at_once(made: Made, opened: Open, sound: bytes) -> None:
    job = a_long_job(made.web, sound)
    page = opened(made, f"/jobs/{job}")
    expect(page.locator("#transcript .line")).to_have_count(3_000)
    page.locator("#line-3 .word").nth(1).click()
    expect(page.locator("#line-3")).to_have_attribute("aria-current", "true")
    expect(page.locator("#legend")).to_contain_text("original")
    assert page.locator("#transcript .word").count() < 1_000, "only those that can be seen"
    far = page.locator("#line-2900")
    expect(far.locator(".word")).to_have_count(0)
    far.scroll_into_view_if_needed()
    expect(far.locator(".word")).to_have_count(10)


def test_a_line_far_away_is_found_mended_and_as_it_was_after_undo(made: Made, opened: Open, sound: bytes) -> None:
    transcript = said_in(1_000, each_s=0.01)
    job = a_published_job(
        made.web,
        {"clip.json": transcript.to_json().encode(), "clip.original.m4a": sound},
        results={"probe": {"kind": "media"}, "merge": {"language": "en", "segments": 1_000}},
    )
    page = opened(made, f"/jobs/{job}")
    expect(page.locator("#kept")).to_have_text("Saved")
    page.get_by_text("Find and replace").click()
    page.get_by_label("Find", exact=True).fill("word899-3")
    page.get_by_role("link", name="Line 900").click()
    field = page.get_by_role("textbox", name="Text of line 900")
    field.fill("Another text.")
    page.keyboard.press("Escape")
    line = page.locator("#line-900")
    expect(line.locator(".said")).to_have_text("Another text.")
    expect(line.locator(".word")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(line.locator(".said")).to_have_text(transcript.segments[899].text)
    expect(line.locator(".word")).to_have_count(10)
    line.locator(".word").nth(3).click()
    wait_until(lambda: abs(media(page, "currentTime") - 8.99) < 0.1, "the word is sought")


def test_a_job_that_failed_says_first_why_and_what_to_do(made: Made, opened: Open) -> None:
    an_ended_job(made.web.store, JobState.FAILED, name="talk.mp4")
    page = opened(made, "/jobs/1")
    expect(page.locator("main > div").first.locator(".bad")).to_contain_text("It broke.")
    expect(page.locator("#media")).to_have_count(0)
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#state")).to_contain_text("being taken in")


def test_a_job_is_forgotten_only_after_a_second_click(made: Made, opened: Open) -> None:
    job = a_published_job(made.web, {"clip.srt": b""})
    page = opened(made, f"/jobs/{job}")
    forget = page.get_by_role("button", name=f"Forget job {job}")
    expect(forget).to_be_hidden()
    page.locator("#forget summary").click()
    page.get_by_label("Also delete").check()
    forget.click()
    page.wait_for_url(f"{made.address}/")
    assert not (made.web.root / "outbox" / "clip").exists()


def test_a_running_job_shows_its_progress_and_a_newer_version_is_offered(made: Made, opened: Open) -> None:
    claim = a_running_job(made.web.store, name="clip.mp4")
    page = opened(made, f"/jobs/{claim.job.id}")
    page.locator("#cancel summary").click()
    revision = {"job": claim.job.id, "name": "clip.mp4", "folder": None, "film": claim.job.source, "transcript": None}
    newer = a_queued_job(made.web.store, name="clip.srt", revision=revision)
    expect(page.get_by_role("link", name=f"Job {newer.id}")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel job")).to_be_visible()


def test_a_text_shows_its_translation(made: Made, opened: Open) -> None:
    job = a_published_job(
        made.web, {"text.es.txt": "Hola.\n\n<b>¿Qué tal?\n".encode()}, name="text.txt", targets=("es",)
    )
    page = opened(made, f"/jobs/{job}", java_script_enabled=True)
    expect(page.locator("#transcript")).to_contain_text("<b>¿Qué tal?")
