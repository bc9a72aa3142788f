"""Whole jobs, stage by stage, with real ffmpeg, real engines and real speech: every deliverable read back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import jiwer
import numpy as np
import pysubs2
import pytest
import soundfile

from dropdub.config import Limits, Split
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import (
    DropdubError,
    EmptyFile,
    NoAudio,
    NotAFile,
    NotMedia,
    NotText,
    TooLarge,
    TooLong,
    UnsupportedLanguage,
    VoiceMissing,
    Waiting,
)
from dropdub.files.durable import sha256
from dropdub.media.ffmpeg import find_ffmpeg
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO, Transcript, speech_dir_name
from dropdub.pipeline.cache import Cache
from tests.drive import LIGHT, Drive

JFK_TEXT = "And so my fellow Americans ask not what your country can do for you ask what you can do for your country"
JFK_WER = 0.30
PIECES = Path(__file__).parent.parent / "data" / "ljspeech"
TEXT = "# The house\n\nThe house is big.\n\nThe dog is in the garden.\nIt is old.\n\n- a cat\n- a dog\n"

needs_apertium = pytest.mark.skipif(shutil.which("apertium") is None, reason="apertium is not installed")


@pytest.fixture(scope="module")
def registry() -> EngineRegistry:
    return EngineRegistry()


@pytest.fixture
def driven(tmp_path: Path, registry: EngineRegistry, shared_cache: Cache) -> Callable[..., Drive]:
    """Return a maker of jobs: `driven(source, targets=["es"], limits=…)`, option names as in config.yaml."""
    extras = ("limits", "split", "cache", "name")

    def make(source: Path, **settings: Any) -> Drive:
        given = {"cache": shared_cache} | {name: settings.pop(name) for name in extras if name in settings}
        folder = tmp_path / f"root{len(list(tmp_path.iterdir()))}"
        return Drive(source, folder, options=LIGHT.overridden(settings), engines=registry, **given)

    return make


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", max_bytes=100_000_000)


def words(text: str) -> str:
    return " ".join("".join(c for c in text.lower() if c.isalpha() or c in " '\n").split())


def made_by_ffmpeg(path: Path, *arguments: str) -> Path:
    command = [str(find_ffmpeg()), "-nostdin", "-loglevel", "error", "-y", *arguments, str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


# Recordings


def test_recording_gives_transcript_with_subtitles_and_manifest(driven: Callable[..., Drive], speech: Path) -> None:
    job = driven(speech, name="clip.flac").run()
    made = job.published
    assert set(made) == {"clip.txt", "clip.srt", "clip.vtt", "clip.json", "manifest.json"}
    text = made["clip.txt"].read_text(encoding="utf-8")
    assert jiwer.wer(words(JFK_TEXT), words(text)) <= JFK_WER
    for kind in ("srt", "vtt"):
        cues = pysubs2.load(str(made[f"clip.{kind}"]))
        assert words(" ".join(cue.plaintext for cue in cues)) == words(text)
        assert all(0 <= cue.start < cue.end <= 11_100 for cue in cues)
    transcript = Transcript.load(made["clip.json"])
    assert transcript.language == "en" and transcript.engine["name"] == "pocketsphinx"
    assert job.columns["kind"] == "media" and job.columns["language"] == "en"
    assert job.columns["content_hash"] == sha256(speech)
    assert abs(job.columns["duration_s"] - soundfile.info(speech).duration) < 0.01


@needs_apertium
def test_a_video_becomes_a_dubbed_video_that_keeps_picture_and_original_sound(
    driven: Callable[..., Drive], talk_video: Path
) -> None:
    job = driven(talk_video, targets=["es"], name="clip.mp4").run()
    assert set(job.published) == {
        *(f"clip.{kind}" for kind in ("txt", "srt", "vtt", "json")),
        *(f"clip.es.{kind}" for kind in ("txt", "srt", "vtt", "m4a", "mp4")),
        "clip.original.m4a",
        "report.html",
        "manifest.json",
    }
    with av.open(str(job.published["clip.es.mp4"])) as dubbed, av.open(str(talk_video)) as original:
        kinds = [(stream.type, stream.metadata.get("language")) for stream in dubbed.streams]
        assert kinds[1:] == [("audio", "spa"), ("audio", "eng"), ("subtitle", "spa"), ("subtitle", "eng")]
        assert kinds[0][0] == "video"
        defaults = [bool(stream.disposition & av.stream.Disposition.default) for stream in dubbed.streams.audio]
        assert defaults == [True, False]
        assert dubbed.streams.audio[0].metadata["handler_name"] == "Spanish (dubbed)"
        assert packets(dubbed, "video") == packets(original, "video")
    with av.open(str(job.published["clip.es.mp4"])) as dubbed, av.open(str(talk_video)) as original:
        assert packets(dubbed, "audio", 1) == packets(original, "audio")
    assert "espeak-ng cannot clone voices: the dub has its default voice." in job.warnings


def packets(container: Any, kind: str, number: int = 0) -> list[bytes]:
    stream = [one for one in container.streams if one.type == kind][number]
    return [bytes(packet) for packet in container.demux(stream) if packet.size]


@needs_apertium
def test_manifest_lists_every_output_with_its_checksum_and_what_made_it(
    driven: Callable[..., Drive], speech: Path
) -> None:
    job = driven(speech, targets=["es"]).run()
    manifest = json.loads(job.published["manifest.json"].read_text(encoding="utf-8"))
    others = {name: path for name, path in job.published.items() if name != "manifest.json"}
    assert {item["name"]: item["sha256"] for item in manifest["outputs"]} == {
        name: sha256(path) for name, path in others.items()
    }
    assert all(item["size"] == others[item["name"]].stat().st_size for item in manifest["outputs"])
    assert manifest["inputs"][0]["sha256"] == sha256(speech)
    assert {engine["name"] for engine in manifest["engines"]} == {"pocketsphinx", "apertium", "espeak-ng"}
    assert manifest["targets"] == ["es"] and manifest["language"] == "en"
    assert manifest["warnings"] == job.warnings
    assert {step["step"] for step in manifest["steps"]} == set(job.facts) - {"publish/manifest"}


@needs_apertium
def test_dub_is_as_long_as_recording_and_speaks_when_the_speaker_does(
    driven: Callable[..., Drive], speech: Path
) -> None:
    job = driven(speech, targets=["es"], mix={"original": "mute"}).run()
    track, sound = job.job_dir / "dub.es.wav", job.job_dir / AUDIO
    assert soundfile.info(track).frames == 3 * soundfile.info(sound).frames and wav.sample_rate(track) == 48_000
    transcript = Transcript.load(job.job_dir / "transcript.json")
    first = transcript.segments[0]
    assert np.abs(wav.read_range(track, 0, first.start)).max(initial=0) == 0
    assert np.abs(wav.read_range(track, first.start, first.start + 1)).max() > 0.05
    with av.open(str(job.published[f"{speech.stem}.es.m4a"])) as dub:
        assert dub.duration is not None and abs(dub.duration / 1e6 - soundfile.info(speech).duration) < 0.1
        assert dub.streams.audio[0].metadata["language"] == "spa"


@needs_apertium
def test_picture_that_mp4_cannot_hold_goes_into_mkv_with_a_warning(
    driven: Callable[..., Drive], tmp_path: Path, phrase: Path
) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=3")
    clip = made_by_ffmpeg(tmp_path / "clip.webm", *picture, "-i", str(phrase), "-c:v", "libvpx", "-c:a", "libopus")
    job = driven(clip, targets=["es"]).run()
    assert any("MKV" in warning for warning in job.warnings)
    with av.open(str(job.published["clip.es.mkv"])) as dubbed:
        assert [stream.type for stream in dubbed.streams] == ["video", "audio", "audio", "subtitle", "subtitle"]
        assert [stream.codec_context.name for stream in dubbed.streams.audio][1] in ("opus", "libopus")


def test_late_sound_track_keeps_its_position_on_the_timeline(
    driven: Callable[..., Drive], tmp_path: Path, phrase: Path
) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=6")
    arguments = (*picture, "-itsoffset", "2", "-i", str(phrase), "-c:v", "mpeg4", "-c:a", "aac")
    job = driven(made_by_ffmpeg(tmp_path / "late.mkv", *arguments)).run(until="translate")
    shifted = Transcript.load(job.job_dir / "transcript.json")
    straight = Transcript.load(driven(phrase).run(until="publish").job_dir / "transcript.json")
    assert abs(shifted.segments[0].start - straight.segments[0].start - 2.0) < 0.15


def test_speech_already_in_target_language_is_not_dubbed_and_reported(
    driven: Callable[..., Drive], speech: Path
) -> None:
    job = driven(speech, targets=["en-GB"], name="clip.flac").run()
    assert "clip.flac is already spoken in en, so no en-GB dub is made." in job.warnings
    assert "clip.en-GB.txt" not in job.published and "manifest.json" in job.published


def test_a_recording_without_speech_succeeds_and_says_so(driven: Callable[..., Drive], tmp_path: Path) -> None:
    quiet = made_by_ffmpeg(tmp_path / "quiet.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "3")
    job = driven(quiet, targets=["es"]).run()
    assert job.warnings == ["No speech was found in quiet.wav."]
    assert set(job.published) == {"quiet.txt", "quiet.srt", "quiet.vtt", "quiet.json", "manifest.json"}
    assert job.published["quiet.txt"].read_bytes() == b""


def test_truncated_recording_reports_how_much_could_be_read(
    driven: Callable[..., Drive], tmp_path: Path, speech: Path
) -> None:
    whole = made_by_ffmpeg(tmp_path / "whole.m4a", "-i", str(speech), "-movflags", "+faststart")
    half = tmp_path / "half.m4a"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    job = driven(half).run(until="split")
    assert job.warnings and job.warnings[0].startswith("half.m4a ends early: ")


# Seams


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four sentences with pauses of .9 s between them."""
    path = tmp_path_factory.mktemp("lecture") / "lecture.wav"
    with wav.WavWriter(path, 16_000) as writer:
        for piece in sorted(PIECES.glob("*.flac")):
            writer.write(wav.resample(wav.read_range(piece), wav.sample_rate(piece), 16_000))
            writer.write(np.zeros(round(0.9 * 16_000), np.float32))
    return path


