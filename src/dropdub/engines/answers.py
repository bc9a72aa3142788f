"""What engines answer, held to their protocols: stages call engines through these functions only.

An engine of another package may raise anything and return anything. What its protocol does not allow ends here, in an
error that names the engine and its package, and never in a file of a job.
"""

from __future__ import annotations

import errno
import json
import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple
from functools import lru_cache
from importlib.metadata import packages_distributions
from numbers import Real
from typing import Any

import numpy as np

from dropdub.engines.abilities import (
    Announces,
    Context,
    OffersAlternatives,
    SpeaksInBatches,
    SpokenText,
    TakesContext,
    ToSpeak,
    VoiceThresholds,
    thresholds_of,
)
from dropdub.engines.base import (
    Diarizer,
    Engine,
    EngineInfo,
    Frames,
    Samples,
    Separator,
    Synthesizer,
    Transcriber,
    Translator,
    Utterance,
    Voice,
    Window,
    Word,
)
from dropdub.errors import DropdubError, EngineFailed, UnexpectedError, unforeseen
from dropdub.installation import packages_stamp

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 192_000
"""The sample rates of speech that are accepted."""
_NEARLY_ONE = 1e-3
"""How far the length of a speaker embedding may be from 1: sums of 16 bits are less exact than those of 32."""
LOUDEST = 100.0
"""Samples beyond this are on another scale, such as that of 16 bits; those somewhat beyond 1 are lowered later."""
_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)
"""Errors of the disk, whatever package meets them: they have an error and a remedy of their own."""
log = logging.getLogger("dropdub.engines")


