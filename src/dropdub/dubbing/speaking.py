"""Speak the lines of a dub: one sound file per line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from dropdub.dubbing.cached_speech import CachedSpeech, Piece, is_spoken
from dropdub.dubbing.said_pieces import CLAUSE_PAUSE_S, SENTENCE_PAUSE_S
from dropdub.dubbing.voices import Casting
from dropdub.engines.speaking.text_for_speech import parts, plain
from dropdub.media.sound.wav import WavWriter
from dropdub.pipeline.artifacts import speech_dir_name
from dropdub.pipeline.spoken_lines import Spoken
from dropdub.pipeline.work_folder import WorkFolder
from dropdub.sentence_ends import ends_sentence
from dropdub.text.reading import PIECE_CHARACTERS, pieces, spoken


@dataclass(frozen=True)
class Speaker:
    """Speaks the lines of a dub. `castings` has the voice of each line, by line id.

    `shared` has the lines that several voices read, with the words of each. `by_sentence`: a line is a paragraph of a
    text, whose sentences are spoken separately, with pauses between them.
    """

    speech: CachedSpeech
    castings: Mapping[int, Casting]
    shared: Mapping[int, Sequence[tuple[str, Casting]]]
    work: WorkFolder
    by_sentence: bool

    @property
    def take(self) -> int:
        return self.speech.take

    def line(self, line: Spoken, on_progress: Callable[[int], None], following: Iterable[Spoken] = ()) -> Path:
        """Return the sound file of a line; speak it unless the file exists.

        `on_progress` is called with the number of characters spoken. `following` are the lines that come next.
        """
        if not self._is_spoken(line):
            with self.work.written(self._file(line)) as part:
                self._write(line, part, on_progress, following)
        return self.work.path / self._file(line)

    def _write(self, line: Spoken, path: Path, on_progress: Callable[[int], None], following: Iterable[Spoken]) -> None:
        done, said = 0, list(self._pieces(line))
        with WavWriter(path, self._sample_rate) as writer:
            for number, (piece, pause_s) in enumerate(said, start=1):
                rest = (one for one, _ in said[number:])
                writer.write(self.speech.sound(piece, chain(rest, self._pieces_of(following))))
                writer.write(np.zeros(round(pause_s * self._sample_rate), np.float32))
                done += len(piece.text)
                on_progress(done)

    def _pieces_of(self, lines: Iterable[Spoken]) -> Iterator[Piece]:
        unspoken = (line for line in lines if not self._is_spoken(line))
        return (piece for line in unspoken for piece, _ in self._pieces(line))

    def _file(self, line: Spoken) -> str:
        return f"{speech_dir_name(self.speech.language)}/{line.file(self.take)}"

    def _is_spoken(self, line: Spoken) -> bool:
        return is_spoken(self.work.path / self._file(line), self._sample_rate)

    def _pieces(self, line: Spoken) -> Iterator[tuple[Piece, float]]:
        """Yield the pieces of a line, and the pause after each in seconds; 0 after the last.

        The pause is shorter where another voice reads the rest of a sentence.
        """
        passages = self.shared.get(line.id) or [(spoken(line.text), self.castings[line.id])]
        for number, (text, casting) in enumerate(passages, start=1):
            after = passages[number][0] if number < len(passages) else ""
            found = _pieces(text, by_sentence=self.by_sentence)
            between_s = SENTENCE_PAUSE_S if self.by_sentence else 0.0
            last_s = (between_s if ends_sentence(text, after) else CLAUSE_PAUSE_S) if after else 0.0
            said = [Piece(piece, line.rate, casting) for piece in found]
            yield from ((piece, between_s) for piece in said[:-1])
            yield from ((piece, last_s) for piece in said[-1:])

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
