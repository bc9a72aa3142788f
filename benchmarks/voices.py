"""How well the vectors of each diarizer distinguish voices, by length of speech and kind of recording.

    python benchmarks/voices.py FOLDER... [--models DIR] [--engine NAME]... [--kind NAME]... [--windows]

FOLDER has recordings as LibriSpeech names them: who speaks is the part of a file's name before the first hyphen. The
clips of LJ Speech and the sample of John F. Kennedy are added. Speech is found as in a job whose words have no times,
and cut into the same windows. `--windows` compares windows of one length each instead, and needs no more than one
recording of most voices: up to three windows, from all over the speech, of up to ten recordings of each voice.

Equal error: the share of pairs of stretches of that length that are judged wrongly if as many pairs of one voice are
taken for two as pairs of two voices for one. Two stretches of one voice come from two recordings. One heard as two:
recordings of one voice that are split; two heard as one: recordings in which two voices speak for that long each.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import soundfile
from side import show
from speakers import KINDS as SOUNDS
from speakers import REPOSITORY

from dropdub.engines.abilities import VoiceThresholds, thresholds_of
from dropdub.engines.base import Diarizer, EngineSettings, Samples, Window
from dropdub.engines.registry import EngineRegistry
from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import Segment
from dropdub.speech.diarization import WINDOW_S, Stretch, Vectors, smoothed, stretches, voices
from dropdub.speech.vad import SPEECH_RATE_HZ, speech_spans

LENGTHS_S = (1.0, 2.0, 3.0, 5.0, 10.0)
WINDOWS_S = (1.0, WINDOW_S, 3.0)
MOST_WINDOWS, MOST_RECORDINGS = 3, 10
WHOLE_S = (5.0, 10.0, 20.0, 60.0)
EACH_S = (3.0, 5.0, 10.0)
GAP_S = 0.5
MOST_PAIRS = 2_000
_SEED = 1
_NARROW_HZ = 8_000


def narrow(samples: Samples) -> Samples:
    """Return the sound as a file with 8,000 samples of 16 bits a second holds it."""
    kept = np.rint(wav.resample(samples, SPEECH_RATE_HZ, _NARROW_HZ) * 32_768).clip(-32_768, 32_767) / 32_768
    return wav.resample(kept.astype(np.float32), _NARROW_HZ, SPEECH_RATE_HZ)


KINDS = {**SOUNDS, "8 kHz": narrow}


@dataclass(frozen=True)
class Clip:
    """A recording of one voice: its windows of speech in order, and their vectors."""

    pieces: tuple[Stretch, ...]
    vectors: Vectors


People = Mapping[str, Sequence[Clip]]
Vector = tuple[str, int, np.ndarray]
"""Who speaks, in which of their recordings, and the vector of a stretch of it."""


def recordings(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Return the recordings of each person."""
    found: dict[str, list[Path]] = defaultdict(list)
    files = (folder.rglob(name) for folder in folders for name in ("*.flac", "*.wav"))
    for path in sorted(chain.from_iterable(files)):
        found[path.name.partition("-")[0]].append(path)
    own = [REPOSITORY / folder for folder in ("tests/data/ljspeech", "benchmarks/clips")]
    found["LJ"] = sorted(chain.from_iterable(folder.glob("*.flac") for folder in own))
    found["JFK"] = [REPOSITORY / "src/dropdub/samples/jfk.flac"]
    return found


def sound(path: Path, kind: str, folder: Path) -> tuple[Samples, Sequence[Span]]:
    """Return a recording at 16 kHz, in 16 bits as in a job, and where somebody speaks in it."""
    file = folder / "sound.wav"
    changed = KINDS[kind](wav.resample(wav.read_range(path), wav.sample_rate(path), SPEECH_RATE_HZ))
    soundfile.write(file, changed, SPEECH_RATE_HZ)
    return wav.read_range(file), speech_spans(file)


def heard(engine: Diarizer, path: Path, kind: str, folder: Path) -> Clip:
    samples, speech = sound(path, kind, folder)
    pieces = stretches([Segment(number, span.start, span.end, "") for number, span in enumerate(speech)], speech)
    vectors = list(engine.embed(Window(one.window.start, _cut(samples, one.window)) for one in pieces))
    return Clip(tuple(pieces), np.stack(vectors) if vectors else np.zeros((0, 1), np.float32))


