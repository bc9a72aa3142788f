"""Speak the lines of a dub: one sound file per line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dropdub.dubbing.cached_speech import CachedSpeech, is_spoken
from dropdub.dubbing.said_pieces import SENTENCE_PAUSE_S
from dropdub.dubbing.voices import Casting
from dropdub.engines.text_for_speech import parts, plain
from dropdub.media.sound.wav import WavWriter
from dropdub.pipeline.artifacts import speech_dir_name
from dropdub.pipeline.spoken_lines import Spoken
from dropdub.pipeline.work_folder import WorkFolder
from dropdub.text.reading import PIECE_CHARACTERS, pieces, spoken


@dataclass(frozen=True)
class Speaker:
    """Speaks the lines of a dub. `castings` has the voice of each line, by line id.

    `by_sentence`: a line is a paragraph of a text, whose sentences are spoken separately, with pauses between them.
    """

    speech: CachedSpeech
    castings: Mapping[int, Casting]
    work: WorkFolder
    by_sentence: bool

    @property
    def take(self) -> int:
        return self.speech.take

    def line(self, line: Spoken, on_progress: Callable[[int], None]) -> Path:
        """Return the sound file of a line; speak it unless the file exists.

        `on_progress` is called with the number of characters spoken.
        """
        name = f"{speech_dir_name(self.speech.language)}/{line.file(self.take)}"
        path = self.work.path / name
        if not is_spoken(path, self._sample_rate):
            with self.work.written(name) as part:
                self._write(line, part, on_progress)
        return path

    def _write(self, line: Spoken, path: Path, on_progress: Callable[[int], None]) -> None:
        done, pause_s = 0, SENTENCE_PAUSE_S if self.by_sentence else 0.0
        pause = np.zeros(round(pause_s * self._sample_rate), np.float32)
        with WavWriter(path, self._sample_rate) as writer:
            for piece in _pieces(spoken(line.text), by_sentence=self.by_sentence):
                writer.write(pause[: len(pause) if done else 0])
                writer.write(self.speech.sound(piece, line.rate, self.castings[line.id]))
                done += len(piece)
                on_progress(done)

    @property
    def _sample_rate(self) -> int:
        return self.speech.engine.sample_rate


class CharacterProgress:
    """Reports progress from the number of characters spoken."""

    def __init__(self, progress: Callable[[float], None], total: int) -> None:
        self._progress = progress
        self._total = max(total, 1)
        self._done = 0

    def within(self, characters: int) -> None:
        self._progress(min((self._done + characters) / self._total, 1.0))

    def reached(self, characters: int) -> None:
        self._done += characters
        self.within(0)


def _pieces(text: str, *, by_sentence: bool) -> list[str]:
    """Return the pieces that are spoken and cached separately.

    In a text each sentence is one, so that after a change only that sentence is spoken again.
    """
    return parts(text, limit=PIECE_CHARACTERS) if by_sentence else pieces(plain(text))
