"""The recording of a job, the peaks of its sounds, and the timeline of its dub."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropdub.errors import MediaToolFailed
from dropdub.media.ffmpeg import run_ffmpeg
from dropdub.media.sound.peaks import FULL, MOST, peaks_of
from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.store.states import JobState
from dropdub.web.lines import peaks as peaks_module
from tests.factories import a_queued_job
from tests.web.running import Running, a_published_job, running

LINES = Transcript(
    "en",
    9.0,
    (Segment(0, 0.5, 1.5, "Hello."), Segment(1, 2.0, 4.0, "How are you?"), Segment(2, 5.0, 8.0, "Good.")),
    {"name": "engine"},
)
UTTERANCE = {"speaker": None, "length": 1.0, "stretch": 1.0, "shift": 0.0, "shortened": False}
TOTALS = dict.fromkeys(("utterances", "clean", "sped_up", "borrowed", "shortened", "failed"), 0) | {
    "worst_drift_s": 0.0,
    "start_error_p95_s": 0.0,
}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as server:
        yield server


def a_sound(file: Path, *, quiet_s: float = 1.0, loud_s: float = 1.0) -> bytes:
    """Make a sound that is silent first, and then a loud tone."""
    tone = f"sine=frequency=440:sample_rate=16000:duration={loud_s},volume=8"
    silence = f"anullsrc=sample_rate=16000:channel_layout=mono:duration={quiet_s}"
    joined = ["-filter_complex", f"{silence}[a];{tone}[b];[a][b]concat=n=2:v=0:a=1"]
    run_ffmpeg([*joined, "-c:a", "aac", "-f", "ipod", str(file)], deadline_s=60)
    return file.read_bytes()


def test_peaks_show_where_it_is_loud(tmp_path: Path) -> None:
    a_sound(tmp_path / "sound.m4a")
    line = peaks_of(tmp_path / "sound.m4a", duration_s=2.0, deadline_s=60)
    assert line.interval_s == pytest.approx(0.05)
    assert len(line.peaks) == pytest.approx(40, abs=4)
    assert max(line.peaks[2:15]) <= 1
    assert min(line.peaks[24:36]) > FULL * 0.8


def test_a_long_recording_has_no_more_peaks_than_a_page_can_use(tmp_path: Path) -> None:
    a_sound(tmp_path / "sound.m4a", loud_s=59.0)
    line = peaks_of(tmp_path / "sound.m4a", duration_s=3 * 3600, deadline_s=60)
    assert len(line.peaks) == pytest.approx(60 / line.interval_s, abs=3)
    assert 3 * 3600 / line.interval_s <= MOST
    assert len(json.dumps([FULL] * MOST, separators=(",", ":"))) <= 300_000


def test_a_file_without_sound_has_no_peaks(tmp_path: Path) -> None:
    (tmp_path / "text.m4a").write_text("no sound", encoding="utf-8")
    with pytest.raises(MediaToolFailed):
        peaks_of(tmp_path / "text.m4a", duration_s=1.0, deadline_s=60)


def test_peaks_are_found_once_and_then_kept(web: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = a_sound(tmp_path / "sound.m4a")
    job = a_published_job(web, {"clip.original.m4a": sound, "clip.pt.m4a": sound, "clip.es.m4a": b"no sound"})
    found = web.json("GET", f"/v1/jobs/{job}/peaks?track=dub.pt")
    assert (found["track"], found["full"]) == ("dub.pt", FULL)
    assert max(found["peaks"]) > FULL * 0.8
    for track, status in (("dub.es", 422), ("dub.fr", 404), ("dub.../x", 400), ("picture", 400)):
        assert web.client.get(f"/v1/jobs/{job}/peaks?track={track}").status_code == status

    def made_again(*_: Any, **__: Any) -> None:
        raise AssertionError("they were found again")

    monkeypatch.setattr(peaks_module, "peaks_of", made_again)
    assert web.json("GET", f"/v1/jobs/{job}/peaks?track=original")["peaks"] == found["peaks"]


def test_the_recording_is_sent_of_the_archive_in_parts(web: Running) -> None:
    job = a_job_with_its_film(web, "archive/2026/clip.mp4")
    whole = web.client.get(f"/v1/jobs/{job}/original")
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, b"film", "video/mp4")
    part = web.client.get(f"/v1/jobs/{job}/original", headers={"range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, b"il")
    assert web.client.head(f"/v1/jobs/{job}/original").headers["content-length"] == "4"


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_a_recording_elsewhere_or_behind_a_link_is_not_sent(web: Running, tmp_path: Path) -> None:
    elsewhere = a_job_with_its_film(web, "other/clip.mp4")
    linked = a_job_with_its_film(web, "archive/linked.mp4")
    (web.root / "archive" / "linked.mp4").unlink()
    (web.root / "archive" / "linked.mp4").symlink_to(web.root / "other" / "clip.mp4")
    above = a_job_with_its_film(web, "archive/../other/up.mp4")
    for job in (elsewhere, linked, above, 99):
        assert web.client.get(f"/v1/jobs/{job}/original").status_code == 404


def a_job_with_its_film(web: Running, place: str) -> int:
    """Make a succeeded job whose recording is at a place in the root."""
    file = web.root / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"film")
    return a_published_job(web, {f"{file.stem}.srt": b""}, name=file.name, source=str(file))


def test_a_revision_shows_the_film_and_names_its_outputs_after_it(web: Running) -> None:
    first = a_published_job(web, {"clip.json": LINES.to_json().encode()})
    source = web.site.reader.find([str(first)])[0].source
    revision = {"job": first, "name": "clip.mp4", "folder": None, "film": source, "transcript": None, "sha256": None}
    job = a_queued_job(web.store, name="clip (2).pt.srt", revision=revision)
    a_queued_job(web.store, name="clip.srt", revision={**revision, "film": "/archive/another clip.mp4"})
    assert job.id is not None
    newer = web.site.reader.film(first)
    assert newer is not None and [(one.id, one.state) for one in newer.newer] == [(job.id, JobState.QUEUED)]
    film = web.site.reader.film(job.id)
    assert film is not None and (film.name, film.path, film.revises, film.newer) == ("clip.mp4", source, first, [])


def test_the_timeline_says_what_was_done_to_each_line(web: Running) -> None:
    utterances = [
        {**UTTERANCE, "segments": [0], "slot": [0.5, 1.5], "start": 0.5, "end": 1.4},
        {**UTTERANCE, "segments": [1], "slot": [2.0, 4.0], "start": 2.1, "end": 5.4, "stretch": 1.2, "shortened": True},
        {**UTTERANCE, "segments": [2], "slot": [5.0, 8.0], "start": 5.0, "end": 7.0},
    ]
    fit = {"pt": {"utterances": utterances, "totals": TOTALS}}
    suspect = {"start": 8.0, "end": 8.5, "text": "Thank you.", "fate": "dropped"}
    heard = {"file": "0.wav", "score": 1.0, "good": True}
    results = {
        "merge": {"language": "en", "segments": 3, "suspects": [suspect]},
        "translate/pt": {},
        "synthesize/pt": {},
        "hear/pt": {"lines": {"0": heard, "2": {**heard, "good": False}}, "again": [2]},
        "synthesize/pt/1": {},
    }
    files = {"clip.json": LINES.to_json().encode(), "clip.pt.srt": b""}
    job = a_published_job(web, files, results=results, fit=fit)
    plain = web.json("GET", f"/v1/jobs/{job}/timeline")
    assert [(one["start"], one["end"], one["kind"]) for one in plain["original"]] == [
        (0.5, 1.5, "original"),
        (2.0, 4.0, "original"),
        (5.0, 8.0, "original"),
    ]
    assert (plain["dub"], plain["suspects"], plain["target"]) == ([], [suspect], None)
    dub = web.json("GET", f"/v1/jobs/{job}/timeline?target=pt")["dub"]
    assert [(one["kind"], one["rate"], one["shortened"], one["retaken"], one["lines"]) for one in dub] == [
        ("clean", 1.0, False, False, [1]),
        ("sped", 1.2, True, False, [2]),
        ("unclear", 1.0, False, True, [3]),
        ("overlap", 1.0, False, False, [3]),
    ]
    assert web.client.get(f"/v1/jobs/{job}/timeline?target=es").status_code == 404


def test_a_timeline_that_somebody_has_changed_has_no_dub(web: Running) -> None:
    files = {"clip.json": LINES.to_json().encode()}
    odd = {**UTTERANCE, "segments": [0], "slot": [0.0, 1.0], "start": "0", "end": float("nan")}
    fit = {"pt": {"utterances": 7}, "es": {"utterances": [odd], "totals": TOTALS}}
    results: dict[str, dict[str, Any]] = {"merge": {}, "translate/pt": {}, "translate/es": {}}
    job = a_published_job(web, files, results=results, fit=fit, failed=[7, {"target": "fr"}])
    for target in ("pt", "es"):
        assert web.json("GET", f"/v1/jobs/{job}/timeline?target={target}")["dub"] == []
    assert web.client.get(f"/jobs/{job}").status_code == 200
