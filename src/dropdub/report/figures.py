"""The quality figures of a dub, each with an explanation. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dropdub.dubbing.published_timing import Timing
from dropdub.dubbing.quality import HeardBack, ListenerName, OnOriginal, TargetQuality
from dropdub.units import counted

WORD_ERRORS_HIGH = 0.15
"""Above about one word in seven, listeners start to lose the thread."""
NOT_VERIFIED = "not verified"
Grade = Literal["plain", "good", "bad", "unknown"]


@dataclass(frozen=True)
class Figure:
    """A value, its label, and a sentence that explains it."""

    label: str
    value: str
    words: str
    grade: Grade = "plain"


def figures_of(quality: TargetQuality, lines: int, *, timed: bool) -> tuple[Figure, ...]:
    """Return the figures of a dub with `lines` lines; the dub of a text has no timing (`timed` is False)."""
    found: list[Figure] = []
    if timed:
        found += _timing(quality.timing) if quality.timing else [_untimed()]
    found += _verified(quality.heard_back, lines) if quality.heard_back else [_unverified()]
    return (*found, *_voices(quality))


def percent(share: float) -> str:
    """Return a share as `5.8 %`."""
    return f"{share * 100:.1f} %"


def _timing(timing: Timing) -> Iterator[Figure]:
    whole = timing.clean == timing.utterances
    yield Figure(
        "As spoken",
        f"{timing.clean} of {timing.utterances}",
        "Utterances that fit their time without any change.",
        "good" if whole else "plain",
    )
    yield Figure("Sped up", str(timing.sped_up), "Spoken faster to end in time.")
    yield Figure("Borrowed silence", str(timing.borrowed), "Using part of the silence before or after them.")
    yield Figure("Shortened", str(timing.shortened), "Worded more briefly than the subtitles.")
    yield Figure(
        "Did not fit",
        str(timing.failed),
        "Lines that start more than a second off, or are cut off at the end.",
        "bad" if timing.failed else "good",
    )
    yield Figure(
        "Worst drift",
        f"{timing.worst_drift_s:.2f} s",
        f"The most that a line starts before or after the original's voice; 95 % of lines are off by at most "
        f"{timing.start_error_p95_s:.2f} s.",
    )


def _untimed() -> Figure:
    return Figure("Timing", "not measured", "The timing of this dub was not measured.", "unknown")


def _verified(found: HeardBack, lines: int) -> Iterator[Figure]:
    """Yield what a transcriber understood of the dub, and, as far as it is known, of the original."""
    name = _named(found.listener) if found.listener else "a transcriber"
    if found.word_error_rate is None:
        yield Figure(
            "Misheard words",
            "none counted",
            f"No words to compare in {found.lines} of {lines} lines, as heard by {name}.",
        )
        return
    bad = found.word_error_rate > WORD_ERRORS_HIGH or found.bad
    grade: Grade = "bad" if bad else "good" if found.lines >= lines else "plain"  # what nobody verified is not green
    words = (
        f"{found.errors} of {found.words} words, as heard by {name} in {found.lines} of {lines} lines. "
        f"Lines of which it misheard most words: {len(found.bad) or 'none'}."
    )
    yield Figure("Misheard words", percent(found.word_error_rate), words, grade)
    if found.on_original and found.on_original.word_error_rate is not None:
        yield _on_original(found.on_original, found.on_original.word_error_rate)


def _on_original(found: OnOriginal, rate: float) -> Figure:
    words = (
        f"{found.errors} of {found.words} words in {counted(found.lines, 'line')} of the original recording, as heard "
        f"in the same way and compared with {found.reference}. It shows how good the transcriber is."
    )
    return Figure("Misheard in the original", percent(rate), words)


def _named(listener: ListenerName) -> str:
    """Return a transcriber with its version and model: `faster-whisper 1.2.1 (whisper-base)`."""
    model = f" ({listener.model})" if listener.model else ""
    return f"{listener.name} {listener.version}{model}"


def _unverified() -> Figure:
    return Figure("Misheard words", NOT_VERIFIED, "No transcriber has checked the words of this dub.", "unknown")


def _voices(quality: TargetQuality) -> Iterator[Figure]:
    for voice in quality.voices or ():
        label = f"Voice of {voice.speaker}" if voice.speaker else "Voice"
        words = (
            "Similarity of the original and the cloned voice: 0.8 or more is typical of the same person, about 0.5 of "
            "a man compared with a woman."
        )
        yield Figure(label, f"{voice.likeness:.2f}", words)