def test_splitting_recording_loses_and_repeats_no_word(driven: Callable[..., Drive], lecture: Path) -> None:
    cut = driven(lecture, split=Split(above_duration=5, target=6, window=3)).run()
    whole = driven(lecture).run()
    chunks = cut.facts["split"]["chunks"]
    assert len(chunks) >= 3 and len(whole.facts["split"]["chunks"]) == 1
    assert chunks[0][0] == 0 and chunks[-1][1] == cut.facts["extract"]["duration_s"]
    assert all(before[1] == after[0] for before, after in pairwise(chunks))
    texts = [job.published["lecture.txt"].read_text(encoding="utf-8") for job in (cut, whole)]
    compared = jiwer.process_words(words(texts[1]), words(texts[0]))
    assert compared.wer <= 0.06, "a recogniser hears a word otherwise without what was before it, but seldom"
    assert not [one for one in (compared.insertions, compared.deletions) if one > 1], texts
    transcript = Transcript.load(cut.published["lecture.json"])
    spoken = [word for segment in transcript.segments for word in segment.words]
    assert all(before.start <= after.start for before, after in pairwise(spoken))
    assert [segment.id for segment in transcript.segments] == list(range(len(transcript.segments)))


def test_hints_that_the_transcriber_cannot_take_are_said_to_have_no_effect(driven: Callable[..., Drive]) -> None:
    speech = PIECES / "LJ001-0002.flac"
    plain, hinted = driven(speech).run(), driven(speech, hotwords=["Gutenberg"], initial_prompt="On printing.").run()
    assert plain.facts["transcribe/0000"]["warnings"] == []
    [warning] = hinted.facts["transcribe/0000"]["warnings"]
    assert warning == (
        "In LJ001-0002.flac, initial_prompt and hotwords had no effect: the transcriber pocketsphinx takes no hints."
    )


