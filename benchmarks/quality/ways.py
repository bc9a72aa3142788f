"""The ways to transcribe: those of faster-whisper and others, each in a fresh process, with the same model."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from process_tree import TreeWatch
from side import Working, run_side

from quality.material import Recording

BEAM = 5
BATCH = 8
"""The batch size that BatchedInferencePipeline takes by default."""
CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Word:
    """One word as it was understood, in seconds of the recording."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Outcome:
    """What a way understood in each recording, by name, and its cost as a whole: start and loading included.

    Only the program has the rest: the CPU seconds of its workers, by pool; and for each recording what it says about it
    (an error or warnings), the language, and the seams between chunks, in seconds.
    """

    words: dict[str, tuple[Word, ...]]
    cpu_s: float
    peak_mb: float
    branches_s: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    languages: dict[str, str | None] = field(default_factory=dict)
    seams: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return " ".join(word.text for word in self.words[name])


@dataclass(frozen=True)
class Way:
    """A column of the tables: its title, and how recordings are transcribed with a model."""

    title: str
    transcribe: Callable[[Path, Sequence[Recording]], Outcome]
    missing: str | None = None
    """Why it cannot be used here."""


def faster_whisper(title: str, side: str, script: str, *, threads: int, language: str = "en") -> Way:
    """Return a way that is one of `SIDES`, run by `script`."""

    def transcribe(model: Path, recordings: Sequence[Recording]) -> Outcome:
        paths = json.dumps([str(one.path) for one in recordings])
        watch = TreeWatch()
        cost = run_side(script, side, model, threads, language, paths, watch=watch.on)
        found = {Path(path).stem: tuple(Word(*one) for one in words) for path, words in cost.result["words"].items()}
        return Outcome(found, cost.cpu_s, watch.peak_mb)

    return Way(title, transcribe, _missing(side))


def _missing(side: str) -> str | None:
    package = PACKAGES.get(side, "faster_whisper")
    if not importlib.util.find_spec(package):
        return "not installed"
    tried = subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True, text=True, check=False)
    return f"cannot be imported ({tried.stderr.strip().splitlines()[-1]})" if tried.returncode else None


# In the fresh process


def plain(model: str, threads: str, language: str, paths: str) -> dict[str, Any]:
    return _one_by_one(_loaded(model, threads), language, paths)


def vad_filter(model: str, threads: str, language: str, paths: str) -> dict[str, Any]:
    return _one_by_one(_loaded(model, threads), language, paths, vad_filter=True)


def batched(model: str, threads: str, language: str, paths: str) -> dict[str, Any]:
    from faster_whisper import BatchedInferencePipeline

    return _one_by_one(BatchedInferencePipeline(_loaded(model, threads)), language, paths, batch_size=BATCH)


def listener(model: str, threads: str, language: str, paths: str) -> dict[str, Any]:
    """Transcribe files of at most 30 s without word times, which make faster-whisper skip words. Times mean nothing."""
    words = {}
    loaded = _loaded(model, threads)
    with Working() as work:
        for path in json.loads(paths):
            found, _ = loaded.transcribe(path, language=language, beam_size=BEAM)
            words[path] = [(0.0, 0.0, word) for part in found for word in part.text.split()]
    return {"work_s": work.cpu_s, "words": words}


def whisperx(model: str, threads: str, language: str, paths: str) -> dict[str, Any]:
    """Transcribe and align with whisperX's defaults except the beam. Its aligner comes from a hub."""
    import whisperx

    options = {"beam_size": BEAM}
    engine = whisperx.load_model(
        model, "cpu", compute_type="int8", language=language, asr_options=options, threads=int(threads)
    )
    aligner, about = whisperx.load_align_model(language, "cpu")
    words = {}
    with Working() as work:
        for path in json.loads(paths):
            audio = whisperx.load_audio(path)
            found = whisperx.align(engine.transcribe(audio)["segments"], aligner, about, audio, "cpu")
            words[path] = _with_times(found["word_segments"])
    return {"work_s": work.cpu_s, "words": words}


def _with_times(words: Sequence[dict[str, Any]]) -> list[tuple[float, float, str]]:
    """Give words that the aligner left without times, such as numbers, the end of the word before."""
    timed: list[tuple[float, float, str]] = []
    for word in words:
        start = word.get("start", timed[-1][1] if timed else 0.0)
        timed.append((start, word.get("end", start), word["word"]))
    return timed


def stable_ts(model: str, threads: str, language: str, paths: str) -> dict[str, Any]:
    """Transcribe with stable-ts on faster-whisper, with its defaults except the beam."""
    import stable_whisper

    engine = stable_whisper.load_faster_whisper(model, device="cpu", compute_type="int8", cpu_threads=int(threads))
    words = {}
    with Working() as work:
        for path in json.loads(paths):
            found = engine.transcribe(path, language=language, beam_size=BEAM, verbose=None)
            words[path] = [(word.start, word.end, word.word.strip()) for word in found.all_words()]
    return {"work_s": work.cpu_s, "words": words}


def engine(model: str, threads: str, language: str, paths: str) -> dict[str, Any]:
    """Transcribe with Dropdub's engine, in the windows that the program would make, without the program around it."""
    from pipeline import spans_of
    from recordings import RATE_HZ, read

    from dropdub.engines.base import EngineSettings, Window
    from dropdub.engines.whisper.engine import FasterWhisperTranscriber

    settings = EngineSettings(models={"faster-whisper": model}, device="cpu", compute_type="int8", threads=int(threads))
    hearing = FasterWhisperTranscriber(settings)
    hearing.load()
    words = {}
    with Working() as work, tempfile.TemporaryDirectory() as folder:
        for path in json.loads(paths):
            samples, spans = read(Path(path)), spans_of(Path(path), Path(folder))
            windows = (Window(start, samples[round(start * RATE_HZ) : round(end * RATE_HZ)]) for start, end in spans)
            heard = hearing.transcribe(windows, language=language)
            found = (word for said in heard for one in said for word in one.words)
            words[path] = [(word.start, word.end, word.text.strip()) for word in found]
    return {"work_s": work.cpu_s, "words": words}


SIDES: dict[str, Callable[..., dict[str, Any]]] = {
    "plain": plain,
    "vad_filter": vad_filter,
    "batched": batched,
    "listener": listener,
    "whisperx": whisperx,
    "stable_ts": stable_ts,
    "engine": engine,
}
PACKAGES = {"stable_ts": "stable_whisper", "whisperx": "whisperx"}
"""What a side needs besides faster-whisper."""


def _loaded(model: str, threads: str) -> Any:
    from faster_whisper import WhisperModel

    return WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=int(threads), local_files_only=True)


def _one_by_one(engine: Any, language: str, paths: str, **options: Any) -> dict[str, Any]:
    words = {}
    with Working() as work:
        for path in json.loads(paths):
            found, _ = engine.transcribe(path, language=language, beam_size=BEAM, word_timestamps=True, **options)
            words[path] = [(word.start, word.end, word.word.strip()) for part in found for word in part.words or ()]
    return {"work_s": work.cpu_s, "words": words}
