"""Who says what, in recordings of real speech: by channel without any engine, by voice with one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from dropdub.config import Split
from dropdub.engines.abilities import thresholds_of
from dropdub.engines.base import Diarizer, EngineSettings, Samples, Window
from dropdub.engines.offers import GROUP, installed_offers
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import EngineMissing
from dropdub.media.ffmpeg import find_ffmpeg
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import SPEAKERS, TRANSCRIPT, Segment, Transcript, chunk_name
from dropdub.pipeline.cache import Cache
from dropdub.speech.diarization import Stretch, Vectors, smoothed, stretches, voices
from tests.conftest import PICTURE, SPEECH
from tests.drive import LIGHT, Drive

LJSPEECH = Path(__file__).parents[1] / "data" / "ljspeech"
RATE_HZ = 16_000
PAUSE_S = 0.8
CLIP_S = 5
"""How much of each clip: enough to distinguish voices, and transcribed in half the time."""
MAN, WOMAN = "S1", "S2"
Part = tuple[str, float, float]
"""Who speaks, and from when to when, in seconds."""

DIARIZERS = [offer.name for offer in installed_offers().values() if offer.role == "diarizer"]


def entries_without_diarizer() -> list[EntryPoint]:
    return [entry for entry in entry_points(group=GROUP) if entry.name not in DIARIZERS]


def only_diarizer(name: str, real_model: Callable[[str], Path]) -> EngineRegistry:
    if problem := installed_offers()[name].problem:
        pytest.skip(problem)
    entries = [entry for entry in entry_points(group=GROUP) if entry.name == name]
    models_dir = real_model("campplus").parent if name == "campplus" else Path("models")
    return EngineRegistry([*entries_without_diarizer(), *entries], settings=EngineSettings(models_dir=models_dir))


def name_of(registry: EngineRegistry) -> str:
    """Return which diarizer a registry has."""
    [(engine, _)] = registry.usable("diarizer")
    return engine.name


@pytest.fixture(scope="module")
def without_engine() -> EngineRegistry:
    """A registry as it is if the extra is not installed."""
    return EngineRegistry(entries_without_diarizer())


@pytest.fixture(scope="module", params=["resemblyzer", "campplus"])
def with_engine(request: pytest.FixtureRequest, real_model: Callable[[str], Path]) -> EngineRegistry:
    """A registry with one diarizer, which `auto` therefore is, and its real weights."""
    return only_diarizer(request.param, real_model)


@pytest.fixture
def driven(tmp_path: Path, shared_cache: Cache) -> Callable[..., Drive]:
    def make(source: Path, registry: EngineRegistry, *, split: Split | None = None, **options: Any) -> Drive:
        folder = tmp_path / f"root{len(list(tmp_path.iterdir()))}"
        chosen = LIGHT.overridden({"speakers": "all", **options})
        return Drive(source, folder, options=chosen, engines=registry, cache=shared_cache, split=split or Split())

    return make


def clip(name: str) -> wav.Samples:
    path = SPEECH if name == "jfk" else LJSPEECH / f"LJ001-000{name}.flac"
    return wav.resample(wav.read_range(path), wav.sample_rate(path), RATE_HZ)[: CLIP_S * RATE_HZ]


def recording(path: Path, names: list[str], *, stereo: bool = False, leak: float = 0.02) -> list[Part]:
    """Write clips one after the other, in stereo the man left and the woman right; return who speaks when."""
    parts: list[Part] = []
    sound: list[np.ndarray] = []
    at = 0.0
    for name in names:
        samples, who = clip(name), MAN if name == "jfk" else WOMAN
        own, other = samples, samples * np.float32(leak)
        left, right = (own, other) if who == MAN else (other, own)
        sound += [np.stack([left, right], 1) if stereo else own[:, None]]
        sound += [np.zeros((round(PAUSE_S * RATE_HZ), 1 + stereo), np.float32)]
        parts.append((who, at, at + len(samples) / RATE_HZ))
        at = parts[-1][2] + PAUSE_S
    soundfile.write(path, np.concatenate(sound), RATE_HZ)
    return parts


ALTERNATING = ["jfk", "1", "jfk", "2", "4", "jfk", "3"]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Part]]:
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    return path, recording(path, ALTERNATING)


@pytest.fixture(scope="module")
def interview(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Part]]:
    path = tmp_path_factory.mktemp("interview") / "interview.wav"
    return path, recording(path, ["1", "jfk", "2", "jfk"], stereo=True)


def right_share(segments: tuple[Segment, ...], parts: list[Part]) -> float:
    """Return the share of the segments' time that has the label of who speaks then."""
    right_s = sum(
        max(min(segment.end, end) - max(segment.start, start), 0.0)
        for segment in segments
        for who, start, end in parts
        if segment.speaker == who
    )
    return right_s / sum(segment.end - segment.start for segment in segments)