# Texts


@needs_apertium
def test_a_text_is_translated_and_read_aloud_paragraph_by_paragraph(
    driven: Callable[..., Drive], tmp_path: Path
) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text(TEXT, encoding="utf-8")
    job = driven(notes, targets=["es"]).run()
    assert set(job.published) == {"notes.es.txt", "notes.es.md", "notes.es.m4a", "report.html", "manifest.json"}
    marked = job.published["notes.es.md"].read_text(encoding="utf-8")
    found = job.published["notes.es.txt"].read_text(encoding="utf-8").strip().split("\n\n")
    assert marked.split() == ["#", *"\n\n".join(found).split()]
    assert len(marked.split("\n")) == len(TEXT.split("\n"))
    assert "casa" in found[1].lower() and "perro" in found[2]
    assert [line[:2] for line in found[3].split("\n")] == ["- ", "- "]
    assert job.columns["kind"] == "text" and job.columns["language"] == "en"
    pieces = sorted((job.job_dir / speech_dir_name("es")).iterdir())
    spoken_s = sum(wav.duration_s(path) for path in pieces)
    assert abs(wav.duration_s(job.job_dir / "dub.es.wav") - spoken_s - 0.6 * 3) < 0.01


def test_a_text_without_targets_is_read_aloud_in_its_own_language(driven: Callable[..., Drive], tmp_path: Path) -> None:
    notes = tmp_path / "recado.txt"
    notes.write_bytes("Olá! A reunião começa às nove da manhã.\r\n".encode("cp1252"))
    job = driven(notes).run()
    assert set(job.published) == {"recado.pt.txt", "recado.pt.m4a", "manifest.json"}
    text = job.published["recado.pt.txt"].read_text(encoding="utf-8")
    assert text == "Olá! A reunião começa às nove da manhã.\n"