def windows(speech: Sequence[Span], seconds: float) -> list[Span]:
    """Return up to three windows of one length, within the speech and from all over it."""
    starts = [at for span in speech for at in np.arange(span.start, span.end - seconds + 1e-6, seconds)]
    chosen = np.linspace(0, len(starts) - 1, min(len(starts), MOST_WINDOWS)).round().astype(int)
    return [Span(float(starts[at]), float(starts[at]) + seconds) for at in chosen]


def single(engine: Diarizer, files: Mapping[str, Sequence[Path]], kind: str, seconds: float) -> Iterator[Vector]:
    """Yield the vectors of windows of one length."""
    with tempfile.TemporaryDirectory() as folder:
        for who, paths in files.items():
            for number, path in enumerate(paths[:MOST_RECORDINGS]):
                samples, speech = sound(path, kind, Path(folder))
                cut = (Window(one.start, _cut(samples, one)) for one in windows(speech, seconds))
                yield from ((who, number, vector) for vector in engine.embed(cut))


def _cut(samples: Samples, span: Span) -> Samples:
    return samples[round(span.start * SPEECH_RATE_HZ) : round(span.end * SPEECH_RATE_HZ)]


def joined(clips: Sequence[Clip], *, most_s: float = float("inf")) -> Clip:
    """Return clips one after the other with pauses, up to that much speech. No window reaches beyond a pause."""
    pieces: list[Stretch] = []
    kept: list[np.ndarray] = []
    at, spoken_s = 0.0, 0.0
    for clip in clips:
        segments = pieces[-1].segment + 1 if pieces else 0
        for piece, vector in zip(clip.pieces, clip.vectors, strict=True):
            if spoken_s >= most_s - 0.4:
                return Clip(tuple(pieces), np.array(kept))
            shifted = replace(piece, window=_later(piece.window, at), part=_later(piece.part, at))
            pieces.append(replace(shifted, segment=piece.segment + segments))
            kept.append(vector)
            spoken_s += piece.part.duration_s
        at = (pieces[-1].window.end if pieces else 0.0) + GAP_S
    return Clip(tuple(pieces), np.array(kept))


def _later(span: Span, by: float) -> Span:
    return Span(span.start + by, span.end + by)


def spoken_s(clips: Sequence[Clip]) -> float:
    return sum(piece.part.duration_s for clip in clips for piece in clip.pieces)


def stretches_of(clip: Clip, seconds: float) -> Iterator[np.ndarray]:
    """Yield the mean vectors of up to three stretches of a recording that are so long."""
    begun: list[np.ndarray] = []
    until, found = 0.0, 0
    for piece, vector in zip(clip.pieces, clip.vectors, strict=True):
        begun.append(vector)
        until += piece.part.duration_s
        if until >= seconds - 0.4:
            mean = np.mean(begun, axis=0)
            yield mean / np.linalg.norm(mean)
            begun, until, found = [], 0.0, found + 1
            if found == 3:
                return


def vectors_of(people: People, seconds: float) -> list[Vector]:
    """Return the mean vectors of stretches of that length."""
    return [
        (person, number, vector)
        for person, clips in people.items()
        for number, clip in enumerate(clips)
        for vector in stretches_of(clip, seconds)
    ]


def likenesses(found: Sequence[Vector]) -> tuple[np.ndarray, np.ndarray]:
    """Return the similarities of stretches of one voice in two recordings, and of two voices."""
    one, other = np.triu_indices(len(found), 1)
    vectors = np.array([vector for _, _, vector in found])
    alike = (vectors @ vectors.T)[one, other]
    who = np.unique([person for person, _, _ in found], return_inverse=True)[1]
    where = np.array([number for _, number, _ in found])
    same = who[one] == who[other]
    return alike[same & (where[one] != where[other])], alike[~same]


