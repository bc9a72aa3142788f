"""Speak pieces of text with a synthesizer, through the cache."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dropdub.dubbing.voices import Casting, prepare
from dropdub.engines import answers
from dropdub.engines.base import EngineInfo, ReportsDefects, Samples, Synthesizer
from dropdub.errors import NotMedia
from dropdub.media.sound import wav
from dropdub.pipeline.cache import Cache, CacheKey

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

    def sound(self, text: str, rate: float, casting: Casting) -> Samples:
        """Return a piece of text as spoken, at the engine's sample rate. Raises what `Synthesizer.speak` does."""
        rate, info, sample_rate = round(rate, 3), self.engine.info(), self.engine.sample_rate
        key = _SpeechKey(info, sample_rate, self.language, casting.identity, rate, self.take, text)
        kept = self.cache.get(key, check=_from_pcm)
        self.counts["spoken" if kept is None else "cached"] += 1
        if kept is not None:
            return kept
        prepare(self.cache, self.engine, casting.voice, language=self.language)
        samples = answers.spoken(
            self.engine, text, language=self.language, voice=casting.voice, rate=rate, take=self.take
        )
        pcm = (np.clip(samples, -1.0, 1.0) * _FULL_SCALE).round().astype(_PCM).tobytes()
        found = self.engine.defects() if isinstance(self.engine, ReportsDefects) else []
        self.defects.extend(found)
        if not found:  # defective speech is not cached: the next attempt may succeed
            self.cache.put(key, pcm)
        return _from_pcm(pcm)


def is_spoken(path: Path, sample_rate: int) -> bool:
    """Return whether a file with speech at this rate is there, which an earlier attempt wrote."""
    with suppress(NotMedia, OSError):
        return wav.sample_rate(path) == sample_rate and wav.duration_s(path) > 0
    return False


def _from_pcm(value: bytes) -> Samples:
    samples: Samples = np.frombuffer(value, _PCM).astype(np.float32) / np.float32(_FULL_SCALE)
    return samples