def in_order_of_appearance(parts: list[Part]) -> list[Part]:
    names = {who: f"S{number}" for number, who in enumerate(dict.fromkeys(who for who, _, _ in parts), start=1)}
    return [(names[who], start, end) for who, start, end in parts]


def test_two_alternating_voices_are_distinguished(
    driven: Callable[..., Drive], with_engine: EngineRegistry, talk: tuple[Path, list[Part]]
) -> None:
    source, parts = talk
    job = driven(source, with_engine).run()
    found, merged = job.facts["diarize/voices"], job.facts["merge"]
    assert (found["how"], found["speakers"], merged["speakers"]) == (name_of(with_engine), 2, 2)
    transcript = Transcript.load(job.published["talk.json"])
    assert right_share(transcript.segments, parts) >= 0.95
    assert (
        [one.id for one in transcript.segments]
        == list(range(len(transcript.segments)))
        == list(range(merged["segments"]))
    )
    manifest = json.loads(job.published["manifest.json"].read_text(encoding="utf-8"))
    [engine] = [one for one in manifest["engines"] if one["name"] == name_of(with_engine)]
    assert engine["steps"] == ["diarize/voices"]


def test_each_paragraph_of_talk_starts_with_its_speaker(
    driven: Callable[..., Drive], with_engine: EngineRegistry, talk: tuple[Path, list[Part]]
) -> None:
    job = driven(talk[0], with_engine).run()
    paragraphs = job.published["talk.txt"].read_text(encoding="utf-8").strip().split("\n\n")
    assert {text[:4] for text in paragraphs} == {"S1: ", "S2: "}
    transcript = Transcript.load(job.published["talk.json"])
    assert {segment.speaker for segment in transcript.segments} == {"S1", "S2"}
    assert "S1" not in job.published["talk.srt"].read_text(encoding="utf-8")


def test_chunk_boundaries_change_no_label(
    driven: Callable[..., Drive], with_engine: EngineRegistry, talk: tuple[Path, list[Part]]
) -> None:
    job = driven(talk[0], with_engine, split=Split(above_duration=5, target=14, window=5)).run(until="publish")
    assert len(job.facts["split"]["chunks"]) >= 3
    assert right_share(Transcript.load(job.job_dir / TRANSCRIPT).segments, talk[1]) >= 0.95


def test_sentence_shared_by_two_voices_is_split_between_words(
    driven: Callable[..., Drive], with_engine: EngineRegistry, talk: tuple[Path, list[Part]]
) -> None:
    source, parts = talk
    job = driven(source, with_engine).run(until="diarize")
    chunk = job.job_dir / chunk_name(0)
    before = Transcript.load(chunk)
    pairs = [_one_sentence(*before.segments[at : at + 2]) for at in range(1, len(before.segments) - 1, 2)]
    Transcript(before.language, before.duration_s, tuple(pairs), before.engine).renumbered().save(chunk)
    after = Transcript.load(job.run(until="publish").job_dir / TRANSCRIPT)
    assert len(after.segments) > len(pairs)
    assert right_share(after.segments, parts) >= 0.95
    assert all(one.end <= other.start for one, other in pairwise(after.segments))


def _one_sentence(first: Segment, second: Segment) -> Segment:
    return Segment(0, first.start, second.end, f"{first.text} {second.text}", first.words + second.words)


@pytest.mark.parametrize("names", [["jfk"], ["1", "2", "3", "4"]], ids=["man", "woman"])
def test_one_voice_is_one_speaker_without_a_label(
    driven: Callable[..., Drive], with_engine: EngineRegistry, tmp_path: Path, names: list[str]
) -> None:
    source = tmp_path / "speech.wav"
    recording(source, names)
    job = driven(source, with_engine).run()
    assert job.facts["diarize/voices"]["speakers"] == 1
    transcript = Transcript.load(job.published["speech.json"])
    assert {segment.speaker for segment in transcript.segments} == {None}
    assert not job.published["speech.txt"].read_text(encoding="utf-8").startswith("S1")


