"""How good the output is with real models: words, times, invented text, speed, compared with faster-whisper's own ways.

    python benchmarks/quality.py [--quick] [--only PART,PART...] [--long] [--clips DIR] [--models DIR] [--write]

Parts: hearing, times, invented, speed. The material is made of the clips of real speech in `tests/data/ljspeech`, or of
those in `--clips DIR`, a folder of FLAC or WAV files with a `transcripts.tsv` (a name without suffix, a tab, the text).
Each way runs in fresh processes, on the same recordings, with the same model in int8 on the processor, beam 5 and word
times:

- plain, vad_filter, batched: faster-whisper's own ways with their defaults, and as many threads as there are cores;
- batched, 1 thread: the same as batched; the threads of one process wait for each other, which costs CPU time;
- stable-ts: if it is installed;
- engine: the program's engine on the program's windows in one process, without the program around it (`--engine`);
- Dropdub: `dropdub run` in a fresh root, whole.

`--quick` takes one long recording, and hearing, times and speed. `--write` puts the tables into README.md. Without
`--models`, a folder with a folder for each model, the models are fetched by `dropdub models pull`. Needs the extras
`quality` and `dev`.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quality import material, tables
from quality.material import Recording
from quality.program import program
from quality.tables import BATCHED, ONE_THREAD, PROGRAM, Table
from quality.ways import CORES, SIDES, Outcome, Way, faster_whisper
from side import INTERRUPTED, run_requested_side, script, show

HERE = Path(__file__).resolve().parent
CLIPS = HERE.parent / "tests" / "data" / "ljspeech"
PAGE = HERE / "README.md"
PARTS = ("hearing", "times", "invented", "speed")
QUICK = ("hearing", "times", "speed")
SEEDS = (1, 2, 3)
LONG_FORM_S = 240.0
HUGE_S = 47 * 60.0
WITHOUT_SPEECH_S = 120.0
CHUNKS = {"above_duration": "1 min", "target": "45 s", "window": "15 s"}


@dataclass(frozen=True)
class Asked:
    """What the command line asks for, with the model's folder."""

    model: Path
    clips: Path
    parts: frozenset[str]
    quick: bool
    huge: bool
    with_engine: bool

    def wants(self, *parts: str) -> bool:
        return not self.parts.isdisjoint(parts)


class Bench:
    """Runs the ways on the material, in turn, with a line of progress for each run."""

    def __init__(self, asked: Asked, folder: Path) -> None:
        self._asked = asked
        self._folder = folder
        self._clips = material.clips_in(asked.clips)
        self._ways = ways(with_engine=asked.with_engine)
        self._began = time.monotonic()

    def tables(self) -> Iterator[Table]:
        if self._asked.wants("hearing") and not self._asked.quick:
            yield self._single()
        if self._asked.wants("hearing", "times", "speed"):
            yield from self._long()
        if self._asked.wants("hearing") and not self._asked.quick:
            yield self._seams()
        if self._asked.wants("invented"):
            yield self._invented()

    def _single(self) -> Table:
        recordings = material.single(self._clips, self._folder)
        outcomes = self._together("single clips", recordings)
        title = f"A1. Single clips, {self._asked.model.name}"
        return tables.hearing(title, recordings, self._usual, outcomes, each=False)

    def _long(self) -> Iterator[Table]:
        recordings = self._long_forms()
        outcomes = self._each(recordings, self._available if self._asked.wants("speed") else self._usual)
        if self._asked.wants("hearing"):
            title = f"A2. Long recordings, {self._asked.model.name}"
            yield tables.hearing(title, recordings, self._usual, outcomes, each=True)
        if self._asked.wants("times"):
            yield tables.times(recordings, self._usual, outcomes)
        if self._asked.wants("speed"):
            yield tables.speed(recordings, self._available, outcomes)

    def _long_forms(self) -> list[Recording]:
        seeds = SEEDS[:1] if self._asked.quick else SEEDS
        lengths = {f"long{seed}": (seed, LONG_FORM_S) for seed in seeds}
        if self._asked.huge:
            lengths["huge"] = (len(SEEDS) + 1, HUGE_S)
        return [
            material.long_form(self._clips, self._folder / f"{name}.wav", seed=seed, least_s=least_s)
            for name, (seed, least_s) in lengths.items()
        ]

    def _seams(self) -> Table:
        recordings = [one for one in self._long_forms() if one.duration_s < HUGE_S]
        outcome = self._run(program("Dropdub in chunks", split=CHUNKS), "all", recordings)
        return tables.seams(recordings, {one.name: outcome for one in recordings})

    def _invented(self) -> Table:
        sounds = list(material.without_speech(self._folder, seconds=WITHOUT_SPEECH_S))
        recordings = [*sounds, *material.around_gaps(self._clips, self._folder)]
        return tables.invented(recordings, self._usual, self._together("sound without speech", recordings))

    @property
    def _available(self) -> list[Way]:
        return [way for way in self._ways if way.missing is None]

    @property
    def _usual(self) -> list[Way]:
        """The ways whose words differ: one thread gives the same words as several."""
        return [way for way in self._available if way.title != ONE_THREAD]

    def missing(self) -> list[str]:
        return [f"{way.title}: {way.missing}." for way in self._ways if way.missing]

    def _together(self, what: str, recordings: Sequence[Recording]) -> dict[str, dict[str, Outcome]]:
        """Run each way once on all recordings."""
        found = {way.title: self._run(way, what, recordings) for way in self._usual}
        return {title: {one.name: outcome for one in recordings} for title, outcome in found.items()}

    def _each(self, recordings: Sequence[Recording], ways: Sequence[Way]) -> dict[str, dict[str, Outcome]]:
        """Run each way on each recording; all ways on one recording before the next one, for fair ratios."""
        found: dict[str, dict[str, Outcome]] = {way.title: {} for way in ways}
        for one in recordings:
            for way in ways:
                found[way.title][one.name] = self._run(way, one.name, [one])
        return found

    def _run(self, way: Way, what: str, recordings: Sequence[Recording]) -> Outcome:
        began = time.monotonic()
        outcome = way.transcribe(self._asked.model, recordings)
        now = time.monotonic()
        progress(f"{now - self._began:5.0f} s  {what}, {way.title}: {now - began:.0f} s, {outcome.cpu_s:.1f} CPU s")
        return outcome


