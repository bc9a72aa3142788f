"""Transcribe lines of speech, joined so that the transcriber has context and is used well, and judge each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from dropdub.dubbing.edges import find_speech
from dropdub.dubbing.verification import Verdict, judge
from dropdub.dubbing.words_by_line import words_by_line
from dropdub.engines import answers
from dropdub.engines.abilities import TakesHints
from dropdub.engines.base import SPEECH_RATE_HZ, EngineInfo, Samples, Transcriber, Utterance, Window, Word
from dropdub.files.durable import sha256
from dropdub.media.sound import wav
from dropdub.media.sound.spans import Span, windows
from dropdub.pipeline.cache import Cache, CacheKey, from_json, to_json
from dropdub.speech.vad import quietest_in

LONGEST_S = 30.0
"""The window of Whisper's encoder, which costs the same however little of it is used."""
_FIRST = 0.7
"""The share of the progress until all lines were heard once."""
PAUSE_S = 0.8
"""Between two lines: as between sentences, so that the transcriber does not run them together."""


@dataclass(frozen=True)
class Line:
    """A line's text, and the `span` of a sound file that it is spoken in."""

    text: str
    path: Path
    span: Span

    @staticmethod
    def of_file(text: str, path: Path) -> Line:
        """Return a line that is a whole sound file. Raises NotMedia and OSError."""
        return Line(text, path, Span(0.0, wav.duration_s(path)))


@dataclass(frozen=True)
class Heard:
    """The words heard in a line, with times from its start, and how well they agree with its text."""

    words: tuple[Word, ...]
    verdict: Verdict


@dataclass(frozen=True)
class _HeardKey(CacheKey, use="heard", method=2):
    """The words heard in a window of joined lines: for each, the hash of its file, and start and end within it.

    Their times count from `start` seconds before the window.
    """

    start: float
    sounds: tuple[tuple[str, float, float], ...]
    language: str
    engine: EngineInfo


@dataclass(frozen=True)
class _Joined:
    """Sounds that are transcribed as one window; `start` in seconds of the lines that it belongs to."""

    start: float
    sounds: tuple[tuple[Path, Span], ...]


@dataclass(frozen=True)
class Listener:
    """Hears lines in one language with one transcriber, through the cache."""

    engine: Transcriber
    language: str
    cache: Cache
    progress: Callable[[float], None]

    def hear(self, lines: Sequence[Line]) -> list[Heard]:
        """Return what was heard in each line. Raises the errors of the engine, NotMedia and OSError.

        Lines are joined into windows of up to `LONGEST_S`, with pauses in between, whoever speaks: each is compared
        only with its own text. A line that nobody can understand may make a transcriber miss or invent words beside
        it. So it is heard a second time alone, and the rest of its window without it, and the better result counts. A
        line that seems to have babble after its last word is heard alone, too: there its times are surest.
        """
        if isinstance(self.engine, TakesHints):  # drop the hints of another job's recording
            self.engine.hint_at(prompt=None, hotwords=())
        groups = joined([line.span.duration_s for line in lines])
        first = self._heard(lines, groups, until=_FIRST)
        doubtful = [one for group in groups for one in _to_hear_again(group, first)]
        again = self._heard(lines, doubtful, since=_FIRST)
        return [_better(first[number], again.get(number)) for number in range(len(lines))]

    def _heard(
        self, lines: Sequence[Line], groups: Sequence[Sequence[int]], *, since: float = 0.0, until: float = 1.0
    ) -> dict[int, Heard]:
        """Return what was heard in each line of each group, by its number. Progress goes from `since` to `until`."""
        found: dict[int, Heard] = {}
        transcribed = self._transcribed([_windows([lines[number] for number in group]) for group in groups])
        for done, (group, words) in enumerate(zip(groups, transcribed, strict=True), start=1):
            spans = _laid_out([lines[number].span.duration_s for number in group])
            each = words_by_line([lines[number].text for number in group], spans, words)
            for number, span, own in zip(group, spans, each, strict=True):
                found[number] = _judged(lines[number], [_moved(word, span) for word in own])
            self.progress(since + (until - since) * done / len(groups))
        return found

    def _transcribed(self, groups: Sequence[Sequence[_Joined]]) -> Iterator[list[Word]]:
        """Yield the words heard in the windows of each group, from the cache or transcribed now.

        All windows go through the engine in one call, so it can batch them.
        """
        key_of = _keys(self.language, self.engine.info())
        keys = [[key_of(window) for window in group] for group in groups]
        kept = [[self.cache.get(key, check=_from_json) for key in group] for group in keys]
        missing = (
            window
            for group, its in zip(groups, kept, strict=True)
            for window, words in zip(group, its, strict=True)
            if words is None
        )
        fresh = answers.heard(self.engine, map(_window, missing), language=self.language)
        for its_keys, its in zip(keys, kept, strict=True):
            found: list[Word] = []
            for key, words in zip(its_keys, its, strict=True):
                found += self._kept(key, next(fresh, ())) if words is None else words
            yield found

    def _kept(self, key: CacheKey, said: Sequence[Utterance]) -> list[Word]:
        words = [word for one in said for word in _words(one)]
        self.cache.put(key, to_json([asdict(word) for word in words]))
        return words