Heard = tuple[list[Stretch], Vectors]
"""Windows of a recording, and their vectors."""


def heard(engine: Diarizer, sound: wav.Samples, phrases: Sequence[tuple[float, float]]) -> Heard:
    """Return the windows of a recording at 16 kHz whose words are spoken at these times."""
    segments = [Segment(number, start, end, "") for number, (start, end) in enumerate(phrases)]
    pieces = stretches(segments, [])
    spans = [one.window for one in pieces]
    windows = [Window(at.start, sound[round(at.start * RATE_HZ) : round(at.end * RATE_HZ)]) for at in spans]
    return pieces, np.stack(list(engine.embed(windows)))


def speakers_of(engine: Diarizer, pieces: Sequence[Stretch], vectors: Vectors) -> int:
    return len(set(smoothed(pieces, [int(label) for label in voices(vectors, pieces, thresholds_of(engine))])))


def speakers_heard(engine: Diarizer, sound: wav.Samples, phrases: Sequence[tuple[float, float]]) -> int:
    """Return how many speakers are heard in a recording at 16 kHz whose words are spoken at these times."""
    return speakers_of(engine, *heard(engine, sound, phrases))


def with_noise(sound: wav.Samples, decibels: float) -> wav.Samples:
    noise = np.random.default_rng(1).standard_normal(len(sound))
    level = np.sqrt(np.mean(sound**2)) * 10 ** (-decibels / 20)
    return (sound + noise * level).astype(np.float32)


@pytest.fixture(scope="module")
def engine(with_engine: EngineRegistry) -> Diarizer:
    found = with_engine.diarizer("auto")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def clips() -> dict[str, wav.Samples]:
    """The clips at 16 kHz, whole."""
    paths = [SPEECH, *sorted(LJSPEECH.glob("*.flac"))]
    return {path.stem: wav.resample(wav.read_range(path), wav.sample_rate(path), RATE_HZ) for path in paths}


def evenly(*spans: tuple[float, float]) -> list[tuple[float, float]]:
    """Return phrases of at most 2.6 s in spans of speech."""
    return [(at, min(at + 2.6, end)) for start, end in spans for at in np.arange(start, end - 0.3, 2.6)]


@pytest.mark.parametrize(
    "phrases",
    [
        [(0.0, 10.4)],
        [(0.13, 4.17), (4.24, 5.7), (5.9, 6.55)],
        [(0.06, 1.08), (2.1, 7.36), (7.55, 8.95)],
        [(11.0 * lap + 0.1, 11.0 * lap + 10.4) for lap in range(5)],
    ],
    ids=["whole", "7 s", "9 s", "5 times"],
)
def test_emphasis_in_the_sample_is_no_second_speaker(
    engine: Diarizer, clips: dict[str, wav.Samples], phrases: list[tuple[float, float]]
) -> None:
    assert speakers_heard(engine, np.concatenate([clips["jfk"]] * 5), phrases) == 1


@pytest.mark.parametrize("seconds", [5, 20, 180])
def test_one_reader_is_one_speaker_however_long(engine: Diarizer, clips: dict[str, wav.Samples], seconds: int) -> None:
    own = [samples for name, samples in clips.items() if name != "jfk"]
    sound = np.concatenate(own * 12)[: seconds * RATE_HZ]
    assert speakers_heard(engine, with_noise(sound, 25), evenly((0.0, float(seconds)))) == 1


