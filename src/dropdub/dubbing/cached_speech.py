"""Speak pieces of text with a synthesizer, through the cache."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from dropdub.dubbing.voices import Casting, prepare
from dropdub.engines import answers
from dropdub.engines.abilities import ReportsDefects, SpeaksInBatches, SpokenText, ToSpeak
from dropdub.engines.base import EngineInfo, Samples, Synthesizer
from dropdub.errors import EngineFailed, NotMedia, OutOfMemory, PermanentError, UnexpectedError
from dropdub.media.sound import wav
from dropdub.pipeline.cache import Cache, CacheKey

_PCM = np.dtype("<i2")
_FULL_SCALE = 32767
_LOOKED_AT = 64
"""How many of the pieces that come next are examined for those to speak at once: the cached ones are read for it."""
_OF_ONE_PIECE = (PermanentError, EngineFailed, UnexpectedError, OutOfMemory)
"""Errors that one piece may cause, or that fewer pieces at once may avoid."""
log = logging.getLogger("dropdub.dubbing")


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
class Piece:
    """A piece of text, the rate to speak it at, and who speaks it."""

    text: str
    rate: float
    casting: Casting


@dataclass
class CachedSpeech:
    """Speaks with one engine in one language.

    `defects` collects what the engine reports of its speech; `counts` are the pieces that were `spoken`, and those that
    were `cached`.
    """

    engine: Synthesizer
    language: str
    cache: Cache
    take: int = 0
    defects: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {"spoken": 0, "cached": 0})
    _ahead: dict[str, SpokenText] = field(default_factory=dict)
    """Pieces that were spoken together with an earlier one and not asked for yet, by the names of their keys."""
    _most: int | None = None
    """How many pieces are spoken at once after more of them failed; None: as many as the engine wants."""

    def sound(self, piece: Piece, following: Iterable[Piece] = ()) -> Samples:
        """Return a piece of text as spoken, at the engine's sample rate. Raises what `Synthesizer.speak` does.

        `following` are the pieces that will be asked for next: an engine that can speaks some of them at once.
        """
        key = self._key(piece)
        if (spoken := self._ahead.pop(key.file_name(), None)) is not None:
            return self._counted(spoken)
        kept = self.cache.get(key, check=_from_pcm)
        if kept is not None:
            self.counts["cached"] += 1
            return kept
        if isinstance(self.engine, SpeaksInBatches) and (size := self._batch_size(self.engine)) > 1:
            self._ahead.update(self._together(self.engine, self._batch(key, piece, following, size)))
            return self._counted(self._ahead.pop(key.file_name()))
        prepare(self.cache, self.engine, piece.casting.voice, language=self.language)
        samples = answers.spoken(
            self.engine,
            piece.text,
            language=self.language,
            voice=piece.casting.voice,
            rate=key.rate,
            take=self.take,
        )
        defects = self.engine.defects() if isinstance(self.engine, ReportsDefects) else []
        return self._counted(self._kept(key, SpokenText(samples, tuple(defects))))

    def _key(self, piece: Piece) -> _SpeechKey:
        info, rate, voice = self.engine.info(), round(piece.rate, 3), piece.casting.identity
        return _SpeechKey(info, self.engine.sample_rate, self.language, voice, rate, self.take, piece.text)

    def _batch_size(self, engine: SpeaksInBatches) -> int:
        return engine.batch_size() if self._most is None else self._most

    def _batch(
        self, key: _SpeechKey, piece: Piece, following: Iterable[Piece], size: int
    ) -> list[tuple[_SpeechKey, Piece]]:
        """Return a piece and those of the next that are to be spoken, at most `size` in all, each once."""
        found = {key.file_name(): (key, piece)}
        for one in islice(following, _LOOKED_AT):
            if len(found) == size:
                break
            key = self._key(one)
            if key.file_name() not in self._ahead and self.cache.get(key, check=_from_pcm) is None:
                found[key.file_name()] = key, one
        return list(found.values())

    def _together(self, engine: SpeaksInBatches, batch: Sequence[tuple[_SpeechKey, Piece]]) -> dict[str, SpokenText]:
        """Speak the first pieces of a batch: all of them, or fewer if those fail. An error is that of the first."""
        try:
            return self._spoken_at_once(engine, batch)
        except _OF_ONE_PIECE as error:
            if len(batch) == 1:
                raise
            log.warning("pieces not spoken at once: pieces=%d reason=%s", len(batch), error)
        self._most = len(batch) // 2
        return self._together(engine, batch[: self._most])

    def _spoken_at_once(
        self, engine: SpeaksInBatches, batch: Sequence[tuple[_SpeechKey, Piece]]
    ) -> dict[str, SpokenText]:
        for _, one in batch:
            prepare(self.cache, self.engine, one.casting.voice, language=self.language)
        texts = [ToSpeak(one.text, one.casting.voice, key.rate) for key, one in batch]
        found = answers.spoken_together(engine, texts, language=self.language, take=self.take)
        return {key.file_name(): self._kept(key, spoken) for (key, _), spoken in zip(batch, found, strict=True)}

    def _kept(self, key: _SpeechKey, spoken: SpokenText) -> SpokenText:
        """Cache speech; not if it is defective: the next attempt may succeed."""
        pcm = (np.clip(spoken.samples, -1.0, 1.0) * _FULL_SCALE).round().astype(_PCM).tobytes()
        if not spoken.defects:
            self.cache.put(key, pcm)
        return SpokenText(_from_pcm(pcm), spoken.defects)

    def _counted(self, spoken: SpokenText) -> Samples:
        self.counts["spoken"] += 1
        self.defects.extend(spoken.defects)
        return spoken.samples


def is_spoken(path: Path, sample_rate: int) -> bool:
    """Return whether a file with speech at this rate is there, which an earlier attempt wrote."""
    with suppress(NotMedia, OSError):
        return wav.sample_rate(path) == sample_rate and wav.duration_s(path) > 0
    return False


def _from_pcm(value: bytes) -> Samples:
    samples: Samples = np.frombuffer(value, _PCM).astype(np.float32) / np.float32(_FULL_SCALE)
    return samples