def joined(lengths_s: Sequence[float]) -> list[list[int]]:
    """Return the lines that are heard together, by number, in order; a line longer than `LONGEST_S` is alone."""
    groups: list[list[int]] = []
    position = LONGEST_S
    for number, length_s in enumerate(lengths_s):
        if groups and position + PAUSE_S + length_s <= LONGEST_S:
            groups[-1].append(number)
            position += PAUSE_S + length_s
        else:
            groups.append([number])
            position = length_s
    return groups


def _laid_out(lengths_s: Sequence[float]) -> list[Span]:
    """Return when each line of a group is heard, in seconds of the group."""
    spans: list[Span] = []
    for length_s in lengths_s:
        start = spans[-1].end + PAUSE_S if spans else 0.0
        spans.append(Span(start, start + length_s))
    return spans


def _windows(group: Sequence[Line]) -> list[_Joined]:
    """Return the windows of a group: one, or if a single line is too long, several, cut where it is quiet."""
    first = group[0]
    if len(group) > 1 or first.span.duration_s <= LONGEST_S:
        return [_Joined(0.0, tuple((line.path, line.span) for line in group))]
    spans = windows([first.span], longest_s=LONGEST_S, quietest=quietest_in(first.path))
    return [_Joined(span.start - first.span.start, ((first.path, span),)) for span in spans]


def _window(one: _Joined) -> Window:
    pause = np.zeros(round(PAUSE_S * SPEECH_RATE_HZ), np.float32)
    sounds = [part for path, span in one.sounds for part in (pause, _sound(path, span))]
    return Window(one.start, np.concatenate(sounds[1:]))


def _sound(path: Path, span: Span) -> Samples:
    sound = wav.read_range(path, span.start, span.end)
    return wav.resample(sound, wav.sample_rate(path), SPEECH_RATE_HZ)


def _keys(language: str, engine: EngineInfo) -> Callable[[_Joined], _HeardKey]:
    """Return a function that returns the cache key of a window; each file is hashed once."""
    hash_of = cache(sha256)

    def key_of(window: _Joined) -> _HeardKey:
        sounds = tuple((hash_of(path), span.start, span.end) for path, span in window.sounds)
        return _HeardKey(window.start, sounds, language, engine)

    return key_of


def _words(said: Utterance) -> Iterable[Word]:
    """Return the words of an utterance; if the engine gives none, those of its text, each with the whole time."""
    return said.words or [Word(said.start, said.end, word, 1.0) for word in said.text.split()]


def _moved(word: Word, span: Span) -> Word:
    """Return a word with times from the start of its line, and within it."""
    start, end = (min(max(moment - span.start, 0.0), span.duration_s) for moment in (word.start, word.end))
    return replace(word, start=start, end=end)


def _judged(line: Line, words: Sequence[Word]) -> Heard:
    sound = find_speech(line.path, line.span).span
    return Heard(tuple(words), judge(line.text, words, sound.end - line.span.start))


def _to_hear_again(group: Sequence[int], heard: Mapping[int, Heard]) -> Iterator[list[int]]:
    """Yield the lines of a group that are heard a second time, as groups."""
    verdicts = {number: heard[number].verdict for number in group}
    alone = [number for number in group if not verdicts[number].good or verdicts[number].end_s is not None]
    rest = [number for number in group if number not in alone]
    if len(group) > 1:
        yield from ([number] for number in alone)
        spoilt = any(not one.good for one in verdicts.values()) and any(verdicts[one].errors.errors for one in rest)
        yield from [rest] * spoilt


def _better(first: Heard, second: Heard | None) -> Heard:
    """Return the better of two results. Where a line's speech ends is only taken from a line that was heard alone."""
    if second is None:
        return first
    alone = not first.verdict.good or first.verdict.end_s is not None
    best = max(second, first, key=lambda one: one.verdict.rank)
    return replace(best, verdict=replace(best.verdict, end_s=second.verdict.end_s if alone else None))


def _from_json(value: bytes) -> list[Word]:
    return [Word(**word) for word in from_json(value)]
