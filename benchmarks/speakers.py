"""How often one speaker is heard as several, and two are heard as one, by kind of recording.

    python benchmarks/speakers.py [--voice FILE]...

Readings of 5 s to 5 min are made of the clips of LJ Speech and the sample of John F. Kennedy; each `--voice` adds a
reader. Two speakers speak for at least 3 s each. The speech is found as in a job whose words have no times. Needs the
extra `speakers`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, permutations
from pathlib import Path

import numpy as np
import soundfile
from side import show

from dropdub.engines.base import EngineSettings, Samples, Window
from dropdub.engines.speakers.resemblyzer import ResemblyzerDiarizer
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import Segment
from dropdub.speech.diarization import smoothed, stretches, voices
from dropdub.speech.vad import SPEECH_RATE_HZ, speech_spans

REPOSITORY = Path(__file__).parents[1]
GAP = np.zeros(SPEECH_RATE_HZ // 2, np.float32)
LEAST_S = 3.0
LONG_S = 300.0
Reading = tuple[str, Samples]
"""A reader and a clip."""


def readings(more: Sequence[Path]) -> list[Reading]:
    """Return the clips in the repository, and those given, at 16 kHz."""
    folders = ("tests/data/ljspeech", "benchmarks/clips")
    clips = sorted(chain(*(REPOSITORY.glob(f"{folder}/*.flac") for folder in folders)))
    known = [("LJ", path) for path in clips] + [("JFK", REPOSITORY / "src/dropdub/samples/jfk.flac")]
    return [(reader, read(path)) for reader, path in [*known, *((path.stem, path) for path in more)]]


def read(path: Path) -> Samples:
    return wav.resample(wav.read_range(path), wav.sample_rate(path), SPEECH_RATE_HZ)


def single(clips: Sequence[Reading]) -> Iterator[Samples]:
    """Yield recordings of one reader: each clip of at least 5 s, and several in a row up to 5 min."""
    for reader in dict.fromkeys(name for name, _ in clips):
        own = [samples for name, samples in clips if name == reader]
        yield from (samples for samples in own if len(samples) >= 5 * SPEECH_RATE_HZ)
        yield from (joined(own[:count]) for count in (2, 4, 8) if count <= len(own))
        repeats = int(LONG_S * SPEECH_RATE_HZ / sum(map(len, own))) + 1
        yield joined(own * repeats)[: int(LONG_S * SPEECH_RATE_HZ)]


def double(clips: Sequence[Reading]) -> Iterator[Samples]:
    """Yield recordings of two readers: a clip of each, or the first 5 s of the second, or many clips and one."""
    for (one, first), (other, second) in permutations(clips, 2):
        if one != other and min(len(first), len(second)) >= 5 * SPEECH_RATE_HZ:
            yield joined([first, second])
            yield joined([first, second[: 5 * SPEECH_RATE_HZ]])
    for reader in dict.fromkeys(name for name, _ in clips):
        own, others = ([samples for name, samples in clips if (name == reader) is same] for same in (True, False))
        yield joined([*own, max(others, key=len)])


def joined(clips: Sequence[Samples]) -> Samples:
    return np.concatenate([part for clip in clips for part in (clip, GAP)])


def telephone(samples: Samples) -> Samples:
    """Return only 300 to 3,400 Hz."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SPEECH_RATE_HZ)
    return np.fft.irfft(np.where((hertz > 300) & (hertz < 3400), spectrum, 0), len(samples)).astype(np.float32)


def hall(samples: Samples) -> Samples:
    """Return the sound with half a second of reverberation."""
    seconds = np.arange(SPEECH_RATE_HZ // 2) / SPEECH_RATE_HZ
    echo = np.random.default_rng(1).standard_normal(len(seconds)) * np.exp(-seconds / 0.1)
    echo[0] = 8
    size = len(samples) + len(echo)
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(echo, size), size)[: len(samples)]
    return (0.7 * wet / np.abs(wet).max()).astype(np.float32)


def noisy(decibels: float) -> Callable[[Samples], Samples]:
    """Return a function that adds white noise, `decibels` below the level of the voice."""

    def add(samples: Samples) -> Samples:
        level = np.sqrt(np.mean(samples**2)) * 10 ** (-decibels / 20)
        return (samples + np.random.default_rng(2).standard_normal(len(samples)) * level).astype(np.float32)

    return add


KINDS: dict[str, Callable[[Samples], Samples]] = {
    "clean": lambda samples: samples,
    "telephone": telephone,
    "noise at -20 dB": noisy(20),
    "noise at -10 dB": noisy(10),
    "hall": hall,
    "very quiet (-40 dB)": lambda samples: samples / 100,
}


def speakers(engine: ResemblyzerDiarizer, samples: Samples, folder: Path) -> int:
    """Return how many speakers are heard."""
    path = folder / "sound.wav"
    soundfile.write(path, samples, SPEECH_RATE_HZ)
    speech = speech_spans(path)
    segments = [Segment(number, span.start, span.end, "") for number, span in enumerate(speech)]
    pieces = stretches(segments, speech)
    windows = (Window(one.window.start, _cut(samples, one.window.start, one.window.end)) for one in pieces)
    vectors = list(engine.embed(windows))
    return len(set(smoothed(pieces, [int(label) for label in voices(np.stack(vectors), pieces)]))) if vectors else 1


def _cut(samples: Samples, start: float, end: float) -> Samples:
    return samples[round(start * SPEECH_RATE_HZ) : round(end * SPEECH_RATE_HZ)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voice", type=Path, action="append", default=[], metavar="FILE", help="a further reader")
    clips = readings(parser.parse_args().voice)
    engine = ResemblyzerDiarizer(EngineSettings(threads=1))
    engine.load()
    show("| recording | one heard as several | two not heard as two |")
    show("|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind, change in KINDS.items():
            cells = []
            for right, made in ((1, single), (2, double)):
                heard = [speakers(engine, change(samples), Path(folder)) for samples in made(clips)]
                cells.append(f"{sum(number != right for number in heard)} of {len(heard)}")
            show(f"| {kind} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
