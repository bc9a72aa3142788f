"""The quality figures of a dub, each with an explanation. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dropdub.dubbing.published_timing import Timing
from dropdub.dubbing.quality import HeardBack, ListenerName, OnOriginal, TargetQuality
from dropdub.pipeline.sound_quality import UNCLEAR, DubSound, SoundQuality
from dropdub.translations.words import Words

WORD_ERRORS_HIGH = 0.15
"""Above about one word in seven, listeners start to lose the thread."""
Grade = Literal["plain", "good", "bad", "unknown"]


@dataclass(frozen=True)
class Figure:
    """A value, its label, and a sentence that explains it."""

    label: str
    value: str
    words: str
    grade: Grade = "plain"


def figures_of(quality: TargetQuality, lines: int, words: Words, *, timed: bool) -> tuple[Figure, ...]:
    """Return the figures of a dub with `lines` lines; the dub of a text has no timing (`timed` is False)."""
    found: list[Figure] = []
    if timed:
        found += _timing(quality.timing, words) if quality.timing else [_untimed(words)]
    found += _verified(quality.heard_back, lines, words) if quality.heard_back else [_unverified(words)]
    sound = _sound(quality.sound, words) if quality.sound else ()
    return (*found, *_voices(quality, words), *_voices_left(quality, words), *sound)


def _percent(share: float, words: Words) -> str:
    """Return a share as `5.8 %`."""
    return f"{words.decimal(share * 100, 1)} %"


def _timing(timing: Timing, words: Words) -> Iterator[Figure]:
    _ = words.gettext
    whole = timing.clean == timing.utterances
    yield Figure(
        _("As spoken"),
        _("%(number)s of %(all)s", number=timing.clean, all=timing.utterances),
        _("Utterances that fit their time without any change."),
        "good" if whole else "plain",
    )
    yield Figure(_("Sped up"), str(timing.sped_up), _("Spoken faster to end in time."))
    yield Figure(_("Borrowed silence"), str(timing.borrowed), _("Using part of the silence before or after them."))
    yield Figure(_("Shortened"), str(timing.shortened), _("Worded more briefly than the subtitles."))
    yield Figure(
        _("Did not fit"),
        str(timing.failed),
        _("Lines that start more than a second off, or are cut off at the end."),
        "bad" if timing.failed else "good",
    )
    yield Figure(
        _("Worst drift"),
        f"{words.decimal(timing.worst_drift_s, 2)} s",
        _(
            "The most that a line starts before or after the original's voice; 95 %% of lines are off by at most "
            "%(most)s s.",
            most=words.decimal(timing.start_error_p95_s, 2),
        ),
    )


def _untimed(words: Words) -> Figure:
    _ = words.gettext
    return Figure(_("Timing"), _("not measured"), _("The timing of this dub was not measured."), "unknown")


def _verified(found: HeardBack, lines: int, words: Words) -> Iterator[Figure]:
    """Yield what a transcriber understood of the dub, and, as far as it is known, of the original."""
    _ = words.gettext
    name = _named(found.listener) if found.listener else _("a transcriber")
    counts = {"lines": found.lines, "all": lines, "name": name}
    if found.word_error_rate is None:
        explained = _("No words to compare in %(lines)s of %(all)s lines, as heard by %(name)s.", **counts)
        yield Figure(_("Misheard words"), _("none counted"), explained)
        return
    bad = found.word_error_rate > WORD_ERRORS_HIGH or found.bad
    grade: Grade = "bad" if bad else "good" if found.lines >= lines else "plain"  # what nobody verified is not green
    explained = _(
        "%(errors)s of %(words)s words, as heard by %(name)s in %(lines)s of %(all)s lines. Lines of which it misheard "
        "most words: %(bad)s.",
        errors=found.errors,
        words=found.words,
        bad=len(found.bad) or words.pgettext("no lines", "none"),
        **counts,
    )
    yield Figure(_("Misheard words"), _percent(found.word_error_rate, words), explained, grade)
    if found.on_original and found.on_original.word_error_rate is not None:
        yield _on_original(found.on_original, found.on_original.word_error_rate, words)


def _on_original(found: OnOriginal, rate: float, words: Words) -> Figure:
    explained = words.ngettext(
        "%(errors)s of %(words)s words in %(num)s line of the original recording, as heard in the same way and "
        "compared with %(reference)s. It shows how good the transcriber is.",
        "%(errors)s of %(words)s words in %(num)s lines of the original recording, as heard in the same way and "
        "compared with %(reference)s. It shows how good the transcriber is.",
        found.lines,
        errors=found.errors,
        words=found.words,
        reference=found.reference,
    )
    return Figure(words.gettext("Misheard in the original"), _percent(rate, words), explained)


def _named(listener: ListenerName) -> str:
    """Return a transcriber with its version and model: `faster-whisper 1.2.1 (whisper-base)`."""
    model = f" ({listener.model})" if listener.model else ""
    return f"{listener.name} {listener.version}{model}"


def _unverified(words: Words) -> Figure:
    _ = words.gettext
    explained = _("No transcriber has checked the words of this dub.")
    return Figure(_("Misheard words"), _("not verified"), explained, "unknown")


def _voices(quality: TargetQuality, words: Words) -> Iterator[Figure]:
    _ = words.gettext
    for voice in quality.voices or ():
        label = _("Voice of %(speaker)s", speaker=voice.speaker) if voice.speaker else _("Voice")
        explained = _(
            "Similarity of the original and the cloned voice: %(same)s or more is typical of the same person, about "
            "%(other)s of two persons.",
            same=words.decimal(voice.typical_same, 1),
            other=words.decimal(voice.typical_other, 1),
        )
        yield Figure(label, words.decimal(voice.likeness, 2), explained)


def _voices_left(quality: TargetQuality, words: Words) -> Iterator[Figure]:
    _ = words.gettext
    found = quality.voices_left
    if found is not None and found.share is not None:
        explained = _(
            "Of %(checked)s s of speech in the original, the time in which a voice is still heard in the sound under "
            "the dub, from which voices were removed.",
            checked=words.decimal(found.voice_s, 0),
        )
        grade: Grade = "bad" if found.is_much else "good"
        yield Figure(_("Voices left under the dub"), _percent(found.share, words), explained, grade)


def _sound(found: DubSound, words: Words) -> Iterator[Figure]:
    """Yield how good the dub sounds, beside the original, and each speaker if there are several."""
    _ = words.gettext
    dub, original = found.dub, found.original
    yield Figure(
        _("How good it sounds"),
        _of_five(dub.overall, words),
        _(
            "How listeners would rate the speech, from 1 (bad) to 5 (excellent), as the model DNSMOS estimates it. It "
            "learned mostly from ratings of English speech: take it as a hint."
        )
        + _beside(original.overall if original else None, words),
        _sounding(dub),
    )
    yield Figure(
        _("Clear voice"),
        _of_five(dub.speech, words),
        _("How natural and undistorted the voice is, whatever is heard beside it.")
        + _beside(original.speech if original else None, words),
    )
    yield Figure(
        _("Quiet background"),
        _of_five(dub.background, words),
        _("How little noise is heard beside the voice, before any background is mixed in.")
        + _beside(original.background if original else None, words),
    )
    for one in found.speakers if len(found.speakers) > 1 else ():
        label = _("How good %(speaker)s sounds", speaker=one.speaker or _("an unknown speaker"))
        yield Figure(label, _of_five(one.dub.overall, words), _parts(one.dub, one.original, words), _sounding(one.dub))


def _sounding(dub: SoundQuality) -> Grade:
    return "bad" if dub.overall < UNCLEAR else "plain"


def _of_five(rating: float, words: Words) -> str:
    return words.gettext("%(rating)s of 5", rating=words.decimal(rating, 1))


def _beside(original: float | None, words: Words) -> str:
    """Return a sentence on the original, with a space before it; empty if it has no sound."""
    if original is None:
        return ""
    return " " + words.gettext("The speech of the original: %(rating)s.", rating=words.decimal(original, 1))


def _parts(dub: SoundQuality, original: SoundQuality | None, words: Words) -> str:
    said = words.gettext(
        "Clear voice %(speech)s, quiet background %(background)s.",
        speech=words.decimal(dub.speech, 1),
        background=words.decimal(dub.background, 1),
    )
    return said + _beside(original.overall if original else None, words)