def ways(*, with_engine: bool) -> list[Way]:
    here = script(__file__)
    found = [
        faster_whisper("plain", "plain", here, threads=CORES),
        faster_whisper("vad_filter", "vad_filter", here, threads=CORES),
        faster_whisper(BATCHED, "batched", here, threads=CORES),
        faster_whisper(ONE_THREAD, "batched", here, threads=1),
        faster_whisper("stable-ts", "stable_ts", here, threads=CORES),
    ]
    if with_engine:
        found.append(faster_whisper("engine", "engine", here, threads=CORES))
    return [*found, program(PROGRAM)]


def progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def model_folder(models: Path | None, name: str, folder: Path) -> Path:
    """Return the folder of a model, in `models` or pulled into a root in `folder`. Raises FileNotFoundError."""
    if models is None:
        progress(f"Pulling {name} …")
        subprocess.run([sys.executable, "-m", "dropdub", "--root", str(folder), "models", "pull", name], check=True)
        models = folder / "models"
    if not (models / name).is_dir():
        raise FileNotFoundError(f"There is no folder {name} in {models}.")
    return (models / name).resolve()


def machine() -> str:
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return f"{CORES} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}{load}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the quality with real models.")
    parser.add_argument("--models", type=Path, help="a folder with a folder for each model")
    parser.add_argument("--model", default="whisper-tiny.en", help="the Whisper model that is compared")
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--only", help=f"some of: {','.join(PARTS)}")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--long", action="store_true", help="also a recording of 47 minutes")
    parser.add_argument("--engine", action="store_true", help="also the program's engine alone")
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    asked = parser.parse_args()
    asked.parts = frozenset(asked.only.split(",") if asked.only else QUICK if asked.quick else PARTS)
    if unknown := asked.parts - set(PARTS):
        parser.error(f"unknown parts: {', '.join(sorted(unknown))}")
    return asked


def main() -> None:
    given, about = arguments(), machine()
    with tempfile.TemporaryDirectory(prefix="quality-") as place:
        tempfile.tempdir = os.environ["TMPDIR"] = place  # so that nothing stays behind of what others leave there
        folder = Path(place) / "material"
        folder.mkdir()
        model = model_folder(given.models, given.model, Path(place) / "root")
        asked = Asked(model, given.clips, given.parts, given.quick, given.long, given.engine)
        bench = Bench(asked, folder)
        found = [table.markdown() for table in bench.tables()]
    text = "\n\n".join(
        [f"Measured on {time.strftime('%Y-%m-%d')}: {about}. {' '.join(bench.missing())}".strip(), *found]
    )
    show(text)
    if given.write:
        tables.write_into(PAGE, text)


if __name__ == "__main__":
    if not run_requested_side(SIDES):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            main()
        except KeyboardInterrupt:
            progress("Interrupted.")
            sys.exit(INTERRUPTED)