# Caching


@needs_apertium
def test_same_recording_again_uses_no_engine_and_gives_same_files(driven: Callable[..., Drive], cache: Cache) -> None:
    speech = PIECES / "LJ001-0002.flac"
    first = driven(speech, targets=["es"], cache=cache).run()
    again = driven(speech, targets=["es"], cache=cache).run()
    assert not first.facts["transcribe/0000"]["cached"] and again.facts["transcribe/0000"]["cached"]
    for name, path in first.published.items():
        if name != "manifest.json":
            assert path.read_bytes() == again.published[name].read_bytes(), name


@needs_apertium
def test_lines_spoken_before_crash_are_kept_and_broken_ones_spoken_again(
    driven: Callable[..., Drive], speech: Path
) -> None:
    job = driven(speech, targets=["es"]).run(until="mix")
    lines = sorted((job.job_dir / speech_dir_name("es")).iterdir())
    kept, broken = lines[0], lines[1]
    before, inode = [line.read_bytes() for line in lines], kept.stat().st_ino
    broken.write_bytes(b"RIFF")
    job.run_step(job.step("synthesize/es"))
    assert [line.read_bytes() for line in lines] == before
    assert kept.stat().st_ino == inode


# Refusals


def noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(7).bytes(50_000))


REFUSALS: list[tuple[str, Callable[[Path], object], type[DropdubError], str]] = [
    ("empty.mp4", lambda path: path.touch(), EmptyFile, "empty"),
    ("blank.txt", lambda path: path.write_text(" \n\n", encoding="utf-8"), EmptyFile, "only whitespace"),
    ("noise.mp4", noise, NotMedia, "cannot be read as a recording"),
    ("noise.txt", noise, NotText, "cannot be read as text"),
    ("noise.bin", noise, NotMedia, "cannot be read as a recording"),
    ("story.mp4", lambda path: path.write_text("No film.\n", encoding="utf-8"), NotMedia, "not a recording"),
    (
        "list.mp4",
        lambda path: path.write_text("#EXTM3U\nfile:///etc/passwd\n", encoding="utf-8"),
        NotMedia,
        "not a recording",
    ),
    (
        "clip.ass",
        lambda path: path.write_text("[Script Info]\nTitle: x\n", encoding="utf-8"),
        NotText,
        "contains no readable subtitles",
    ),
    (
        "clip.srt",
        lambda path: path.write_text("Hi without any time.\n", encoding="utf-8"),
        NotText,
        "contains no readable subtitles",
    ),
    ("noise.vtt", noise, NotText, "cannot be read as text"),
    ("folder.mp4", lambda path: path.mkdir(), NotAFile, "regular file"),
    ("link.mp4", lambda path: path.symlink_to("/etc/hostname"), NotAFile, "regular file"),
]


