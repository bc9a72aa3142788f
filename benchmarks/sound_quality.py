"""What DNSMOS says of clean and of spoilt speech, and how long it takes.

    python benchmarks/sound_quality.py [--models DIR] [--voice FILE]...

Each reader's clips are joined up to half a minute, as `dropdub voices add` keeps it, and spoilt in several ways; each
`--voice` adds a reader. The table shows each reader's overall rating and background: what warnings are based on. Needs
the extra `compact`, and the model: `dropdub models pull dnsmos`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from side import show

from dropdub.engines.base import SPEECH_RATE_HZ, EngineSettings, Samples
from dropdub.engines.dnsmos import DnsMos
from dropdub.media.sound import wav
from dropdub.media.sound.voice_check import check_voice
from dropdub.speech.sound_quality import advice, sound_quality

REPOSITORY = Path(__file__).parents[1]
MOST_S = 30
Spoiling = Callable[[Samples], Samples]


def readers(more: Sequence[Path]) -> dict[str, Samples]:
    """Return each reader's speech at 16 kHz."""
    folders = ("benchmarks/clips", "tests/data/ljspeech")
    clips = [clip for folder in folders for clip in sorted(REPOSITORY.glob(f"{folder}/*.flac"))]
    known = {"LJ": clips, "JFK": [REPOSITORY / "src/dropdub/samples/jfk.flac"]}
    return {name: _joined(files) for name, files in [*known.items(), *((path.stem, [path]) for path in more)]}


def _joined(files: Sequence[Path]) -> Samples:
    speech = [wav.resample(wav.read_range(file), wav.sample_rate(file), SPEECH_RATE_HZ) for file in files]
    return np.concatenate(speech)[: MOST_S * SPEECH_RATE_HZ]


def _shaped(count: int, gain: Callable[[np.ndarray], np.ndarray]) -> Samples:
    """Return noise with this gain at each frequency in Hz, at level 1."""
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=count))
    noise = np.fft.irfft(spectrum * gain(np.fft.rfftfreq(count, 1 / SPEECH_RATE_HZ)), count)
    return (noise / noise.std()).astype(np.float32)


def room_noise(count: int) -> Samples:
    """Return noise as of fans and streets: 3 dB less with each octave."""
    return _shaped(count, lambda hz: 1 / np.sqrt(np.maximum(hz, 20)))


def white_noise(count: int) -> Samples:
    return _shaped(count, np.ones_like)


def music(count: int) -> Samples:
    """Return broken chords of tones with overtones, four a second, at level 1."""
    at, sound = np.arange(count) / SPEECH_RATE_HZ, np.zeros(count)
    notes = np.array([220.0, 277.2, 329.6, 440.0, 246.9, 311.1, 370.0, 493.9])
    pitch, since = notes[(at * 4).astype(int) % len(notes)], (at * 4) % 1 / 4
    for overtone in range(1, 6):
        sound += np.sin(2 * np.pi * pitch * overtone * since) / overtone * np.exp(-4 * since)
    return (sound / sound.std()).astype(np.float32)


def with_sound(other: Callable[[int], Samples], below_db: float) -> Spoiling:
    """Return what mixes in another sound, `below_db` quieter than the speech."""
    return lambda speech: speech + other(len(speech)) * np.float32(speech.std() * 10 ** (-below_db / 20))


def clipped(by_db: float) -> Spoiling:
    """Return what amplifies speech until its peaks are that far beyond full scale."""
    return lambda speech: np.clip(speech / np.abs(speech).max() * np.float32(10 ** (by_db / 20)), -1, 1)


def telephone(speech: Samples) -> Samples:
    """Return speech from 300 to 3,400 Hz."""
    spectrum, hz = np.fft.rfft(speech), np.fft.rfftfreq(len(speech), 1 / SPEECH_RATE_HZ)
    return np.fft.irfft(spectrum * ((hz >= 300) & (hz <= 3400)), len(speech)).astype(np.float32)


def echoing(decay_s: float) -> Spoiling:
    """Return what places the speech in a room whose echo takes so long to fall by 60 dB, as loud as the voice."""

    def spoilt(speech: Samples) -> Samples:
        count = round(decay_s * SPEECH_RATE_HZ)
        echo = np.random.default_rng(1).normal(size=count) * 10 ** (-3 * np.arange(count) / count)
        echo /= np.sqrt((echo**2).sum())
        echo[0] += 1
        size = len(speech) + count
        whole = np.fft.irfft(np.fft.rfft(speech, size) * np.fft.rfft(echo, size), size)[: len(speech)]
        return (whole / np.abs(whole).max() * 0.9).astype(np.float32)

    return spoilt


WAYS: Mapping[str, Spoiling] = {
    "clean": lambda speech: speech,
    **{f"room noise, {db} dB below": with_sound(room_noise, db) for db in (30, 20, 15, 10, 5)},
    **{f"white noise, {db} dB below": with_sound(white_noise, db) for db in (30, 20, 10)},
    **{f"music, {db} dB below": with_sound(music, db) for db in (20, 10, 5)},
    "clipped by 6 dB": clipped(6),
    "clipped by 20 dB": clipped(20),
    "telephone, 300 to 3,400 Hz": telephone,
    "echo of 0.4 s": echoing(0.4),
    "echo of 1 s": echoing(1.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=REPOSITORY / "models")
    parser.add_argument("--voice", type=Path, action="append", default=[])
    chosen = parser.parse_args()
    meter = DnsMos(EngineSettings(chosen.models))
    meter.load()
    speech = readers(chosen.voice)
    for line in (["speech / background / both; by level; by rating", *speech], ["---"] * (1 + len(speech))):
        show(f"| {' | '.join(line)} |")
    for way, spoil in WAYS.items():
        row = [way]
        for own in speech.values():
            spoilt = np.clip(spoil(own), -1, 1)
            found = sound_quality(meter, spoilt)
            assert found is not None, "each reader speaks for 3 s"
            check = check_voice(spoilt, SPEECH_RATE_HZ)
            remark = "refused" if check.problems else "warned" if check.warnings else "-"
            warned = "**warned**" if any(advice(found)) else "-"
            row.append(f"{found.speech:.2f} / {found.background:.2f} / {found.overall:.2f}; {remark}; {warned}")
        show(f"| {' | '.join(row)} |")
    began = time.process_time()
    found = sound_quality(meter, next(iter(speech.values())))
    assert found is not None
    show(f"\n{(time.process_time() - began) / found.windows:.2f} CPU seconds for each window of 9 s, with one thread")


if __name__ == "__main__":
    main()