def described(engine: Engine) -> EngineInfo:
    """Return what a loaded engine says of itself, under its own name and fit for the manifest. Raises EngineFailed."""
    with blaming(engine.name, type(engine)):
        info: Any = engine.info()
    if not isinstance(info, EngineInfo):
        raise broken(engine, "gave no EngineInfo of itself")
    if info.name != engine.name:
        raise broken(engine, f"names {info.name!r:.80} in info()")
    try:
        json.dumps(asdict(info), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise broken(engine, f"gave an EngineInfo that is no JSON ({error!s:.200})") from error
    return info


def announcements(engine: Engine) -> list[str]:
    """Return what an engine announces; empty for one that announces nothing. Raises EngineFailed."""
    if not isinstance(engine, Announces):
        return []
    with blaming(engine.name, type(engine)):
        said: Any = engine.announcements()
    if not isinstance(said, (list, tuple)) or not all(map(_is_text, said)):
        raise broken(engine, "announced something that is no list of sentences")
    return list(said)


def translated(engine: Translator, texts: Sequence[str], *, source: str, target: str) -> list[str]:
    """Return one translation for each text, in order. Raises what `Translator.translate` does, and EngineFailed."""
    with blaming(engine.name, type(engine)):
        found = engine.translate(texts, source=source, target=target)
    _require_as_many(engine, found, texts)
    if not all(map(_is_text, found)):
        raise broken(engine, "returned a translation that is no text")
    return list(found)


def alternatives(
    engine: OffersAlternatives, texts: Sequence[str], *, source: str, target: str
) -> list[tuple[str, ...]]:
    """Return the wordings of each text, in order. Raises what `alternatives` does, and EngineFailed."""
    assert isinstance(engine, Translator)
    with blaming(engine.name, type(engine)):
        found = engine.alternatives(texts, source=source, target=target)
    return _wordings(engine, found, texts)


def in_context(
    engine: TakesContext, texts: Sequence[str], *, source: str, target: str, context: Context, fits: bool
) -> list[tuple[str, ...]]:
    """Return the wordings of texts that follow one another, none for one that could not be translated.

    Raises what `in_context` does, and EngineFailed.
    """
    assert isinstance(engine, Translator)
    with blaming(engine.name, type(engine)):
        found = engine.in_context(texts, source=source, target=target, context=context, fits=fits)
    _require_as_many(engine, found, texts)
    if not all(isinstance(text, str) for wordings in found for text in wordings):
        raise broken(engine, "returned a translation that is no text")
    return [tuple(wordings) for wordings in found]


def spoken(
    engine: Synthesizer, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0
) -> Samples:
    """Return a text as spoken, shape (samples,), all finite. Raises what `Synthesizer.speak` does, and EngineFailed."""
    with blaming(engine.name, type(engine)):
        sound: Any = engine.speak(text, language=language, voice=voice, rate=rate, take=take)
    return _speech(engine, sound)


def spoken_together(
    engine: SpeaksInBatches, texts: Sequence[ToSpeak], *, language: str, take: int = 0
) -> list[SpokenText]:
    """Return each text as spoken, in order. Raises what `speak_all` does, and EngineFailed."""
    assert isinstance(engine, Synthesizer)
    with blaming(engine.name, type(engine)):
        found = engine.speak_all(texts, language=language, take=take)
    _require_as_many(engine, found, texts, what="sounds")
    if not all(isinstance(one, SpokenText) for one in found):
        raise broken(engine, "returned speech that is no SpokenText")
    return [SpokenText(_speech(engine, one.samples), tuple(map(str, one.defects))) for one in found]


def _speech(engine: Synthesizer, sound: Any) -> Samples:
    with blaming(engine.name, type(engine)):
        hertz: Any = engine.sample_rate
    if isinstance(hertz, bool) or not isinstance(hertz, (int, np.integer)):
        raise broken(engine, f"has a sample rate that is no whole number: {hertz!r:.40}")
    if not LOWEST_RATE_HZ <= hertz <= HIGHEST_RATE_HZ:
        raise broken(engine, f"has a sample rate of {hertz} Hz, not of {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ}")
    _require_floats(engine, sound, dimensions=1)
    if sound.size and float(np.abs(sound).max()) > LOUDEST:
        raise broken(engine, "returned sound that is not in [-1, 1]")
    samples: Samples = sound.astype(np.float32, copy=False)
    return samples


def heard(engine: Transcriber, windows: Iterable[Window], *, language: str) -> Iterator[tuple[Utterance, ...]]:
    """Yield what was said in each window, in order. Raises what `Transcriber.transcribe` does, and EngineFailed."""
    counted = _Counted(windows)
    number = 0
    with blaming(engine.name, type(engine)):
        for said in engine.transcribe(counted, language=language):
            number += 1
            if number > counted.number:
                raise broken(engine, "returned more transcripts than there are windows")
            if not all(_is_utterance(one) for one in said):
                raise broken(engine, f"returned an utterance without text and times: {said!r:.80}")
            yield tuple(said)
        if number != counted.number or next(counted, None) is not None:
            raise broken(engine, f"returned {number} transcripts for more windows")


def language_heard(engine: Transcriber, windows: Sequence[Window]) -> str:
    """Return the tag of the language spoken. Raises what `Transcriber.detect_language` does, and EngineFailed."""
    with blaming(engine.name, type(engine)):
        found: Any = engine.detect_language(windows)
    if not isinstance(found, str) or not found:
        raise broken(engine, f"detected a language that is no tag: {found!r:.40}")
    return found


def embedded(engine: Diarizer, windows: Iterable[Window]) -> Iterator[Samples]:
    """Yield the speaker embedding of each window, in order. Raises EngineFailed."""
    counted = _Counted(windows)
    number, size = 0, None
    with blaming(engine.name, type(engine)):
        for vector in engine.embed(counted):
            number += 1
            _require_floats(engine, vector, dimensions=1)
            if len(vector) == 0 or len(vector) != (size or len(vector)):
                raise broken(engine, f"returned vectors of {size or 0} and {len(vector)} numbers")
            size, length = len(vector), float(np.linalg.norm(vector))
            if abs(length - 1) > _NEARLY_ONE:
                raise broken(engine, f"returned a vector of length {length:.3g}, not 1")
            yield vector
        if number != counted.number or next(counted, None) is not None:
            raise broken(engine, f"returned {number} vectors for {counted.number} windows")


def thresholds(engine: Diarizer) -> VoiceThresholds:
    """Return the thresholds of a diarizer, or the usual ones. Raises EngineFailed if it has something else there."""
    with blaming(engine.name, type(engine)):
        found: Any = thresholds_of(engine)
    if not isinstance(found, VoiceThresholds) or not all(map(_is_number, astuple(found))):
        raise broken(engine, f"has thresholds that are no VoiceThresholds of numbers: {found!r:.80}")
    checked: VoiceThresholds = found
    return checked


def background(engine: Separator, blocks: Iterable[Frames], *, sample_rate: int) -> Iterator[Frames]:
    """Yield the sound without its voices, as many samples and channels as came in. Raises EngineFailed."""
    given, count = _Taken(blocks), 0
    with blaming(engine.name, type(engine)):
        for block in engine.background(given, sample_rate=sample_rate):
            _require_floats(engine, block, dimensions=2)
            count += len(block)
            _require_as_given(engine, block, count, given)
            yield block
        if count != given.all_samples():
            raise broken(engine, f"returned {count} samples for {given.samples}")


class _Counted(Iterator[Window]):
    """Windows, and the `number` of those that were taken."""

    def __init__(self, windows: Iterable[Window]) -> None:
        self._windows = iter(windows)
        self.number = 0

    def __next__(self) -> Window:
        window = next(self._windows)
        self.number += 1
        return window


class _Taken(Iterator[Frames]):
    """Blocks of sound, and how many `samples` and `channels` those have that were taken; None before the first."""

    def __init__(self, blocks: Iterable[Frames]) -> None:
        self._blocks = iter(blocks)
        self.samples = 0
        self.channels: int | None = None

    def __next__(self) -> Frames:
        block = next(self._blocks)
        self.samples += len(block)
        self.channels = block.shape[1]
        return block

    def all_samples(self) -> int:
        """Return how many samples there are, also in the blocks that nobody has taken."""
        for _ in self:
            pass
        return self.samples


@contextmanager
def blaming(name: str, kind: type, *, level: int = logging.ERROR) -> Iterator[None]:
    """Turn any foreign exception in the block into EngineFailed if the engine's class is another package's.

    Those of Dropdub's own engines pass: they are bugs in Dropdub. It is logged at `level`; commands, whose log is the
    terminal, only show the sentence.
    """
    try:
        yield
    except (DropdubError, MemoryError):
        raise
    except Exception as error:  # the code of another package may raise anything
        package = package_of(kind)
        if package is None or (isinstance(error, OSError) and error.errno in _OF_THE_MACHINE):
            raise
        log.log(level, "engine failed: name=%s package=%s", name, package, exc_info=error)
        reason = unforeseen(error).message.removeprefix("Unexpected error: ")
        raise EngineFailed(f"The engine '{name}' of the package {package} failed: {reason}") from error


def broken(engine: Engine, what: str) -> EngineFailed | UnexpectedError:
    """Return the error for an answer that the protocol does not allow; `what` the engine did, as a verb phrase."""
    package = package_of(type(engine))
    if package is None:
        return UnexpectedError(f"The engine '{engine.name}' {what}.")
    return EngineFailed(f"The engine '{engine.name}' of the package {package} {what}.")


def package_of(kind: type) -> str | None:
    """Return the package that an engine's class is from, as pip calls it; None for Dropdub's own."""
    top = kind.__module__.partition(".")[0]
    if top == "dropdub":
        return None
    return next(iter(_packages(packages_stamp()).get(top, ())), top)


@lru_cache(maxsize=1)
def _packages(_stamp: tuple[int, ...]) -> Mapping[str, Sequence[str]]:
    """Return the packages of each module; to find them out, the files of all installed packages are searched."""
    return packages_distributions()


def _wordings(engine: Translator, found: Sequence[Sequence[str]], texts: Sequence[str]) -> list[tuple[str, ...]]:
    _require_as_many(engine, found, texts)
    if not all(_are_wordings(wordings) for wordings in found):
        raise broken(engine, "returned a text without a translation")
    return [tuple(wordings) for wordings in found]


def _are_wordings(found: Any) -> bool:
    return isinstance(found, (list, tuple)) and bool(found) and all(map(_is_text, found))


def _is_text(one: Any) -> bool:
    """Return whether a value is a text that can be written to a file: half of a surrogate pair cannot."""
    return isinstance(one, str) and one.encode("utf-8", "replace").decode("utf-8") == one


def _require_as_many(engine: Engine, found: Any, texts: Sequence[object], *, what: str = "translations") -> None:
    if not isinstance(found, (list, tuple)):
        raise broken(engine, f"returned no list of {what}")
    if len(found) != len(texts):
        raise broken(engine, f"returned {len(found)} {what} for {len(texts)} texts")


def _require_floats(engine: Engine, values: Any, *, dimensions: int) -> None:
    if not isinstance(values, np.ndarray) or values.dtype.kind != "f" or values.ndim != dimensions:
        shape = getattr(values, "shape", type(values).__name__)
        raise broken(engine, f"returned {shape} instead of floats in {dimensions} dimension(s)")
    if not np.isfinite(values).all():
        raise broken(engine, "returned values that are no finite numbers")


def _require_as_given(engine: Separator, block: Frames, count: int, given: _Taken) -> None:
    """Raise if a block has other channels than the sound, or is one of more samples than there are."""
    if count > given.samples and count > given.all_samples():
        raise broken(engine, f"returned {count} samples for {given.samples}")
    if given.channels not in (None, block.shape[1]):
        raise broken(engine, f"returned {block.shape[1]} channels for {given.channels}")


def _is_number(one: Any) -> bool:
    return isinstance(one, Real) and math.isfinite(one)


def _is_utterance(one: Any) -> bool:
    return (
        isinstance(one, Utterance)
        and _is_timed(one)
        and all(isinstance(word, Word) and _is_timed(word) and math.isfinite(word.probability) for word in one.words)
    )


def _is_timed(one: Utterance | Word) -> bool:
    return _is_text(one.text) and math.isfinite(one.start) and math.isfinite(one.end) and one.start <= one.end
