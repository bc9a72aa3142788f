"""Decode windows of sound into words with a Whisper model: a second time if the first is suspect, and without
hallucinations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from dropdub.engines.base import SPEECH_RATE_HZ, Samples, Suspect, Utterance, Window, Word
from dropdub.engines.segmentation import bounded
from dropdub.engines.whisper.hallucinations import Evidence, is_invented, is_suspect, likelier, without_loops

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

# Deterministic, unlike Whisper's own fallback to higher temperatures: the same sound always gives the same text.
_FIRST_TRY: dict[str, Any] = {"beam_size": 5, "temperature": [0.0]}
_SECOND_TRY: dict[str, Any] = {**_FIRST_TRY, "no_repeat_ngram_size": 3, "repetition_penalty": 1.1}
_ALWAYS: dict[str, Any] = {
    "condition_on_previous_text": False,
    "word_timestamps": True,
    "without_timestamps": False,
    "vad_filter": False,
}
_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
_LEAST_SPEECH_MS = 100
_SPEECH_PAD_MS = 200
_SHORTEST_S = 0.1
_LEAST_REST_S = 0.5


@dataclass(frozen=True)
class Piece:
    """Words from the decoder, and its evidence for them; times in seconds of the window."""

    start: float
    end: float
    evidence: Evidence
    words: tuple[Word, ...]


class Decoder:
    """Transcribes windows in one language. Thread-safe if `suspect` is.

    `suspect` is called with each possible hallucination.
    """

    def __init__(
        self,
        model: WhisperModel,
        language: str,
        hints: Mapping[str, Any],
        *,
        suspect: Callable[[Suspect], None] = lambda _suspect: None,
    ) -> None:
        self._model = model
        self._language = language
        self._suspect = suspect
        self._options = {**_ALWAYS, **hints, "language": language}

    def hear(self, window: Window) -> tuple[Utterance, ...]:
        """Return what is said in a window; empty if it contains no speech, whatever the model would write."""
        return self._checked(window, self._decoded(window.samples, _FIRST_TRY)) if has_speech(window.samples) else ()

    def in_batches(self, windows: Iterable[Window], *, size: int) -> Iterator[tuple[Utterance, ...]]:
        """Yield what is said in each window, decoding `size` windows at once."""
        source = iter(windows)
        while batch := list(islice(source, size)):
            spoken = [has_speech(window.samples) for window in batch]
            heard = iter(self._decoded_together([one.samples for one, is_ in zip(batch, spoken, strict=True) if is_]))
            for window, is_spoken in zip(batch, spoken, strict=True):
                yield self._checked(window, self._with_rest(window.samples, next(heard))) if is_spoken else ()

    def _with_rest(self, samples: Samples, pieces: list[Piece]) -> list[Piece]:
        """Add what is said after the pieces: batched decoding drops a truncated phrase at the end of a window."""
        start = round(pieces[-1].end * SPEECH_RATE_HZ) if pieces else len(samples)
        if len(samples) - start < _LEAST_REST_S * SPEECH_RATE_HZ or not has_speech(samples[start:]):
            return pieces
        return [*pieces, *(_later(one, start / SPEECH_RATE_HZ) for one in self._decoded(samples[start:], _FIRST_TRY))]

    def _checked(self, window: Window, pieces: list[Piece]) -> tuple[Utterance, ...]:
        if any(is_suspect(piece.evidence) for piece in pieces):
            again = self._decoded(window.samples, _SECOND_TRY)
            if again and not likelier(_evidence(pieces), _evidence(again)):
                pieces = again
        for piece in pieces:
            if (fate := _fate(piece)) is not None:
                times = window.start + piece.start, window.start + piece.end
                self._suspect(Suspect(*times, piece.evidence.text.strip(), fate))
        said = [piece for piece in pieces if not is_invented(piece.evidence)]
        return tuple(one for piece in said for one in self._utterances(piece, window))

    def _decoded(self, samples: Samples, options: Mapping[str, Any]) -> list[Piece]:
        segments, _ = self._model.transcribe(samples, **self._options, **options)
        return [_piece(segment, 0.0) for segment in segments]

    def _decoded_together(self, batch: Sequence[Samples]) -> list[list[Piece]]:
        """Decode several windows at once, concatenated: the library splits them again at `clip_timestamps`."""
        from faster_whisper import BatchedInferencePipeline  # noqa: PLC0415

        if not batch:
            return []
        ends = np.cumsum([len(samples) for samples in batch]) / SPEECH_RATE_HZ
        starts = [0.0, *map(float, ends[:-1])]
        clips = [{"start": start, "end": float(end)} for start, end in zip(starts, ends, strict=True)]
        segments, _ = BatchedInferencePipeline(self._model).transcribe(
            np.concatenate(batch), clip_timestamps=clips, batch_size=len(batch), **self._options, **_FIRST_TRY
        )
        found: list[list[Piece]] = [[] for _ in batch]
        for segment in segments:
            middle = (segment.start + segment.end) / 2  # its ends are rounded, and may lie in a neighbour
            at = min(int(np.searchsorted(ends, middle)), len(batch) - 1)
            found[at].append(_piece(segment, starts[at]))
        return found

    def _utterances(self, piece: Piece, window: Window) -> Iterator[Utterance]:
        words = without_loops(piece.words)
        parts = [words] if self._language in _WITHOUT_SPACES else bounded(words)
        for part in parts if words else ():
            yield _utterance(part, window)


def _fate(piece: Piece) -> str | None:
    """Return the action for a piece that may be a hallucination; None if it was clearly said."""
    if is_invented(piece.evidence):
        return "dropped"
    if len(without_loops(piece.words)) < len(piece.words):
        return "collapsed"
    return "kept" if is_suspect(piece.evidence) else None


def has_speech(samples: Samples) -> bool:
    """Return whether a window contains speech according to the library's own detector: plain noise gives no text."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415

    if len(samples) < _SHORTEST_S * SPEECH_RATE_HZ:
        return False
    options = VadOptions(min_speech_duration_ms=_LEAST_SPEECH_MS, speech_pad_ms=_SPEECH_PAD_MS)
    return bool(get_speech_timestamps(samples, options))