def equal_error(same: np.ndarray, different: np.ndarray) -> tuple[float, float]:
    """Return the equal error rate and the similarity at which it is reached."""
    at = np.unique(np.concatenate([same, different]))
    missed = np.searchsorted(np.sort(same), at) / len(same)
    taken = 1 - np.searchsorted(np.sort(different), at) / len(different)
    best = int(np.argmin(np.abs(missed - taken)))
    return float(missed[best] + taken[best]) / 2, float(at[best])


def speakers(recording: Clip, thresholds: VoiceThresholds) -> int:
    """Return how many speakers are heard."""
    labels = voices(recording.vectors, recording.pieces, thresholds)
    return len(set(smoothed(recording.pieces, [int(label) for label in labels])))


def wholes(people: People, seconds: float) -> list[Clip]:
    """Return recordings of one voice: of each clip if it is long enough, and of several in a row."""
    found = [joined([clip], most_s=seconds) for own in people.values() for clip in own if spoken_s([clip]) >= seconds]
    rows = [own[start:] for own in people.values() for start in range(0, len(own), 3)]
    return found + [joined(row, most_s=seconds) for row in rows if len(row) > 1 and spoken_s(row) >= seconds]


def pairs(people: People, seconds: float) -> list[Clip]:
    """Return recordings of two voices, one after the other."""
    able = [joined(own, most_s=seconds) for own in people.values() if spoken_s(own) >= seconds]
    both = list(combinations(able, 2))
    chosen = np.random.default_rng(_SEED).permutation(len(both))[:MOST_PAIRS]
    return [joined(both[at]) for at in chosen]


def compared(seconds: float, found: Sequence[Vector]) -> str:
    """Return a line on how well stretches of one length distinguish voices."""
    same, different = likenesses(found)
    error, at = equal_error(same, different)
    low, middle = np.percentile(same, [5, 50])
    usual, high = np.percentile(different, [50, 95])
    alike = f"one voice {middle:.2f} (5th percentile {low:.2f})   two {usual:.2f} (95th {high:.2f})"
    counted = f"{len(same)} and {len(different)} pairs"
    return f"{seconds:4.1f} s  equal error {error:6.2%} at {at:.2f}   {alike}   {counted}"


def table(people: People, thresholds: VoiceThresholds) -> Iterator[str]:
    yield from (compared(seconds, vectors_of(people, seconds)) for seconds in LENGTHS_S)
    for seconds in WHOLE_S:
        alone = wholes(people, seconds)
        split = sum(speakers(one, thresholds) != 1 for one in alone)
        yield f"{seconds:4.0f} s  one heard as two: {split} of {len(alone)}"
    for seconds in EACH_S:
        two = pairs(people, seconds)
        counts = [speakers(one, thresholds) for one in two]
        more = sum(count > 2 for count in counts)
        yield f"{seconds:4.0f} s each  two heard as one: {counts.count(1)}, as more: {more} of {len(two)}"


def lines(engine: Diarizer, files: Mapping[str, Sequence[Path]], kind: str, *, of_windows: bool) -> Iterator[str]:
    """Yield what is measured of an engine in one kind of recording."""
    if of_windows:
        yield from (compared(seconds, list(single(engine, files, kind, seconds))) for seconds in WINDOWS_S)
        return
    with tempfile.TemporaryDirectory() as folder:
        people = {who: [heard(engine, path, kind, Path(folder)) for path in paths] for who, paths in files.items()}
    yield from table(people, thresholds_of(engine))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--models", type=Path, default=Path("models"), help="the folder with the models")
    parser.add_argument("--engine", action="append", help="default: campplus and resemblyzer")
    parser.add_argument("--kind", action="append", choices=KINDS, help="default: clean")
    parser.add_argument("--windows", action="store_true", help="compare windows of one length each")
    asked = parser.parse_args()
    found = recordings(asked.folders)
    show(f"{len(found)} voices, {sum(map(len, found.values()))} recordings")
    registry = EngineRegistry(settings=EngineSettings(models_dir=asked.models, threads=1))
    for name in asked.engine or ["campplus", "resemblyzer"]:
        engine = registry.diarizer(name)
        if engine is None:
            sys.exit(f"{name} is not installed")
        for kind in asked.kind or ["clean"]:
            show(f"\n{name}, {kind}")
            for line in lines(engine, found, kind, of_windows=asked.windows):
                show(line)


if __name__ == "__main__":
    main()
