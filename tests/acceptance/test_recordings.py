"""Real recordings and texts, dropped into the inbox of a real daemon: what comes out of the outbox."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import jiwer
import pysubs2
import pytest
import soundfile

from tests.acceptance.site import SIDE_BY_SIDE, Site
from tests.failing_program import failing_for

JFK_TEXT = "And so my fellow Americans ask not what your country can do for you ask what you can do for your country"
JFK_WER = 0.30
"""pocketsphinx makes 5 errors in these 22 words; a lost half would be .5."""

needs_apertium = pytest.mark.skipif(shutil.which("apertium") is None, reason="apertium is not installed")


def words(text: str) -> str:
    return " ".join("".join(c for c in text.lower() if c.isalpha() or c in " '\n").split())


def test_an_audio_file_becomes_transcript_and_subtitles(site: Callable[..., Site], speech: Path) -> None:
    root = site()
    root.drop(speech, "The speech of 1961.flac")
    assert root.work_off() == 0, root.output()
    made = root.published("The speech of 1961")
    stem = "The speech of 1961"
    assert set(made) == {f"{stem}.txt", f"{stem}.srt", f"{stem}.vtt", f"{stem}.json", "manifest.json"}
    text = made[f"{stem}.txt"].read_text(encoding="utf-8")
    assert jiwer.wer(words(JFK_TEXT), words(text)) <= JFK_WER
    for kind in ("srt", "vtt"):
        cues = pysubs2.load(str(made[f"{stem}.{kind}"]))
        assert words(" ".join(cue.plaintext for cue in cues)) == words(text)
    assert (root.root / "archive" / "The speech of 1961.flac").read_bytes() == speech.read_bytes()
    root.check()


@needs_apertium
def test_a_video_becomes_a_dubbed_video_in_each_target_language(site: Callable[..., Site], talk_video: Path) -> None:
    root = site(**SIDE_BY_SIDE, job={"targets": ["es", "pt"]})
    root.drop(talk_video, "clip.mp4")
    assert root.work_off() == 0, root.output()
    made = root.published("clip")
    source = {"clip.txt", "clip.srt", "clip.vtt", "clip.json", "clip.original.m4a", "report.html", "manifest.json"}
    targets = {f"clip.{tag}.{kind}" for tag in ("es", "pt") for kind in ("txt", "srt", "vtt", "m4a", "mp4")}
    assert set(made) == source | targets
    with av.open(str(made["clip.es.mp4"])) as dubbed, av.open(str(talk_video)) as original:
        kinds = [(stream.type, stream.metadata.get("language")) for stream in dubbed.streams]
        assert [kind for kind, _ in kinds] == ["video", "audio", "audio", "subtitle", "subtitle"]
        assert kinds[1][1] == "spa" and kinds[3][1] == "spa" and kinds[4][1] == "eng"
        pictures = [bytes(packet) for packet in dubbed.demux(video=0)]
        assert pictures == [bytes(packet) for packet in original.demux(video=0)], "the picture was not copied"
    manifest = json.loads(made["manifest.json"].read_text(encoding="utf-8"))
    assert {item["name"] for item in manifest["outputs"]} == set(made) - {"manifest.json"}
    root.check()


@needs_apertium
def test_the_dub_is_as_long_as_the_recording(site: Callable[..., Site], speech: Path) -> None:
    root = site(job={"targets": ["es"]})
    root.drop(speech, "clip.flac")
    assert root.work_off() == 0, root.output()
    with av.open(str(root.published("clip")["clip.es.m4a"])) as dub:
        assert dub.duration is not None
        assert abs(dub.duration / 1e6 - soundfile.info(speech).duration) < 0.1


@needs_apertium
def test_a_text_keeps_its_paragraphs_and_is_spoken(site: Callable[..., Site]) -> None:
    root = site(job={"targets": ["es"]})
    root.drop_text("The house is big.\n\nThe dog is in the garden.\nIt is old.\n", "notes.txt")
    assert root.work_off() == 0, root.output()
    made = root.published("notes")
    assert set(made) == {"notes.es.txt", "notes.es.m4a", "report.html", "manifest.json"}
    paragraphs = made["notes.es.txt"].read_text(encoding="utf-8").strip().split("\n\n")
    assert len(paragraphs) == 2 and "casa" in paragraphs[0] and "perro" in paragraphs[1]
    root.check()


def test_target_without_a_translator_is_refused_before_the_work(site: Callable[..., Site], phrase: Path) -> None:
    root = site(job={"targets": ["fi"]})
    root.drop(phrase, "clip.flac")
    assert root.work_off() == 1
    job = root.job("clip.flac")
    assert job["state"] == "failed"
    assert "does not translate from en to fi" in job["reason"]
    assert not list((root.root / "outbox").iterdir()), "nothing was begun"
    assert (root.root / "failed" / "clip.flac").exists()
    note = (root.root / "failed" / "clip.flac.error.txt").read_text(encoding="utf-8")
    assert job["reason"] in note and f" retry {job['id']}\n" in note
    root.check()


@needs_apertium
def test_failed_target_does_not_prevent_the_other(site: Callable[..., Site], phrase: Path) -> None:
    root = site(job={"targets": ["pt", "es"]})
    root.drop(phrase, "clip.flac")
    assert root.work_off(**failing_for("es-pt", root.root.parent)) == 1
    assert {"clip.txt", "clip.es.srt", "clip.es.m4a"} <= set(root.published("clip"))
    [failed] = a_manifest(root)["failed"]
    assert (failed["target"], failed["step"]) == ("pt", "translate/pt")
    assert "out of order" in failed["reason"]
    assert a_manifest(root)["targets"] == ["es"]
    report = root.published("clip")["report.html"].read_text(encoding="utf-8")
    assert "Not made: Portuguese" in report and "clip.es.m4a" in report
    assert root.job("clip.flac")["state"] == "failed" and "pt: " in root.job("clip.flac")["reason"]
    assert (root.root / "failed" / "clip.flac").exists()
    root.check()


def a_manifest(root: Site) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(root.published("clip")["manifest.json"].read_text(encoding="utf-8"))
    return found


@needs_apertium
def test_a_retry_makes_only_what_failed(site: Callable[..., Site], phrase: Path) -> None:
    root = site(job={"targets": ["pt", "es"]}, cache={"enabled": False})
    root.drop(phrase, "clip.flac")
    out_of_order = failing_for("es-pt", root.root.parent)
    assert root.work_off(**out_of_order) == 1
    first = {name: path.stat().st_mtime_ns for name, path in root.published("clip").items() if ".es." in name}
    assert root.jobs("retry", "clip.flac").returncode == 0
    assert root.work_off(**out_of_order) == 1
    assert a_manifest(root)["targets"] == ["es"] and a_manifest(root)["failed"]
    assert root.jobs("retry", "clip.flac").returncode == 0
    assert root.work_off() == 0, root.output()
    assert {name: path.stat().st_mtime_ns for name, path in root.published("clip").items() if ".es." in name} == first
    assert [step for step in root.attempted_steps("clip.flac") if step.endswith(("/es", ".es"))] == [
        *("translate/es", "publish/translation.es", "synthesize/es", "mix/es", "publish/dub.es")
    ]
    found = a_manifest(root)
    assert (sorted(found["targets"]), found["failed"]) == (["es", "pt"], [])
    assert {one["name"] for one in found["outputs"]} == set(root.published("clip")) - {"manifest.json"}
    assert set(root.job("clip.flac")["outputs"]) == {str(path) for path in root.published("clip").values()}
    assert root.job("clip.flac")["state"] == "succeeded" and not (root.root / "work" / "kept" / "1").exists()
    root.check()


def test_a_text_whose_only_target_fails_leaves_no_folder(site: Callable[..., Site]) -> None:
    root = site(job={"targets": ["fi"]})
    root.drop_text("The house is big.\n", "notes.txt")
    assert root.work_off() == 1
    assert list((root.root / "outbox").iterdir()) == []
    root.check()


def test_failed_job_is_retried_with_new_options_and_succeeds(site: Callable[..., Site], phrase: Path) -> None:
    root = site(job={"targets": ["fi"]})
    root.drop(phrase, "clip.flac")
    assert root.work_off() == 1
    root.configure(job={"targets": []})
    assert root.jobs("retry", "clip.flac").returncode == 0
    assert root.work_off() == 0, root.output()
    assert root.job("clip.flac")["state"] == "succeeded"
    assert "manifest.json" in root.published("clip")
    assert not list((root.root / "failed").iterdir())
    root.check()