def language_odds(model: WhisperModel, samples: Samples) -> list[tuple[str, float]]:
    """Return the probability of each language for a window; empty if it contains no speech."""
    if not has_speech(samples):
        return []
    _, _, odds = model.detect_language(samples)
    return list(odds or ())


def _piece(segment: Any, offset_s: float) -> Piece:
    words = tuple(
        Word(float(word.start) - offset_s, float(word.end) - offset_s, word.word, float(word.probability))
        for word in segment.words or ()
    )
    evidence = Evidence(
        text=segment.text,
        duration_s=segment.end - segment.start,
        log_probability=segment.avg_logprob,
        no_speech=segment.no_speech_prob,
        compression=segment.compression_ratio,
    )
    return Piece(segment.start - offset_s, segment.end - offset_s, evidence, words)


def _later(piece: Piece, seconds: float) -> Piece:
    words = tuple(replace(word, start=word.start + seconds, end=word.end + seconds) for word in piece.words)
    return replace(piece, start=piece.start + seconds, end=piece.end + seconds, words=words)


def _evidence(pieces: Sequence[Piece]) -> list[Evidence]:
    return [piece.evidence for piece in pieces]


def _utterance(words: Sequence[Word], window: Window) -> Utterance:
    """Return words as an utterance in seconds of the recording. Whisper's words include the space before them."""
    moved = tuple(
        Word(window.start + word.start, window.start + word.end, word.text.strip(), word.probability) for word in words
    )
    text = "".join(word.text for word in words).strip()
    return Utterance(start=moved[0].start, end=moved[-1].end, text=text, words=moved)
