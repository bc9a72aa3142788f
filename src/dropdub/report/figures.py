"""The figures of a dub with plain words to each. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dropdub.dubbing.published_timing import Timing
from dropdub.dubbing.quality import HeardBack, TargetQuality

WORD_ERRORS_HIGH = 0.15
"""More than one word in seven: a listener begins to lose the thread."""
NOT_VERIFIED = "not heard back"


@dataclass(frozen=True)
class Figure:
    """A number, what it is called, and what it says."""

    label: str
    value: str
    words: str
    grade: Literal["plain", "good", "bad", "unknown"] = "plain"


def figures_of(quality: TargetQuality, lines: int, *, timed: bool) -> tuple[Figure, ...]:
    """Return the figures of a dub of so many lines; a text's dub has no timing (`timed` is False)."""
    found: list[Figure] = []
    if timed:
        found += _timing(quality.timing) if quality.timing else [_untimed()]
    found.append(_heard_back(quality.heard_back, lines) if quality.heard_back else _unheard())
    return (*found, *_voices(quality))


def percent(share: float) -> str:
    """Return a share as `5.8 %`."""
    return f"{share * 100:.1f} %"


def _timing(timing: Timing) -> Iterator[Figure]:
    whole = timing.clean == timing.utterances
    yield Figure(
        "As spoken",
        f"{timing.clean} of {timing.utterances}",
        "utterances fit where they belong with nothing done to them.",
        "good" if whole else "plain",
    )
    yield Figure("Sped up", str(timing.sped_up), "are spoken faster, to end in time.")
    yield Figure("Borrowed silence", str(timing.borrowed), "take some of a pause beside them.")
    yield Figure("Shortened", str(timing.shortened), "have a briefer wording than the translation.")
    yield Figure(
        "Did not fit",
        str(timing.failed),
        "lines begin more than a second off their place, or are cut off at the end.",
        "bad" if timing.failed else "good",
    )
    yield Figure(
        "Worst drift",
        f"{timing.worst_drift_s:.2f} s",
        f"is the furthest that a line begins from where it was said; 95 of 100 begin within "
        f"{timing.start_error_p95_s:.2f} s.",
    )


def _untimed() -> Figure:
    return Figure("Timing", "not measured", "It is not known how well the utterances fit where they belong.", "unknown")


def _heard_back(heard: HeardBack, lines: int) -> Figure:
    if heard.word_error_rate is None:
        return Figure("Words heard wrong", "none counted", f"{heard.lines} of {lines} lines were heard back.")
    bad = heard.word_error_rate > WORD_ERRORS_HIGH or heard.bad
    words = (
        f"{heard.errors} of {heard.words} words, where a transcriber listened to the dub ({heard.lines} of {lines} "
        f"lines; those with figures are not counted). {len(heard.bad) or 'No'} "
        f"line{' is' if len(heard.bad) == 1 else 's are'} hard to understand."
    )
    return Figure("Words heard wrong", percent(heard.word_error_rate), words, "bad" if bad else "good")


def _unheard() -> Figure:
    words = "No transcriber listened to this dub: nobody has checked its words."
    return Figure("Words heard wrong", NOT_VERIFIED, words, "unknown")


def _voices(quality: TargetQuality) -> Iterator[Figure]:
    for voice in quality.voices or ():
        label = f"Voice of {voice.speaker}" if voice.speaker else "Voice"
        words = (
            "is how alike voice and copy are: one person's recordings reach 0.8 and more, a man's and a woman's 0.5."
        )
        yield Figure(label, f"{voice.likeness:.2f}", f"{words}.")
