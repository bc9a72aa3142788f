"""A dub's sound as it is heard: the original under it, its loudness, its peaks, its length, its position in time."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import av
import numpy as np
import pytest
import soundfile

from dropdub.engines.base import EngineInfo, EngineSettings, Frames
from dropdub.engines.offers import GROUP
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import Waiting
from dropdub.files.durable import sha256
from dropdub.media.ffmpeg import find_ffmpeg, input_arguments
from dropdub.media.sound import wav
from dropdub.media.sound.loudness import measure_loudness
from dropdub.media.sound.pcm import RATE_HZ, decoded
from dropdub.media.sound.timed import TimedSound
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.facts import Facts
from tests.drive import LIGHT, Drive
from tests.spoken import ENGLISH, RATE, recording, spoken
from tests.tiny_separators import make_spleeter

pytestmark = pytest.mark.skipif(shutil.which("apertium") is None, reason="apertium is not installed")
TONE_HZ = 3000
STILL_S = 1.0
SEPARATORS = ("demucs", "spleeter")


class FakeSeparator:
    """Removes everything except the tone: the mean over each of its periods, in blocks of odd sizes."""

    name: ClassVar[str] = "fake-separator"
    role: ClassVar[str] = "separator"
    rank: ClassVar[int] = 10

    def __init__(self, settings: EngineSettings | None = None) -> None:
        """Accept the settings that all engines get."""

    @classmethod
    def unavailable(cls) -> str | None:
        return None

    def load(self) -> None:
        """Load nothing."""

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "1")

    def background(self, blocks: Iterable[Frames], *, sample_rate: int) -> Iterator[Frames]:
        first = 0
        for block in blocks:
            tone = 0.1 * np.sin(2 * np.pi * TONE_HZ * np.arange(first, first + len(block)) / sample_rate)
            first += len(block)
            sound = np.repeat(tone[:, None], block.shape[1], axis=1).astype(np.float32)
            yield from np.array_split(sound, 7)


@pytest.fixture
def driven(tmp_path: Path, shared_cache: Cache) -> Callable[..., Drive]:
    def made(
        source: Path,
        *entries: EntryPoint,
        companion: Path | None = None,
        models: Path | None = None,
        **options: Any,
    ) -> Drive:
        settings = EngineSettings(models_dir=models or tmp_path / "models")
        used = [one for one in entry_points(group=GROUP) if models or one.name not in SEPARATORS]
        registry = EngineRegistry([*used, *entries], settings=settings)
        wanted = LIGHT.overridden({"targets": ["es"], **options})
        folder = tmp_path / f"root{len(list(tmp_path.iterdir()))}"
        return Drive(source, folder, wanted, engines=registry, cache=shared_cache, companion=companion)

    return made


@pytest.fixture
def stereo(tmp_path: Path, phrase: Path) -> Path:
    """Speech with a tone on the left that continues for seconds after the speech, in a film whose sound starts late."""
    samples = wav.resample(wav.read_range(phrase), wav.sample_rate(phrase), 44_100)
    samples = np.concatenate([samples, np.zeros(44_100 * 4, np.float32)])
    tone = 0.1 * np.sin(2 * np.pi * TONE_HZ * np.arange(len(samples)) / 44_100)
    soundfile.write(tmp_path / "speech.wav", np.stack([samples + tone, samples], axis=1) * 0.5, 44_100)
    arguments = ["-itsoffset", "0.7", "-i", str(tmp_path / "speech.wav"), "-c:a", "flac", str(tmp_path / "film.mkv")]
    picture = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=7"]
    run_ffmpeg(*picture, *arguments[:-1], "-c:v", "mpeg4", arguments[-1])
    return tmp_path / "film.mkv"


def run_ffmpeg(*arguments: str) -> str:
    command = [str(find_ffmpeg()), "-nostdin", "-hide_banner", "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=60).stderr


def sample_count(film: Path) -> int:
    """Return how many samples a film's sound has, decoded by another library."""
    with av.open(str(film)) as container:
        return sum(frame.samples for frame in container.decode(container.streams.audio[0]))


def loudness(path: Path) -> float:
    return measure_loudness(input_arguments(path), "0:a:0", deadline_s=60, duration_s=60)


