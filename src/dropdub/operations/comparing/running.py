"""Run one engine on the prepared file, in a worker that is loaded for it and ends afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.config import Config
from dropdub.languages import UNDETERMINED
from dropdub.media.sound import wav
from dropdub.media.sound.wav import WavWriter
from dropdub.operations.comparing.bench import Bench, Done, Progress, Subject, Worker
from dropdub.operations.comparing.contenders import Contender, Role, require_memory
from dropdub.operations.comparing.material import Words, prepared_recordings, prepared_words
from dropdub.operations.models import RootModels
from dropdub.pipeline.artifacts import (
    AUDIO,
    BACKGROUND,
    SPEAKERS,
    Segment,
    Transcript,
    Turn,
    chunk_name,
    load_turns,
    translation_name,
)
from dropdub.root import Root
from dropdub.stage_table import BY_VOICES, ENGINE_POOLS, STAGES

_LOADED_BY_POOLS = {pool.role: name for name, pool in ENGINE_POOLS.items()}
"""The pool whose workers load the engine of a role before there is work."""
_POOLS = {
    **_LOADED_BY_POOLS,
    "diarizer": STAGES["diarize"].parts[BY_VOICES].pool,
    "separator": STAGES["separate"].pool,
}
Report = Callable[[str, float], None]
"""Is called with what is being done, and the share of it that is done."""


@dataclass(frozen=True)
class Made:
    """What an engine made: its cost, its lines, their language; of a synthesizer or separator the sound, its length."""

    done: Done
    lines: tuple[Segment, ...]
    language: str
    sound: Path | None = None
    sound_s: float | None = None

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


class Running:
    """The engines of a root at work on one file, whose steps have their files in `folder`."""

    def __init__(self, root: Root, config: Config, folder: Path, report: Report) -> None:
        self.config = config
        self.models = RootModels(config, root.models_dir(config.models.dir))
        self._folder, self._report = folder, report
        self._bench = Bench(root, config, folder / "run")
        self._numbers = itertools.count(1)

    def prepared(self, file: Path) -> Subject:
        """Return a recording, ready to be transcribed. Raises NotMedia, NoAudio, TooLong and others of `probe`."""
        [subject] = self._prepared([file], f"reading {file.name}")
        return subject

    def transcribed(self, contender: Contender, subject: Subject, language: str | None) -> Made:
        """Return what a transcriber hears in a prepared recording. `language`: None to detect it."""
        [made] = self._transcribed(contender, [subject], language)
        return made

    def heard(self, listener: Contender, spoken: Sequence[Made], language: str) -> list[str]:
        """Return what a transcriber hears of each speech."""
        sounds = [one.sound for one in spoken if one.sound is not None]
        subjects = self._prepared(sounds, "reading what was spoken")
        return [made.text for made in self._transcribed(listener, subjects, language)]

    def _prepared(self, files: Sequence[Path], what: str) -> list[Subject]:
        folder = self._folder / f"recordings-{next(self._numbers)}"
        return prepared_recordings(self._bench, self.config, files, folder, self._progress(what))

    def _transcribed(self, contender: Contender, subjects: Sequence[Subject], language: str | None) -> list[Made]:
        """Return what a transcriber hears in each of some recordings, all in one worker."""
        progress = self._progress(f"{contender.name} transcribes")
        with self._worker(contender, "transcriber", language=language or "auto", targets=()) as worker:
            return [
                _transcript(worker, subject, language, _part(progress, number, len(subjects)))
                for number, subject in enumerate(subjects)
            ]

    def translated(self, contender: Contender, words: Words, target: str) -> Made:
        subject = prepared_words(words, self._folder / contender.file_name)
        progress = self._progress(f"{contender.name} translates")
        with self._worker(contender, "translator", targets=(target,)) as worker:
            done = worker.run("translate", subject, target=target, progress=progress)
        return Made(done, Transcript.load(subject.folder / translation_name(target)).segments, target)

    def spoken(self, contender: Contender, words: Words) -> Made:
        """Return the speech of a text, in the engine's own voice, as one sound file."""
        subject = prepared_words(words, self._folder / contender.file_name)
        progress = self._progress(f"{contender.name} speaks")
        params = {"text": words.text, "language": words.language, "voice": None, "speed": 1.0}
        with self._worker(contender, "synthesizer") as worker:
            done = worker.run("say", subject, params=params, progress=progress)
        sound = self._folder / f"{contender.file_name}.wav"
        with WavWriter(sound, int(done.result["sample_rate"])) as writer:
            for piece in sorted(subject.pieces.glob("*.wav")):
                writer.write(wav.read_range(piece))
        return Made(done, words.lines, words.language, sound, wav.duration_s(sound))

    def separated(self, contender: Contender, subject: Subject) -> Made:
        """Return a prepared recording without its voices, as one sound file."""
        with self._worker(contender, "separator") as worker:
            done = worker.run("separate", subject, progress=self._progress(f"{contender.name} removes the voices"))
        sound = self._folder / f"{contender.file_name}.flac"
        (subject.folder / BACKGROUND).replace(sound)
        return Made(done, (), UNDETERMINED, sound, wav.duration_s(sound))

    def diarized(self, contender: Contender, subject: Subject) -> tuple[Done, list[Turn]]:
        """Return who speaks when in a prepared recording that was transcribed; no turns if it is one speaker."""
        with self._worker(contender, "diarizer") as worker:
            progress = self._progress(f"{contender.name} compares the voices")
            done = worker.run("diarize", subject, params={"by": BY_VOICES}, progress=progress)
        return done, load_turns(subject.folder / SPEAKERS)

    def as_audio(self, sounds: Sequence[Path]) -> list[Path]:
        """Return sounds as files of 16 kHz and one channel. Raises NotMedia, NoAudio, TooLong and others of `probe`."""
        return [one.folder / AUDIO for one in self._prepared(sounds, "reading the sounds")]

    def _progress(self, what: str) -> Progress:
        self._report(what, 0.0)
        return lambda share: self._report(what, share)

    @contextmanager
    def _worker(self, contender: Contender, role: Role, **job: Any) -> Iterator[Worker]:
        """Yield a worker that has loaded an engine, or whose step does. Raises OutOfMemory if memory is too little."""
        require_memory(contender)
        options = self.config.job.model_copy(update={"diarizer": "auto", role: contender.engine, **job})
        with self._bench.worker(_POOLS[role], options, contender.use, preload=role in _LOADED_BY_POOLS) as worker:
            yield worker


def _transcript(worker: Worker, subject: Subject, language: str | None, progress: Progress) -> Made:
    """Transcribe a prepared recording, chunk by chunk."""
    chunks = subject.results["split"]["chunks"]
    done, lines, found = list[Done](), list[Segment](), language or UNDETERMINED
    for number, (start, end) in enumerate(chunks):
        params = {"start": start, "end": end, "ordinal": number}
        part = _part(progress, number, len(chunks))
        done.append(worker.run("transcribe", subject, params=params, progress=part))
        transcript = Transcript.load(subject.folder / chunk_name(number))
        found = transcript.language
        lines += transcript.segments
    return Made(_together(done), tuple(lines), found)


def _part(progress: Progress, number: int, count: int) -> Progress:
    """Return the progress of one of several parts."""
    return lambda share: progress((number + share) / count)


def _together(parts: Sequence[Done]) -> Done:
    """Return the cost of several steps of one worker: the first of them has waited until it was ready."""
    warnings = dict.fromkeys(text for one in parts for text in one.result.get("warnings", ()))
    return Done(
        {"warnings": list(warnings)},
        sum(one.seconds for one in parts),
        parts[0].load_s if parts else 0.0,
        max((one.peak for one in parts), default=0),
    )
