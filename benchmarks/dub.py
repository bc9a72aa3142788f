"""How well a dub fits its original's timing, compared with the usual way: stretching each line to its original's slot.

    python benchmarks/dub.py [--real] [--memory MINUTES...]

Without options: made-up timelines, in which the slot and length of each utterance are known. `--real`: real speech (the
shipped recording and those of the tests), dubbed by the engines of `plugins/light`; the finished track is measured.
`--memory`: the peak memory of the stage `mix` for recordings of these lengths.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1]))

from side import Cost, run_requested_side, run_side, script, show
from tests.drive import LIGHT, Drive

from dropdub.dubbing.placement import Placement, place
from dropdub.dubbing.stretch import Stretch, stretch
from dropdub.dubbing.timing_report import load_fit
from dropdub.dubbing.utterances import Piece, Utterance
from dropdub.dubbing.utterances import joined as joined_lines
from dropdub.engines.registry import EngineRegistry
from dropdub.media.ffmpeg import find_ffmpeg, input_arguments
from dropdub.media.sound import wav
from dropdub.media.sound.loudness import measure_loudness
from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import AUDIO, Segment, Transcript
from dropdub.pipeline.spoken_lines import Spoken, save_spoken

HERE = Path(__file__).resolve().parents[1]
RECORDINGS = (*sorted((HERE / "tests/data/ljspeech").glob("*.flac")), HERE / "src/dropdub/samples/jfk.flac")
RATE = 44_100
MIXED_AT = 48_000


@dataclass(frozen=True)
class Fit:
    """The result of one method: overlaps of one speaker, speeds, and how far starts are off, in seconds."""

    utterances: int
    overlaps: int
    speeds: list[float]
    errors_s: list[float]
    over_s: float

    def row(self) -> str:
        usual = np.mean([0.9 <= speed <= 1.2005 for speed in self.speeds])
        most = np.mean([speed <= 1.4005 for speed in self.speeds])
        speeds = f"{usual:8.1%} {most:8.1%} {min(self.speeds):7.2f} {max(self.speeds):5.2f}"
        late = f"{np.percentile(self.errors_s, 95):7.3f} {max(self.errors_s):6.2f} {self.over_s:6.2f}"
        return f"{self.utterances:5d} {self.overlaps:5d} {speeds} {late}"


HEAD = f"{'':42s}     n  over  .9-1.2   <=1.4  slowest  most  p95 s   most   over"


def fit_of(utterances: Sequence[Utterance], placed: Sequence[Placement], speeds: list[float], duration_s: float) -> Fit:
    lanes: dict[str | None, list[Placement]] = {}
    for one, its in zip(utterances, placed, strict=True):
        lanes.setdefault(one.speaker, []).append(its)
    overlaps = sum(b.start < a.end - 1e-6 for lane in lanes.values() for a, b in pairwise(lane))
    pairs = zip(utterances, placed, strict=True)
    errors = [abs(at - line.start) for one, its in pairs for line, at in zip(one.pieces, its.pieces, strict=True)]
    return Fit(len(placed), overlaps, speeds, errors, max(max(its.end for its in placed) - duration_s, 0.0))


def ours(utterances: Sequence[Utterance], duration_s: float) -> Fit:
    placed = place(utterances, duration_s)
    return fit_of(utterances, placed, [its.stretch for its in placed], duration_s)


def naive(utterances: Sequence[Utterance], duration_s: float) -> Fit:
    """Stretch each line to its slot, at any speed."""
    alone = [Utterance((line,), one.speaker) for one in utterances for line in one.pieces]
    speeds = [one.pieces[0].length_s / (one.end - one.start) for one in alone]
    placed = [Placement(one.start, one.end, speed, (one.start,)) for one, speed in zip(alone, speeds, strict=True)]
    return fit_of(alone, placed, speeds, duration_s)


# Made-up timelines


def timeline(
    *,
    share: float,
    longer: float,
    speakers: int = 1,
    overlapping: float = 0.0,
    joined: bool = False,
    number: int = 600,
    seed: int = 1,
) -> tuple[list[Utterance], float]:
    """Return utterances made of lines of 0.8 to 6 s that fill `share` of the time, and the length in seconds.

    The dub takes `longer` times as long, with a deviation of 15 %. Each line is an utterance of its own; with `joined`,
    lines of one speaker with short pauses between them are one utterance, as in a job.
    """
    draw = random.Random(seed)
    lines: list[Segment] = []
    lengths: list[float] = []
    position, before = 0.0, 0
    for _ in range(number):
        slot = draw.uniform(0.8, 6.0)
        who = draw.randrange(speakers)
        if lines and who != before and draw.random() < overlapping:
            position = max(position - draw.uniform(0.1, 0.6), lines[-1].start)
        lengths.append(slot * max(draw.gauss(longer, 0.15), 0.3))
        lines.append(Segment(len(lines), position, position + slot, "", speaker=f"S{who + 1}"))
        position, before = position + slot + draw.expovariate(share / (slot * (1 - share))), who
    runs = joined_lines(lines) if joined else [[line] for line in lines]
    pieces = [tuple(Piece(line.id, line.start, line.end, lengths[line.id]) for line in run) for run in runs]
    found = [Utterance(each, run[0].speaker) for each, run in zip(pieces, runs, strict=True)]
    return found, max(one.end for one in found) + 1.0


TIMELINES: dict[str, dict[str, Any]] = {
    "lesson, 75 % speech, as long": {"share": 0.75, "longer": 1.0},
    "lesson, 75 % speech, 20 % longer": {"share": 0.75, "longer": 1.2},
    "interview, 85 % speech, 10 % longer": {"share": 0.85, "longer": 1.1, "speakers": 2},
    "interview, speakers overlap, 10 % longer": {"share": 0.85, "longer": 1.1, "speakers": 2, "overlapping": 0.3},
    "dense dialogue, 92 % speech, 10 % longer": {"share": 0.92, "longer": 1.1, "speakers": 3},
    "dense dialogue, 92 % speech, 25 % longer": {"share": 0.92, "longer": 1.25, "speakers": 3},
}


def made_up() -> None:
    show(HEAD)
    for name, about in TIMELINES.items():
        utterances, duration_s = timeline(**about)
        show(f"{name:42s} {ours(utterances, duration_s).row()}")
        show(f"{'  joined over short pauses':42s} {ours(*timeline(**about, joined=True)).row()}")
        show(f"{'  each line stretched to its slot':42s} {naive(utterances, duration_s).row()}")
    utterances, duration_s = timeline(share=0.85, longer=1.1, speakers=2, number=3000)
    began = time.process_time()
    place(utterances, duration_s)
    cpu_s = time.process_time() - began
    show(f"\n{len(utterances)} utterances ({duration_s / 3600:.1f} h) placed in {cpu_s:.2f} s of CPU")


# Real speech


def recording(path: Path, pause_s: float) -> Path:
    """Write all recordings one after another, in stereo, with a pause after each."""
    parts: list[np.ndarray] = []
    for one in RECORDINGS:
        sound = wav.resample(wav.read_range(one), wav.sample_rate(one), RATE)
        parts += [sound / np.abs(sound).max() * 0.5, np.zeros(round(pause_s * RATE), np.float32)]
    mono = np.concatenate(parts)
    soundfile.write(path, np.stack([mono, mono], axis=1), RATE)
    return path


def heard_errors_s(track: Path, entries: Sequence[dict[str, Any]]) -> Iterator[float]:
    """Yield how far off each utterance that follows silence starts in the finished track, in seconds."""
    sound, rate = soundfile.read(track, dtype="float32", always_2d=True)
    for before, one in zip([None, *entries], entries, strict=False):
        begin = before["end"] if before else 0.0
        if one["start"] - begin > 0.15:
            at = round((begin + 0.05) * rate)
            level = np.abs(sound[at : round((one["start"] + 1.0) * rate), 0])
            loud = np.flatnonzero(level > 0.02 * np.abs(sound).max())
            yield (at + loud[0]) / rate - one["slot"][0]


def real() -> None:
    show(HEAD)
    registry = EngineRegistry()
    with tempfile.TemporaryDirectory() as scratch:
        for target in ("es", "pt"):
            for hurry in (1.0, 1.5):
                real_one(Path(scratch) / f"{target} {hurry}", target, hurry, registry)


def real_one(folder: Path, target: str, hurry: float, registry: EngineRegistry) -> None:
    """Dub speech that is sped up by `hurry`, so that its dub has less time."""
    folder.mkdir()
    usual, source = recording(folder / "usual.wav", 0.5), folder / "talk.wav"
    stretch([Stretch(usual, source, Span(0.0, wav.duration_s(usual)), hurry)], deadline_s=60)
    options = LIGHT.overridden({"language": "en", "targets": [target], "mix": {"original": "mute"}})
    job = Drive(source, folder / "root", options, engines=registry).run(until="mux")
    report = load_fit(job.job_dir / f"fit.{target}.json").utterances
    track = job.job_dir / f"dub.{target}.wav"
    duration_s = wav.duration_s(job.job_dir / AUDIO)
    said = [Utterance((Piece(0, *one.slot, one.length),), one.speaker) for one in report]
    placed = [Placement(one.start, one.end, one.stretch, (one.slot[0] + (one.drift or 0.0),)) for one in report]
    show(
        f"real speech to {target}, said {hurry} times as fast".ljust(43)
        + fit_of(said, placed, [one.stretch for one in placed], duration_s).row()
    )
    show(f"{'  each stretched to its slot':42s} {naive(said, duration_s).row()}")
    heard = np.abs(list(heard_errors_s(track, report)))
    off = soundfile.info(track).frames - wav.length(source).at(MIXED_AT)
    levels = [
        measure_loudness(input_arguments(path), "0:a", deadline_s=60, duration_s=duration_s) for path in (source, track)
    ]
    show(
        f"  heard: starts off by {np.percentile(heard, 95):.3f} s (95 %), length by {off} samples, "
        f"loudness {levels[0]:.1f} and {levels[1]:.1f} LUFS"
    )


# Memory


def mix(minutes: str) -> dict[str, Any]:
    """Mix a made-up job: the same speech repeated over music-like noise."""
    from dropdub.stages.mix import run

    length_s = float(minutes) * 60
    with tempfile.TemporaryDirectory(prefix="dub ") as scratch:
        job = made_job(Path(scratch), length_s)
        began = time.perf_counter()
        task = job.task(next(step for step in job.plan() if step.key == "mix/es"))
        result = run(replace(task, deadline_s=3600.0))
        taken_s = time.perf_counter() - began
        frames = soundfile.info(job.job_dir / "dub.es.wav").frames
    return {
        "seconds": taken_s,
        "off": frames - round(length_s * 48_000),
        "lines": result["fit"]["totals"]["utterances"],
    }


def made_job(folder: Path, length_s: float) -> Drive:
    source = folder / "long.m4a"
    noise = f"anoisesrc=r=48000:a=0.05:c=pink:d={length_s}"
    command = [str(find_ffmpeg()), "-loglevel", "error", "-f", "lavfi", "-i", noise, "-ac", "2", "-c:a", "aac"]
    subprocess.run([*command, "-b:a", "64k", str(source)], check=True)
    job = Drive(source, folder / "root", LIGHT.overridden({"targets": ["es"]}), engines=EngineRegistry())
    with wav.WavWriter(job.job_dir / AUDIO, 16_000, expected_s=length_s) as writer:
        for _ in range(round(length_s)):
            writer.write(np.zeros(16_000, np.float32))
    audio = {"index": 0, "channels": 2, "sample_rate": 48_000, "codec": "aac", "duration_s": length_s}
    job.facts |= {
        "probe": {"kind": "media", "duration_s": length_s, "audio": audio, "video": None},
        "extract": {"duration_s": length_s},
        "split": {"chunks": []},
        "merge": {"language": "en", "segments": 1},
        "synthesize/es": {"sample_rate": 22_050},
    }
    job.columns["kind"] = "media"
    write_lines(job, length_s)
    return job


def write_lines(job: Drive, length_s: float) -> None:
    """Put the same line every five seconds; every third line is a fifth too long for its slot."""
    folder = job.job_dir / "speech.es"
    folder.mkdir()
    sound = wav.resample(wav.read_range(RECORDINGS[-1], 0.3, 4.3), wav.sample_rate(RECORDINGS[-1]), 22_050)
    with wav.WavWriter(folder / "0000.wav", 22_050) as writer:
        writer.write(sound)
    starts = [float(at) for at in range(0, round(length_s) - 5, 5)]
    lines = [Spoken(number, "Habla.") for number in range(len(starts))]
    for line in lines[1:]:
        (folder / line.file()).hardlink_to(folder / "0000.wav")
    ends = [3.4 if number % 3 == 0 else 5.0 for number in range(len(starts))]
    segments = tuple(Segment(n, at, at + end, "Habla.") for n, (at, end) in enumerate(zip(starts, ends, strict=True)))
    Transcript("es", length_s, segments, {}).save(job.job_dir / "translation.es.json")
    save_spoken(job.job_dir / "spoken.es.json", lines)


def memory(minutes: Sequence[int]) -> None:
    costs: list[Cost] = []
    for number in minutes:
        cost = run_side(script(__file__), "mix", number)
        costs.append(cost)
        result = cost.result
        show(
            f"{number:4d} min: peak {cost.peak_mb:6.1f} MB, {result['seconds']:6.1f} s, {result['lines']} utterances, "
            f"length off by {result['off']} samples"
        )
    if len(costs) > 1:
        show(f"ratio of memory {costs[-1].peak_mb / costs[0].peak_mb:.2f}")


SIDES: dict[str, Callable[..., dict[str, Any]]] = {"mix": mix}


def main() -> None:
    parser = argparse.ArgumentParser(description="Show how dubs fit their originals.")
    parser.add_argument("--real", action="store_true", help="dub real speech with the engines of plugins/light")
    parser.add_argument(
        "--memory",
        type=int,
        nargs="+",
        metavar="MINUTES",
        help="measure the memory of mixing recordings of these lengths",
    )
    asked = parser.parse_args()
    if asked.memory:
        memory(asked.memory)
    elif asked.real:
        real()
    else:
        made_up()


if __name__ == "__main__" and not run_requested_side(SIDES):
    main()