@pytest.mark.parametrize("noise", [60, 20])
@pytest.mark.parametrize(("man", "woman_s"), [((0, 4), 9.6), ((5, 10.4), 3.2), ((5, 8.2), 9.6), ((5, 8.2), 3.2)])
def test_two_speakers_of_three_seconds_each_are_two(
    engine: Diarizer, clips: dict[str, wav.Samples], man: tuple[float, float], woman_s: float, noise: float
) -> None:
    his, hers = (slice(round(start * RATE_HZ), round(end * RATE_HZ)) for start, end in (man, (0.0, woman_s)))
    sound = np.concatenate([clips["LJ001-0001"][hers], np.zeros(RATE_HZ // 2, np.float32), clips["jfk"][his]])
    phrases = [(0.0, woman_s), (woman_s + 0.5, len(sound) / RATE_HZ)]
    assert speakers_heard(engine, with_noise(sound, noise), phrases) == 2


def monologue(clips: dict[str, wav.Samples], name: str) -> tuple[wav.Samples, list[tuple[float, float]]]:
    """Return what one person says, with pauses of different lengths, and where: the man's sentence or the woman's."""
    pieces = [clips["jfk"]] if name == "jfk" else [samples for own, samples in clips.items() if own != "jfk"]
    cut = [part for piece in pieces for part in np.array_split(piece, max(len(piece) // (3 * RATE_HZ), 1))]
    sound, phrases, at = [], [], 0.0
    for number, part in enumerate(cut):
        pause = np.zeros(round((0.3, 1.5, 4.0)[number % 3] * RATE_HZ), np.float32)
        phrases.append((round(at, 2), round(at + len(part) / RATE_HZ, 2)))
        sound += [part, pause]
        at += (len(part) + len(pause)) / RATE_HZ
    return np.concatenate(sound), phrases


def louder_and_quieter(sound: wav.Samples) -> wav.Samples:
    """Return the sound of somebody who turns to the microphone and away from it: 26 dB in 7 s."""
    seconds = np.arange(len(sound)) / RATE_HZ
    return np.asarray(sound * 10 ** ((np.cos(2 * np.pi * seconds / 7) - 1) * 13 / 20), np.float32)


def interrupted(sound: wav.Samples) -> wav.Samples:
    """Return the sound with bursts of noise, a fifth of a second long, like a door every 3 s."""
    burst = np.random.default_rng(4).normal(0, 0.2, RATE_HZ // 5)
    found = sound.astype(np.float64)
    for at in range(RATE_HZ, len(sound) - len(burst), 3 * RATE_HZ):
        found[at : at + len(burst)] += burst
    return found.astype(np.float32)


SOUNDS: dict[str, Callable[[wav.Samples], wav.Samples]] = {
    "clean": lambda sound: sound,
    "noise": lambda sound: with_noise(sound, 20),
    "louder and quieter": louder_and_quieter,
    "doors": interrupted,
    "both": lambda sound: with_noise(louder_and_quieter(interrupted(sound)), 20),
}


@pytest.mark.parametrize("change", SOUNDS.values(), ids=SOUNDS)
@pytest.mark.parametrize("name", ["jfk", "lj"])
def test_one_person_is_one_speaker_from_five_seconds_on(
    engine: Diarizer, clips: dict[str, wav.Samples], name: str, change: Callable[[wav.Samples], wav.Samples]
) -> None:
    sound, phrases = monologue(clips, name)
    spoken_s = np.cumsum([end - start for start, end in phrases])
    counts = [int(np.searchsorted(spoken_s, least)) + 1 for least in (5.0, 10.0, 20.0) if least < spoken_s[-1]]
    pieces, vectors = heard(engine, change(sound), phrases[: counts[-1]])
    for count in counts:
        begun = sum(one.segment < count for one in pieces)
        assert speakers_of(engine, pieces[:begun], vectors[:begun]) == 1, f"{spoken_s[count - 1]:.0f} s"


def _not_asked(_windows: Iterable[Window]) -> Iterator[Samples]:
    raise AssertionError("it was heard before")


def test_cached_voices_are_reused_and_give_same_labels(
    driven: Callable[..., Drive],
    with_engine: EngineRegistry,
    talk: tuple[Path, list[Part]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = driven(talk[0], with_engine).run(until="publish")
    monkeypatch.setattr(with_engine.diarizer("auto"), "embed", _not_asked)
    again = driven(talk[0], with_engine).run(until="publish")
    assert again.facts["diarize/voices"]["cached"]
    assert (first.job_dir / TRANSCRIPT).read_bytes() == (again.job_dir / TRANSCRIPT).read_bytes()


def test_repeated_step_gives_same_file(
    driven: Callable[..., Drive], with_engine: EngineRegistry, talk: tuple[Path, list[Part]]
) -> None:
    job = driven(talk[0], with_engine).run(until="publish")
    speakers = job.job_dir / SPEAKERS
    before = speakers.read_bytes()
    speakers.unlink()
    job.cache = Cache(None, max_bytes=0)
    job.run_step(job.step("diarize/voices"))
    assert speakers.read_bytes() == before and not job.facts["diarize/voices"]["cached"]


# Channels


def test_one_speaker_per_channel_needs_no_engine(
    driven: Callable[..., Drive], without_engine: EngineRegistry, interview: tuple[Path, list[Part]]
) -> None:
    source, parts = interview
    job = driven(source, without_engine).run()
    assert job.facts["diarize"]["how"] == "channels" and job.facts["diarize"]["speakers"] == 2
    assert "diarize/voices" not in job.facts
    transcript = Transcript.load(job.published["interview.json"])
    assert right_share(transcript.segments, in_order_of_appearance(parts)) >= 0.99
    assert transcript.segments[0].speaker == "S1"
    assert job.published["interview.txt"].read_text(encoding="utf-8").startswith("S1: ")


def test_channels_are_compared_on_the_recordings_own_timeline(
    driven: Callable[..., Drive], without_engine: EngineRegistry, interview: tuple[Path, list[Part]], tmp_path: Path
) -> None:
    """The sound of this film begins two seconds after its picture."""
    late = tmp_path / "late.mkv"
    shift = ("-itsoffset", "2", "-i", str(interview[0]), "-c:v", "mpeg4", "-c:a", "flac", str(late))
    command = [str(find_ffmpeg()), "-nostdin", "-loglevel", "error", *PICTURE, *shift]
    subprocess.run(command, check=True, timeout=60)
    job = driven(late, without_engine).run(until="publish")
    assert job.facts["diarize"]["how"] == "channels"
    shifted = [(who, start + 2, end + 2) for who, start, end in in_order_of_appearance(interview[1])]
    assert right_share(Transcript.load(job.job_dir / TRANSCRIPT).segments, shifted) >= 0.99


def test_identical_channels_are_diarized_by_voice(
    driven: Callable[..., Drive], with_engine: EngineRegistry, tmp_path: Path
) -> None:
    source = tmp_path / "both.wav"
    parts = recording(source, ["jfk", "1", "4"], stereo=True, leak=0.7)
    job = driven(source, with_engine).run(until="publish")
    assert job.facts["diarize"]["how"] == "voices" and job.facts["diarize/voices"]["how"] == name_of(with_engine)
    assert right_share(Transcript.load(job.job_dir / TRANSCRIPT).segments, parts) >= 0.95


# Without an engine


def test_missing_engine_means_one_speaker_and_no_warning(
    driven: Callable[..., Drive], without_engine: EngineRegistry, talk: tuple[Path, list[Part]]
) -> None:
    job = driven(talk[0], without_engine).run()
    assert job.facts["diarize"]["how"] == "one" and "diarize/voices" not in job.facts
    assert {one.speaker for one in Transcript.load(job.published["talk.json"]).segments} == {None}
    assert not job.warnings


def test_missing_engine_requested_by_name_is_refused(
    driven: Callable[..., Drive], without_engine: EngineRegistry, talk: tuple[Path, list[Part]]
) -> None:
    with pytest.raises(EngineMissing, match="resemblyzer"):
        driven(talk[0], without_engine, diarizer="resemblyzer").run()


def test_diarization_is_skipped_if_one_speaker_is_requested(
    driven: Callable[..., Drive], with_engine: EngineRegistry, talk: tuple[Path, list[Part]]
) -> None:
    job = driven(talk[0], with_engine, speakers="one").run()
    assert not [key for key in job.facts if key.startswith("diarize")]
    assert {one.speaker for one in Transcript.load(job.published["talk.json"]).segments} == {None}


def test_a_bare_transcript_compares_voices_only_if_asked(
    driven: Callable[..., Drive], with_engine: EngineRegistry, talk: tuple[Path, list[Part]]
) -> None:
    job = driven(talk[0], with_engine, speakers="auto").run()
    assert job.facts["diarize"]["how"] == "one" and "diarize/voices" not in job.facts
    assert {one.speaker for one in Transcript.load(job.published["talk.json"]).segments} == {None}


def test_a_bare_transcript_names_the_speakers_that_have_a_channel_each(
    driven: Callable[..., Drive], without_engine: EngineRegistry, interview: tuple[Path, list[Part]]
) -> None:
    job = driven(interview[0], without_engine, speakers="auto").run()
    assert job.facts["diarize"]["how"] == "channels" and job.facts["merge"]["speakers"] == 2


def test_silence_has_no_speakers(driven: Callable[..., Drive], with_engine: EngineRegistry, tmp_path: Path) -> None:
    source = tmp_path / "quiet.wav"
    soundfile.write(source, np.zeros((3 * RATE_HZ, 2), np.float32), RATE_HZ)
    job = driven(source, with_engine).run()
    assert not [key for key in job.facts if key.startswith(("transcribe", "diarize"))]
    assert job.facts["merge"]["speakers"] == 0
