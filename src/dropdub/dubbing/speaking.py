"""Speak lines with a synthesizer, through the cache: one sound file per line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dropdub.dubbing.voices import Casting, prepare
from dropdub.engines.base import EngineInfo, ReportsDefects, Samples, Synthesizer
from dropdub.engines.text_for_speech import parts, plain
from dropdub.errors import NotMedia
from dropdub.media.sound import wav
from dropdub.media.sound.wav import WavWriter
from dropdub.pipeline.artifacts import speech_dir_name
from dropdub.pipeline.cache import Cache, CacheKey
from dropdub.pipeline.spoken_lines import Spoken
from dropdub.pipeline.work_folder import WorkFolder
from dropdub.text.reading import PIECE_CHARACTERS, pieces, spoken

SENTENCE_PAUSE_S = 0.25
"""The pause between the sentences of a text."""
_PCM = np.dtype("<i2")
_FULL_SCALE = 32767


@dataclass(frozen=True)
class _SpeechKey(CacheKey, use="speech", method=1):
    """The speech of one piece of text."""

    engine: EngineInfo
    sample_rate: int
    language: str
    voice: str
    rate: float
    take: int
    text: str


@dataclass(frozen=True)
class Speaker:
    """Speaks lines with one engine in one language. `castings` has the voice of each line, by line id.

    `by_sentence`: a line is a paragraph of a text, whose sentences are spoken separately, with pauses between them.
    """

    engine: Synthesizer
    castings: Mapping[int, Casting]
    language: str
    take: int
    work: WorkFolder
    cache: Cache
    by_sentence: bool
    defects: list[str] = field(default_factory=list)

    def line(self, line: Spoken, on_progress: Callable[[int], None]) -> Path:
        """Return the sound file of a line; speak it unless the file exists.

        `on_progress` is called with the number of characters spoken.
        """
        name = f"{speech_dir_name(self.language)}/{line.file(self.take)}"
        path = self.work.path / name
        if not _is_spoken(path, self.engine.sample_rate):
            with self.work.written(name) as part:
                self._write(line, part, on_progress)
        return path

    def _write(self, line: Spoken, path: Path, on_progress: Callable[[int], None]) -> None:
        done, pause_s = 0, SENTENCE_PAUSE_S if self.by_sentence else 0.0
        pause = np.zeros(round(pause_s * self.engine.sample_rate), np.float32)
        with WavWriter(path, self.engine.sample_rate) as writer:
            for piece in _pieces(spoken(line.text), by_sentence=self.by_sentence):
                writer.write(pause[: len(pause) if done else 0])
                writer.write(self._speak(piece, line.rate, self.castings[line.id]))
                done += len(piece)
                on_progress(done)

    def _speak(self, text: str, rate: float, casting: Casting) -> Samples:
        rate, info, sample_rate = round(rate, 3), self.engine.info(), self.engine.sample_rate
        key = _SpeechKey(info, sample_rate, self.language, casting.identity, rate, self.take, text)
        kept = self.cache.get(key, check=_from_pcm)
        if kept is not None:
            return kept
        prepare(self.cache, self.engine, casting.voice)
        samples = self.engine.speak(text, language=self.language, voice=casting.voice, rate=rate, take=self.take)
        pcm = (np.clip(samples, -1.0, 1.0) * _FULL_SCALE).round().astype(_PCM).tobytes()
        found = self.engine.defects() if isinstance(self.engine, ReportsDefects) else []
        self.defects.extend(found)
        if not found:  # defective speech is not cached: the next attempt may succeed
            self.cache.put(key, pcm)
        return _from_pcm(pcm)


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


def _is_spoken(path: Path, sample_rate: int) -> bool:
    with suppress(NotMedia, OSError):
        return wav.sample_rate(path) == sample_rate and wav.duration_s(path) > 0
    return False


def _from_pcm(value: bytes) -> Samples:
    samples: Samples = np.frombuffer(value, _PCM).astype(np.float32) / np.float32(_FULL_SCALE)
    return samples
