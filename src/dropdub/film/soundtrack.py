"""Choose the audio track to dub. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dropdub.config import JobOptions
from dropdub.errors import NoAudio
from dropdub.languages import display_name, same_language, standard_tag
from dropdub.media.sound_purpose import Purpose
from dropdub.media.stream_types import AudioStream

_REMEDY = "Set audio_track to a number or a language from that list, or to auto, then run: `dropdub retry JOB`."
_CHOOSE = "To use another one, set audio_track to its number, then run: `dropdub retry JOB`."
_BEST_FIRST = (Purpose.ORIGINAL, Purpose.UNSTATED, Purpose.DUB, Purpose.HARD_OF_HEARING)
"""Purposes of tracks that have all of a film's speech, and no other."""


def chosen_sound(name: str, tracks: Sequence[AudioStream], options: JobOptions) -> AudioStream:
    """Return the track that `audio_track` names by number (from 1) or language.

    `auto` prefers a track in the language set in the options. Of several, it is the film's own, no audio description
    and no commentary: the original before a dub, then the file's default track, then the first. Raises NoAudio if there
    is no such track; its message lists the tracks.
    """
    wanted = options.audio_track
    if isinstance(wanted, int):
        if wanted > len(tracks):
            raise NoAudio(f"{name} has no audio track {wanted}. {_listed(tracks)}", remedy=_REMEDY)
        return tracks[wanted - 1]
    if wanted != "auto":
        if (found := _in_language(tracks, wanted)) is None:
            missing = f"{name} has no audio track marked as {display_name(wanted)}."
            raise NoAudio(f"{missing} {_listed(tracks)}", remedy=_REMEDY)
        return found
    spoken = _in_language(tracks, options.language) if options.language != "auto" else None
    return spoken or _best(tracks)


def choice_warnings(name: str, tracks: Sequence[AudioStream], chosen: AudioStream, options: JobOptions) -> list[str]:
    """Return a warning if the track was not chosen by number and is in another language than set, or not the film's."""
    if isinstance(options.audio_track, int):
        return []
    number, warnings = tracks.index(chosen) + 1, []
    if options.language != "auto" and chosen.language and not same_language(chosen.language, options.language):
        wanted, marked = display_name(options.language), display_name(chosen.language)
        warnings.append(
            f"{name} is transcribed as {wanted}, but its audio track {number} is marked as {marked}. "
            f"{_listed(tracks)} {_CHOOSE if len(tracks) > 1 else ''}".strip()
        )
    if not chosen.purpose.is_films_own:
        warnings.append(f"Audio track {number} of {name} is marked as {chosen.purpose}. {_listed(tracks)}")
    return warnings


def _in_language(tracks: Sequence[AudioStream], language: str) -> AudioStream | None:
    """Return the best track in a language, if possible also of its region; None if there is none."""
    alike = [track for track in tracks if track.language and same_language(track.language, language)]
    wanted = standard_tag(language).lower()
    exact = [one for one in alike if one.purpose.is_films_own and standard_tag(one.language or "").lower() == wanted]
    return _best(exact or alike) if alike else None


def _best(tracks: Sequence[AudioStream]) -> AudioStream:
    return min(tracks, key=lambda track: (_rank(track.purpose), not track.default))


def _rank(purpose: Purpose) -> int:
    return _BEST_FIRST.index(purpose) if purpose in _BEST_FIRST else len(_BEST_FIRST)


def _listed(tracks: Sequence[AudioStream]) -> str:
    listed = ", ".join(f"{number} ({_described(track)})" for number, track in enumerate(tracks, 1))
    return f"It has only track {listed}." if len(tracks) == 1 else f"It has tracks {listed}."


def _described(track: AudioStream) -> str:
    language = display_name(track.language) if track.language else "language not given"
    return language if track.purpose is Purpose.UNSTATED else f"{language}, {track.purpose}"
