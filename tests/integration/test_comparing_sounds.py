"""Two diarizers, or two separators, on one real recording: by whom, how well, and that nothing is left behind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from dropdub.engines.offers import installed_offers
from dropdub.errors import UsageError
from dropdub.media.sound import wav
from dropdub.operations.comparing.comparison import compare
from dropdub.operations.comparing.values import Wish
from tests import warm
from tests.conftest import SPEECH
from tests.tiny_separators import make_spleeter

LJSPEECH = Path(__file__).parents[1] / "data" / "ljspeech"
RATE = 48_000


def root_with(folder: Path, **models: Path) -> Path:
    folder.mkdir()
    use = ", ".join(f"{name.replace('_', '-')}: {json.dumps(str(path))}" for name, path in models.items())
    (folder / "config.yaml").write_text(f"models: {{use: {{{use}}}}}\n", encoding="utf-8")
    return folder


def usable(*engines: str) -> None:
    for name in engines:
        if problem := installed_offers()[name].problem:
            pytest.skip(problem)


def at_16_khz(path: Path) -> wav.Samples:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return wav.resample(samples.mean(axis=1), rate, 16_000)


def test_two_diarizers_are_compared_with_the_subtitle_that_has_names(
    tmp_path: Path, real_model: Callable[[str], Path]
) -> None:
    usable("campplus", "resemblyzer", "faster-whisper")
    man = at_16_khz(SPEECH)[: 10 * 16_000]
    woman = at_16_khz(next(iter(sorted(LJSPEECH.glob("*.flac")))))[: 8 * 16_000]
    wav.write_short(tmp_path / "talk.wav", np.concatenate([man, woman, man]), 16_000)
    ends = np.cumsum([len(man), len(woman), len(man)]) / 16_000
    names, starts = ("Jack: Now.", "Linda: Then.", "Jack: Now."), (0, *ends[:-1])
    cues = [
        f"{number}\n{_time(start)} --> {_time(end)}\n{text}\n"
        for number, (start, end, text) in enumerate(zip(starts, ends, names, strict=True), start=1)
    ]
    (tmp_path / "talk.srt").write_text("\n".join(cues), encoding="utf-8")
    root = root_with(tmp_path / "root", campplus=real_model("campplus"), faster_whisper=real_model("whisper-tiny.en"))
    found = compare(root, Wish(tmp_path / "talk.wav", "diarizer", ("campplus", "resemblyzer"), language="en"))
    assert (found.role, found.truth) == ("diarizer", "talk.srt") and "faster-whisper" in (found.listener or "")
    for its in found.engines:
        assert its.speakers == 2 and its.wrong_speaker is not None and its.wrong_speaker < 0.05
        assert its.seconds > 0 and its.peak_memory > 30_000_000
    assert found.differing is not None and found.differing < 0.05
    assert {text for row in found.rows for text in row.texts} == {"S1", "S2"}
    assert [row.texts[0] for row in found.rows] == [row.texts[1] for row in found.rows], "of one name for one speaker"
    assert sorted(path.name for path in root.iterdir()) == ["config.yaml"]


def _time(seconds: float) -> str:
    return f"00:00:{int(seconds):02},{round(seconds % 1 * 1000):03}"


@pytest.fixture
def film_sound(tmp_path: Path) -> Path:
    """Speech over a tone, at 48 kHz, and beside it the tone alone."""
    voice = wav.resample(at_16_khz(SPEECH), 16_000, RATE)
    tone = 0.3 * np.sin(2 * np.pi * 330 * np.arange(len(voice)) / RATE).astype(np.float32)
    soundfile.write(tmp_path / "tone.wav", tone, RATE)
    soundfile.write(tmp_path / "film.wav", np.clip(0.3 * voice + tone, -1, 1), RATE)
    return tmp_path / "film.wav"


def test_two_separators_are_compared_with_the_sound_that_should_be_left(film_sound: Path, tmp_path: Path) -> None:
    """One model takes half of everything for voices, the other all of it."""
    usable("spleeter", "faster-whisper")
    half = make_spleeter(tmp_path / "half", vocals=1.0, accompaniment=1.0)
    everything = make_spleeter(tmp_path / "everything", vocals=1.0, accompaniment=0.0)
    root, out = root_with(tmp_path / "root", spleeter=half), tmp_path / "out"
    command = [
        *("--root", str(root), "engines", "compare", str(film_sound), "--role", "separator", "--out", str(out)),
        *("--truth", str(tmp_path / "tone.wav"), "--engines", f"spleeter,spleeter:{everything}"),
    ]
    answer = warm.run([*command, "--json"], env={**os.environ, **warm.forking_workers()})
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    one, other = found["engines"]
    assert (found["truth"], found["differing"], found["rows"]) == ("tone.wav", None, [])
    assert one["voices_left"] > 0.5 and other["voices_left"] == 0
    assert one["sdr_db"] > 4 and other["sdr_db"] == pytest.approx(0, abs=0.1)
    kept = {path.name: soundfile.info(path) for path in out.iterdir()}
    assert set(kept) == {"film.spleeter.flac", "film.spleeter-everything.flac"}
    assert {its.frames for its in kept.values()} == {soundfile.info(film_sound).frames}
    assert sorted(path.name for path in root.iterdir()) == ["config.yaml"]
    again = warm.run(command)
    assert again.returncode == 2 and "exists already" in again.stderr


def test_what_cannot_be_the_truth_is_refused(film_sound: Path, tmp_path: Path) -> None:
    usable("spleeter", "faster-whisper")
    half = make_spleeter(tmp_path / "half", vocals=1.0, accompaniment=1.0)
    root, engines = root_with(tmp_path / "root", spleeter=half), ("spleeter", f"spleeter:{half}")
    (tmp_path / "film.txt").write_text("Ask not.", encoding="utf-8")
    with pytest.raises(UsageError, match=r"a recording without the voices: film\.txt is none"):
        compare(root, Wish(film_sound, "separator", engines, truth=tmp_path / "film.txt"))
    with pytest.raises(UsageError, match=r"name a recording: film\.txt is none"):
        compare(root, Wish(tmp_path / "film.txt", "separator", engines))
