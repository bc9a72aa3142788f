"""Run the ways on the material, and print the tables."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from side import show

from quality import dubbing, material, tables
from quality.dubbing import LISTENERS
from quality.engines import PAIRS_VARIABLE
from quality.material import Recording
from quality.program import program
from quality.tables import BATCHED, ONE_THREAD, PROGRAM, Table
from quality.ways import CORES, Outcome, Way, faster_whisper

HERE = Path(__file__).resolve().parents[1]
SCRIPT = str(HERE / "quality.py")
CLIPS = (HERE.parent / "tests" / "data" / "ljspeech", HERE / "clips")
PAGE = HERE / "README.md"
ENGLISH, MULTILINGUAL = "whisper-tiny.en", "whisper-base"
COMPARED = ("hearing", "times", "invented", "speed")
MODELS = {
    "language": (ENGLISH, MULTILINGUAL),
    "translation": ("bergamot-en-pt", "bergamot-pt-en"),
    "speech": tuple(LISTENERS.values()),
}
"""The models of the parts in which the ways are not compared."""
OPTIONAL = ("whisperX", "stable-ts")
PARTS = (*COMPARED, *MODELS)
QUICK = ("hearing", "times", "speed")
SEEDS = (1, 2, 3)
LONG_FORM_S = 240.0
HUGE_S = 47 * 60.0
WITHOUT_SPEECH_S = 120.0
CHUNKS = {"above_duration": "1 min", "target": "45 s", "window": "15 s"}


@dataclass(frozen=True)
class Asked:
    """What the command line asks for; `models` has a folder for each model."""

    models: Path
    clips: Sequence[Path]
    parts: frozenset[str]
    quick: bool
    huge: bool
    with_engine: bool

    def wants(self, *parts: str) -> bool:
        return not self.parts.isdisjoint(parts)


class Bench:
    """Runs the ways with one model on the material, in turn, with a line of progress for each run."""

    def __init__(self, asked: Asked, model: str, folder: Path) -> None:
        self._asked = asked
        self._model = model
        self._folder = folder
        self._ways = ways(with_engine=asked.with_engine)
        self.missing = {way.title: way.missing for way in self._ways if way.missing}
        self._began = time.monotonic()

    @cached_property
    def _clips(self) -> list[material.Clip]:
        return [clip for folder in self._asked.clips for clip in material.clips_in(folder)]

    def comparisons(self) -> Iterator[Table]:
        """Compare the ways with the model."""
        return (replace(table, title=f"{table.title}, {self._model}") for table in self._comparisons())

    def _comparisons(self) -> Iterator[Table]:
        if self._asked.wants("hearing") and not self._asked.quick:
            yield self._single()
        if self._asked.wants("hearing", "times", "speed"):
            yield from self._long()
        if self._asked.wants("hearing") and not self._asked.quick:
            yield self._seams()
        if self._asked.wants("invented"):
            yield self._invented()

    def others(self) -> Iterator[Table]:
        """Measure what has models of its own."""
        if self._asked.wants("language"):
            yield self._language()
        if self._asked.wants("translation"):
            yield dubbing.translation(SCRIPT, self._asked.models, self._progress)
        if self._asked.wants("speech"):
            yield dubbing.speech(SCRIPT, self._asked.models, self._progress)

    def _single(self) -> Table:
        recordings = material.single(self._clips, self._folder)
        outcomes = self._together("single clips", recordings)
        return tables.hearing("A1. Single clips", recordings, self._usual, outcomes, each=False)

    def _long(self) -> Iterator[Table]:
        recordings = self._long_forms()
        outcomes = self._each(recordings, self._available if self._asked.wants("speed") else self._usual)
        if self._asked.wants("hearing"):
            texts, words = len(self._clips), sum(len(clip.text.split()) for clip in self._clips)
            remark = f"Made of {texts} clips with {words} words, in random order as often as it takes."
            yield tables.hearing("A2. Long recordings", recordings, self._usual, outcomes, each=True, remark=remark)
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

    def _language(self) -> Table:
        """What the program makes of languages that its model does not know, and of those that it has to find."""
        english = material.single(self._clips[:1], self._folder)[0]
        portuguese = dubbing.spoken(SCRIPT, self._asked.models, "pt", self._folder)
        cases = (
            (ENGLISH, "auto", "English", english),
            (ENGLISH, "pt", "English", english),
            (MULTILINGUAL, "auto", "English", english),
            *([(MULTILINGUAL, "auto", "Portuguese", portuguese)] if portuguese else []),
        )
        rows = []
        for model, language, spoken, recording in cases:
            way = program(f"Dropdub, language: {language}", language=language)
            outcome = self._run(way, f"{spoken}, {model}", [recording], model)
            rows.append((model, language, spoken, *tables.language_found(recording, outcome, spoken)))
        remark = "The Portuguese is that of a synthesizer: harder to recognise than a person's."
        return Table("A5. Language", ("model", "`language`", "spoken", "found", "outcome"), tuple(rows), (remark,))

    @property
    def _available(self) -> list[Way]:
        return [way for way in self._ways if way.title not in self.missing]

    @property
    def _usual(self) -> list[Way]:
        """The ways whose words differ: one thread gives the same words as several."""
        return [way for way in self._available if way.title != ONE_THREAD]

    def _together(self, what: str, recordings: Sequence[Recording]) -> dict[str, dict[str, Outcome]]:
        """Run each way once on all recordings."""
        found = {way.title: outcome for way in self._usual if (outcome := self._tried(way, what, recordings))}
        return {title: {one.name: outcome for one in recordings} for title, outcome in found.items()}

    def _each(self, recordings: Sequence[Recording], ways: Sequence[Way]) -> dict[str, dict[str, Outcome]]:
        """Run each way on each recording; all ways on one recording before the next one, for fair ratios."""
        found: dict[str, dict[str, Outcome]] = {way.title: {} for way in ways}
        for one in recordings:
            for way in ways:
                if way.title not in self.missing and (outcome := self._tried(way, one.name, [one])):
                    found[way.title][one.name] = outcome
        return found

    def _tried(self, way: Way, what: str, recordings: Sequence[Recording]) -> Outcome | None:
        """Run a way; if it is not one of those that must work, a failure only removes its column."""
        try:
            return self._run(way, what, recordings)
        except RuntimeError as error:
            if way.title not in OPTIONAL:
                raise
            self._progress(f"{what}, {way.title}: {error}")
            self.missing[way.title] = "failed"
            return None

    def _run(self, way: Way, what: str, recordings: Sequence[Recording], model: str | None = None) -> Outcome:
        began = time.monotonic()
        outcome = way.transcribe(self._asked.models / (model or self._model), recordings)
        self._progress(f"{what}, {way.title}: {time.monotonic() - began:.0f} s, {outcome.cpu_s:.1f} CPU s")
        return outcome

    def _progress(self, line: str) -> None:
        progress(f"{time.monotonic() - self._began:5.0f} s  {line}")


def ways(*, with_engine: bool) -> list[Way]:
    found = [
        faster_whisper("plain", "plain", SCRIPT, threads=CORES),
        faster_whisper("vad_filter", "vad_filter", SCRIPT, threads=CORES),
        faster_whisper(BATCHED, "batched", SCRIPT, threads=CORES),
        faster_whisper(ONE_THREAD, "batched", SCRIPT, threads=1),
        faster_whisper("whisperX", "whisperx", SCRIPT, threads=CORES),
        faster_whisper("stable-ts", "stable_ts", SCRIPT, threads=CORES),
    ]
    if with_engine:
        found.append(faster_whisper("engine", "engine", SCRIPT, threads=CORES))
    return [*found, program(PROGRAM)]


def progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def models_of(parts: frozenset[str], compared: Sequence[str]) -> list[str]:
    """Return the names of the models that these parts need."""
    names = list(compared) if not parts.isdisjoint(COMPARED) else []
    return list(dict.fromkeys([*names, *(name for part in MODELS if part in parts for name in MODELS[part])]))


def models_folder(models: Path | None, names: Sequence[str], root: Path) -> Path:
    """Return the folder of the models: `models`, or that of a new root after pulling them.

    Raises FileNotFoundError if one is missing then. Of the translators, those are measured that are there.
    """
    if models is None:
        root.mkdir()
        (root / "config.yaml").write_text("{}\n", encoding="utf-8")
        command = [sys.executable, "-m", "dropdub", "--root", str(root), "models", "pull", *names]
        subprocess.run(command, stdout=sys.stderr, check=False)
        models = root / "models"
    needed = [name for name in names if name not in MODELS["translation"]]
    if missing := [name for name in needed if not (models / name).is_dir()]:
        raise FileNotFoundError(f"{models} has no folder {', '.join(missing)}.")
    return models.resolve()


def machine() -> str:
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return f"{CORES} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}{load}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the quality with real models.")
    parser.add_argument("--models", type=Path, help="a folder with a folder for each model")
    parser.add_argument("--model", action="append", help="a Whisper model to compare, whisper-tiny.en if none is named")
    parser.add_argument("--clips", type=Path, action="append", help="a folder of other clips; can be repeated")
    parser.add_argument("--pairs", type=Path, help="other sentences to translate: English, a tab, Portuguese")
    parser.add_argument("--only", help=f"some of: {','.join(PARTS)}")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--long", action="store_true", help="also a recording of 47 minutes")
    parser.add_argument("--engine", action="store_true", help="also the program's engine alone")
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    asked = parser.parse_args()
    asked.model, asked.clips = asked.model or [ENGLISH], asked.clips or CLIPS
    asked.parts = frozenset(asked.only.split(",") if asked.only else QUICK if asked.quick else PARTS)
    if unknown := asked.parts - set(PARTS):
        parser.error(f"unknown parts: {', '.join(sorted(unknown))}")
    return asked


def main() -> None:
    """Measure what the command line asks for."""
    given, about = arguments(), machine()
    if given.pairs:
        os.environ[PAIRS_VARIABLE] = str(given.pairs.resolve())
    with tempfile.TemporaryDirectory(prefix="quality-") as place:
        tempfile.tempdir = os.environ["TMPDIR"] = place  # so that nothing stays behind of what others leave there
        folder = Path(place) / "material"
        folder.mkdir()
        models = models_folder(given.models, models_of(given.parts, given.model), Path(place) / "root")
        asked = Asked(models, given.clips, given.parts, given.quick, given.long, given.engine)
        benches = [Bench(asked, model, folder) for model in given.model]
        found = [table.markdown() for bench in benches for table in bench.comparisons()]
        found += [table.markdown() for table in benches[0].others()]
    missing = " ".join(f"{title}: {why}." for title, why in benches[0].missing.items())
    text = "\n\n".join([f"Measured on {time.strftime('%Y-%m-%d')}: {about}. {missing}".strip(), *found])
    show(text)
    if given.write:
        tables.write_into(PAGE, text)
