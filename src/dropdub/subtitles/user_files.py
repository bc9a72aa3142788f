"""A user's subtitle, dropped with a recording: used as its transcript or as its translation into a target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dropdub.dubbing.pacing import together_of
from dropdub.errors import EngineMissing, EngineNotInstalled, UnreadableFile, UnsupportedLanguage
from dropdub.inbox.subtitle_names import SubtitleName, name_alone, name_beside
from dropdub.languages import DETECTED_LANGUAGES, Hint, detect_text_language, same_form, same_language
from dropdub.pipeline.artifacts import Segment, Transcript, Turn
from dropdub.pipeline.companion import Companion, UserSubtitle
from dropdub.publishing.earlier_results import read_transcript
from dropdub.speech.sentences import sentences_of
from dropdub.speech.turns import with_speakers
from dropdub.subtitles.cue_file import read_cues, read_subtitles
from dropdub.subtitles.formats import Cue
from dropdub.subtitles.user_edits import changed, renamed, revised, segments_of, speakers_as_in
from dropdub.text.language import FoundLanguage, text_language, usual_languages
from dropdub.text.written_forms import converts, how_to_convert, in_form

_ENGINE = "subtitle"
_LETTERS_TO_JUDGE = 20
"""Letters of a subtitle's text from which its language is judged against its name."""
_WHOLE_SHARE = 0.2
"""The share of a recording during which a whole subtitle shows text: in films a third to a half, a forced one 0.02."""


@dataclass(frozen=True)
class Given:
    """A transcript or translation, usually from a user's subtitle; `changed`: number of corrected lines, if any."""

    transcript: Transcript
    warnings: tuple[str, ...] = ()
    changed: int | None = None


def named_language(path: Path, cues: Sequence[Cue], *, film: str = "") -> str | None:
    """Return the language in a subtitle's name: `en` of `clip.en.srt`; None if there is none.

    Where that may be a word of the title (`let.it.be.srt`), or a mark (`clip.hi.srt` for people who do not hear), the
    text decides. `film`: the recording's file name, if it is known.
    """
    name = _read_name(path, film)
    if name.language is None or not name.is_doubtful:
        return name.language
    text = "\n".join(cue.text for cue in cues)
    if sum(map(str.isalpha, text)) < _LETTERS_TO_JUDGE:
        return name.language
    return name.language if same_language(detect_text_language(text, among=DETECTED_LANGUAGES), name.language) else None


def lacks_most(companion: Companion, *, length_s: float) -> bool:
    """Return whether a subtitle is named as a partial one (`forced`) and is one, for a recording of `length_s` seconds.

    Many files are named so although they hold the whole text.
    """
    if not _read_name(companion.path, companion.film).is_partial:
        return False
    shown_s = sum(max(0.0, cue.end - cue.start) for cue in _cues(companion))
    return shown_s < length_s * _WHOLE_SHARE


def _read_name(path: Path, film: str) -> SubtitleName:
    return name_beside(path.stem, Path(film).stem) or name_alone(path.stem)


def given_target(tag: str | None, *, language: str, targets: Sequence[str], late: bool = False) -> str | None:
    """Return the target that a subtitle translates into; None if it is the transcript.

    `language` is the spoken one, or auto. A subtitle without a language in its name is the transcript. One that arrives
    after the recording was transcribed (`late`) may add a new target.
    """
    if tag is None or (language != "auto" and same_language(tag, language)):
        return None
    return next((target for target in targets if same_language(target, tag)), tag if late else None)


def subtitle_facts(
    companion: Companion, *, language: str, targets: Sequence[str]
) -> tuple[UserSubtitle, tuple[str, ...]]:
    """Return what a subtitle is for a job, and what of it could not be read; `language`: the spoken one, or auto."""
    path, revises = companion.path, companion.revises
    found = read_subtitles(path, hint=Hint(likely=companion.language), fps=companion.fps)
    tag = named_language(path, found.cues, film=companion.film)
    target = given_target(tag, language=language, targets=targets, late=revises)
    is_transcript = target is None and not revises
    spoken = written_language(companion, found.cues, language=language).language if is_transcript else None
    return UserSubtitle(path.name, target, len(found.cues), revises, spoken), found.warnings


def _cues(companion: Companion) -> list[Cue]:
    return read_cues(companion.path, hint=Hint(likely=companion.language), fps=companion.fps)


def given_segments(companion: Companion, *, end_s: float) -> tuple[Segment, ...]:
    """Return the segments of the user's transcript of a recording of `end_s` seconds, without speakers."""
    return segments_of(_cues(companion), end_s=end_s)


def given_transcript(companion: Companion, *, language: str, end_s: float, turns: Sequence[Turn]) -> Given:
    """Return the cues as the transcript of a recording of `end_s` seconds.

    `language` is the spoken one, or auto; `turns` say who speaks when, as far as that is known.
    """
    path = companion.path
    cues = _cues(companion)
    segments = with_speakers(segments_of(cues, end_s=end_s), turns)
    written = written_language(companion, cues, language=language)
    transcript = Transcript(written.language, end_s, segments, {"name": _ENGINE, "file": path.name}).renumbered()
    return Given(transcript, (*written.warnings, *_late_warnings(path.name, _late(cues, end_s))))


