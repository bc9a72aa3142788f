"""Decode packed speech into words with a Whisper model: first the text, then the time of each word.

The text is decoded without timestamps. With them, the library continues after the last word that it could align, and
loses what comes after a word that was stretched over a pause.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from dropdub.engines.base import OtherLanguage, Suspect, Utterance, Word
from dropdub.engines.hearing.hallucinations import Evidence, compression, is_suspect, merit, sifted
from dropdub.engines.hearing.packing import Packed
from dropdub.engines.hearing.segmentation import MOST_WORDS, with_bare_words
from dropdub.engines.hearing.word_times import Sound, fitted, sounds
from dropdub.engines.whisper.encoding import Encoded
from dropdub.languages import primary

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

# Deterministic, unlike Whisper's own fallback to higher temperatures: the same sound always gives the same text.
_FIRST_TRY: dict[str, Any] = {"beam_size": 5}
_SECOND_TRY: dict[str, Any] = {**_FIRST_TRY, "no_repeat_ngram_size": 3, "repetition_penalty": 1.1}
_BEFORE_WORD = "\"'“¿([{-"
_AFTER_WORD = "\"'.。,，!！?？:：”)]}、"
"""Punctuation that belongs to the word after it, or before it: the defaults of faster-whisper."""
_SURE_OF_LANGUAGE = 0.9
_LEAST_REST_S = 2.0
"""This much sound without words at the end of a window is decoded again: the model may have ended too early."""

_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
_MOST_CHARACTERS = 40
"""In a language without spaces, in which each "word" is about a character."""


@dataclass(frozen=True)
class Hints:
    """What the model gets to know about the recording: a text before it, and names that may come up."""

    prompt: str | None = None
    hotwords: str | None = None


@dataclass(frozen=True)
class _Reading:
    """What the model made of one packed window: its text tokens, and the evidence for them as a whole."""

    tokens: tuple[int, ...]
    evidence: Evidence


class Decoder:
    """Transcribes packed speech in one language. Thread-safe if `suspect` and `other` are.

    `suspect` is called with each possible hallucination, `other` with each stretch in another language.
    """

    def __init__(
        self,
        model: WhisperModel,
        language: str,
        hints: Hints,
        *,
        suspect: Callable[[Suspect], None],
        other: Callable[[OtherLanguage], None],
    ) -> None:
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415
        from faster_whisper.transcribe import get_suppressed_tokens  # noqa: PLC0415

        self._model = model
        self._suspect = suspect
        self._encoding = Lock()
        self._other = other
        self._language = language
        self._is_multilingual = model.model.is_multilingual
        self._tokenizer = Tokenizer(model.hf_tokenizer, self._is_multilingual, task="transcribe", language=language)
        before = self._tokenizer.encode(f" {hints.prompt.strip()}") if hints.prompt else []
        self._prompt = model.get_prompt(self._tokenizer, before, without_timestamps=True, hotwords=hints.hotwords)
        self._has_spaces = language not in _WITHOUT_SPACES
        self._suppressed = list(get_suppressed_tokens(self._tokenizer, [-1]) or ())

    def hear(self, batch: Sequence[Packed], *, is_rest: bool = False) -> list[tuple[int, tuple[Utterance, ...]]]:
        """Return the number of each window with what is said in it, in order, with times of the recording.

        `is_rest`: the batch is what an earlier decoding left. What this one leaves is decoded only if it got on: words
        without length could otherwise leave the same rest for ever.
        """
        encoded = Encoded(self._model, [packed.samples for packed in batch], self._encoding)
        readings = self._readings(encoded)
        self._notice_languages(batch, encoded)
        heard: list[tuple[int, tuple[Utterance, ...]]] = []
        for packed, reading, words in zip(batch, readings, self._aligned(encoded, readings), strict=True):
            sound = sounds(packed.samples)
            fitting = fitted(words, sound)
            no_speech = reading.evidence.no_speech
            heard += [(window, self._said(said, no_speech)) for window, said in packed.by_window(fitting)]
            end = fitting[-1].end if fitting else None
            if end is not None and (not is_rest or end >= _LEAST_REST_S) and _is_left(end, sound):
                heard += self.hear([packed.after(end)], is_rest=True)
        return heard

    def _notice_languages(self, batch: Sequence[Packed], encoded: Encoded) -> None:
        """Report the windows that are clearly spoken in another language: they are not heard right."""
        if not self._is_multilingual:
            return
        for places in encoded.groups(range(len(batch))):
            for place, odds in zip(places, self._model.model.detect_language(encoded.together(places)), strict=True):
                language, probability = odds[0]
                if language != f"<|{self._language}|>" and probability >= _SURE_OF_LANGUAGE:
                    first, last = batch[place].pieces[0], batch[place].pieces[-1]
                    code = primary(language.strip("<|>"))
                    self._other(OtherLanguage(first.start, last.start + last.duration_s, code))

    def _readings(self, encoded: Encoded) -> list[_Reading]:
        """Return the best reading of each window: the suspect ones are read twice."""
        readings = self._generated(encoded, range(len(encoded.frames)), _FIRST_TRY)
        again = [place for place, reading in enumerate(readings) if is_suspect(reading.evidence)]
        for place, other in zip(again, self._generated(encoded, again, _SECOND_TRY), strict=True):
            if other.tokens and merit(other.evidence) > merit(readings[place].evidence):
                readings[place] = other
        return readings

    def _generated(self, encoded: Encoded, places: Sequence[int], options: Mapping[str, Any]) -> list[_Reading]:
        if not places:
            return []
        results = self._model.model.generate(
            encoded.together(places),
            [self._prompt] * len(places),
            max_length=max(self._model.max_length, len(self._prompt)),
            suppress_tokens=self._suppressed,
            return_scores=True,
            return_no_speech_prob=True,
            **options,
        )
        return [self._reading(result) for result in results]

    def _reading(self, result: Any) -> _Reading:
        ids = result.sequences_ids[0]
        tokens = tuple(token for token in ids if token < self._tokenizer.eot)
        text = self._tokenizer.decode(tokens).strip()
        log_probability = result.scores[0] * len(ids) / (len(ids) + 1)  # as faster-whisper computes it
        evidence = Evidence(text, 0.0, log_probability, result.no_speech_prob, compression(text))
        return _Reading(tokens if text else (), evidence)

    def _aligned(self, encoded: Encoded, readings: Sequence[_Reading]) -> list[list[Word]]:
        """Return the words of each window, with times within it."""
        words: list[list[Word]] = [[] for _ in readings]
        for places in encoded.groups([place for place, reading in enumerate(readings) if reading.tokens]):
            tokens = [list(readings[place].tokens) for place in places]
            frames = [encoded.frames[place] for place in places]
            found = self._model.find_alignment(self._tokenizer, tokens, encoded.together(places), frames)
            for place, alignment in zip(places, found, strict=True):
                words[place] = self._whole_words(alignment)
        return words

    def _whole_words(self, alignment: list[dict[str, Any]]) -> list[Word]:
        """Return the words of an alignment, each with its punctuation and the space before it."""
        from faster_whisper.transcribe import merge_punctuations  # noqa: PLC0415

        merge_punctuations(alignment, _BEFORE_WORD, _AFTER_WORD)
        words: list[Word] = []
        for one in alignment:
            word = Word(float(one["start"]), float(one["end"]), one["word"], float(one["probability"]))
            if words and word.text and not word.text.startswith(" ") and self._has_spaces:  # the sign in `50%`
                words[-1] = replace(words[-1], end=word.end, text=words[-1].text + word.text)
            elif word.text:
                words.append(word)
        return words

    def _said(self, words: Sequence[Word], no_speech: float) -> tuple[Utterance, ...]:
        """Return the utterances of a window without those that nobody said."""
        most = MOST_WORDS if self._has_spaces else _MOST_CHARACTERS
        parts, suspects = sifted(words, no_speech=no_speech, most=most)
        for suspect in suspects:
            self._suspect(suspect)
        return tuple(map(with_bare_words, parts))


def _is_left(end: float, sound: Sequence[Sound]) -> bool:
    """Return whether there is much sound after the last word."""
    return sum(last - max(first, end) for first, last in sound if last > end) >= _LEAST_REST_S
