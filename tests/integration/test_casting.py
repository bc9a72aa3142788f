"""Who is dubbed in whose voice: all speakers in their own, cut from their own words, and never in someone else's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dropdub.dubbing.kept_references import keep_references, kept_voice
from dropdub.dubbing.voices import cast_voices
from dropdub.engines.abilities import OfferedVoice
from dropdub.errors import VoiceMissing
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO, Segment, TimedWord
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.task import Task
from dropdub.stages.synthesize import _readers
from tests.drive import LIGHT, Drive

RATE = 16_000
DEEP_HZ, FIRST_HZ, SECOND_HZ = 120.0, 200.0, 500.0


class Cloning:
    """All that casting needs of a synthesizer."""

    name = "cloning"
    clones = True


class Plain(Cloning):
    name = "plain"
    clones = False


class Choir(Plain):
    """Has two high voices, the usual one first, and a deep one."""

    name = "choir"

    def voices_for(self, language: str) -> list[OfferedVoice]:
        assert language == "pt"
        return [OfferedVoice("alta", False), OfferedVoice("baixo", True), OfferedVoice("clara", False)]


def tone(seconds: float, hertz: float) -> np.ndarray:
    """Return bursts of a tone with pauses, as speech has them."""
    moments = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * hertz * moments) * (moments % 0.5 < 0.4)).astype(np.float32)


def casting(tmp_path: Path, sound: np.ndarray, *, kind: str = "media", **options: Any) -> Task:
    drive = Drive(tmp_path / "talk.wav", tmp_path, options=LIGHT.overridden(options))
    drive.columns["kind"] = kind
    (tmp_path / "voices").mkdir(exist_ok=True)
    with wav.WavWriter(drive.job_dir / AUDIO, RATE) as writer:
        writer.write(sound)
    return drive.task(drive.plan()[0])


def line(number: int, start: float, end: float, speaker: str | None = None) -> Segment:
    words = (TimedWord(start, end, "word", 0.9),)
    return Segment(number, start, end, "A line.", words=words, speaker=speaker)


def main_hz(path: Path) -> float:
    sound = wav.read_range(path)
    return float(np.abs(np.fft.rfft(sound)).argmax() * RATE / len(sound))


def cast(task: Task, lines: list[Segment], engine: Any = Cloning) -> Any:
    recorded = task.work if task.kind == "media" else None
    chosen: dict[str, Any] = {"voice": task.options.voice, "by_speaker": task.options.voices_by_speaker}
    return cast_voices(engine(), lines, language="pt", voices=task.voices, recorded=recorded, **chosen)


def test_each_voice_is_cloned_only_from_its_speakers_own_words(tmp_path: Path) -> None:
    sound = np.concatenate([tone(5, hertz) for hertz in (FIRST_HZ, SECOND_HZ) * 3])
    lines = [line(n, 5.0 * n, 5.0 * n + 5, f"S{n % 2 + 1}") for n in range(6)]
    found = cast(casting(tmp_path, sound), lines)
    references = {speaker: found[speaker].voice.reference for speaker in ("S1", "S2")}
    assert [path.name for path in references.values()] == ["voice.S1.wav", "voice.S2.wav"]
    assert main_hz(references["S1"]) == pytest.approx(FIRST_HZ, abs=5)
    assert main_hz(references["S2"]) == pytest.approx(SECOND_HZ, abs=5)
    assert all(6.0 <= wav.duration_s(path) <= 16.0 for path in references.values())
    assert found["S1"].identity != found["S2"].identity
    assert [one.warnings for one in found.values()] == [(), ()]


def test_single_speaker_has_the_recordings_voice(tmp_path: Path) -> None:
    found = cast(casting(tmp_path, tone(20, FIRST_HZ)), [line(0, 0, 9), line(1, 10, 19)])
    assert found[None].voice.reference.name == "voice.wav"


def test_little_speech_is_used_and_reported_and_too_little_is_not_used(tmp_path: Path) -> None:
    lines = [line(0, 0, 4, "S1"), line(1, 5, 6.5, "S2")]
    found = cast(casting(tmp_path, tone(8, FIRST_HZ)), lines)
    assert found["S1"].warnings == (
        "The voice of speaker S1 was cloned from only 4.0 s of speech: at least 6 s gives better results.",
    )
    assert (found["S2"].voice, found["S2"].identity) == (None, "default")
    assert (found["S1"].is_own, found["S2"].is_own) == (True, False)
    assert found["S2"].warnings == (
        "There is too little speech from speaker S2 to clone the voice: the dub has the default voice.",
    )


def test_named_voice_is_used_for_all_speakers(tmp_path: Path) -> None:
    task = casting(tmp_path, tone(8, FIRST_HZ), voice="anna")
    with wav.WavWriter(tmp_path / "voices" / "anna.wav", RATE) as writer:
        writer.write(tone(6, SECOND_HZ))
    found = cast(task, [line(0, 0, 4, "S1"), line(1, 4, 8, "S2")])
    assert {one.voice.reference for one in found.values()} == {tmp_path / "voices" / "anna.wav"}


def test_a_named_voice_without_a_recording_is_left_to_the_engine(tmp_path: Path) -> None:
    found = cast(casting(tmp_path, tone(8, FIRST_HZ), voice="Ana Sofia"), [line(0, 0, 8)])
    assert (found[None].voice.name, found[None].voice.reference) == ("Ana Sofia", None)


def test_named_voice_with_damaged_recording_is_refused(tmp_path: Path) -> None:
    task = casting(tmp_path, tone(8, FIRST_HZ), voice="anna")
    (tmp_path / "voices" / "anna.wav").write_bytes(b"RIFF")
    with pytest.raises(VoiceMissing, match="cannot be read") as refused:
        cast(task, [line(0, 0, 8)])
    assert "dropdub voices add anna FILE --replace`" in refused.value.sentence


def test_an_engines_own_voices_are_given_by_how_deep_each_speaker_is(tmp_path: Path) -> None:
    sound = np.concatenate([tone(3, hertz) for hertz in (DEEP_HZ, FIRST_HZ, FIRST_HZ, FIRST_HZ, DEEP_HZ)])
    lines = [line(number, 3.0 * number, 3.0 * number + 3, f"S{min(number, 3)}") for number in range(5)]
    found = cast(casting(tmp_path, sound), lines[:3], Choir)
    assert {speaker: one.voice.name for speaker, one in found.items()} == {"S0": "baixo", "S1": "alta", "S2": "clara"}
    assert {one.warnings for one in found.values()} == {
        ("choir cannot clone voices: the speakers have its voices, S0 baixo, S1 alta, S2 clara.",)
    }
    assert len({one.identity for one in found.values()}) == 3 and not any(one.is_own for one in found.values())
    crowd = cast(casting(tmp_path, sound), lines[:4], Choir)
    assert crowd["S3"].voice.name == "alta", "of those that fit, the one that the fewest have"


def test_a_single_speaker_has_a_fitting_voice_and_the_usual_one_if_nothing_is_known(tmp_path: Path) -> None:
    for sound, name in ((tone(8, DEEP_HZ), "baixo"), (tone(8, FIRST_HZ), "alta"), (0 * tone(8, FIRST_HZ), "alta")):
        [found] = cast(casting(tmp_path, sound), [line(0, 0, 8)], Choir).values()
        assert (found.voice.name, found.identity) == (name, f"engine:{name}")
        assert found.warnings == (f"choir cannot clone voices: the dub has its voice {name}.",)


def test_default_voice_is_never_used_silently(tmp_path: Path) -> None:
    lines = [line(0, 0, 8)]
    text = cast(casting(tmp_path / "text", tone(8, FIRST_HZ), kind="text"), lines)
    assert text[None].warnings == ("No voice is set: cloning speaks with its default voice.",)
    media = cast(casting(tmp_path / "media", tone(8, FIRST_HZ)), lines, Plain)
    assert media[None].warnings == ("plain cannot clone voices: the dub has its default voice.",)
    assert (text[None].voice, media[None].voice) == (None, None)


def test_a_speaker_who_is_named_has_that_voice_and_the_others_keep_theirs(tmp_path: Path) -> None:
    task = casting(tmp_path, tone(30, FIRST_HZ), voices={"s 2": "ana", "Nobody": "rui"})
    wav.write_short(task.voices / "ana.wav", tone(3, DEEP_HZ), RATE)
    lines = [line(0, 0, 9, "S1"), line(1, 10, 19, "S 2"), line(2, 20, 29, None)]
    found = cast(task, lines)
    assert list(found) == ["S1", "S 2", None]
    assert found["S 2"].voice.reference == task.voices / "ana.wav"
    assert [found[one].is_own for one in ("S1", None)] == [True, True]


def test_a_voice_that_was_given_to_somebody_is_chosen_for_nobody_else(tmp_path: Path) -> None:
    task = casting(tmp_path, tone(20, FIRST_HZ), voices={"S2": "Alta"})
    found = cast(task, [line(0, 0, 9, "S1"), line(1, 10, 19, "S2")], Choir)
    assert {speaker: one.voice.name for speaker, one in found.items()} == {"S1": "clara", "S2": "Alta"}


def test_a_cloned_voice_can_be_had_again_after_its_job_has_ended(tmp_path: Path) -> None:
    task = casting(tmp_path, tone(20.0, FIRST_HZ))
    cache = Cache(tmp_path / "cache", max_bytes=10_000_000)
    made = cast_voices(
        Cloning(),  # type: ignore[arg-type]
        [line(0, 0.0, 18.0)],
        language="pt",
        voice=None,
        voices=task.voices,
        recorded=task.work,
    )[None]
    keep_references(cache, [made])
    assert made.voice is not None and made.voice.reference is not None
    sound = made.voice.reference.read_bytes()
    made.voice.reference.unlink()
    again = kept_voice(cache, made.identity, None, scratch=task.prepared_scratch())
    assert again is not None and again.voice is not None and again.voice.reference is not None
    assert (again.identity, again.is_own, again.voice.reference.read_bytes()) == (made.identity, True, sound)
    assert kept_voice(cache, "0" * 64, None, scratch=task.prepared_scratch()) is None


def test_a_name_before_a_colon_names_the_speaker_only_where_a_person_wrote_the_line(tmp_path: Path) -> None:
    """In a recording, the words `Maria: vem cá.` call Maria: somebody else says them."""
    facts = Facts({"probe": {"kind": "media"}})
    task = replace(casting(tmp_path, tone(3, FIRST_HZ), voices={"Maria": "ana"}), facts=facts)
    lines = [Segment(0, 0.0, 1.0, "Maria: vem cá.", speaker="S1")]
    assert _readers(task, lines, lines, "pt").speakers == {0: "S1"}
    assert _readers(replace(task, kind="subtitle"), lines, lines, "pt").speakers == {0: "maria"}