@pytest.mark.parametrize(("name", "make", "error", "said"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_file_that_is_neither_recording_nor_text_is_refused_with_error_message(
    driven: Callable[..., Drive],
    tmp_path: Path,
    name: str,
    make: Callable[[Path], object],
    error: type[DropdubError],
    said: str,
) -> None:
    make(tmp_path / name)
    with pytest.raises(error, match=said) as refusal:
        driven(tmp_path / name).run()
    assert name in refusal.value.message and refusal.value.remedy


def test_a_film_without_sound_is_refused(driven: Callable[..., Drive], silent_video: Path) -> None:
    with pytest.raises(NoAudio, match=r"silent\.mp4"):
        driven(silent_video).run()


def test_length_and_size_limits_are_enforced_and_named(
    driven: Callable[..., Drive], tmp_path: Path, speech: Path
) -> None:
    text = tmp_path / "long.txt"
    text.write_text("word " * 500, encoding="utf-8")
    cases: list[tuple[Path, Limits, type[DropdubError], str]] = [
        (speech, Limits(max_duration=5), TooLong, "limits.max_duration"),
        (speech, Limits.model_validate({"max_size": 1000}), TooLarge, "limits.max_size"),
        (text, Limits.model_validate({"max_text": 1000}), TooLarge, "limits.max_text"),
    ]
    for source, limits, error, setting in cases:
        with pytest.raises(error) as refusal:
            driven(source, limits=limits).run()
        assert setting in refusal.value.remedy and source.name in refusal.value.message


@pytest.mark.parametrize("name", ["no suffix", "odd.xyz", "notes.TXT", "page.md"])
def test_plain_text_is_accepted_whatever_its_name(driven: Callable[..., Drive], tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("A small text.\n", encoding="utf-8")
    job = driven(tmp_path / name).run(until="extract")
    assert job.columns["kind"] == "text"


def test_markdown_without_words_is_refused_with_what_is_left_out(driven: Callable[..., Drive], tmp_path: Path) -> None:
    (tmp_path / "code.md").write_text("---\ntitle: x\n---\n```\nprint(1)\n```\n<!-- no -->\n", encoding="utf-8")
    with pytest.raises(EmptyFile, match=r"code\.md contains nothing to read aloud") as refused:
        driven(tmp_path / "code.md").run()
    assert "front matter" in refused.value.remedy


def test_titles_underlined_in_markdown_are_headings_of_the_output(driven: Callable[..., Drive], tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(
        "The house\n=========\n\nThe **house** is [big](http://x.org).\n", encoding="utf-8"
    )
    job = driven(tmp_path / "notes.md", language="en").run()
    assert job.published["notes.en.md"].read_text(encoding="utf-8") == "# The house\n\nThe house is big.\n"


def test_recording_is_recognised_by_its_content(driven: Callable[..., Drive], tmp_path: Path, speech: Path) -> None:
    shutil.copyfile(speech, tmp_path / "speech.txt")
    assert driven(tmp_path / "speech.txt").run(until="extract").columns["kind"] == "media"


@needs_apertium
def test_unknown_voice_is_refused(driven: Callable[..., Drive], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("A small text.\n", encoding="utf-8")
    for voice in ("nobody", "../nobody"):
        with pytest.raises(VoiceMissing, match="nobody"):
            driven(tmp_path / "notes.txt", voice=voice).run()


def test_language_unsupported_by_all_engines_is_refused(driven: Callable[..., Drive], speech: Path) -> None:
    with pytest.raises(UnsupportedLanguage):
        driven(speech, language="de").run()


def test_full_disk_makes_job_wait(driven: Callable[..., Drive], speech: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(speech.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(Waiting, match="free") as waiting:
        driven(speech).run()
    assert waiting.value.condition == "disk"


def test_unwritable_outbox_makes_job_wait(driven: Callable[..., Drive], phrase: Path) -> None:
    job = driven(phrase).run(until="publish")
    job.outbox.rmdir()
    job.outbox.write_text("a file where the share was", encoding="utf-8")
    with pytest.raises(Waiting) as waiting:
        job.run()
    assert waiting.value.condition == "outbox" and str(job.outbox) in waiting.value.message
    job.outbox.unlink()
    job.outbox.mkdir()
    assert "manifest.json" in job.run().published


def test_progress_never_decreases_and_ends_at_one(driven: Callable[..., Drive]) -> None:
    job = driven(PIECES / "LJ001-0002.flac", cache=Cache(None, max_bytes=0)).run(until="merge")
    for key in ("extract", "transcribe/0000"):
        shares = job.shares[key]
        assert shares == sorted(shares) and 0.85 <= shares[-1] <= 1.0
    assert not [path for path in job.job_dir.rglob("*.part") if os.access(path, os.F_OK)]