def earlier_transcript(companion: Companion) -> Transcript:
    """Return the transcript that a subtitle corrects.

    Raises UnreadableFile if it changed since the subtitle was taken in.
    """
    assert companion.before is not None
    found = read_transcript(companion.before, recorded={companion.before_sha256})
    if found is None:
        raise UnreadableFile(
            f"The transcript {companion.before}, which this subtitle corrects, was removed or changed.",
            remedy="To transcribe the recording again, run: `dropdub retry JOB`.",
        )
    return found[0]


def corrected_transcript(companion: Companion) -> Given:
    """Return the earlier transcript with the corrections of a subtitle, and new names. Raises UnreadableFile."""
    cues, base = _cues(companion), earlier_transcript(companion)
    kept, late = _within(revised(base.segments, cues), base.duration_s)
    segments = tuple(one for one in kept if one.text.strip())
    count = changed(base.segments, segments)
    segments = renamed(segments, companion.speakers)
    return Given(replace(base, segments=segments).renumbered(), _late_warnings(companion.path.name, late), count)


def given_translation(
    companion: Companion, source: Transcript, target: str, *, make: Callable[[], Transcript] | None
) -> Given:
    """Return the user's translation: the cues themselves, or the translation that they correct, by `make`.

    `make` is None if the job itself does not translate into this target.
    """
    cues, name = _cues(companion), companion.path.name
    made = _made_before(make) if make and companion.revises else None
    if made is not None:
        segments, late_count = _within(revised(made.segments, cues), source.duration_s)
        segments = _without_old_wordings(source, made.segments, segments)
        count = changed(made.segments, segments)
        return Given(replace(made, segments=segments), _late_warnings(name, late_count), count)
    segments = speakers_as_in(source.segments, segments_of(cues, end_s=source.duration_s))
    segments, unchanged = _in_form_of(segments, target, tag=named_language(companion.path, cues, film=companion.film))
    late = (*_late_warnings(name, _late(cues, source.duration_s)), *(f"{name} is in {one}" for one in unchanged))
    engine = {"name": _ENGINE, "file": name}
    return Given(Transcript(target, source.duration_s, segments, engine, source_language=source.language), late)


def _in_form_of(
    segments: Sequence[Segment], target: str, *, tag: str | None
) -> tuple[tuple[Segment, ...], tuple[str, ...]]:
    """Return segments in the letters of a target, if the file's name has a `tag` of others; and what was not done."""
    if tag is None or same_form(tag, target):
        return tuple(segments), ()
    if not converts(target):
        return tuple(segments), (f"{tag}, and was not converted into {target}. {how_to_convert(target)}".rstrip(),)
    texts = in_form([one.text for one in segments], target, source=tag)
    return tuple(replace(one, text=text, words=()) for one, text in zip(segments, texts, strict=True)), ()


def _late(cues: Sequence[Cue], end_s: float) -> int:
    return sum(cue.start >= end_s for cue in cues)


def _made_before(make: Callable[[], Transcript]) -> Transcript | None:
    """Return the translation to correct; None if no engine can make it: it was then the user's own."""
    try:
        return make()
    except (UnsupportedLanguage, EngineMissing, EngineNotInstalled):
        return None


def _within(segments: Sequence[Segment], end_s: float) -> tuple[tuple[Segment, ...], int]:
    """Return the segments that start before the recording ends, cut off at its end, and the number of the others."""
    kept = [replace(one, end=min(one.end, end_s)) if one.end > end_s else one for one in segments if one.start < end_s]
    return tuple(kept), len(segments) - len(kept)


def _without_old_wordings(
    source: Transcript, before: Sequence[Segment], after: Sequence[Segment]
) -> tuple[Segment, ...]:
    """Return segments without their shorter wordings if they contain part of a corrected sentence."""
    texts = {one.id: one.text for one in before}
    corrected = {one.id for one in after if texts.get(one.id) != one.text}
    groups = together_of(sentences_of(source.segments))
    stale = corrected.union(*(group for group in groups if group & corrected))
    return tuple(replace(one, shorter=()) if one.id in stale else one for one in after)


def written_language(companion: Companion, cues: Sequence[Cue], *, language: str) -> FoundLanguage:
    """Return the language of a recording's subtitle; `language`: the spoken one, or auto."""
    hint = Hint(None if language == "auto" else language)
    stated = [companion.language] if companion.language else []
    usual = partial(usual_languages, stated, lambda *_pair: False)
    return language_of(companion.path, cues, hint=hint, usual=usual, film=companion.film)


def language_of(
    path: Path, cues: Sequence[Cue], *, hint: Hint, usual: Callable[[], Sequence[str]], film: str = ""
) -> FoundLanguage:
    """Return the language of a subtitle: the stated one, else from its name, else from its text.

    `usual`: as for `text_language`; `film`: as for `named_language`.
    """
    known = hint.stated or named_language(path, cues, film=film)
    if known:
        return FoundLanguage(known)
    return text_language("\n".join(cue.text for cue in cues), name=path.name, usual=usual, nearby=hint.likely)


def _late_warnings(name: str, count: int) -> tuple[str, ...]:
    which = f"1 subtitle of {name} starts" if count == 1 else f"{count} subtitles of {name} start"
    were = "was" if count == 1 else "were"
    return (f"{which} after the end of the recording and {were} left out.",) if count else ()
