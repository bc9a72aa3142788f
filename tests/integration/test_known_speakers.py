"""Known speakers in recordings of real speech: their own recordings are decoded, and their voices compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from dropdub.engines.offers import GROUP, installed_offers
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import NoAudio
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO, SPEECH, TRANSCRIPT, Segment, Transcript, known_speaker_name, save_spans
from dropdub.pipeline.known_speakers import sent_voice
from dropdub.speech.references import LONGEST_S, decode_reference
from dropdub.speech.vad import speech_spans
from dropdub.stages import diarize, extract
from dropdub.store.steps import StepSpec
from tests.conftest import SPEECH as MAN
from tests.drive import LIGHT, Drive
from tests.integration.test_diarize import name_of, only_diarizer

WOMAN, WOMAN_AGAIN, WOMAN_LATER = (
    Path(__file__).parents[1] / "data" / "ljspeech" / f"LJ001-000{number}.flac" for number in (1, 2, 4)
)
RATE = 16_000
PAUSE = np.zeros(RATE // 2, np.float32)


def sound(path: Path, start_s: float = 0.0, end_s: float = 6.0) -> wav.Samples:
    return wav.resample(wav.read_range(path, start_s, end_s), wav.sample_rate(path), RATE)


@pytest.fixture(scope="module", params=["resemblyzer", "campplus"])
def engines(request: pytest.FixtureRequest, real_model: Callable[[str], Path]) -> EngineRegistry:
    return only_diarizer(request.param, real_model)


def named(
    folder: Path, said: Mapping[str | None, wav.Samples], known: Mapping[str, wav.Samples], engines: EngineRegistry
) -> dict[str, Any]:
    """Return the result of the step that recognises speakers in a recording of what each of them has `said`."""
    job, at, segments = Drive(folder / "talk.wav", folder, engines=engines, options=LIGHT), 0.0, []
    soundfile.write(job.job_dir / AUDIO, np.concatenate([part for one in said.values() for part in (one, PAUSE)]), RATE)
    for number, (speaker, samples) in enumerate(said.items()):
        segments.append(Segment(number, at, at + len(samples) / RATE, "…", (), speaker))
        at = segments[-1].end + len(PAUSE) / RATE
    Transcript("en", at, tuple(segments), {}).save(job.job_dir / TRANSCRIPT)
    save_spans(job.job_dir / SPEECH, speech_spans(job.job_dir / AUDIO))
    for number, samples in enumerate(known.values()):
        soundfile.write(folder / "sent.flac", samples, RATE)
        target = job.job_dir / known_speaker_name(number)
        target.parent.mkdir(exist_ok=True)
        decode_reference(folder / "sent.flac", target, name="x", deadline_s=60)
    step = StepSpec("diarize/names", "diarize", 42, None, "synthesize", {"by": "names", "speakers": list(known)})
    return diarize.run(job.task(step))


def names(found: Mapping[str, Any]) -> dict[str | None, str]:
    return {one["speaker"]: one["name"] for one in found["names"]}


def test_a_known_speaker_is_named_and_the_other_one_is_not(tmp_path: Path, engines: EngineRegistry) -> None:
    said = {"S1": sound(MAN), "S2": sound(WOMAN_AGAIN, 0, 2)}
    found = named(tmp_path, said, {"Mary": sound(WOMAN)}, engines)
    assert names(found) == {"S2": "Mary"}
    assert found["engine"]["name"] == name_of(engines)


def test_two_known_speakers_have_their_own_names(tmp_path: Path, engines: EngineRegistry) -> None:
    said = {"S1": sound(WOMAN_AGAIN, 0, 2), "S2": sound(MAN, 5.5, 10.5)}
    known = {"John": sound(MAN, 0, 5.5), "Mary": sound(WOMAN)}
    assert names(named(tmp_path, said, known, engines)) == {"S1": "Mary", "S2": "John"}


def test_of_two_names_for_one_voice_one_is_given_and_no_other_voice_gets_the_rest(
    tmp_path: Path, engines: EngineRegistry
) -> None:
    said = {"S1": sound(WOMAN_AGAIN, 0, 2), "S2": sound(MAN)}
    known = {"Mary": sound(WOMAN), "Ann": sound(WOMAN_LATER, 0, 5)}
    assert list(names(named(tmp_path, said, known, engines))) == ["S1"]


def test_whoever_does_not_speak_is_not_found(tmp_path: Path, engines: EngineRegistry) -> None:
    assert names(named(tmp_path / "one", {None: sound(MAN)}, {"Mary": sound(WOMAN)}, engines)) == {}
    assert names(named(tmp_path / "same", {None: sound(WOMAN_LATER)}, {"Mary": sound(WOMAN)}, engines)) == {
        None: "Mary"
    }


def test_without_an_engine_nobody_is_named_and_a_warning_says_so(tmp_path: Path) -> None:
    diarizers = [offer.name for offer in installed_offers().values() if offer.role == "diarizer"]
    without = EngineRegistry([one for one in entry_points(group=GROUP) if one.name not in diarizers])
    found = named(tmp_path, {None: sound(WOMAN_LATER)}, {"Mary": sound(WOMAN)}, without)
    assert found["names"] == [] and "no engine" in found["warnings"][0]


# Their recordings


def encoded(path: Path, samples: wav.Samples) -> Path:
    soundfile.write(path, samples, RATE, format="WAV")
    return path


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (b"RIFF....", "No sound can be read"),
        (b"\0" * 4_000, "No sound can be read"),
        (b"<svg/>", "No sound can be read"),
        (np.zeros(3 * RATE, np.float32), "nobody speaks"),
        (sound(WOMAN, 0, 0.4), "nobody speaks"),
        (np.zeros(0, np.float32), "known speaker Ana"),
    ],
    ids=["cut off", "zeros", "no media", "silence", "too short", "no samples"],
)
def test_what_no_voice_can_be_heard_in_is_refused_with_the_speakers_name(
    tmp_path: Path, sent: bytes | np.ndarray, problem: str
) -> None:
    file = tmp_path / "0"
    if isinstance(sent, bytes):
        file.write_bytes(sent)
    else:
        encoded(file, sent)
    with pytest.raises(NoAudio, match=problem) as refused:
        decode_reference(file, tmp_path / "out.wav", name="Ana", deadline_s=60)
    assert "Ana" in refused.value.message and refused.value.remedy


def test_only_half_a_minute_of_a_recording_is_read(tmp_path: Path) -> None:
    file = encoded(tmp_path / "0", np.concatenate([sound(WOMAN)] * 8))
    decode_reference(file, tmp_path / "out.wav", name="Ana", deadline_s=60)
    assert wav.duration_s(tmp_path / "out.wav") == pytest.approx(LONGEST_S, abs=0.1)


def test_a_recording_that_cannot_be_used_is_refused_before_the_long_one_is_read(tmp_path: Path) -> None:
    source = tmp_path / "uploads" / "1" / "file" / "talk.wav"
    source.parent.mkdir(parents=True)
    job = Drive(encoded(source, sound(MAN, 0, 2)), tmp_path, options=LIGHT)
    job.run_step(job.step("probe"))
    voice = sent_voice(source, 0)
    voice.parent.mkdir()
    encoded(voice, np.zeros(RATE, np.float32))
    task = job.task(StepSpec("extract", "extract", 10, None, "media", {"speakers": ["Ana"]}))
    with pytest.raises(NoAudio, match="Ana"):
        extract.run(task)
    assert not (job.job_dir / AUDIO).exists()
    encoded(voice, sound(WOMAN))
    extract.run(task)
    assert (job.job_dir / known_speaker_name(0)).is_file() and (job.job_dir / AUDIO).is_file()