def true_peak_db(path: Path) -> float:
    shown = run_ffmpeg("-i", str(path), "-map", "0:a:0", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-")
    return float(re.findall(r"Peak:\s+(-?[\d.]+) dBFS", shown)[-1])


def original(job: Drive, channels: int) -> Frames:
    length = soundfile.info(job.job_dir / "dub.es.wav").frames
    blocks = decoded(TimedSound(input_arguments(job.source), "0:a:0"), channels=channels, length=length, deadline_s=60)
    return np.concatenate(list(blocks))


def dub(job: Drive) -> Frames:
    sound, rate = soundfile.read(job.job_dir / "dub.es.wav", dtype="float32", always_2d=True)
    assert rate == RATE_HZ
    return sound


def tone_level(sound: Frames, hertz: float = TONE_HZ) -> float:
    """Return the amplitude of the tone, or of another line of the spectrum."""
    turning = np.exp(-2j * np.pi * hertz * np.arange(len(sound)) / RATE_HZ)
    return float(2 * np.abs((sound * turning).mean()))


def test_original_is_unchanged_and_in_sync_while_nobody_speaks(driven: Callable[..., Drive], stereo: Path) -> None:
    job = driven(stereo).run(until="mux")
    sound, before = dub(job), original(job, 2)
    late_s = 0.7
    assert sound.shape == before.shape
    assert len(sound) == round(late_s * RATE_HZ + Fraction(sample_count(stereo) * RATE_HZ, 44_100))
    end = job.facts["extract"]["duration_s"]
    still = slice(round((end - STILL_S) * RATE_HZ), round(end * RATE_HZ))
    gain = tone_level(sound[still, 0]) / tone_level(before[still, 0])
    np.testing.assert_allclose(sound[still], before[still] * gain, atol=2e-3)
    assert 0.5 < gain < 2


@pytest.mark.parametrize(
    ("rate", "samples"), [(48_000, 144_001), (44_100, 132_301), (96_000, 288_003), (11_025, 30_007), (8_000, 24_001)]
)
def test_a_dub_is_as_long_as_its_source_to_the_sample_whatever_the_rate(
    driven: Callable[..., Drive], tmp_path: Path, speech: Path, rate: int, samples: int
) -> None:
    sound = wav.resample(wav.read_range(speech), wav.sample_rate(speech), rate)
    source = tmp_path / f"talk {rate}.flac"
    soundfile.write(source, sound[:samples], rate)
    exact = Fraction(soundfile.info(source).frames * RATE_HZ, rate)
    assert soundfile.info(source).frames == samples
    job = driven(source).run(until="mux")
    assert job.facts["extract"]["sound"] == {"samples": samples, "rate": rate}
    assert abs(soundfile.info(job.job_dir / "dub.es.wav").frames - exact) <= Fraction(1, 2)


def test_job_extracted_before_samples_were_counted_is_as_long_as_what_was_heard(
    driven: Callable[..., Drive], phrase: Path
) -> None:
    job = driven(phrase).run(until="mix")
    del job.facts["extract"]["sound"]
    job.run(until="mux")
    assert soundfile.info(job.job_dir / "dub.es.wav").frames == wav.length(job.job_dir / "audio.wav").at(RATE_HZ)


def test_original_under_dub_is_ducked_kept_or_removed(driven: Callable[..., Drive], stereo: Path) -> None:
    levels = {}
    for name, options in (
        ("duck", {}),
        ("less", {"duck_db": 10}),
        ("keep", {"original": "keep"}),
        ("mute", {"original": "mute"}),
    ):
        job = driven(stereo, mix=options).run(until="mux")
        sound = dub(job)
        report = json.loads((job.job_dir / "fit.es.json").read_text("utf-8"))["utterances"]
        speaks = slice(round(report[0]["start"] * RATE_HZ), round(report[0]["end"] * RATE_HZ))
        quiet = slice(-round(STILL_S * RATE_HZ), None)
        levels[name] = [tone_level(sound[at, 0]) for at in (speaks, quiet)]
    under, beside = (np.array([one[at] for one in levels.values()]) for at in (0, 1))
    turned_db = 20 * np.log10(under[:3] / beside[:3])
    assert turned_db == pytest.approx([-18, -10, 0], abs=2)
    spoken_alone = max(tone_level(sound[speaks, 0], TONE_HZ + away) for away in range(-100, 101, 5) if away)
    assert under[3] < spoken_alone < under[0] / 2 and beside[3] == 0


@pytest.mark.parametrize("gain_db", [-14.0, -5.0])
def test_a_dub_is_as_loud_as_its_original_and_never_clips(
    driven: Callable[..., Drive], tmp_path: Path, phrase: Path, gain_db: float
) -> None:
    source = tmp_path / "talk.flac"
    run_ffmpeg("-i", str(phrase), "-af", f"volume={gain_db}dB", str(source))
    job = driven(source).run(until="mux")
    track = job.job_dir / "dub.es.wav"
    assert loudness(track) == pytest.approx(loudness(source), abs=1.0)
    assert true_peak_db(track) <= -1.0
    assert true_peak_db(job.job_dir / "dub.es.m4a") <= 0.0


def test_a_dub_of_an_overdriven_recording_is_not_overdriven(
    driven: Callable[..., Drive], tmp_path: Path, phrase: Path
) -> None:
    run_ffmpeg("-i", str(phrase), "-af", "volume=14dB", str(tmp_path / "talk.flac"))
    job = driven(tmp_path / "talk.flac").run(until="mux")
    assert job.facts["mix/es"]["limited"] and loudness(tmp_path / "talk.flac") > -6
    assert true_peak_db(job.job_dir / "dub.es.wav") <= -1.0
    assert -15 < loudness(job.job_dir / "dub.es.wav") <= -9


def test_text_is_read_at_usual_loudness_of_speech(driven: Callable[..., Drive], tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("The house is big and the garden is green.\n\nThe dog is in the garden.\n", encoding="utf-8")
    job = driven(notes).run()
    track = job.job_dir / "dub.es.wav"
    assert loudness(track) == pytest.approx(-16.0, abs=1.0)
    assert true_peak_db(track) <= -1.0
    assert "fit" not in job.facts["mix/es"]


def test_voices_are_removed_if_an_engine_can_and_otherwise_reported_as_kept(
    driven: Callable[..., Drive], stereo: Path
) -> None:
    without = driven(stereo, mix={"separate": True}).run(until="mux")
    said = "The voices of film.mkv were ducked, not removed (mix.separate): no separator is installed."
    assert said in without.warnings
    assert without.step("mix/es").pool == "synthesize"
    entry = EntryPoint("fake-separator", f"{__name__}:FakeSeparator", GROUP)
    job = driven(stereo, entry, mix={"separate": True}).run()
    assert said not in job.warnings
    sound = dub(job)
    report = json.loads(job.published["manifest.json"].read_text("utf-8"))
    assert "fake-separator" in [engine["name"] for engine in report["engines"]]
    assert report["commercial_use"]["answer"] == "ask", "nobody knows the licence of that separator"
    assert "fake-separator" in report["commercial_use"]["engines"]
    first = report["fit"]["es"]["utterances"][0]
    speaks, quiet = slice(round(first["start"] * RATE_HZ), round(first["end"] * RATE_HZ)), slice(-RATE_HZ, None)
    assert tone_level(sound[speaks, 0]) == pytest.approx(tone_level(sound[quiet, 0]), rel=0.15), "it is not turned down"
    assert tone_level(sound[quiet, 1]) > 0, "it is what the separator gave"


def test_voices_stay_where_no_model_is_there_and_the_job_says_how_to_get_one(
    driven: Callable[..., Drive], stereo: Path, tmp_path: Path
) -> None:
    job = driven(stereo, models=tmp_path, mix={"separate": True}).run(until="mux")
    [said] = [one for one in job.warnings if "mix.separate" in one]
    best = "htdemucs" if find_spec("demucs_infer") else "spleeter-2stems"
    assert said.startswith(f"The voices of film.mkv were ducked, not removed (mix.separate): the model '{best}'")
    assert f"with: `dropdub models pull {best}`." in said
    assert "engine" not in job.facts["mix/es"] and not Facts(job.facts).separated("es")


def test_a_separator_that_is_named_waits_for_its_model(
    driven: Callable[..., Drive], stereo: Path, tmp_path: Path
) -> None:
    job = driven(stereo, models=tmp_path, separator="spleeter", mix={"separate": True}).run(until="mix")
    with pytest.raises(Waiting, match="The model 'spleeter-2stems' of the engine 'spleeter' is not installed"):
        job.run(until="mux")
    make_spleeter(tmp_path / "spleeter-2stems", vocals=1.0, accompaniment=0.0)
    assert job.run(until="mux").facts["mix/es"]["engine"]["name"] == "spleeter"


def test_a_separator_takes_what_its_model_finds_and_what_is_left_is_heard(
    driven: Callable[..., Drive], stereo: Path, tmp_path: Path
) -> None:
    """A model that takes half of everything for voices leaves half of the tone, and of the voice."""
    make_spleeter(tmp_path / "spleeter-2stems", vocals=1.0, accompaniment=1.0)
    jobs = [driven(stereo, models=tmp_path, mix={"separate": separate}).run() for separate in (False, True, True)]
    kept, first, again = ([tone_level(dub(job)[-RATE_HZ:, side]) for side in (0, 1)] for job in jobs)
    assert first[0] / kept[0] == pytest.approx(0.5, rel=0.3) and first[1] < 0.05 * first[0]
    assert first == again, "the same bytes"
    assert sha256(jobs[1].job_dir / "dub.es.wav") == sha256(jobs[2].job_dir / "dub.es.wav")
    if find_spec("faster_whisper") is None:
        pytest.skip("faster-whisper, which has the detector of voices, is not installed")
    manifest = json.loads(jobs[1].published["manifest.json"].read_text("utf-8"))
    left = manifest["quality"]["targets"]["es"]["voices_left"]
    assert left["voice_s"] > 1 and left["left_s"] > 0.7 * left["voice_s"]
    assert any("voices can still be heard under the es dub, in" in said for said in manifest["warnings"])
    assert "Voices left under the dub" in jobs[1].published["report.html"].read_text("utf-8")
    assert (
        json.loads(jobs[0].published["manifest.json"].read_text("utf-8"))["quality"]["targets"]["es"]["voices_left"]
        is None
    )


def test_same_work_gives_same_bytes(driven: Callable[..., Drive], stereo: Path) -> None:
    made = [driven(stereo).run(until="mux").job_dir for _ in range(2)]
    for name in ("dub.es.wav", "dub.es.m4a", "fit.es.json", "spoken.es.json"):
        assert sha256(made[0] / name) == sha256(made[1] / name), name


def test_manifest_reports_how_each_utterance_fits(driven: Callable[..., Drive], speech: Path) -> None:
    job = driven(speech).run()
    report = json.loads(job.published["manifest.json"].read_text(encoding="utf-8"))["fit"]["es"]
    assert report["totals"] == job.facts["mix/es"]["fit"]["totals"]
    assert report["totals"]["utterances"] == len(report["utterances"]) > 0
    assert report["totals"]["failed"] == 0 and report["totals"]["start_error_p95_s"] <= 0.3
    for one in report["utterances"]:
        assert set(one) == {
            *("segments", "speaker", "slot", "start", "end", "length", "stretch", "shift", "drift", "shortened"),
        }
        assert abs(one["shift"]) <= 0.3
        assert 0.9 <= one["stretch"] <= 1.4


def test_line_whose_text_is_early_over_silence_is_reported_as_early(
    driven: Callable[..., Drive], tmp_path: Path
) -> None:
    talk = recording(tmp_path / "talk.wav", ENGLISH[:2], pause_s=2.0)
    lengths = [len(spoken(text)) / RATE for text in ENGLISH[:2]]
    starts = (2.0, 4.0 + lengths[0])
    cues = [
        (start - early_s, start + length_s, text)
        for start, early_s, length_s, text in zip(starts, (0.0, 1.3), lengths, ENGLISH, strict=False)
    ]
    words = tmp_path / "talk.en.srt"
    words.write_text("\n".join(srt_cue(number, *cue) for number, cue in enumerate(cues, start=1)), encoding="utf-8")
    job = driven(talk, companion=words).run()
    manifest = json.loads(job.published["manifest.json"].read_text(encoding="utf-8"))
    on_time, early = manifest["fit"]["es"]["utterances"]
    assert abs(on_time["shift"]) < 0.1 and early["shift"] == pytest.approx(-1.3, abs=0.1)
    totals = manifest["quality"]["targets"]["es"]["timing"]
    assert (totals["lines"], totals["late"], totals["by_transcript"]) == (2, 1, 0)
    assert any("1 of 2 lines start more than a second out of place" in text for text in job.warnings)


def srt_cue(number: int, start: float, end: float, text: str) -> str:
    times = (f"00:00:{moment:06.3f}".replace(".", ",") for moment in (start, end))
    return f"{number}\n{' --> '.join(times)}\n{text}\n"
