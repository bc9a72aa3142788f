"""say: speaks a short text piece by piece, each of which can be played as soon as it is complete."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from dropdub.dubbing.cached_speech import CachedSpeech, Piece, is_spoken
from dropdub.dubbing.kept_references import kept_voice
from dropdub.dubbing.pace import Pace, pace_of
from dropdub.dubbing.said_pieces import SaidPiece, said_pieces
from dropdub.dubbing.speaking import CharacterProgress
from dropdub.dubbing.stretch import Stretch, stretch
from dropdub.dubbing.voices import Casting, cast_voices, recording_of
from dropdub.engines.base import Synthesizer
from dropdub.errors import NotText
from dropdub.files.durable import flush_file, unflushed_whole, write_whole
from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span
from dropdub.media.sound.wav import WavWriter
from dropdub.pipeline.artifacts import PIECES, piece_name
from dropdub.pipeline.task import Result, Task
from dropdub.text.language import FoundLanguage, language_to_speak


def run(task: Task) -> Result:
    """Write NNNN.wav for each piece of the text into the results, and report each once it is complete; before them,
    `PIECES`, their number.

    `params`: `text`; `voice`, the name of a recording in `voices/` or of an engine's own voice, or None; `language`, a
    tag or None; `speed`, 0.25 to 4; of a line of a dub, the SHA-256 of the `reference` of its `speaker`. Pieces of an
    interrupted attempt are reused. They are 16-bit PCM mono at the engine's rate, with the pause after each at its end.
    Raises NotText for a text with nothing to say, VoiceMissing, and UsageError for another speed.
    """
    text, voice = str(task.params["text"]), task.params.get("voice")
    pieces = said_pieces(text)
    if not pieces:
        raise NotText("The text has no words to speak.", remedy="Send a text with letters or digits.")
    found = _language(task, text)
    engine = _engine(task, voice, found.language)
    casting = _kept(task, engine) or _casting(task, engine, voice, found.language)
    pace = pace_of(engine, float(task.params.get("speed", 1.0)))
    saying = _Saying(task, CachedSpeech(engine, found.language, task.cache), casting, pace)
    return {
        "pieces": len(pieces),
        "sample_rate": engine.sample_rate,
        "duration_s": round(sum(map(wav.duration_s, saying.all(pieces))), 3),
        "language": found.language,
        "voice": voice,
        "cloned": casting.is_own,
        "speaker": task.params.get("speaker"),
        "engine": asdict(engine.info()),
        "warnings": [*found.warnings, *casting.warnings, *_not_kept(task, casting), *saying.speech.defects],
    }


def _language(task: Task, text: str) -> FoundLanguage:
    stated = task.params.get("language")
    if stated:
        return FoundLanguage(str(stated))
    name = task.options.synthesizer
    return language_to_speak(text, speaks=lambda language: task.engines.speaks(name, language=language))


def _engine(task: Task, voice: str | None, language: str) -> Synthesizer:
    name = task.options.synthesizer
    if voice is not None and recording_of(voice, task.voices) is None:
        name = task.engines.with_voice(name, language=language, voice=voice)
    return task.engines.synthesizer(name, language=language)


def _casting(task: Task, engine: Synthesizer, voice: str | None, language: str) -> Casting:
    return cast_voices(engine, [], language=language, voice=voice, voices=task.voices, recorded=None)[None]


def _kept(task: Task, engine: Synthesizer) -> Casting | None:
    """Return the voice that a dub has cloned; None if there is none, or if it cannot be had any more."""
    reference, speaker = task.params.get("reference"), task.params.get("speaker")
    if reference is None or not engine.clones:
        return None
    return kept_voice(task.cache, str(reference), speaker, scratch=task.prepared_scratch())


def _not_kept(task: Task, casting: Casting) -> tuple[str, ...]:
    if task.params.get("reference") is None or casting.is_own:
        return ()
    speaker = task.params.get("speaker")
    who = f"speaker {speaker}" if speaker else "the speaker"
    return (f"The voice of {who} is no longer kept: the default voice speaks. A dub that is made has the right one.",)


@dataclass(frozen=True)
class _Saying:
    task: Task
    speech: CachedSpeech
    casting: Casting
    pace: Pace

    def all(self, pieces: Sequence[SaidPiece]) -> list[Path]:
        """Speak all pieces that are not there yet, in order; return their files."""
        assert self.task.results is not None
        # Whoever reads the first piece has to know whether it is the last one.
        write_whole(self.task.results / PIECES, json.dumps({"pieces": len(pieces)}).encode(), durable=False)
        progress = CharacterProgress(self.task.progress, sum(len(piece.text) for piece in pieces))
        paths: list[Path] = []
        for number, piece in enumerate(pieces):
            paths.append(self._file(number, piece))
            self.task.report_piece(number)
            flush_file(paths[-1])  # nobody who waits for the sound has to wait for this
            progress.reached(len(piece.text))
        return paths

    def _file(self, number: int, piece: SaidPiece) -> Path:
        assert self.task.results is not None
        path = self.task.results / piece_name(number)
        if not is_spoken(path, self.speech.engine.sample_rate):
            with unflushed_whole(path, scratch=self.task.prepared_scratch()) as part:
                self._write(piece, part)
        return path

    def _write(self, piece: SaidPiece, path: Path) -> None:
        rate = self.speech.engine.sample_rate
        spoken = self.speech.sound(Piece(piece.text, self.pace.rate, self.casting))
        pause = np.zeros(round(piece.pause_s / self.pace.rate * rate), np.float32)
        if self.pace.stretch == 1.0:
            wav.write_short(path, np.concatenate([spoken, pause]), rate)
            return
        unstretched = path.with_name("spoken.wav")
        with WavWriter(unstretched, rate) as writer:
            writer.write(spoken)
            writer.write(pause)
        whole = Span(0.0, wav.duration_s(unstretched))
        stretch([Stretch(unstretched, path, whole, self.pace.stretch)], deadline_s=self.task.deadline_s)
